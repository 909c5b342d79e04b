"""The decoder of Show and Tell (NIC): an LSTM that sees the image once, before the first word.

    x_{-1} = W_I CNN(I);  x_t = W_e S_t;  p_{t+1} = softmax(W LSTM(x_t) + b)

Source: Vinyals et al. 2015, equations 10 to 12, and the journal version (2016). The state starts at zero; the step on
the image yields no word.

`cell="gru"` puts a GRU (Cho et al. 2014) in the LSTM's place.

Deviations: dropout sits on the words and on the LSTM's outputs, by default at the 0.5 of later work, and not on the
embedded image, which is shown only once; the 2016 release has 0.3 on all three (`image_dropout`). Pooled features of a
rectified layer have a large part that all images share; through W_I it drowns what tells them apart. So features are
standardised before W_I by statistics of the first training images, which is the paper's W_I with a bias. Word vectors
start in +-1 rather than in Keras' +-0.05, beside which the LSTM hears little but the image's common part.
"""

from dataclasses import dataclass
from typing import NamedTuple

import keras
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.decoders.base import Decoded, Decoder, check_rates, drop_words, dropout, repeat_rows, unroll
from im2txt.models.features import ImageFeatures, Standardize
from im2txt.models.recurrent import GRUState, LSTMState, build_cell


@dataclass
class LSTMConfig:
    """The decoder of Show and Tell.

    Attributes:
        name: key of DECODERS.
        units: width of the recurrent cell.
        embedding: width of words and of the embedded image.
        dropout: share of units dropped from the words and from the cell's outputs.
        image_dropout: share of units dropped from the embedded image.
        word_dropout: share of words that the decoder is not shown in training.
        forget_bias: where the LSTM's forget bias starts; at 3 a state halves in 14 words instead of in 2, so that the
            image, shown once, lasts for a caption (Tallec & Ollivier 2018).
        initial_range: weights start uniform in +- this (im2txt: 0.08); 0 takes the layers' own initialisers.
        cell: key of CELLS, `lstm` or `gru`.
        reset_after: of a GRU: the reset gate after the recurrent product, as in cuDNN; False is the paper.
    """

    name: str = "lstm"
    units: int = 512
    embedding: int = 512
    dropout: float = 0.5
    image_dropout: float = 0.0
    word_dropout: float = 0.0
    forget_bias: float = 1.0
    initial_range: float = 0.0
    cell: str = "lstm"
    reset_after: bool = False

    def check(self) -> None:
        """Raises UserError for values that make no sense."""
        check_rates(self)
        default = LSTMConfig.forget_bias
        if self.cell == "gru" and self.forget_bias != default:
            raise UserError(
                f"decoder.forget_bias is {self.forget_bias}, but it is of `lstm` and decoder.cell is `gru`. "
                f"Leave it at {default}, or change the cell."
            )


class NICState(NamedTuple):
    """What `step` needs: the recurrent cell's state, leaves [rows, units]."""

    recurrent: LSTMState | GRUState


class LSTMDecoder(Decoder):
    """Show and Tell's language model; reads the pooled image only."""

    adapts = True
    reads = ("pooled",)

    def __init__(self, config: LSTMConfig, vocab_size: int) -> None:
        config.check()
        super().__init__(name="decoder")
        self.vocab_size = vocab_size
        self.rate, self.image_rate, self.word_rate = config.dropout, config.image_dropout, config.word_dropout
        initializer = uniform(config.initial_range) if config.initial_range else None
        self.standardize = Standardize()
        self.image = keras.layers.Dense(
            config.embedding, use_bias=False, kernel_initializer=initializer or "glorot_uniform", name="image"
        )
        self.words = keras.layers.Embedding(
            vocab_size, config.embedding, embeddings_initializer=initializer or uniform(1.0), name="words"
        )
        # `lstm`, whatever the cell: checkpoints know it by this name
        self.lstm = build_cell(config.cell, config.units, config.reset_after, config.forget_bias, initializer)
        self.output_layer = keras.layers.Dense(
            vocab_size, kernel_initializer=initializer or "glorot_uniform", name="output"
        )

    def adapt(self, features: ImageFeatures) -> None:
        """Takes the statistics that pooled features are standardised by."""
        self.standardize.adapt(features.pooled)

    def start(self, features: ImageFeatures, seed: tf.Tensor | None = None) -> NICState:
        """Shows the image [images, embedding] to the cell; one row an image."""
        image = dropout(self.image(self.standardize(features.pooled)), self.image_rate, seed, salt=3)
        return NICState(self.lstm.advance(self.lstm(image), self.lstm.zeros(tf.shape(image)[0])))

    def step(self, ids: tf.Tensor, state: NICState) -> tuple[tf.Tensor, NICState]:
        """Reads one word [rows]; returns logits [rows, vocab] and the new state."""
        recurrent = self.lstm.advance(self.lstm(self.words(ids)), state.recurrent)
        return tf.cast(self.output_layer(recurrent.hidden), tf.float32), NICState(recurrent)

    def call(self, features: ImageFeatures, input_ids: tf.Tensor, seed: tf.Tensor | None = None) -> Decoded:
        """Decodes whole captions [rows, length]."""
        images = tf.shape(features.pooled)[0]
        state = repeat_rows(self.start(features, seed), tf.shape(input_ids)[0] // images)
        words = drop_words(self.words(input_ids), self.word_rate, seed, salt=2)
        words = dropout(words, self.rate, seed, salt=0)  # [rows, length, embedding]
        states = unroll(lambda recurrent, x: self.lstm.advance(x, recurrent), self.lstm(words), state.recurrent)
        hidden = dropout(states.hidden, self.rate, seed, salt=1)  # [rows, length, units]
        return Decoded(tf.cast(self.output_layer(hidden), tf.float32))


def uniform(limit: float) -> keras.Initializer:
    """Returns an initialiser uniform in +-limit."""
    return keras.initializers.RandomUniform(-limit, limit)
