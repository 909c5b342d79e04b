"""The training loop: steps, logs, validation, checkpoints, early stop; resumable at any moment, under any strategy.

The loop owns the state of a run; models, objectives and data know nothing of it. Everything a step needs that is not
a weight (its data, its randomness) is a function of the step's number.
"""

import json
import math
import time
from dataclasses import asdict, dataclass

import keras
import numpy as np
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.notices import notice
from im2txt.objectives.base import Objective
from im2txt.training.averaging import WeightAverage
from im2txt.training.checkpoints import BEST, LATEST, manager, model_parts, restore, save
from im2txt.training.interrupts import interrupt_event
from im2txt.training.logging import RunLog
from im2txt.training.step import make_train_step
from im2txt.training.validation import CHANGE, MONITOR, Validation


@dataclass
class TrainingConfig:
    """How long to train, what to keep and when to stop.

    Attributes:
        epochs: passes over the training images.
        max_minutes: stop cleanly after so much training time in all, resumed runs included; 0 means never.
        validate_epochs: epochs between validations.
        first_validation: epoch before which nothing is validated; early captions say little.
        patience: stop after so many validations without a better CIDEr-D; 0 means never.
        average_decay: of the exponential moving average of weights that is validated and kept; 0 turns it off.
        log_steps: steps between lines of the logs, each the mean over the steps since the line before.
        checkpoint_minutes: minutes between checkpoints.
        strategy: a key of `im2txt.training.distribution.STRATEGIES`.
        seed: of the weights' initialisation, dropout and augmentation.
    """

    epochs: float = 20.0
    max_minutes: float = 0.0
    validate_epochs: float = 1.0
    first_validation: float = 0.0
    patience: int = 5
    average_decay: float = 0.999
    log_steps: int = 50
    checkpoint_minutes: float = 5.0
    strategy: str = "auto"
    seed: int = 1

    def check(self) -> None:
        """Raises UserError for values that make no sense."""
        for name in ("epochs", "validate_epochs", "log_steps"):
            if not 0 < getattr(self, name) < math.inf:
                raise UserError(f"training.{name} is {getattr(self, name)}; it must be more than 0, and finite.")
        for name in ("patience", "max_minutes", "checkpoint_minutes", "first_validation"):
            if not getattr(self, name) >= 0:
                raise UserError(f"training.{name} is {getattr(self, name)}; it must be 0 or more.")


FROZEN = 0.01  # attention that moves less than this from word to word looks at one place
STOPPED = "stopped; the same command goes on from here"


class Schedule:
    """The lengths of a run in steps."""

    def __init__(self, config: TrainingConfig, images: int, images_per_batch: int) -> None:
        self.steps_per_epoch = images / images_per_batch
        self.steps = math.ceil(config.epochs * self.steps_per_epoch)
        self.validation = max(1, round(config.validate_epochs * self.steps_per_epoch))
        self.first_validation = config.first_validation * self.steps_per_epoch

    def validates_at(self, step: int) -> bool:
        """Is there a validation after `step` steps?"""
        due = step % self.validation == 0 and step >= self.first_validation
        return due or step == self.steps


@dataclass(eq=False)
class Progress(tf.train.experimental.PythonState):
    """The state of a run beside weights: plain numbers, which are checkpointed too."""

    step: int = 0
    seconds: float = 0.0
    best_score: float = -math.inf
    stale: int = 0
    validated: int = 0

    def serialize(self) -> str:
        """Returns the text that a checkpoint holds."""
        return json.dumps(asdict(self))

    def deserialize(self, text: str) -> None:
        """The inverse of `serialize`."""
        vars(self).update(json.loads(text))


def averaged_variables(captioner: Captioner) -> list[tf.Variable]:
    """Returns what is averaged: trainable weights, and the batch normalisation's statistics if they change as well."""
    encoder = captioner.encoder
    statistics = encoder.non_trainable_variables if encoder is not None and encoder.adapts_statistics else []
    floats = [each for each in statistics if keras.backend.is_float_dtype(each.dtype)]  # no counts, no seeds
    return [*captioner.trainable_variables, *floats]


