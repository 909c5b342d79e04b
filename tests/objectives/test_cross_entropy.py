"""Cross-entropy, label smoothing and the doubly stochastic term, by hand."""

import numpy as np
import tensorflow as tf

from im2txt.objectives.cross_entropy import doubly_stochastic, smoothed


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
