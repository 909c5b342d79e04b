"""Caption ids of a batch of images to the three dense tensors that a captioner is trained on.

For a caption `w1 w2 w3` of an image, padded to five positions:

    input_ids    <start> w1  w2  w3     <pad>
    target_ids   w1      w2  w3  <end>  <pad>
    weights      1       1   1   1      0

Captions of more than `max_length` words are cut; a cut caption does not teach its `<end>`, for it does not
end there.
"""

import tensorflow as tf

from im2txt.text.vocabulary import END, PAD, START


def caption_tensors(caption_ids: tf.RaggedTensor, max_length: int = 0, captions: int = 0) -> dict[str, tf.Tensor]:
    """Turns ragged caption ids [images, captions, words] into dense training tensors.

    Args:
        caption_ids: integer ids without `<start>` and `<end>`; an image with fewer captions gets empty slots.
        max_length: words of a caption that are kept; 0 keeps all.
        captions: size of the captions axis; 0 makes it that of the image with the most captions.

    Returns:
        `input_ids` and `target_ids` int32 and `weights` float32, each [images, captions, length], where
        length is that of the longest caption, `<end>` included, and at least 1.
    """
    slots = captions or None
    words = caption_ids.with_values(caption_ids.values.row_lengths())
    words = tf.cast(words.to_tensor(default_value=-1, shape=[None, slots]), tf.int32)  # -1: an empty slot
    cut = words > max_length if max_length else tf.zeros_like(words, tf.bool)
    steps = tf.where(cut, max_length, words + 1)  # with <end>
    length = tf.maximum(tf.reduce_max(steps), 1)  # decoders cannot go over no words at all
    ids = tf.cast(caption_ids.to_tensor(shape=[None, slots, max_length or None]), tf.int32)
    ids = tf.pad(ids, [[0, 0], [0, 0], [1, 1]])  # places for <start> and <end>
    position = tf.range(length)
    filled = position < steps[..., None]
    return {
        "input_ids": tf.where(filled, tf.where(position == 0, START, ids[:, :, :length]), PAD),
        "target_ids": tf.where(position == words[..., None], END, ids[:, :, 1 : length + 1]),
        "weights": tf.cast(filled, tf.float32),
    }


def sample_captions(caption_ids: tf.RaggedTensor, captions: int, seed: tf.Tensor) -> tf.RaggedTensor:
    """Draws `captions` captions of every image, without repetition, in random order.

    Args:
        caption_ids: [images, captions, words]. An image that has fewer captions than wanted keeps them all.
        captions: how many to draw for each image.
        seed: int [2]; the draw is a function of it.
    """
    rows = caption_ids.row_lengths()
    dice = tf.random.stateless_uniform(tf.shape(caption_ids.values.row_lengths()), seed)
    dice = tf.RaggedTensor.from_row_lengths(dice, rows).to_tensor(default_value=2.0)
    order = tf.argsort(dice, axis=1)[:, :captions]  # empty slots come last
    order = tf.RaggedTensor.from_tensor(order, lengths=tf.minimum(rows, captions))
    return tf.gather(caption_ids, order, batch_dims=1)
