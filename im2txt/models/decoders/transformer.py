"""The Transformer decoder: words attend to the words before them and to the image, nothing is recurrent.

    r = encoder layers over relu(W_r a_i);  x_t = sqrt(units) E y_{t-1} + p_t
    layer:  x <- x + self-attention(x_1 .. x_t);  x <- x + attention(x; r);  x <- x + W_2 relu(W_1 x)
    p(y_t) = softmax(W_o x_t + b)

Source: Vaswani et al. 2017, section 3 and, for dropout, 5.4; over image regions as in Sharma et al. 2018, Conceptual
Captions. A caption is trained on at once; `step` keeps the keys and values of the words so far.

Deviations: each sub-layer normalises what goes in (`pre_norm`, with one more norm at the end; Xiong et al. 2020), which
trains without much care for the warm-up; False normalises what comes out, as the paper does. Regions have no position
vectors: the cells of a convolutional grid know where they are (Islam et al. 2020). Sines and cosines of a position lie
side by side instead of in turn. Words and output begin small, so that the loss begins at about log(vocab).

`step` can say `max_length` words; `call` reads captions of any length. Where positions are learned, all words beyond
`max_length` share the last one.
"""

from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from im2txt.errors import UserError, did_you_mean
from im2txt.models.decoders.base import Decoded, Decoder, check_rates, drop_words, dropout
from im2txt.models.decoders.transformer_blocks import DecoderBlock, EncoderBlock, fold_seed, normalization
from im2txt.models.features import ImageFeatures
from im2txt.models.multi_head_attention import KeysValues

POSITIONS = ("sinusoidal", "learned")
SLOWEST = 10000.0  # a sine turns by 1 to about 1 / 10000 radians a word (Vaswani et al. 2017, section 3.5)


@dataclass
class TransformerConfig:
    """The Transformer decoder.

    Attributes:
        name: key of DECODERS.
        units: width of words and of all layers.
        heads: attention heads; they share `units` evenly.
        layers: decoder layers over the words.
        encoder_layers: layers of self-attention over the regions first; 0 leaves them alone.
        feed_forward: width within the feed-forward sub-layers.
        pre_norm: whether sub-layers normalise their input; False normalises after them (the paper).
        positions: `sinusoidal` or `learned`.
        tie_words: whether the output layer is the table of words, transposed.
        max_length: the most words it can say, <end> included; longer captions can still be trained on.
        dropout: share of units dropped from embedded words and from what each sub-layer adds.
        word_dropout: share of words that the decoder is not shown in training.
        feature_dropout: share of units dropped from the projected regions.
    """

    name: str = "transformer"
    units: int = 512
    heads: int = 8
    layers: int = 3
    encoder_layers: int = 1
    feed_forward: int = 2048
    pre_norm: bool = True
    positions: str = "sinusoidal"
    tie_words: bool = False
    max_length: int = 30
    dropout: float = 0.1
    word_dropout: float = 0.0
    feature_dropout: float = 0.0

    def check(self) -> None:
        """Raises UserError for values that make no sense."""
        check_rates(self)
        least = {"units": 1, "heads": 1, "layers": 1, "encoder_layers": 0, "feed_forward": 1, "max_length": 1}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise UserError(f"decoder.{name} is {getattr(self, name)}; it must be {value} or more.")
        if self.units % self.heads:
            raise UserError(f"decoder.units is {self.units}; it must be a multiple of decoder.heads, {self.heads}.")
        if self.positions not in POSITIONS:
            raise UserError(
                f"decoder.positions `{self.positions}` is unknown. {did_you_mean(self.positions, POSITIONS)}"
            )


class TransformerState(NamedTuple):
    """What `step` needs.

    Attributes:
        memory: of each layer, keys and values of the regions [images, heads, regions, size], once an image.
        caches: of each layer, keys and values of the words so far [rows, heads, max_length, size].
        position: int32 [rows], number of words so far.
        attention: float32 [rows, regions], the last layer's mean over heads, of the word just predicted.
    """

    memory: tuple[KeysValues, ...]
    caches: tuple[KeysValues, ...]
    position: tf.Tensor
    attention: tf.Tensor


