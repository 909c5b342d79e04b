"""What training does to images at random, and what it must not do: mirror one whose captions tell left from right."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from im2txt.data.images import decode_cropped_image, decode_image, distort_colours, random_flip
from im2txt.data.records import VOCABULARY
from im2txt.errors import UserError
from im2txt.text.vocabulary import Vocabulary

# Beginnings of words and of their parts that a mirrored image makes untrue: leftmost, right-hand, bottom-left ...; of
# English, German, Dutch, French, Spanish, Italian, Portuguese, Russian, Chinese and Japanese. Too many do no harm.
SIDES = re.compile(
    r"(?:^|-)(?:left|right|link[se]|recht[se]|gauche|droit|izquierd|derech|sinistr|destr[aoi]\b|esquerd|direit"
    "|лев|слева|прав|справа|左|右)"
)


class Augmentation(NamedTuple):
    """What is done to images: random crops of 299/346, mirroring, changes of colours."""

    crop: bool
    flip: bool
    colours: bool


def decode_augmented(
    image_bytes: tf.Tensor, size: int, augmentation: Augmentation, may_flip: tf.Tensor, seed: tf.Tensor
) -> tf.Tensor:
    """Decodes strings [images] to float32 [images, size, size, 3] in [-1, 1], each augmented by a seed of its own.

    Args:
        image_bytes: the encoded images.
        size: side of the result, pixels.
        augmentation: what to do.
        may_flip: bool [images], false where mirroring would make a caption untrue.
        seed: int [2]; everything random is a function of it.
    """

    def decode(args: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
        content, may_flip, seed = args
        seeds = tf.unstack(tf.random.split(seed, 3))
        image = decode_cropped_image(content, size, seeds[0]) if augmentation.crop else decode_image(content, size)
        if augmentation.flip:
            image = tf.cond(may_flip, lambda: random_flip(image, seeds[1]), lambda: image)
        return distort_colours(image, seeds[2]) if augmentation.colours else image

    seeds = tf.random.split(seed, tf.shape(image_bytes)[0])
    signature = tf.TensorSpec([size, size, 3])
    return tf.map_fn(decode, (image_bytes, may_flip, seeds), fn_output_signature=signature)


def any_word(caption_ids: tf.RaggedTensor, words: Sequence[int]) -> tf.Tensor:
    """Returns bool [images]: does any caption of `caption_ids` [images, captions, words] hold any of these words?"""
    words = tf.constant(words, caption_ids.dtype, [len(words)])
    hits = tf.reduce_any(caption_ids.flat_values[:, None] == words, axis=1)
    return tf.reduce_any(caption_ids.with_flat_values(hits), axis=[1, 2])


def side_words(records: str | os.PathLike, asker: str = "data.random_flip") -> list[int]:
    """Returns the ids of words that tell sides; one that is too rare for the vocabulary goes unnoticed.

    `asker` is the setting that needs them, for the message.

    Raises:
        UserError: the vocabulary is made of parts of words.
    """
    vocabulary = Vocabulary.load(Path(records) / VOCABULARY)
    if vocabulary.in_pieces:
        raise UserError(
            f"{asker} must know which captions tell left from right, and the vocabulary of {records} holds parts of "
            f"words. Do without {asker}."
        )
    return [number for number, word in enumerate(vocabulary.words) if SIDES.search(word)]
