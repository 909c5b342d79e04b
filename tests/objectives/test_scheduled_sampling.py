"""Scheduled sampling: its schedules by hand, and what the decoder is given to read."""

import math
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.decoders.transformer import TransformerConfig, TransformerDecoder
from im2txt.models.features import ImageFeatures
from im2txt.objectives.base import Task
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.objectives.scheduled_sampling import ScheduledSampling, ScheduledSamplingConfig, read_words
from im2txt.text.vocabulary import PAD, START

VOCAB, IMAGES, CAPTIONS, LENGTH = 9, 3, 2, 5


def batch():
    rng = np.random.default_rng(0)
    ids = rng.integers(4, VOCAB, (IMAGES, CAPTIONS, LENGTH)).astype("i4")
    ids[:, :, 0], ids[:, 0, -1] = START, PAD
    weights = (ids != PAD).astype("f4")
    pooled = rng.normal(size=(IMAGES, 6)).astype("f4")
    arrays = {"pooled": pooled, "input_ids": ids, "target_ids": np.roll(ids, -1, 2), "weights": weights}
    return {name: tf.constant(array) for name, array in arrays.items()}


def captioner(dropout=0.0):
    keras.utils.set_random_seed(1)
    model = Captioner(None, LSTMDecoder(LSTMConfig(units=6, embedding=6, dropout=dropout), VOCAB))
    model(batch())
    return model


def read(share, seed=(3, 4)):
    model, data = captioner(), batch()
    features = ImageFeatures(data["pooled"], None)
    share = tf.constant(share, tf.float32)
    return read_words(model.decoder, features, data["input_ids"], share, tf.constant(seed)).numpy()


class Nothing(NamedTuple):
    """The state of a decoder that needs none."""

    memory: tuple = ()


class Parrot:
    """A decoder that says a dog first, and then its last word again."""

    max_length = None

    def start(self, features):
        return Nothing()

    def step(self, ids, state):
        return 50.0 * tf.one_hot(tf.where(ids == START, 7, ids), VOCAB), state


def objective(**options):
    return ScheduledSampling(ScheduledSamplingConfig(**options), Task(steps_per_epoch=10.0))


def test_with_probability_one_all_words_are_true():
    np.testing.assert_array_equal(read(1.0), batch()["input_ids"])


def test_with_probability_zero_none_is_but_start_and_padding():
    true, words = batch()["input_ids"].numpy(), read(0.0)
    np.testing.assert_array_equal(words[:, :, 0], START)
    np.testing.assert_array_equal(words == PAD, true == PAD)
    own = words[:, :, 1:][true[:, :, 1:] != PAD]
    assert set(own.tolist()) <= {2, *range(4, VOCAB)}
    assert (words != true).any()


def test_own_words_are_drawn_after_the_words_that_were_read():
    """A decoder that always repeats the last word: one own word goes on as long as no true one comes."""
    data = batch()["input_ids"]

    words = read_words(Parrot(), ImageFeatures(None, None), data, tf.constant(0.0), tf.constant([1, 2])).numpy()
    assert (words[:, :, 1:][data.numpy()[:, :, 1:] != PAD] == 7).all()


def test_words_beyond_what_a_decoder_can_say_are_true():
    keras.utils.set_random_seed(1)
    config = TransformerConfig(units=8, heads=2, layers=1, feed_forward=8, max_length=LENGTH - 2)
    model, data = Captioner(None, TransformerDecoder(config, VOCAB)), batch()
    data["regions"] = data["pooled"][:, None]
    true, seed = data["input_ids"].numpy(), tf.constant([1, 2])
    words = read_words(model.decoder, model.features(data), data["input_ids"], tf.constant(0.0), seed).numpy()
    np.testing.assert_array_equal(words[:, :, LENGTH - 1 :], true[:, :, LENGTH - 1 :])
    assert (words != true)[:, :, LENGTH - 2].any()  # the last word that it can say
    loss = objective(k=0.5, floor=0.0)(model, data, seed, 3)
    assert np.isfinite(float(loss.total))
    assert float(loss.weight) == data["weights"].numpy().sum()