class TrainingLoop:
    """One run in one workdir. Build it under `strategy.scope()`; the captioner must be built already."""

    def __init__(
        self,
        workdir: str,
        config: TrainingConfig,
        schedule: Schedule,
        captioner: Captioner,
        objective: Objective,
        optimizer: keras.Optimizer,
        validation: Validation,
    ) -> None:
        self.workdir, self.config, self.schedule = workdir, config, schedule
        self.captioner, self.objective, self.optimizer = captioner, objective, optimizer
        self.validation = validation
        self.progress = Progress()
        self._unlogged: list[dict[str, tf.Tensor]] = []  # what the steps since the last line of the logs gave
        optimizer.build(captioner.trainable_variables)
        self.average = WeightAverage(averaged_variables(captioner), config.average_decay)
        parts = {"model": model_parts(captioner), "optimizer": optimizer, "average": self.average}
        state = tf.train.Checkpoint(**parts, progress=self.progress)
        if objective.variables:
            state.objective = objective
        self.latest = manager(workdir, LATEST, state)
        self.best = manager(workdir, BEST, model_parts(captioner))  # not the part of `state`: it counts its own saves

    def resume(self) -> int:
        """Restores the latest whole checkpoint if there is any; returns the number of steps already taken.

        Raises:
            UserError: none is whole, or they are of another version of im2txt.
        """
        paths = list(reversed(self.latest.checkpoints))
        for path in paths:
            try:
                restore(self.latest.checkpoint, path, "is damaged, or of another version of im2txt")
                break
            except UserError as error:
                if path == paths[-1]:
                    raise UserError(f"{error}. Train in a new workdir.") from None
                notice(f"{error}; going on from the checkpoint before it")
        return self.progress.step

    def finished(self) -> str | None:
        """Returns why there is nothing left to train, or None."""
        if self.progress.step >= self.schedule.steps:
            return f"all {self.schedule.steps} steps are done"
        if self.config.patience and self.progress.stale >= self.config.patience:
            return f"{self.config.patience} validations in a row brought no better CIDEr-D"
        if self.config.max_minutes and self.progress.seconds >= 60 * self.config.max_minutes:
            return f"{self.config.max_minutes:g} minutes of training are over"
        return None

    def run(
        self,
        strategy: tf.distribute.Strategy,
        batches: tf.data.Dataset,
        clip_norm: float,
        captions_per_step: float,
    ) -> str:
        """Trains from the present step on `batches`, which must begin with that step's; returns why it ended.

        Raises:
            UserError: the loss is no longer a finite number; the last checkpoint is from before.
        """
        log = RunLog(self.workdir, self.progress.step, self.schedule.steps, captions_per_step)
        parts = self.captioner, self.objective, self.optimizer
        train_step = make_train_step(strategy, *parts, clip_norm, self.config.seed)
        stream = iter(strategy.experimental_distribute_dataset(batches))
        clock = _Clock()
        try:
            with interrupt_event() as interrupted:
                while not (reason := self.finished()):
                    logs = train_step(next(stream), tf.constant(self.progress.step, tf.int64))
                    stop = interrupted.is_set()
                    self._after_step(logs, log, clock, stop)
                    if stop:
                        return STOPPED
                self._finish(log, clock)
        finally:
            log.close()
        return reason

    def _after_step(self, logs: dict[str, tf.Tensor], log: RunLog, clock: "_Clock", stop: bool) -> None:
        self.progress.step = step = self.progress.step + 1
        self.average.update(tf.constant(step, tf.int64))
        log.advance()
        self._unlogged.append(logs)
        validates = self.schedule.validates_at(step)
        saves = validates or stop or clock.since_save() > 60 * self.config.checkpoint_minutes
        if validates or step % self.config.log_steps == 0:
            self._log(step, log)
        if validates:
            self._validate(step, log)
        self.progress.seconds += clock.lap()
        if saves:
            self._check_finite(step, logs)
            self._save(clock)

    def _check_finite(self, step: int, numbers: dict[str, float]) -> None:
        for name, value in numbers.items():
            if not math.isfinite(value):
                raise UserError(
                    f"The {name} is {float(value)} at step {step}, so training stopped. Lower optimizer.learning_rate "
                    "or optimizer.clip_norm in a new workdir; the last good state is "
                    f"{self.latest.latest_checkpoint or 'the initial one'}."
                )

    def _log(self, step: int, log: RunLog) -> None:
        numbers = {name: float(np.mean([logs[name] for logs in self._unlogged])) for name in self._unlogged[-1]}
        self._unlogged.clear()
        self._check_finite(step, numbers)
        epoch = step / self.schedule.steps_per_epoch
        log.write(step, epoch, {**numbers, "learning_rate": float(self.optimizer.learning_rate)})
        log.show(epoch, numbers["loss"])

    def _validate(self, step: int, log: RunLog) -> None:
        with self.average.in_place():
            scores = self.validation()
            self._check_finite(step, scores)
            better = scores[MONITOR] > self.progress.best_score
            if better:
                save(self.best, step)
        self.progress.stale = 0 if better else self.progress.stale + 1
        self.progress.best_score = max(scores[MONITOR], self.progress.best_score)
        self.progress.validated = step
        epoch = step / self.schedule.steps_per_epoch
        log.write(step, epoch, scores)
        shown = "  ".join(f"{name.removeprefix('val/')} {value:.4f}" for name, value in scores.items())
        log.say(f"epoch {epoch:5.1f}  {shown}{'  *' if better else ''}")
        if scores.get(CHANGE, 1.0) < FROZEN:
            log.say(f"warning: attention is frozen: its map moves by {scores[CHANGE]:.1g} a word (total variation)")

    def _finish(self, log: RunLog, clock: "_Clock") -> None:
        if self.progress.validated < self.progress.step:
            self._validate(self.progress.step, log)
            self._save(clock)

    def _save(self, clock: "_Clock") -> None:
        save(self.latest, self.progress.step)
        clock.saved()


class _Clock:
    """Seconds since the last lap and since the last checkpoint."""

    def __init__(self) -> None:
        self._lap = self._save = time.monotonic()

    def lap(self) -> float:
        now = time.monotonic()
        seconds, self._lap = now - self._lap, now
        return seconds

    def since_save(self) -> float:
        return time.monotonic() - self._save

    def saved(self) -> None:
        self._save = time.monotonic()
