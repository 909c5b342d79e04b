"""Cross-entropy, label smoothing and the doubly stochastic term, by hand; and decoders it does not teach to look."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.models.decoders.base import Decoded
from im2txt.models.decoders.hard_attention import HardAttentionConfig, HardAttentionDecoder
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig, doubly_stochastic, smoothed


def test_doubly_stochastic_by_hand():
    # Two words over two regions: sums over time are (0.9, 1.1); (1 - 0.9)^2 + (1 - 1.1)^2 = 0.02.
    attention = tf.constant([[[0.2, 0.8], [0.7, 0.3]]])
    np.testing.assert_allclose(doubly_stochastic(attention, tf.ones([1, 2]), 1.0), [0.02], rtol=1e-5)
    # Only the first word is real: (1 - 0.2)^2 + (1 - 0.8)^2 = 0.68.
    np.testing.assert_allclose(doubly_stochastic(attention, tf.constant([[1.0, 0.0]]), 1.0), [0.68], rtol=1e-5)
    # A row that only fills up the batch scores nothing.
    np.testing.assert_array_equal(doubly_stochastic(attention, tf.zeros([1, 2]), 1.0), [0.0])


def test_the_target_moves_the_term_by_a_constant_only():
    logits = tf.Variable(np.random.default_rng(0).normal(size=(2, 3, 4)), dtype=tf.float32)

    def gradient(target):
        with tf.GradientTape() as tape:
            term = tf.reduce_sum(doubly_stochastic(tf.nn.softmax(logits), tf.ones([2, 3]), target))
        return tape.gradient(term, logits)

    np.testing.assert_allclose(gradient(1.0), gradient(0.25), atol=1e-6)


def test_smoothing_by_hand():
    # p = softmax(0, log 3) = (1/4, 3/4); the target is word 1, and a tenth of it goes to both words alike.
    logits = tf.constant([[[0.0, np.log(3.0)]]], tf.float32)
    nll = -np.log(0.75)
    by_hand = 0.9 * nll + 0.1 * (-np.log(0.25) - np.log(0.75)) / 2
    np.testing.assert_allclose(smoothed(tf.constant([[nll]], tf.float32), logits, 0.1), [[by_hand]], rtol=1e-5)


class Recorded(Captioner):
    """A captioner that always decodes the same."""

    def __init__(self, decoded):
        super().__init__(None, None)
        self.decoded = decoded

    def call(self, batch, seed=None):
        return self.decoded


def test_the_terms_add_up_and_smoothing_is_of_training_alone():
    rng = np.random.default_rng(0)
    logits, weights = rng.normal(size=(2, 3, 4)).astype("f4"), np.array([[1, 1, 1], [1, 0, 0]], "f4")
    attention = np.exp(rng.normal(size=(2, 3, 5))).astype("f4")
    attention /= attention.sum(-1, keepdims=True)
    targets = rng.integers(0, 4, (2, 3))
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    nll = -np.log(np.take_along_axis(probabilities, targets[..., None], 2)[..., 0])
    words = (nll * weights).sum()
    smooth = ((0.9 * nll - 0.1 * np.log(probabilities).mean(-1)) * weights).sum()
    penalty = ((0.7 - (attention * weights[..., None]).sum(1)) ** 2).sum()
    objective = CrossEntropy(CrossEntropyConfig(label_smoothing=0.1, doubly_stochastic=0.5, attention_target=0.7))
    captioner = Recorded(Decoded(tf.constant(logits), tf.constant(attention)))
    batch = {"target_ids": tf.constant(targets[:, None]), "weights": tf.constant(weights[:, None])}
    training, scoring = (objective(captioner, batch, seed) for seed in (tf.constant([1, 2]), None))
    assert float(training.total) == pytest.approx(smooth + 0.5 * penalty, rel=1e-5)
    assert float(scoring.total) == pytest.approx(words + 0.5 * penalty, rel=1e-5)
    for loss in (training, scoring):
        assert float(loss.weight) == 4
        assert float(loss.sums["cross_entropy"]) == pytest.approx(words, rel=1e-5)
        assert float(loss.sums["doubly_stochastic"]) == pytest.approx(penalty, rel=1e-5)


@pytest.mark.parametrize("semi_sampling", [0.0, 1.0])
def test_draws_are_not_taught_where_to_look(semi_sampling):
    keras.utils.set_random_seed(1)
    config = HardAttentionConfig(units=4, embedding=4, attention_units=4, semi_sampling=semi_sampling)
    captioner, objective = Captioner(None, HardAttentionDecoder(config, 7)), CrossEntropy(CrossEntropyConfig())
    regions = np.random.default_rng(0).normal(size=(2, 3, 5)).astype("f4")
    ids = tf.constant([[[1, 4, 5]], [[1, 6, 4]]])
    batch = {"regions": tf.constant(regions), "input_ids": ids, "target_ids": ids, "weights": tf.ones([2, 1, 3])}
    with tf.GradientTape() as tape:
        words = objective(captioner, batch, tf.constant([1, 2])).sums["cross_entropy"]
    gradients = tape.gradient(words, captioner.decoder.attention.trainable_variables, unconnected_gradients="zero")
    taught = any(np.abs(gradient).sum() > 1e-6 for gradient in gradients)
    assert taught == (semi_sampling == 1.0)
    if taught:
        objective.check(captioner)
    else:
        with pytest.raises(UserError, match=r"`cross_entropy` does not teach .* Train it with objective\.name=variat"):
            objective.check(captioner)