class TransformerDecoder(Decoder):
    """Transformer layers over words and regions; reads the regions only."""

    attends = True
    reads = ("regions",)

    def __init__(self, config: TransformerConfig, vocab_size: int) -> None:
        config.check()
        super().__init__(name="decoder")
        self.vocab_size = vocab_size
        self.max_length = config.max_length
        self.config = config
        self.project = keras.layers.Dense(config.units, "relu", name="project")
        self.encoder_blocks = tuple(EncoderBlock(config, f"encoder{i}") for i in range(config.encoder_layers))
        self.words = keras.layers.Embedding(vocab_size, config.units, small(config.units), name="words")
        self.positions = None
        if config.positions == "learned":
            initializer = keras.initializers.RandomNormal(stddev=0.5)
            self.positions = keras.layers.Embedding(config.max_length, config.units, initializer, name="positions")
        self.blocks = tuple(DecoderBlock(config, f"decoder{i}") for i in range(config.layers))
        self.region_norm = normalization("region_norm") if config.pre_norm else None
        self.norm = normalization("norm") if config.pre_norm else None
        self.output_layer = None
        if config.tie_words:
            self.output_bias = self.add_weight(name="output_bias", shape=[vocab_size], initializer="zeros")
        else:
            self.output_layer = keras.layers.Dense(vocab_size, kernel_initializer=small(config.units), name="output")

    def set_words(self, vectors: np.ndarray) -> None:
        """As in every decoder, but over sqrt(units), by which words are multiplied: else they drown their positions."""
        super().set_words(vectors * self.config.units**-0.5)

    def start(self, features: ImageFeatures, seed: tf.Tensor | None = None) -> TransformerState:
        """Returns the state before the first word; one row an image."""
        memory = self._memory(features, seed)
        images, _, regions, _ = keras.ops.shape(memory[0].keys)
        return TransformerState(
            memory=memory,
            caches=tuple(block.self_attention.empty_cache(images, self.max_length) for block in self.blocks),
            position=tf.zeros([images], tf.int32),
            attention=tf.zeros([images, regions]),
        )

    def step(self, ids: tf.Tensor, state: TransformerState) -> tuple[tf.Tensor, TransformerState]:
        """Reads one word [rows]; returns logits [rows, vocab] and the new state.

        Raises:
            tf.errors.InvalidArgumentError: the state holds `max_length` words already.
        """
        full = f"The decoder can say {self.max_length} words: ask for no more, or train with a larger max_length."
        tf.debugging.assert_less(state.position, self.max_length, message=full)
        x, caches, attention = self._embed(ids[:, None], state.position[:, None], seed=None), [], None
        for block, memory, cache in zip(self.blocks, state.memory, state.caches):
            x, attention, cache = block.step(x, memory, cache, state.position)
            caches.append(cache)
        state = TransformerState(state.memory, tuple(caches), state.position + 1, attention[:, 0])
        return self._logits(x)[:, 0], state

    def call(self, features: ImageFeatures, input_ids: tf.Tensor, seed: tf.Tensor | None = None) -> Decoded:
        """Decodes whole captions [rows, length]."""
        memories = self._memory(features, seed)
        x, attention = self._embed(input_ids, tf.range(tf.shape(input_ids)[1])[None], seed), None
        for number, (block, memory) in enumerate(zip(self.blocks, memories)):
            x, attention = block(x, memory, seed=fold_seed(seed, 100 + number))
        return Decoded(self._logits(x), attention)

    def _memory(self, features: ImageFeatures, seed: tf.Tensor | None) -> tuple[KeysValues, ...]:
        """What each layer's attention to the image needs of it."""
        x = self.project(tf.cast(features.regions, self.compute_dtype))
        x = dropout(x, self.config.feature_dropout, seed, salt=0)  # [images, regions, units]
        for number, block in enumerate(self.encoder_blocks):
            x = block(x, seed=fold_seed(seed, 200 + number))
        x = x if self.region_norm is None else self.region_norm(x)
        return tuple(block.cross_attention.memory(x) for block in self.blocks)

    def _embed(self, ids: tf.Tensor, positions: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """Words [rows, length] at positions [rows or 1, length] -> [rows, length, units]."""
        words = drop_words(self.words(ids), self.config.word_dropout, seed, salt=1)
        if self.positions is None:
            where = tf.cast(sinusoids(positions, self.config.units), words.dtype)
        else:
            where = self.positions(tf.minimum(positions, self.max_length - 1))
        return dropout(self.config.units**0.5 * words + where, self.config.dropout, seed, salt=2)

    def _logits(self, x: tf.Tensor) -> tf.Tensor:
        """[rows, length, units] -> float32 [rows, length, vocab]."""
        x = x if self.norm is None else self.norm(x)
        if self.output_layer is not None:
            return tf.cast(self.output_layer(x), tf.float32)
        table = tf.cast(self.words.embeddings, x.dtype)
        logits = tf.tensordot(x, table, [[2], [1]])  # one matrix product; a batched one would be slower to train
        return tf.cast(logits, tf.float32) + tf.cast(self.output_bias, tf.float32)


def sinusoids(positions: tf.Tensor, units: int) -> tf.Tensor:
    """Returns the position vectors float32 [..., units] of positions [...]."""
    half = (units + 1) // 2
    frequencies = SLOWEST ** (-tf.range(half, dtype=tf.float32) / half)  # radians a word
    angles = tf.cast(positions, tf.float32)[..., None] * frequencies
    return tf.concat([tf.sin(angles), tf.cos(angles)], axis=-1)[..., :units]


def small(units: int) -> keras.Initializer:
    """Returns an initialiser of word tables: times sqrt(units), words are of the size of their positions."""
    return keras.initializers.RandomNormal(stddev=0.5 * units**-0.5)
