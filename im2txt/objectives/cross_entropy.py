"""Cross-entropy of the words people used, with the doubly stochastic term of Show, Attend and Tell.

    loss sum = sum over words of -log p(y_t)  +  lambda sum over captions, regions of (tau - sum_t alpha_ti)^2

divided by the number of words of the global batch (by the training loop). The paper adds the second sum to the summed
log-likelihood of a caption with lambda = 1 and tau = 1 (Xu et al. 2015, equation 14), which is what this does. Other
readings are a matter of lambda. The authors' code adds the sum over 64 captions of the mean over 196 regions to a mean
over captions (lambda = 64 / 196 = 0.33). A well-known port adds the mean over captions and regions to the mean over
words (lambda = words a caption / 196, about 0.06).

As alpha_t sums to one at every step, sum_i (tau - s_i)^2 = sum_i s_i^2 + a constant, where s_i = sum_t alpha_ti: the
gradient does not depend on tau. That the target 1 cannot be reached is therefore of no consequence.

Padded words count in neither sum. Label smoothing (Szegedy et al. 2016) gives the share `label_smoothing` of the
target to all words alike.
"""

from dataclasses import dataclass

import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Batch, Captioner
from im2txt.models.decoders.base import Decoded
from im2txt.objectives.attention_maps import attention_sums
from im2txt.objectives.base import Loss, Objective, Task


@dataclass
class CrossEntropyConfig:
    """Cross-entropy and its companions.

    Attributes:
        name: key of OBJECTIVES.
        label_smoothing: share of the target spread over all words.
        doubly_stochastic: the lambda of the attention term; 1 is the paper's, for soft attention; 0 turns it off. Set
            0 for a Transformer, whose maps are means over heads: no paper has the term there.
        attention_target: the tau of the attention term.
    """

    name: str = "cross_entropy"
    label_smoothing: float = 0.0
    doubly_stochastic: float = 1.0
    attention_target: float = 1.0


class CrossEntropy(Objective):
    """Sum of -log p over the words of people's captions."""

    def __init__(self, config: CrossEntropyConfig, task: Task | None = None) -> None:
        super().__init__(name=config.name)
        self.config = config

    def check(self, captioner: Captioner) -> None:
        """Raises UserError where the decoder draws where to look in training: no gradient passes through a draw."""
        if captioner.decoder.draws and captioner.decoder.config.semi_sampling < 1:
            raise UserError(
                f"objective.name `{self.config.name}` does not teach this decoder where to look: it draws regions, and "
                "no gradient passes through a draw. Train it with objective.name=variational_bound "
                "(VariationalBoundConfig), or set decoder.semi_sampling=1, with which training draws nothing."
            )

    def __call__(self, captioner: Captioner, batch: Batch, seed: tf.Tensor | None, step: int | tf.Tensor = 0) -> Loss:
        """Scores a batch, with label smoothing only in training."""
        decoded = captioner(batch, seed=seed)
        return self.score(decoded, *word_losses(decoded, batch), training=seed is not None)

    def score(self, decoded: Decoded, nll: tf.Tensor, weights: tf.Tensor, training: bool) -> Loss:
        """Scores what was decoded, given the `word_losses` of it."""
        sums = {"cross_entropy": tf.reduce_sum(nll * weights)}
        total = sums["cross_entropy"]
        if training and self.config.label_smoothing:
            total = tf.reduce_sum(smoothed(nll, decoded.logits, self.config.label_smoothing) * weights)
        if decoded.attention is not None:
            sums.update(attention_sums(decoded.attention, weights))
        if decoded.attention is not None and self.config.doubly_stochastic:
            penalty = doubly_stochastic(decoded.attention, weights, self.config.attention_target)
            sums["doubly_stochastic"] = tf.reduce_sum(penalty)
            total += self.config.doubly_stochastic * sums["doubly_stochastic"]
        return Loss(total, tf.reduce_sum(weights), sums)


def word_losses(decoded: Decoded, batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns -log p of every target, and 1 for every real word, else 0: both float32 [rows, length]."""
    length = tf.shape(decoded.logits)[1]
    targets = tf.reshape(batch["target_ids"], [-1, length])
    weights = tf.reshape(batch["weights"], [-1, length])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, decoded.logits), weights


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
