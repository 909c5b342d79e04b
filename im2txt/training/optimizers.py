"""Optimizers and learning-rate schedules; clipping is the training loop's, since it must follow the all-reduce.

`sgd` with `staircase` is the 2016 release's recipe: 2.0, halved every 8 epochs, gradients clipped to a global norm
of 5 (it works only together with that clip and a small initialisation).
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import keras
import tensorflow as tf

from im2txt.errors import UserError, did_you_mean


@dataclass
class OptimizerConfig:
    """How weights change.

    Attributes:
        name: `adam` or `sgd`.
        learning_rate: at the start, after the warm-up.
        schedule: `constant`, `staircase` (times `decay_factor` every `decay_epochs`) or `cosine` (to 0 at the end).
        decay_factor: of `staircase`.
        decay_epochs: of `staircase`.
        warmup_steps: the rate climbs in so many equal steps.
        momentum: of `sgd`.
        weight_decay: decoupled (AdamW), times the variable's own learning rate; 0 turns it off.
        encoder_factor: what the learning rate of a trainable encoder is multiplied by.
        clip_norm: largest global norm of the gradients, after the all-reduce; 0 turns it off.
    """

    name: str = "adam"
    learning_rate: float = 5e-4
    schedule: str = "cosine"
    decay_factor: float = 0.5
    decay_epochs: float = 8.0
    warmup_steps: int = 0
    momentum: float = 0.0
    weight_decay: float = 0.0
    encoder_factor: float = 1.0
    clip_norm: float = 5.0

    def check(self) -> None:
        """Raises UserError for what is unknown, for numbers that make no sense, and for options without effect."""
        for field, table in (("name", OPTIMIZERS), ("schedule", SCHEDULES)):
            value = getattr(self, field)
            if value not in table:
                raise UserError(f"optimizer.{field} `{value}` is unknown. {did_you_mean(value, table)}")
        for field in ("learning_rate", "clip_norm", "weight_decay", "encoder_factor", "warmup_steps"):
            if not 0 <= getattr(self, field) < math.inf:
                raise UserError(f"optimizer.{field} is {getattr(self, field)}; it must be 0 or more, and finite.")
        for field, other, needed in _ONLY_WITH:
            if getattr(self, field) != getattr(OptimizerConfig, field) and getattr(self, other) != needed:
                found = f"optimizer.{field} is of optimizer.{other}={needed}, and {other} is {getattr(self, other)}"
                raise UserError(f"{found}. Set that, or leave {field} out.")


# An option, and the value that another one must have for it to have an effect.
_ONLY_WITH = (
    ("momentum", "name", "sgd"),
    ("decay_factor", "schedule", "staircase"),
    ("decay_epochs", "schedule", "staircase"),
)


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """A linear warm-up, then a schedule of SCHEDULES."""

    def __init__(self, config: OptimizerConfig, steps_per_epoch: float, steps: int) -> None:
        self.config = config
        self.decay_steps = max(1, int(config.decay_epochs * steps_per_epoch))
        self.steps = steps

    def __call__(self, step: int) -> keras.KerasTensor:
        """Returns the learning rate at `step`."""
        step = keras.ops.cast(step, "float32")
        warm = keras.ops.minimum(1.0, (step + 1.0) / max(1, self.config.warmup_steps))
        return self.config.learning_rate * warm * SCHEDULES[self.config.schedule](step, self)


SCHEDULES: dict[str, Callable] = {
    "constant": lambda step, _: keras.ops.ones_like(step),
    "staircase": lambda step, s: keras.ops.power(s.config.decay_factor, keras.ops.floor(step / s.decay_steps)),
    "cosine": lambda step, s: 0.5 * (1.0 + keras.ops.cos(3.14159265 * keras.ops.minimum(step / s.steps, 1.0))),
}


class _PartlySlow:
    """An optimizer that takes steps of another size on some variables; mixed into one of Keras."""

    _factors: Mapping[int, Callable[[tf.Tensor], tf.Tensor | float]] = {}

    def slow_down(self, variables: Iterable[keras.Variable], factor: float) -> None:
        """Makes steps on these variables `factor` times as large as they would be."""
        self._set(variables, lambda _: factor)

    def hold(self, variables: Iterable[keras.Variable], steps: float) -> None:
        """Leaves these variables as they are for so many steps.

        Their gradients go on to feed Adam's moments, and to count in the norm that `clip_norm` bounds.
        """
        self._set(variables, lambda step: tf.cast(tf.cast(step, tf.float32) >= steps, tf.float32))

    def update_step(self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor) -> None:
        """Changes one variable: decays it, then takes a step."""
        factor = self._factors.get(self._var_key(variable), lambda _: 1.0)
        rate = learning_rate * factor(self.iterations)
        if self.weight_decay:
            variable.assign_sub(variable * tf.cast(self.weight_decay * rate, variable.dtype))
        super().update_step(gradient, variable, rate)

    def _apply_weight_decay(self, variables: Iterable[keras.Variable]) -> None:
        """Does nothing, where Keras decays all variables at one rate: `update_step` has done it."""

    def _set(self, variables: Iterable[keras.Variable], factor: Callable[[tf.Tensor], tf.Tensor | float]) -> None:
        keys = map(self._var_key, variables)  # Keras' own key: it knows the parts that replicas hold, too
        self._factors = {**self._factors, **dict.fromkeys(keys, factor)}


class Adam(_PartlySlow, keras.optimizers.Adam):
    """Kingma & Ba 2015; with decoupled weight decay AdamW (Loshchilov & Hutter 2019)."""


class SGD(_PartlySlow, keras.optimizers.SGD):
    """Stochastic gradient descent."""


Optimizer = Adam | SGD

OPTIMIZERS: dict[str, Callable] = {
    "adam": lambda rate, config: Adam(rate, weight_decay=config.weight_decay or None),
    "sgd": lambda rate, config: SGD(rate, momentum=config.momentum, weight_decay=config.weight_decay or None),
}


def build_optimizer(config: OptimizerConfig, steps_per_epoch: float, steps: int) -> Optimizer:
    """Builds the optimizer for a run of `steps` steps, which can `slow_down` and `hold`.

    Raises:
        UserError: as `OptimizerConfig.check`.
    """
    config.check()
    return OPTIMIZERS[config.name](Schedule(config, steps_per_epoch, steps), config)
