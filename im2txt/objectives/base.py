"""The objective contract: what training makes small.

An objective scores one replica's share of a batch. It returns sums, never means: the training loop adds them up over
replicas and divides by the global number of words, so that two replicas take the same step as one device.

What an objective keeps from step to step (a moving average, say) are variables of it: they are checkpointed.
"""

from typing import NamedTuple

import tensorflow as tf

from im2txt.models.captioner import Batch, Captioner


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


class Task(NamedTuple):
    """What an objective may need to know of a run when it is built.

    Attributes:
        records: folder of the records that are trained on.
        split: of the records.
        steps_per_epoch: steps in which every image is seen once.
    """

    records: str = ""
    split: str = "train"
    steps_per_epoch: float = 1.0


class Objective(tf.Module):
    """Base of all objectives; see the module's docstring for the contract. Build it under `strategy.scope()`."""

    def check(self, captioner: Captioner) -> None:
        """Raises UserError for a captioner that this objective cannot train."""

    def __call__(self, captioner: Captioner, batch: Batch, seed: tf.Tensor | None, step: int | tf.Tensor = 0) -> Loss:
        """Scores a batch.

        Args:
            captioner: what is trained.
            batch: of `im2txt.data.pipeline`.
            seed: int [2] of all randomness in training mode; None scores the captioner as it will be used.
            step: number of steps taken before, a scalar.
        """
        raise NotImplementedError
