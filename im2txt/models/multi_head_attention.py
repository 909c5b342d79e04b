"""Scaled dot-product attention with several heads: among the words of a caption, and from words to image regions.

    head_i = softmax(Q_i K_i^T / sqrt(size)) V_i;  output = [head_1 ... head_heads] W_O

Source: Vaswani et al. 2017, sections 3.2.1 to 3.2.3; as in its equations, no projection has a bias. Heads come before
positions, [batch, heads, length, size], so that what is kept from word to word is multiplied as it lies in memory.
`keras.layers.MultiHeadAttention` keeps nothing from word to word.
"""

from typing import NamedTuple

import keras
import tensorflow as tf


class KeysValues(NamedTuple):
    """What can be attended to: `keys` and `values`, both [batch, heads, length, size]."""

    keys: tf.Tensor
    values: tf.Tensor


def attend(queries: tf.Tensor, memory: KeysValues, visible: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor]:
    """Attends from queries [batch, heads, length, size] to a memory of as many images or rows.

    Args:
        queries: projected and split into heads.
        memory: keys and values of `keys` positions.
        visible: bool, broadcast to [batch, heads, length, keys]; at least one key a query. None shows all.

    Returns:
        Contexts [batch, length, heads * size], and weights float32 [batch, heads, length, keys].
    """
    size = queries.shape[-1]
    scores = tf.matmul(queries * size**-0.5, memory.keys, transpose_b=True)  # [batch, heads, length, keys]
    scores = tf.cast(scores, tf.float32)  # bfloat16 holds three digits: too few for a softmax
    if visible is not None:
        scores = tf.where(visible, scores, -float("inf"))
    weights = tf.nn.softmax(scores)
    contexts = tf.matmul(tf.cast(weights, queries.dtype), memory.values)  # [batch, heads, length, size]
    contexts = tf.transpose(contexts, [0, 2, 1, 3])
    return tf.reshape(contexts, [*keras.ops.shape(contexts)[:2], contexts.shape[2] * size]), weights


def split_heads(x: tf.Tensor, heads: int, parts: int) -> list[tf.Tensor]:
    """Splits x [batch, length, parts * units] into `parts` tensors [batch, heads, length, size]."""
    batch, length, width = keras.ops.shape(x)
    x = tf.reshape(x, [batch, length, parts, heads, width // (parts * heads)])
    return tf.unstack(tf.transpose(x, [2, 0, 3, 1, 4]), axis=0)


class SelfAttention(keras.layers.Layer):
    """Attends among the positions of a sequence; where it is `causal`, never to a later one."""

    def __init__(self, units: int, heads: int, causal: bool = False, name: str = "self_attention") -> None:
        super().__init__(name=name)
        self.units, self.heads, self.causal = units, heads, causal
        self.project = keras.layers.Dense(3 * units, use_bias=False, name="project")
        self.merge = keras.layers.Dense(units, use_bias=False, name="merge")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Attends within x [batch, length, units], all positions at once; same shape."""
        queries, *memory = split_heads(self.project(x), self.heads, 3)
        positions = tf.range(tf.shape(x)[1])
        visible = positions <= positions[:, None] if self.causal else None  # [length, length]
        contexts, _ = attend(queries, KeysValues(*memory), visible)
        return self.merge(contexts)

    def empty_cache(self, rows: int | tf.Tensor, length: int) -> KeysValues:
        """Returns room for the keys and values of `length` positions."""
        empty = tf.zeros([rows, self.heads, length, self.units // self.heads], self.compute_dtype)
        return KeysValues(empty, empty)

    def step(self, x: tf.Tensor, cache: KeysValues, position: tf.Tensor) -> tuple[tf.Tensor, KeysValues]:
        """Attends from x [rows, 1, units], which is at `position` [rows], to itself and what the cache holds before.

        Returns [rows, 1, units] and the cache with x in it. A position beyond the cache is kept nowhere.
        """
        queries, *new = split_heads(self.project(x), self.heads, 3)
        positions = tf.range(cache.keys.shape[2])
        here = positions == position[:, None]  # [rows, length]
        cache = KeysValues(*(tf.where(here[:, None, :, None], leaf, old) for leaf, old in zip(new, cache)))
        visible = positions <= position[:, None]
        contexts, _ = attend(queries, cache, visible[:, None, None])
        return self.merge(contexts), cache


class CrossAttention(keras.layers.Layer):
    """Attends from the words of captions to the regions of images, where the rows of an image are consecutive."""

    def __init__(self, units: int, heads: int, name: str = "cross_attention") -> None:
        super().__init__(name=name)
        self.units, self.heads = units, heads
        self.query = keras.layers.Dense(units, use_bias=False, name="query")
        self.key_value = keras.layers.Dense(2 * units, use_bias=False, name="key_value")
        self.merge = keras.layers.Dense(units, use_bias=False, name="merge")

    def memory(self, regions: tf.Tensor) -> KeysValues:
        """Projects regions [images, regions, depth], once an image."""
        return KeysValues(*split_heads(self.key_value(regions), self.heads, 2))

    def call(self, x: tf.Tensor, memory: KeysValues) -> tuple[tf.Tensor, tf.Tensor]:
        """Attends from x [rows, length, units], where rows is a multiple of images.

        Returns [rows, length, units], and weights float32 [rows, length, regions], the mean over heads.
        """
        images, regions = tf.shape(memory.keys)[0], memory.keys.shape[2]
        queries = tf.reshape(self.query(x), [images, -1, self.units])  # [images, rows an image * length, units]
        contexts, weights = attend(split_heads(queries, self.heads, 1)[0], memory)
        rows, length, _ = keras.ops.shape(x)
        weights = tf.reshape(tf.reduce_mean(weights, axis=1), [rows, length, regions])
        return self.merge(tf.reshape(contexts, [rows, length, self.units])), weights
