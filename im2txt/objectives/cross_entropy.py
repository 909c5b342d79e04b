"""Cross-entropy of the words people used, with the doubly stochastic term of Show, Attend and Tell.

    loss sum = sum over words of -log p(y_t)  +  lambda sum over captions, regions of (tau - sum_t alpha_ti)^2

divided by the number of words of the global batch (by the training loop). The paper adds the second sum to the summed
log-likelihood of a caption with lambda = 1 and tau = 1 (Xu et al. 2015, equation 14), which is what this does. Other
readings are a matter of lambda: the authors' code takes the mean over 196 regions and the sum over 64 captions (lambda
= 64 / 196), a well-known port the mean over both (lambda = 1 / 196).

As alpha_t sums to one at every step, sum_i (tau - s_i)^2 = sum_i s_i^2 + a constant, where s_i = sum_t alpha_ti: the
gradient does not depend on tau. That the target 1 cannot be reached is therefore of no consequence.

Padded words count in neither sum. Label smoothing (Szegedy et al. 2016) gives the share `label_smoothing` of the
target to all words alike.
"""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from im2txt.models.captioner import Batch, Captioner


@dataclass
class CrossEntropyConfig:
    """Cross-entropy and its companions.

    Attributes:
        name: key of OBJECTIVES.
        label_smoothing: share of the target spread over all words.
        doubly_stochastic: the lambda of the attention term; 1 is the paper's, 0 turns it off.
        attention_target: the tau of the attention term.
    """

    name: str = "cross_entropy"
    label_smoothing: float = 0.0
    doubly_stochastic: float = 1.0
    attention_target: float = 1.0


class Loss(NamedTuple):
    """What an objective makes of a replica's share of a batch; all scalars, float32.

    Attributes:
        total: the sum to minimise; the loop divides it by the global `weight`.
        weight: number of words.
        sums: further sums for the logs, each divided by the global `weight` there.
    """

    total: tf.Tensor
    weight: tf.Tensor
    sums: dict[str, tf.Tensor]


class CrossEntropy:
    """(captioner, batch, seed) -> `Loss`."""

    def __init__(self, config: CrossEntropyConfig) -> None:
        self.config = config

    def __call__(self, captioner: Captioner, batch: Batch, seed: tf.Tensor | None) -> Loss:
        """Scores a batch; with a `seed` (int [2]) in training mode, without one as it will be used."""
        decoded = captioner(batch, seed=seed)
        length = tf.shape(decoded.logits)[1]
        targets = tf.reshape(batch["target_ids"], [-1, length])  # [rows, length]
        weights = tf.reshape(batch["weights"], [-1, length])  # [rows, length]
        nll = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, decoded.logits)
        sums = {"cross_entropy": tf.reduce_sum(nll * weights)}
        total = sums["cross_entropy"]
        if seed is not None and self.config.label_smoothing:
            total = tf.reduce_sum(smoothed(nll, decoded.logits, self.config.label_smoothing) * weights)
        if decoded.attention is not None and self.config.doubly_stochastic:
            penalty = doubly_stochastic(decoded.attention, weights, self.config.attention_target)
            sums["doubly_stochastic"] = tf.reduce_sum(penalty)
            total += self.config.doubly_stochastic * sums["doubly_stochastic"]
        return Loss(total, tf.reduce_sum(weights), sums)


def smoothed(nll: tf.Tensor, logits: tf.Tensor, share: float) -> tf.Tensor:
    """Mixes the negative log-likelihood [rows, length] with that of the uniform distribution, share of the latter."""
    uniform = tf.reduce_logsumexp(logits, axis=-1) - tf.reduce_mean(logits, axis=-1)
    return (1.0 - share) * nll + share * uniform


def doubly_stochastic(attention: tf.Tensor, weights: tf.Tensor, target: float) -> tf.Tensor:
    """Returns sum_i (target - sum_t alpha_ti)^2 of each caption [rows], over its real words only.

    Args:
        attention: [rows, length, regions].
        weights: [rows, length]; a row without any word scores 0.
        target: what each region's attention should add up to over the caption.
    """
    seen = tf.einsum("rtl,rt->rl", attention, weights)  # [rows, regions]
    real = tf.reduce_max(weights, axis=1)  # [rows]
    return tf.reduce_sum(tf.square(target - seen), axis=1) * real
