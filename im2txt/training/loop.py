"""The training loop: steps, logs, validation, checkpoints, early stop; resumable at any moment, under any strategy.

The loop owns the state of a run; models, objectives and data know nothing of it. Everything a step needs that is not
a weight (its data, its randomness) is a function of the step's number.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.notices import notice
from im2txt.objectives.base import Objective
from im2txt.training.averaging import WeightAverage
from im2txt.training.checkpoints import BEST, LATEST, manager, model_parts, restore, save
from im2txt.training.interrupts import interrupt_event
from im2txt.training.logging import RunLog
from im2txt.training.progress import Clock, Progress
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
        seed: of the weights' initialisation, dropout and draws; order and augmentation of the data have `data.seed`.
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
        if not 0 <= self.average_decay < 1:
            raise UserError(f"training.average_decay is {self.average_decay}; it must be from 0 to below 1.")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"training.seed is {self.seed}; it must be from 0 to 2^32 - 1.")


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
        self._saved = 0  # the step of the latest checkpoint
        self._unlogged: list[dict[str, tf.Tensor]] = []  # what the last steps gave, not yet in `progress.sums`
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
        clock, self._saved = Clock(), self.progress.step
        try:
            with interrupt_event() as interrupted:
                while not interrupted.is_set():
                    if self._validation_is_due():
                        self._validate(log, clock, interrupted.is_set)
                    elif reason := self.finished():
                        return reason
                    else:
                        logs = train_step(next(stream), tf.constant(self.progress.step, tf.int64))
                        self._after_step(logs, log, clock)
                if self._saved < self.progress.step:
                    self._save(clock)
        finally:
            log.close()
        return STOPPED

    def _validation_is_due(self) -> bool:
        step = self.progress.step
        return self.progress.validated < step and bool(self.schedule.validates_at(step) or self.finished())

    def _after_step(self, logs: dict[str, tf.Tensor], log: RunLog, clock: Clock) -> None:
        self.progress.step = step = self.progress.step + 1
        self.average.update(tf.constant(step, tf.int64))
        log.advance()
        self._unlogged.append(logs)
        if self.schedule.validates_at(step) or step % self.config.log_steps == 0:
            self._log(step, log)
        self.progress.seconds += clock.lap()
        if clock.since_save() > 60 * self.config.checkpoint_minutes:
            self._save(clock)

    def _check_finite(self, step: int, numbers: dict[str, float]) -> None:
        for name, value in numbers.items():
            if not math.isfinite(value):
                raise UserError(
                    f"The {name} is {float(value)} at step {step}, so training stopped. Lower optimizer.learning_rate "
                    "or optimizer.clip_norm in a new workdir; the last good state is "
                    f"{self.latest.latest_checkpoint or 'the initial one'}."
                )

    def _sum_up(self) -> None:
        """Adds what the last steps gave to the sums of the line to come; until now it need not have been computed."""
        sums = self.progress.sums
        for logs in self._unlogged:
            sums.update({name: sums.get(name, 0.0) + float(value) for name, value in logs.items()})
        self.progress.summed += len(self._unlogged)
        self._unlogged.clear()

    def _log(self, step: int, log: RunLog) -> None:
        self._sum_up()
        numbers = {name: total / self.progress.summed for name, total in self.progress.sums.items()}
        self.progress.sums, self.progress.summed = {}, 0
        self._check_finite(step, numbers)
        epoch = step / self.schedule.steps_per_epoch
        log.write(step, epoch, {**numbers, "learning_rate": float(self.optimizer.learning_rate)})
        log.show(epoch, numbers["loss"])

    def _validate(self, log: RunLog, clock: Clock, stop: Callable[[], bool]) -> None:
        """Validates, keeps the best and saves; where `stop` ends the validation, it is due when the run goes on."""
        with self.average.in_place():
            scores = self.validation(stop)
            self._check_finite(self.progress.step, scores)
            better = scores.get(MONITOR, -math.inf) > self.progress.best_score
            if better:
                save(self.best, self.progress.step)
        if scores:
            self._take_in(scores, better, log)
        self.progress.seconds += clock.lap()
        self._save(clock)

    def _take_in(self, scores: dict[str, float], better: bool, log: RunLog) -> None:
        self.progress.stale = 0 if better else self.progress.stale + 1
        self.progress.best_score = max(scores[MONITOR], self.progress.best_score)
        self.progress.validated = step = self.progress.step
        epoch = step / self.schedule.steps_per_epoch
        log.write(step, epoch, scores)
        shown = "  ".join(f"{name.removeprefix('val/')} {value:.4f}" for name, value in scores.items())
        log.say(f"epoch {epoch:5.1f}  {shown}{'  *' if better else ''}")
        if scores.get(CHANGE, 1.0) < FROZEN:
            log.say(f"warning: attention is frozen: its map moves by {scores[CHANGE]:.1g} a word (total variation)")

    def _save(self, clock: Clock) -> None:
        self._sum_up()
        self._check_finite(self.progress.step, self.progress.sums)
        save(self.latest, self.progress.step)
        self._saved = self.progress.step
        clock.saved()
