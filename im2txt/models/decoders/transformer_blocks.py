"""Layers of a Transformer: attention and feed-forward sub-layers, each with its norm, dropout and residual connection.

    pre_norm:  x <- x + dropout(sublayer(norm(x)));  else  x <- norm(x + dropout(sublayer(x)))

Sources: Vaswani et al. 2017, sections 3.1, 3.3 and 5.4; Xiong et al. 2020 for the norm that comes first.
"""

from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from im2txt.models.decoders.base import dropout
from im2txt.models.multi_head_attention import CrossAttention, KeysValues, SelfAttention

if TYPE_CHECKING:
    from im2txt.models.decoders.transformer import TransformerConfig


class _Block(keras.layers.Layer):
    """The frame of both blocks: `places` sub-layers, of which the last is feed-forward."""

    def __init__(self, config: "TransformerConfig", places: int, name: str) -> None:
        super().__init__(name=name)
        self.pre_norm, self.rate = config.pre_norm, config.dropout
        self.norms = tuple(normalization(f"norm{place}") for place in range(places))
        self.wide = keras.layers.Dense(config.feed_forward, "relu", name="wide")
        self.narrow = keras.layers.Dense(config.units, name="narrow")

    def _before(self, x: tf.Tensor, place: int) -> tf.Tensor:
        """What the sub-layer at `place` reads."""
        return self.norms[place](x) if self.pre_norm else x

    def _after(self, x: tf.Tensor, added: tf.Tensor, place: int, seed: tf.Tensor | None) -> tf.Tensor:
        """Adds what the sub-layer at `place` made of x."""
        x = x + dropout(added, self.rate, seed, salt=place)
        return x if self.pre_norm else self.norms[place](x)

    def _feed_forward(self, x: tf.Tensor, place: int, seed: tf.Tensor | None) -> tf.Tensor:
        return self._after(x, self.narrow(self.wide(self._before(x, place))), place, seed)


class EncoderBlock(_Block):
    """Self-attention and feed-forward over the regions of an image."""

    def __init__(self, config: "TransformerConfig", name: str) -> None:
        super().__init__(config, 2, name)
        self.self_attention = SelfAttention(config.units, config.heads)

    def call(self, x: tf.Tensor, seed: tf.Tensor | None = None) -> tf.Tensor:
        """Returns regions of the same shape [images, regions, units]."""
        x = self._after(x, self.self_attention(self._before(x, 0)), 0, seed)
        return self._feed_forward(x, 1, seed)


class DecoderBlock(_Block):
    """Self-attention over the words so far, attention to the image, feed-forward."""

    def __init__(self, config: "TransformerConfig", name: str) -> None:
        super().__init__(config, 3, name)
        self.self_attention = SelfAttention(config.units, config.heads, causal=True)
        self.cross_attention = CrossAttention(config.units, config.heads)

    def call(self, x: tf.Tensor, memory: KeysValues, seed: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """Whole captions: x [rows, length, units] -> the same, and attention float32 [rows, length, regions]."""
        x = self._after(x, self.self_attention(self._before(x, 0)), 0, seed)
        return self._look(x, memory, seed)

    def step(
        self, x: tf.Tensor, memory: KeysValues, cache: KeysValues, position: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, KeysValues]:
        """One word: as `call` with x [rows, 1, units] at `position` [rows]; also returns the cache with it."""
        added, cache = self.self_attention.step(self._before(x, 0), cache, position)
        return *self._look(self._after(x, added, 0, seed=None), memory, seed=None), cache

    def _look(self, x: tf.Tensor, memory: KeysValues, seed: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
        added, attention = self.cross_attention(self._before(x, 1), memory)
        return self._feed_forward(self._after(x, added, 1, seed), 2, seed), attention


def normalization(name: str) -> keras.layers.Layer:
    """Returns a layer norm; its epsilon is that of other frameworks, a hundredth of Keras'."""
    return keras.layers.LayerNormalization(epsilon=1e-5, name=name)


def fold_seed(seed: tf.Tensor | None, salt: int) -> tf.Tensor | None:
    """Returns a seed of its own for each `salt`; None stays None."""
    return None if seed is None else tf.random.experimental.stateless_fold_in(seed, salt)
