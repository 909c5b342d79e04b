"""An exponential moving average of the weights (Polyak & Juditsky 1992): what is validated, kept and exported.

Noise of the last steps averages out; the average of step t is decay_t * average + (1 - decay_t) * weights with
decay_t = min(decay, (1 + t) / (10 + t)), so that the first weights are soon forgotten.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import tensorflow as tf


class WeightAverage(tf.Module):
    """Averages of variables; with `decay` 0 it does nothing and costs nothing."""

    def __init__(self, variables: Sequence[tf.Variable], decay: float) -> None:
        super().__init__(name="average")
        self.decay = decay
        self.variables_averaged = tuple(variables) if decay else ()
        self.averages = [tf.Variable(variable, trainable=False) for variable in self.variables_averaged]

    @tf.function
    def update(self, step: tf.Tensor) -> None:
        """Takes the weights of `step` in. To be called outside a replica context."""
        step = tf.cast(step, tf.float32)
        decay = tf.minimum(self.decay, (1.0 + step) / (10.0 + step))
        for average, variable in zip(self.averages, self.variables_averaged):
            average.assign_sub((1.0 - decay) * (average - variable))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Puts the averages in the place of the weights for the duration of a `with` block."""
        kept = [tf.identity(variable) for variable in self.variables_averaged]
        self._assign(self.averages)
        try:
            yield
        finally:
            self._assign(kept)

    def _assign(self, values: Sequence[tf.Tensor]) -> None:
        for variable, value in zip(self.variables_averaged, values):
            variable.assign(value)
