"""What attention maps look like in training: how wide they are, and how much they move from word to word.

Both go to the logs of every objective where the decoder attends, as means over the words of the batch, or over those
that were drawn in their place (`self_critical`):

    attention_entropy   H(alpha_t) = -sum_i alpha_ti log alpha_ti in nats: 0 looks at one region, log(regions) at all
    attention_change    1/2 sum_i |alpha_ti - alpha_(t-1)i|, the total variation: 0 looks where it looked, 1 elsewhere

A first word has no map before it and counts as unmoved, so that a decoder whose maps jump at every word of a caption
of T words has a change of (T - 1) / T. A change near 0 is frozen attention, the same map for every word.
"""

import tensorflow as tf

from im2txt.models.attention import TINY


def attention_sums(attention: tf.Tensor, weights: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns `attention_entropy` and `attention_change`, summed over real words.

    Args:
        attention: float32 [rows, length, regions].
        weights: [rows, length], 1 for real words.
    """
    maps = {"attention_entropy": entropy(attention), "attention_change": change(attention)}
    return {name: tf.reduce_sum(each * weights) for name, each in maps.items()}


def entropy(attention: tf.Tensor) -> tf.Tensor:
    """Returns the entropy, in nats, of maps [..., regions]: [...]."""
    return -tf.reduce_sum(attention * tf.math.log(tf.maximum(attention, TINY)), axis=-1)


def change(attention: tf.Tensor) -> tf.Tensor:
    """Returns the total variation between each map and the one before: [rows, length, regions] -> [rows, length]."""
    moved = 0.5 * tf.reduce_sum(tf.abs(attention[:, 1:] - attention[:, :-1]), axis=-1)
    return tf.pad(moved, [[0, 0], [1, 0]])