def test_schedules():
    for options, expected in (
        ({"schedule": "linear", "k": 0.9, "c": 0.1, "floor": 0.5}, [0.9, 0.8, 0.5]),
        ({"schedule": "exponential", "k": 0.8, "floor": 0.0}, [1.0, 0.8, 0.8**10]),
        (
            {"schedule": "inverse_sigmoid", "k": 2.0, "floor": 0.0},
            [2 / 3, 2 / (2 + math.exp(0.5)), 2 / (2 + math.exp(5))],
        ),
    ):
        found = [float(objective(**options).true_share(step)) for step in (0, 10, 100)]
        assert found == pytest.approx(expected), options


def test_without_sampling_it_is_cross_entropy():
    seed = tf.constant([5, 6])
    plain = CrossEntropy(CrossEntropyConfig())(captioner(0.5), batch(), seed)
    sampled = objective(k=1.0, c=0.0)(captioner(0.5), batch(), seed, 3)
    assert float(sampled.total) == pytest.approx(float(plain.total))
    assert float(sampled.sums["true_words"]) == float(plain.weight)


def test_targets_stay_those_of_people():
    seed = tf.constant([5, 6])
    sampled = objective(k=0.0, floor=0.0)(captioner(), batch(), seed, 3)
    words = read_words(captioner().decoder, ImageFeatures(batch()["pooled"], None), batch()["input_ids"], 0.0, seed)
    expected = CrossEntropy(CrossEntropyConfig())(captioner(), {**batch(), "input_ids": words}, seed)
    assert float(sampled.total) == pytest.approx(float(expected.total))


def test_without_a_seed_all_words_are_true():
    plain = CrossEntropy(CrossEntropyConfig())(captioner(), batch(), None)
    assert float(objective(k=0.0, floor=0.0)(captioner(), batch(), None).total) == float(plain.total)


@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        ({}, 10),
        ({"schedule": "exponential", "k": 0.97}, 9),
        ({"schedule": "inverse_sigmoid", "k": 10.0}, 12),
    ],
)
def test_the_values_that_messages_name_reach_the_floor_when_they_say(options, epochs):
    unbounded = objective(**options, floor=0.0)
    assert float(unbounded.true_share(10 * epochs)) == pytest.approx(0.75, abs=0.012)
    assert float(objective(**options).true_share(1000)) == 0.75


def test_a_schedule_may_begin_at_its_floor():
    assert float(objective(k=0.9, floor=0.9).true_share(0)) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schedule": "linaer"}, "objective.schedule `linaer` is unknown. Did you mean `linear`"),
        ({"floor": 1.5}, "objective.floor is 1.5; it is a share"),
        ({"c": -0.1}, "objective.c is -0.1; true words grow fewer by it, so it must be 0 or more"),
        ({"k": 2.0}, "objective.k is 2.0; the schedule `linear` needs 0 to 1, such as 1"),
        (
            {"schedule": "exponential"},
            "objective.k is 1.0; the schedule `exponential` needs more than 0 and less than 1, such as 0.97",
        ),
        (
            {"schedule": "inverse_sigmoid", "k": 0.5},
            "objective.k is 0.5; the schedule `inverse_sigmoid` needs 1 to 1000, such as 10",
        ),
        (
            {"schedule": "inverse_sigmoid"},
            "With objective.k 1.0 the schedule `inverse_sigmoid` begins at 0.5, below objective.floor, 0.75, and would "
            r"never move. Lower the floor, or raise objective.k \(1 to 1000, such as 10, which falls from 0.91 to 0.75",
        ),
        ({"k": 0.5}, "With objective.k 0.5 the schedule `linear` begins at 0.5, below objective.floor, 0.75"),
    ],
)
def test_senseless_options_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        objective(**options)
