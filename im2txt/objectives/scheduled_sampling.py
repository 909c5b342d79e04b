"""Cross-entropy with scheduled sampling: in training the decoder reads more and more of its own words.

Each word that the decoder reads is, by a coin of its own, the true one with probability eps_i, else one drawn from the
decoder's distribution after the words it has read so far (Bengio et al. 2015, section 2.4):

    linear            eps_i = max(floor, k - c i)                           try k = 1, c = 0.025
    exponential       eps_i = max(floor, k^i)                     k < 1     try k = 0.97
    inverse_sigmoid   eps_i = max(floor, k / (k + exp(i / k)))    k >= 1    try k = 10, which begins at 0.91

What is to try reaches the default floor of 0.75 after 9 to 12 epochs.

Deviations: i counts epochs where the paper counts batches, so that a schedule suits data of any size; all schedules
have a floor, the paper's linear one alone; and words are drawn without dropout, in a pass of its own before the one
that learns. A decoder that cannot say so long a caption draws as far as it can, and reads the true words from there
on. The gradient is the paper's: none flows through the choice of a word.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from im2txt.decoding.steps import sayable
from im2txt.errors import UserError, did_you_mean
from im2txt.models.captioner import Batch, Captioner, encoded
from im2txt.models.decoders.base import Decoder, repeat_rows
from im2txt.models.features import ImageFeatures
from im2txt.objectives.base import Loss, Task
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.text.vocabulary import PAD


@dataclass
class ScheduledSamplingConfig(CrossEntropyConfig):
    """Cross-entropy with scheduled sampling.

    Attributes:
        name: key of OBJECTIVES.
        schedule: `linear`, `exponential` or `inverse_sigmoid`.
        k: where the linear schedule begins, the base of the exponential, the pace of the inverse sigmoid; see the
            module's docstring for good values. The default suits `linear`.
        c: of `linear`: how much it falls in an epoch.
        floor: true words are never fewer than this share; 0 leaves a schedule as it is.
    """

    name: str = "scheduled_sampling"
    schedule: str = "linear"
    k: float = 1.0
    c: float = 0.025
    floor: float = 0.75

    def check(self) -> None:
        """Raises UserError for values that make no sense."""
        if self.schedule not in SCHEDULES:
            raise UserError(
                f"objective.schedule `{self.schedule}` is unknown. {did_you_mean(self.schedule, SCHEDULES)}"
            )
        if not 0 <= self.floor <= 1:
            raise UserError(f"objective.floor is {self.floor}; it is a share, from 0 to 1.")
        if self.c < 0:
            raise UserError(f"objective.c is {self.c}; true words grow fewer by it, so it must be 0 or more.")
        schedule = SCHEDULES[self.schedule]
        if not schedule.fits(self.k):
            raise UserError(f"objective.k is {self.k}; the schedule `{self.schedule}` needs {schedule.wants}.")
        first = float(schedule.share(self, tf.constant(0.0)))
        if first < self.floor - ROUNDING:
            raise UserError(
                f"With objective.k {self.k} the schedule `{self.schedule}` begins at {first:.2g}, below "
                f"objective.floor, {self.floor}, and would never move. Lower the floor, or raise objective.k "
                f"({schedule.wants})."
            )


ROUNDING = 1e-6  # of float32, in which shares are computed


class SamplingSchedule(NamedTuple):
    """One line of SCHEDULES: the share of true words at an epoch, whether a `k` fits it, and which does."""

    share: Callable[[ScheduledSamplingConfig, tf.Tensor], tf.Tensor]
    fits: Callable[[float], bool]
    wants: str


SCHEDULES: dict[str, SamplingSchedule] = {
    "linear": SamplingSchedule(
        lambda config, epoch: config.k - config.c * epoch,
        lambda k: 0 <= k <= 1,
        "0 to 1, such as 1, which with objective.c 0.025 falls to 0.75 in 10 epochs",
    ),
    "exponential": SamplingSchedule(
        lambda config, epoch: tf.pow(config.k, epoch),
        lambda k: 0 < k < 1,
        "more than 0 and less than 1, such as 0.97, which falls to 0.75 in 9 epochs",
    ),
    "inverse_sigmoid": SamplingSchedule(
        lambda config, epoch: config.k / (config.k + tf.exp(epoch / config.k)),
        lambda k: 1 <= k <= 1000,
        "1 to 1000, such as 10, which falls from 0.91 to 0.75 in 12 epochs",
    ),
}


class ScheduledSampling(CrossEntropy):
    """Cross-entropy of people's captions, read by a decoder that is not always told the last word."""

    def __init__(self, config: ScheduledSamplingConfig, task: Task) -> None:
        super().__init__(config, task)
        config.check()
        self._steps_per_epoch = task.steps_per_epoch

    def __call__(self, captioner: Captioner, batch: Batch, seed: tf.Tensor | None, step: int | tf.Tensor = 0) -> Loss:
        """Scores a batch; without a seed all words read are true."""
        if seed is None:
            return super().__call__(captioner, batch, seed, step)
        features = captioner.features(batch, training=True)
        share = self.true_share(step)
        words = read_words(captioner.decoder, features, batch["input_ids"], share, seed)
        loss = super().__call__(captioner, {**encoded(batch, features), "input_ids": words}, seed, step)
        return loss._replace(sums={**loss.sums, "true_words": share * loss.weight})

    def true_share(self, step: int | tf.Tensor) -> tf.Tensor:
        """Returns eps_i at a step, float32."""
        epoch = tf.cast(step, tf.float32) / self._steps_per_epoch
        share = SCHEDULES[self.config.schedule].share(self.config, epoch)
        return tf.clip_by_value(share, self.config.floor, 1.0)


def read_words(
    decoder: Decoder, features: ImageFeatures, input_ids: tf.Tensor, true_share: tf.Tensor, seed: tf.Tensor
) -> tf.Tensor:
    """Returns `input_ids` [images, captions, length] with words of the decoder's own among the true ones.

    <start>, padding and words beyond the decoder's `max_length` stay.

    Args:
        decoder: draws the words.
        features: of the images.
        input_ids: what people said, int32.
        true_share: probability of a true word.
        seed: int [2].
    """
    shape = tf.shape(input_ids)
    true = tf.reshape(input_ids, [-1, shape[2]])  # [rows, length]
    coins, draws = tf.unstack(tf.random.split(seed, 2))
    stays = (tf.random.stateless_uniform(tf.shape(true), coins) < true_share) | (true == PAD)

    def advance(time: tf.Tensor, words: tf.Tensor, state: tuple) -> tuple[tf.Tensor, tf.Tensor, tuple]:
        logits, state = decoder.step(words[:, time], state)
        dice = tf.random.experimental.stateless_fold_in(draws, time)
        own = tf.random.stateless_categorical(sayable(logits), 1, dice, dtype=tf.int32)
        next_word = (tf.range(shape[2]) == time + 1) & ~stays  # [rows, length]
        return time + 1, tf.where(next_word, own, words), state

    steps = shape[2] - 1 if decoder.max_length is None else tf.minimum(shape[2] - 1, decoder.max_length)
    state = repeat_rows(decoder.start(features), shape[1])
    _, words, _ = tf.while_loop(lambda time, *_: time < steps, advance, (0, true, state))
    return tf.stop_gradient(tf.reshape(words, shape))
