"""Self-critical sequence training: captions drawn from the model are made likelier where CIDEr-D likes them.

    loss sum = - sum over drawn captions, words of (r(w) - b) log p(w_t)

r is the CIDEr-D of a drawn caption against the image's training captions. Of the baselines b, `greedy` is the reward
of the caption that the model finds greedily (Rennie et al. 2017, equation 7), `others` the mean reward of the image's
other drawn captions (Luo 2020, "A Better Variant of Self-Critical Sequence Training"), which needs no second search.
<end> is a word of the sum, and a word of the reward (`im2txt.metrics.cider_reward`).

Start from a model that cross-entropy has trained (`start_from`), at a small learning rate.

Captions are drawn without dropout, from the model as it is used. With `dropout`, they are scored under the decoder's
dropout, lest the model learn by heart what pays on the training images; without it, and for decoders
that draw regions, the gradient is exactly that of the expected reward. <unk> is never drawn; probabilities are those
among the words that may be said. With `cross_entropy` > 0 that many times the summed cross-entropy of people's captions
joins the sum (Luo et al. 2018 mix likewise).

Rewards are computed by Python on the host, so this objective does not run on a TPU.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from im2txt.data.records import parse_records, shard_paths
from im2txt.decoding.beam_search import DecodingConfig, beam_search
from im2txt.decoding.sampling import sample_ids
from im2txt.decoding.steps import sayable
from im2txt.errors import UserError
from im2txt.metrics.cider_reward import CiderReward
from im2txt.models.captioner import Batch, Captioner, encoded
from im2txt.models.decoders.base import Decoder, repeat_rows
from im2txt.models.features import ImageFeatures
from im2txt.objectives.attention_maps import attention_sums
from im2txt.objectives.base import Loss, Objective, Task
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.text.vocabulary import END, PAD, START

BASELINES = ("others", "greedy")


@dataclass
class SelfCriticalConfig:
    """Self-critical sequence training.

    Attributes:
        name: key of OBJECTIVES.
        samples: captions drawn of each image; at least 2 for the baseline `others`.
        baseline: `others` or `greedy`.
        max_length: the most words of a drawn caption, <end> included.
        temperature: of the draw.
        dropout: whether drawn captions are scored under the decoder's dropout.
        cross_entropy: weight of the cross-entropy of people's captions.
    """

    name: str = "self_critical"
    samples: int = 5
    baseline: str = "others"
    max_length: int = 20
    temperature: float = 1.0
    dropout: bool = True
    cross_entropy: float = 0.0

    def check(self) -> None:
        """Raises UserError for values that make no sense."""
        if self.baseline not in BASELINES:
            raise UserError(f"objective.baseline `{self.baseline}` is unknown; it is {' or '.join(BASELINES)}.")
        least = 2 if self.baseline == "others" else 1
        if self.samples < least:
            raise UserError(f"objective.samples is {self.samples}; the baseline `{self.baseline}` needs {least}.")
        if self.temperature <= 0 or self.max_length < 1:
            raise UserError("objective.temperature and objective.max_length must be more than 0.")


class SelfCritical(Objective):
    """Expected CIDEr-D of drawn captions, with a baseline."""

    def __init__(self, config: SelfCriticalConfig, task: Task) -> None:
        super().__init__(name=config.name)
        config.check()
        self.config = config
        self._people = CrossEntropy(CrossEntropyConfig(doubly_stochastic=0.0))
        self._reward = CiderReward(_caption_ids(task))

    def check(self, captioner: Captioner) -> None:
        """Raises UserError for captions beyond what the decoder can say, and where it would not learn to look."""
        decoder = captioner.decoder
        if decoder.max_length and self.config.max_length > decoder.max_length:
            raise UserError(
                f"objective.max_length is {self.config.max_length}, but this decoder goes through {decoder.max_length} "
                "words at most. Lower it, or train with a larger decoder.max_length."
            )
        if decoder.draws and decoder.config.test_attention != "expectation":
            raise UserError(
                f"objective.name `{self.config.name}` does not teach this decoder where to look: it picks regions "
                f"(decoder.test_attention is `{decoder.config.test_attention}`), and no gradient passes through the "
                "choice. Set decoder.test_attention=expectation."
            )

    def __call__(self, captioner: Captioner, batch: Batch, seed: tf.Tensor | None, step: int | tf.Tensor = 0) -> Loss:
        """Scores a batch; without a seed by the cross-entropy of people's captions."""
        if seed is None:
            return self._people(captioner, batch, seed, step)
        features = captioner.features(batch, training=True)
        dice, dropping = tf.unstack(tf.random.split(seed))
        drawn, advantages, rewards = self._draw(captioner.decoder, features, batch["index"], dice)
        words = tf.cast(drawn != PAD, tf.float32)  # [rows, length]
        inputs = tf.pad(drawn[:, :-1], [[0, 0], [1, 0]], constant_values=START)
        drops = self.config.dropout and not captioner.decoder.draws  # a decoder given a seed would draw regions too
        decoded = captioner.decoder(features, inputs, dropping if drops else None)
        log_probabilities = _log_probabilities(decoded.logits, drawn, self.config.temperature)
        total = -tf.reduce_sum(advantages[:, None] * log_probabilities * words)
        weight = tf.reduce_sum(words)
        sums = {"reward": _mean(tf.reduce_sum(rewards), tf.size(rewards)) * weight}  # the loop divides by the words
        if decoded.attention is not None:
            sums.update(attention_sums(decoded.attention, words))
        if self.config.cross_entropy:
            people = self._people(captioner, encoded(batch, features), seed, step)
            total += self.config.cross_entropy * people.total
            sums["cross_entropy"] = _mean(people.total, people.weight) * weight
        return Loss(total, weight, sums)

    def _draw(
        self, decoder: Decoder, features: ImageFeatures, index: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Returns drawn captions [images * samples, length], and their advantages and rewards [images * samples]."""
        config, images = self.config, tf.shape(index)[0]
        start = decoder.start(features)
        state = repeat_rows(start, config.samples)
        rows = images * config.samples
        drawn = sample_ids(decoder.step, state, rows, config.max_length, seed, config.temperature)
        rewards = tf.reshape(self._rewards(tf.repeat(index, config.samples), drawn), [images, config.samples])
        if config.baseline == "greedy":
            search = beam_search(decoder.step, start, DecodingConfig(1, config.max_length), images)
            baseline = self._rewards(index, search.tokens[:, 0])[:, None]  # [images, 1]
        else:
            others = tf.reduce_sum(rewards, axis=1, keepdims=True) - rewards
            baseline = others / (config.samples - 1)  # [images, samples]
        return tf.stop_gradient(drawn), tf.reshape(rewards - baseline, [-1]), tf.reshape(rewards, [-1])

    def _rewards(self, index: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        """Returns the CIDEr-D float32 [rows] of captions [rows, length] of the images `index` [rows]."""

        def score(index: np.ndarray, ids: np.ndarray) -> np.ndarray:
            return self._reward(index, ids).astype(np.float32)

        return tf.ensure_shape(tf.numpy_function(score, [index, ids], tf.float32, stateful=False), [None])


def _mean(total: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Returns the mean over all replicas; theirs would be weighed by the words each has drawn."""
    total, count = tf.distribute.get_replica_context().all_reduce("sum", [total, tf.cast(count, tf.float32)])
    return total / tf.maximum(count, 1.0)


def _log_probabilities(logits: tf.Tensor, drawn: tf.Tensor, temperature: float) -> tf.Tensor:
    """Returns the log-probability of every drawn word, float32 [rows, length]; behind the caption that of <end>."""
    real = tf.where(drawn == PAD, END, drawn)  # <pad> has probability 0
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(real, sayable(logits) / temperature)


def _caption_ids(task: Task) -> list[list[list[int]]]:
    """Returns the training captions of every image of a split, in file order: [images][captions][words].

    Raises:
        UserError: an image has none.
    """
    batches = tf.data.TFRecordDataset(shard_paths(task.records, task.split)).batch(256)
    parsed = batches.map(lambda batch: parse_records(batch, ["captions/ids"])["captions/ids"])
    captions = [captions for batch in parsed for captions in batch.to_list()]
    bare = sum(not each for each in captions)
    if bare:
        raise UserError(
            f"{bare} of the {len(captions)} images of split `{task.split}` of {task.records} have no captions, so no "
            "caption drawn for them could be rewarded. Build the records without them."
        )
    return captions
