"""The hard-attention decoder of Show, Attend and Tell: it looks at one region a word, drawn from alpha.

    s_t ~ Multinoulli(alpha_t);  z_t = beta_t a_{s_t}

All else is soft attention's. No gradient passes through the draw: train it with the objective `variational_bound`.

Source: Xu et al. 2015, section 4.1. In training, `semi_sampling` of the time alpha's expectation, which is soft
attention, stands in the draw's place and lets its gradient through. The paper tosses that coin once an image, its
released code once a batch; here it is tossed for each word unless `coin` says otherwise. The region is the arg max of
log alpha plus Gumbel noise, which is a draw from alpha (Gumbel 1954; Maddison et al. 2014).

Without a seed, in validation, search and export, `test_attention` rules: the expectation, as in the released code; the
likeliest region; or a draw. Such a draw is a function of `test_seed`, of the position in the caption and of alpha:
all rows hear the same noise at the same position, so that a caption depends neither on its batch nor on its place in
the beam.
"""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from im2txt.errors import UserError, did_you_mean
from im2txt.models.attention import TINY, mean_region
from im2txt.models.decoders.base import Decoded
from im2txt.models.decoders.soft_attention import AttentionMemory, SoftAttentionConfig, SoftAttentionDecoder
from im2txt.models.features import ImageFeatures
from im2txt.models.recurrent import GRUState, LSTMState

COINS = ("word", "caption", "batch")
TEST_ATTENTION = ("expectation", "argmax", "sample")


@dataclass
class HardAttentionConfig(SoftAttentionConfig):
    """The hard-attention decoder: soft attention's options, and its own.

    Attributes:
        name: key of DECODERS.
        semi_sampling: how often, in training, the expectation stands in the place of a draw; a share from 0 to 1.
        coin: what has a coin of its own for that: `word`, `caption` (the paper) or `batch` (the released code).
        test_attention: what is looked at outside of training: `expectation`, `argmax` or `sample`.
        test_seed: of `sample`.
    """

    name: str = "hard_attention"
    semi_sampling: float = 0.5
    coin: str = "word"
    test_attention: str = "expectation"
    test_seed: int = 0

    def check(self) -> None:
        """Raises UserError for values that make no sense."""
        super().check()
        for field, known in (("coin", COINS), ("test_attention", TEST_ATTENTION)):
            value = getattr(self, field)
            if value not in known:
                raise UserError(f"decoder.{field} `{value}` is unknown. {did_you_mean(value, known)}")
        if not 0 <= self.semi_sampling <= 1:
            raise UserError(f"decoder.semi_sampling is {self.semi_sampling}; it is a share, from 0 to 1.")


class HardAttentionState(NamedTuple):
    """What `step` needs: soft attention's state, and two fields more.

    Attributes:
        memory: keys and values, once an image.
        recurrent: the cell's state, leaves [rows, units].
        context: [rows, depth], z_t of the word just predicted.
        attention: float32 [rows, regions], alpha_t of the word just predicted, which its region was drawn from.
        drawn: int32 [rows], that region; -1 where the expectation was taken.
        position: int32 [rows], number of words read.
    """

    memory: AttentionMemory
    recurrent: LSTMState | GRUState
    context: tf.Tensor
    attention: tf.Tensor
    drawn: tf.Tensor
    position: tf.Tensor


class Draws(NamedTuple):
    """What decides where to look.

    Attributes:
        noise: float32 [..., regions], added to log alpha.
        soft: bool [...], whether the expectation is taken.
    """

    noise: tf.Tensor
    soft: tf.Tensor


class HardAttentionDecoder(SoftAttentionDecoder):
    """Show, Attend and Tell with stochastic hard attention; reads the regions only."""

    draws = True

    def start(self, features: ImageFeatures, seed: tf.Tensor | None = None) -> HardAttentionState:
        """Returns the state before the first word; one row an image."""
        soft = super().start(features, seed)
        zeros = tf.zeros_like(soft.attention[:, 0], tf.int32)
        return HardAttentionState(*soft, drawn=zeros - 1, position=zeros)

    def _draws(self, state: HardAttentionState, shape: tf.Tensor, seed: tf.Tensor | None) -> Draws | tuple:
        if seed is None:
            return ()
        rows, length = tf.unstack(shape)
        coins = {"word": [rows, length], "caption": [rows, 1], "batch": [1, 1]}[self.config.coin]
        tossed = tf.random.stateless_uniform(coins, tf.random.experimental.stateless_fold_in(seed, 6))
        noise = gumbel([rows, length, state.attention.shape[-1]], tf.random.experimental.stateless_fold_in(seed, 7))
        return Draws(noise, tf.broadcast_to(tossed < self.config.semi_sampling, shape))

    def _attend(self, query: tf.Tensor, draws: Draws | tuple, state: HardAttentionState) -> HardAttentionState:
        _, attention = self.attention(query, *state.memory)
        noise, soft = draws or self._test_draws(state)
        log_alpha = tf.math.log(tf.maximum(attention, TINY))
        drawn = tf.where(soft, -1, tf.argmax(log_alpha + noise, axis=-1, output_type=tf.int32))
        weights = tf.where(soft[:, None], attention, tf.one_hot(drawn, attention.shape[-1]))
        context = mean_region(weights, state.memory.values)
        return state._replace(context=context, attention=attention, drawn=drawn, position=state.position + 1)

    def _test_draws(self, state: HardAttentionState) -> Draws:
        """What is done without a seed."""
        soft = tf.fill(tf.shape(state.position), self.config.test_attention == "expectation")
        if self.config.test_attention != "sample":
            return Draws(tf.zeros_like(state.attention), soft)
        position = tf.reduce_max(state.position)  # rows are decoded together: they all have the same
        seed = tf.random.experimental.stateless_fold_in([self.config.test_seed, 0], position)
        return Draws(gumbel([1, state.attention.shape[-1]], seed), soft)

    def _decoded(self, logits: tf.Tensor, states: HardAttentionState) -> Decoded:
        return super()._decoded(logits, states)._replace(drawn=states.drawn)


def gumbel(shape: list[int | tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
    """Standard Gumbel noise, float32, as a pure function of `seed` int [2]."""
    uniform = tf.random.stateless_uniform(shape, seed, minval=TINY)
    return -tf.math.log(-tf.math.log(uniform))
