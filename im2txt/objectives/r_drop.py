"""R-Drop: cross-entropy of words under two draws of dropout, and how far the two predictions lie apart.

    L = -log p1(y) - log p2(y) + alpha / 2 (KL(p1 || p2) + KL(p2 || p1))

Source: Liang et al. 2021, https://arxiv.org/abs/2106.14448, equation 4, where alpha is 5 for translation. What is made
small here is half of it, so that a word weighs what it does in cross-entropy. Its two predictions are of the same
images and captions, words and features dropped anew: a step costs twice the decoder's time, and the encoder's once. The
gradient goes through both sides of both divergences, as in the authors' code.

The terms that come with cross-entropy, label smoothing and the doubly stochastic one, are those of both predictions,
averaged.
"""

from dataclasses import dataclass

import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Batch, Captioner, encoded
from im2txt.objectives.base import Loss, Task
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig, word_losses


@dataclass
class RDropConfig(CrossEntropyConfig):
    """Cross-entropy's options, and that of R-Drop.

    Attributes:
        name: key of OBJECTIVES.
        alpha: weight of the divergence; 5 is the paper's, and recurrent decoders want less (experiments/RESULTS.md).
    """

    name: str = "r_drop"
    alpha: float = 5.0


class RDrop(CrossEntropy):
    """Cross-entropy of a decoder whose predictions shall not depend on what is dropped."""

    def __init__(self, config: RDropConfig, task: Task | None = None) -> None:
        super().__init__(config, task)
        if config.alpha < 0:
            raise UserError(f"objective.alpha is {config.alpha}; it must be 0 or more.")

    def __call__(self, captioner: Captioner, batch: Batch, seed: tf.Tensor | None, step: int | tf.Tensor = 0) -> Loss:
        """Scores a batch; without a seed by cross-entropy alone."""
        if seed is None:
            return super().__call__(captioner, batch, seed, step)
        batch = encoded(batch, captioner.features(batch, training=True))
        both = [captioner(batch, seed=each) for each in tf.unstack(tf.random.split(seed, 2))]
        nlls, (weights, _) = zip(*(word_losses(decoded, batch) for decoded in both))
        losses = [self.score(decoded, nll, weights, training=True) for decoded, nll in zip(both, nlls)]
        apart = tf.reduce_sum(divergence(*(decoded.logits for decoded in both)) * weights)
        sums = {name: (losses[0].sums[name] + losses[1].sums[name]) / 2.0 for name in losses[0].sums}
        total = (losses[0].total + losses[1].total) / 2.0 + self.config.alpha / 4.0 * apart
        return Loss(total, losses[0].weight, {**sums, "divergence": apart / 2.0})


def divergence(logits: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """Returns KL(p || q) + KL(q || p) of the softmaxes of two [..., vocab], float32 [...]."""
    difference = tf.nn.log_softmax(logits) - tf.nn.log_softmax(others)
    return tf.reduce_sum((tf.nn.softmax(logits) - tf.nn.softmax(others)) * difference, axis=-1)
