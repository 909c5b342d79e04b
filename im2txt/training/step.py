"""One training step under any strategy: two replicas take the same step as one device.

The loss is a mean over the words of the *global* batch, and gradients are clipped by their global norm after the
all-reduce. Keras' own clipping and loss reductions do neither (each replica clips, and divides by its own words).
"""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from im2txt.models.captioner import Batch, Captioner
from im2txt.objectives.base import Objective
from im2txt.training.distribution import global_sum, replica_seed

TrainStep = Callable[[Batch, tf.Tensor], dict[str, tf.Tensor]]


def make_train_step(
    strategy: tf.distribute.Strategy,
    captioner: Captioner,
    objective: Objective,
    optimizer: keras.Optimizer,
    clip_norm: float,
    seed: int,
) -> TrainStep:
    """Returns a graph function (global batch, step) -> logs.

    The logs are means over the words of the global batch: `loss`, the objective's own sums, and `gradient_norm`
    before clipping. All randomness of a step is a function of (seed, step, replica).
    """
    variables = captioner.trainable_variables

    def replica_step(batch: Batch, step: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = objective(captioner, batch, replica_seed(seed, step), step)
        gradients = tape.gradient(loss.total, variables)
        weight, total, *sums = global_sum([loss.weight, loss.total, *loss.sums.values()])
        weight = tf.maximum(weight, 1.0)
        gradients = [gradient / weight for gradient in global_sum(gradients)]
        gradients, norm = clip(gradients, clip_norm)
        replicas = tf.distribute.get_replica_context().num_replicas_in_sync
        optimizer.apply_gradients([(g / replicas, v) for g, v in zip(gradients, variables)])  # it sums over replicas
        means = {name: value / weight for name, value in zip(loss.sums, sums)}
        return {"loss": total / weight, **means, "gradient_norm": norm}

    @tf.function(reduce_retracing=True)
    def train_step(batch: Batch, step: tf.Tensor) -> dict[str, tf.Tensor]:
        logs = strategy.run(replica_step, args=(batch, step))
        return {name: strategy.experimental_local_results(value)[0] for name, value in logs.items()}

    return train_step


def clip(gradients: Sequence[tf.Tensor], norm: float) -> tuple[Sequence[tf.Tensor], tf.Tensor]:
    """Scales gradients down to a global norm of at most `norm` (0: not at all); also returns the norm they had."""
    if not norm:
        return gradients, tf.linalg.global_norm(gradients)
    return tf.clip_by_global_norm(gradients, norm)
