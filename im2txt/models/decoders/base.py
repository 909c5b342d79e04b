"""The decoder contract: a conditional language model over word ids, the same in training and in search.

A decoder has a `start` (image features to first state) and a `step` (word and state to next-word logits and next
state). Training calls the decoder on whole captions; that must equal `step` unrolled, only faster.

**Rows and images.** The rows of a state may be any multiple of the images it was started from: an image's captions
(in training) or beams (in search) lie in consecutive rows. What depends on the image alone and never changes sits in
the state's field `memory`, once an image: [images, ...]. All other leaves are [rows, ...]. So the projected image
regions are never repeated or gathered, and attending from all rows of an image is one matrix product.

**Randomness.** Dropout is on exactly where a `seed` (int [2]) is given, and is a pure function of it: nothing to
checkpoint, and replicas that are given different seeds drop different units.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.features import ImageFeatures

State = Any


class Decoded(NamedTuple):
    """What a decoder yields for whole captions.

    Attributes:
        logits: float32 [rows, length, vocab].
        attention: float32 [rows, length, regions], or None where the decoder does not attend.
        drawn: int32 [rows, length], the one region that was looked at, or -1 where it was the mean over all; None
            where the decoder does not draw.
    """

    logits: tf.Tensor
    attention: tf.Tensor | None = None
    drawn: tf.Tensor | None = None


class Decoder(keras.layers.Layer):
    """Base of all decoders; see the module's docstring for the contract.

    Attributes:
        vocab_size: number of words, the special ones included.
        attends: whether states carry `attention` [rows, regions], the map behind the logits just returned.
        draws: whether regions are drawn, and `Decoded.drawn` says which.
        adapts: whether it wants to see the first training images before training.
        reads: the fields of `ImageFeatures` it uses; cached features need hold no others.
        max_length: the most words that `step` can go through; None where there is no limit.
        words: the embedding layer of the words.
    """

    attends = False
    draws = False
    adapts = False
    reads: tuple[str, ...] = ("pooled", "regions")
    max_length: int | None = None
    words: keras.layers.Embedding

    def adapt(self, features: ImageFeatures) -> None:
        """Sees the first training images once, before the first step, where the class `adapts`."""

    def set_words(self, vectors: np.ndarray) -> None:
        """Lets the words begin with vectors [vocab, depth] that were trained elsewhere."""
        self.words.embeddings.assign(vectors)

    def start(self, features: ImageFeatures, seed: tf.Tensor | None = None) -> State:
        """Returns the state before the first word, one row an image."""
        raise NotImplementedError

    def step(self, ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Reads one word `ids` [rows]; returns float32 logits [rows, vocab] of the next and the new state."""
        raise NotImplementedError

    def call(self, features: ImageFeatures, input_ids: tf.Tensor, seed: tf.Tensor | None = None) -> Decoded:
        """Decodes whole captions `input_ids` [rows, length], where rows is a multiple of the images."""
        raise NotImplementedError


def check_rates(config: Any) -> None:
    """Raises UserError for a rate of dropout in a decoder's config that is not from 0 to below 1."""
    for name, rate in vars(config).items():
        if name.endswith("dropout") and not 0 <= rate < 1:
            raise UserError(f"decoder.{name} is {rate}; it is a share, from 0 to below 1.")


def repeat_rows(state: State, times: int | tf.Tensor) -> State:
    """Repeats every row of a state `times` times in place, all but its `memory`."""
    repeated = {
        field: leaf if field == "memory" else tf.nest.map_structure(lambda x: tf.repeat(x, times, axis=0), leaf)
        for field, leaf in state._asdict().items()
    }
    return type(state)(**repeated)


def dropout(x: tf.Tensor, rate: float, seed: tf.Tensor | None, salt: int) -> tf.Tensor:
    """Inverted dropout as a pure function of `seed`; each place that drops has a `salt` of its own."""
    if seed is None or rate == 0.0:
        return x
    return tf.nn.experimental.stateless_dropout(x, rate, tf.random.experimental.stateless_fold_in(seed, salt))


def drop_words(words: tf.Tensor, rate: float, seed: tf.Tensor | None, salt: int) -> tf.Tensor:
    """Blanks whole word vectors of `words` [rows, length, depth], not rescaled: word dropout (Bowman et al. 2016, 3.1).

    A decoder that does not always see the last word has to look at the image for the next one.
    """
    if seed is None or rate == 0.0:
        return words
    seed = tf.random.experimental.stateless_fold_in(seed, salt)
    shown = tf.random.stateless_uniform(tf.shape(words)[:2], seed) >= rate
    return words * tf.cast(shown, words.dtype)[:, :, None]


def unroll(advance: Callable[[State, Any], State], inputs: Any, state: State) -> State:
    """Runs `advance(state, input) -> state` over the time axis of `inputs`, a tensor or a nest of [rows, length, ...].

    Returns the states after every input, stacked: each leaf [rows, length, ...]. One graph serves every length.
    """

    def swap(x: tf.Tensor) -> tf.Tensor:
        return tf.transpose(x, [1, 0, *range(2, x.shape.rank)])

    states = tf.scan(advance, tf.nest.map_structure(swap, inputs), state)  # each leaf [length, rows, ...]
    return tf.nest.map_structure(swap, states)
