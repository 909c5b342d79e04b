"""The variational lower bound that hard attention is trained on: cross-entropy and REINFORCE.

    L_s = sum_s p(s | a) log p(y | s, a)  <=  log p(y | a)

Its gradient is estimated from one drawn s = (s_1 .. s_T) a caption. What is made small, with r = log p(y | s, a), is

    sum over captions of  -log p(y | s, a)  -  lambda_r (r - b) sum_t log alpha_{t, s_t}  -  lambda_e sum_t H(alpha_t)

where nothing is differentiated through (r - b); b is a moving average of r, b <- 0.9 b + 0.1 mean r, and a step uses
the b before it. Steps at which the decoder took alpha's expectation are not in the second sum: their gradient comes by
the first. Padded words are in no sum.

Source: Xu et al. 2015, section 4.1. With `reward="caption"`, `reward_weight=1`, `entropy_weight=0` and a decoder with
`semi_sampling=0`, the gradient is that of L_s, on average (`tests/objectives/test_variational_bound.py` counts it out).

Scales. The paper gives no lambdas. Its released code takes for r the mean over a caption's words, divides by 10, and
weighs the entropy by 0.002, but divides neither by the batch of N captions as it does the cross-entropy. In the terms
above that is r = mean, lambda_r = N / 10 and lambda_e = 0.002 N: 1.6 and 0.032 at its default N = 16, 6.4 and 0.128 at
N = 64. The defaults here are near the former. A sum over words as r is some ten times a mean, and so is its noise.

Of cross-entropy's options, the doubly stochastic term is off by default: the paper has it for soft attention only.
"""

from dataclasses import dataclass

import tensorflow as tf

from im2txt.errors import UserError, did_you_mean
from im2txt.models.attention import TINY
from im2txt.models.captioner import Batch, Captioner
from im2txt.models.decoders.base import Decoded
from im2txt.objectives.base import Loss, Task
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig, word_losses

BASELINE_DECAY = 0.9  # the paper's
REWARDS = ("mean", "caption")


@dataclass
class VariationalBoundConfig(CrossEntropyConfig):
    """Cross-entropy's options, and those of what REINFORCE adds.

    Attributes:
        name: key of OBJECTIVES.
        doubly_stochastic: as in cross-entropy, but off.
        reward: r, the log-probability of a caption's words: their `mean`, or the `caption`'s, the sum (the paper).
        reward_weight: lambda_r.
        entropy_weight: lambda_e, a word.
    """

    name: str = "variational_bound"
    doubly_stochastic: float = 0.0
    reward: str = "mean"
    reward_weight: float = 1.0
    entropy_weight: float = 0.03

    def check(self) -> None:
        """Raises UserError for values that make no sense."""
        if self.reward not in REWARDS:
            raise UserError(f"objective.reward `{self.reward}` is unknown. {did_you_mean(self.reward, REWARDS)}")


class VariationalBound(CrossEntropy):
    """Cross-entropy given the regions drawn, and the score-function gradient of drawing them."""

    def __init__(self, config: VariationalBoundConfig, task: Task | None = None) -> None:
        super().__init__(config, task)
        config.check()
        self.baseline = tf.Variable(0.0, trainable=False, name="baseline", aggregation=tf.VariableAggregation.MEAN)

    def __call__(self, captioner: Captioner, batch: Batch, seed: tf.Tensor | None, step: int | tf.Tensor = 0) -> Loss:
        """Scores a batch, and moves the baseline; without a seed by cross-entropy alone.

        Raises:
            UserError: the decoder draws no regions.
        """
        self.check(captioner)
        decoded = captioner(batch, seed=seed)
        nll, weights = word_losses(decoded, batch)
        loss = self.score(decoded, nll, weights, training=seed is not None)
        if seed is None:
            return loss
        rewards, baseline = self._rewards(nll, weights)
        reinforced = tf.reduce_sum((rewards - baseline) * draw_log_probability(decoded, weights))
        entropy = loss.sums["attention_entropy"]
        total = loss.total - self.config.reward_weight * reinforced - self.config.entropy_weight * entropy
        return Loss(total, loss.weight, {**loss.sums, "baseline": baseline * loss.weight})

    def check(self, captioner: Captioner) -> None:
        """Raises UserError where the decoder draws no regions."""
        if not captioner.decoder.draws:
            raise UserError(
                "objective.name `variational_bound` is for decoders that draw where to look. Give it "
                "decoder.name `hard_attention`, or the decoder objective.name `cross_entropy`."
            )

    def _rewards(self, nll: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns r [rows] and the baseline so far, both constants; then takes the r of all replicas into it."""
        words = tf.reduce_sum(weights, axis=1)  # [rows]
        rewards = -tf.reduce_sum(nll * weights, axis=1)
        if self.config.reward == "mean":
            rewards /= tf.maximum(words, 1.0)
        rewards, baseline = tf.stop_gradient(rewards), tf.identity(self.baseline)
        real = tf.cast(words > 0, tf.float32)  # rows that only fill up the batch are no captions
        context = tf.distribute.get_replica_context()
        total, captions = context.all_reduce("sum", [tf.reduce_sum(rewards * real), tf.reduce_sum(real)])
        mean = total / tf.maximum(captions, 1.0)
        self.baseline.assign(BASELINE_DECAY * baseline + (1.0 - BASELINE_DECAY) * mean)
        return rewards, baseline


def draw_log_probability(decoded: Decoded, weights: tf.Tensor) -> tf.Tensor:
    """Returns sum_t log alpha_{t, s_t} of each caption, float32 [rows], over the real words at which one was drawn.

    Args:
        decoded: with `attention` and `drawn`.
        weights: [rows, length], 1 for real words.
    """
    chosen = tf.gather(decoded.attention, tf.maximum(decoded.drawn, 0), axis=2, batch_dims=2)  # [rows, length]
    counts = weights * tf.cast(decoded.drawn >= 0, tf.float32)
    return tf.reduce_sum(tf.math.log(tf.maximum(chosen, TINY)) * counts, axis=1)
