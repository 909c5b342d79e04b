"""R-Drop: its divergence by hand, and what it comes to without dropout and without a weight."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.objectives.r_drop import RDrop, RDropConfig, divergence

SEED = tf.constant([3, 4])


def batch():
    rng = np.random.default_rng(0)
    ids = rng.integers(4, 9, (3, 2, 5)).astype("i4")
    weights = np.ones([3, 2, 5], "f4")
    weights[:, 0, -1] = 0.0
    pooled = rng.normal(size=(3, 6)).astype("f4")
    arrays = {"pooled": pooled, "input_ids": ids, "target_ids": np.roll(ids, -1, 2), "weights": weights}
    return {name: tf.constant(array) for name, array in arrays.items()}


def captioner(dropout=0.5):
    keras.utils.set_random_seed(1)
    model = Captioner(None, LSTMDecoder(LSTMConfig(units=6, embedding=6, dropout=dropout), 9))
    model(batch())
    for weight in model.trainable_variables:
        weight.assign(weight * 4.0)
    return model


def test_divergence_by_hand():
    # p = (1/4, 3/4) and q = (1/2, 1/2): (1/4 - 1/2) log(1/2) + (3/4 - 1/2) log(3/2) = 1/4 log 3.
    logits, others = tf.constant([[0.0, np.log(3.0)]], tf.float32), tf.constant([[2.0, 2.0]])
    np.testing.assert_allclose(divergence(logits, others), [0.25 * np.log(3.0)], rtol=1e-6)
    np.testing.assert_allclose(divergence(others, logits), divergence(logits, others))
    np.testing.assert_array_equal(divergence(logits, logits), [0.0])


def test_the_loss_is_that_of_two_predictions_and_how_far_they_lie_apart():
    model, data = captioner(), batch()
    loss = RDrop(RDropConfig(alpha=3.0, label_smoothing=0.1))(model, data, SEED)
    seeds = tf.unstack(tf.random.split(SEED, 2))
    one, other = (model(data, seed=seed).logits for seed in seeds)
    each = [CrossEntropy(CrossEntropyConfig(label_smoothing=0.1))(model, data, seed) for seed in seeds]
    weights = tf.reshape(data["weights"], [6, 5])
    apart = tf.reduce_sum(divergence(one, other) * weights)
    assert apart > 1.0
    np.testing.assert_allclose(loss.total, (each[0].total + each[1].total) / 2.0 + 0.75 * apart, rtol=1e-5)
    np.testing.assert_allclose(loss.sums["divergence"], apart / 2.0, rtol=1e-5)
    assert loss.weight == 27.0


def test_where_nothing_is_dropped_it_is_cross_entropy():
    model, data = captioner(dropout=0.0), batch()
    ours, theirs = RDrop(RDropConfig())(model, data, SEED), CrossEntropy(CrossEntropyConfig())(model, data, SEED)
    np.testing.assert_allclose(ours.total, theirs.total, rtol=1e-6)
    assert ours.sums["divergence"] == 0.0


def test_without_a_seed_it_is_cross_entropy():
    model, data = captioner(), batch()
    ours, theirs = RDrop(RDropConfig())(model, data, None), CrossEntropy(CrossEntropyConfig())(model, data, None)
    np.testing.assert_array_equal(ours.total, theirs.total)
    assert "divergence" not in ours.sums


def test_both_sides_are_drawn_together():
    model, data = captioner(), batch()

    def gradient(alpha):
        with tf.GradientTape() as tape:
            total = RDrop(RDropConfig(alpha=alpha))(model, data, SEED).total
        return tape.gradient(total, model.decoder.words.embeddings)

    one, other = tf.unstack(tf.random.split(SEED, 2))
    weights = tf.reshape(data["weights"], [6, 5])
    with tf.GradientTape() as tape:
        apart = tf.reduce_sum(divergence(model(data, seed=one).logits, model(data, seed=other).logits) * weights)
    expected = tf.convert_to_tensor(tape.gradient(apart, model.decoder.words.embeddings))
    found = tf.convert_to_tensor(gradient(4.0)) - tf.convert_to_tensor(gradient(0.0))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_weight_below_nought_is_refused():
    with pytest.raises(UserError, match=r"objective\.alpha is -1\.0; it must be 0 or more"):
        RDrop(RDropConfig(alpha=-1.0))
