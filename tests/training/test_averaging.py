"""The exponential moving average of weights, by hand."""

import numpy as np
import pytest
import tensorflow as tf

from im2txt.training.averaging import WeightAverage


def test_the_average_is_that_of_the_formula():
    weight = tf.Variable([1.0, -2.0])
    average = WeightAverage([weight], decay=0.3)
    weight.assign([3.0, 0.0])
    average.update(tf.constant(1, tf.int64))  # decay (1 + 1) / (10 + 1) = 2 / 11
    np.testing.assert_allclose(average.averages[0], [2 / 11 * 1 + 9 / 11 * 3, 2 / 11 * -2], rtol=1e-6)
    before = average.averages[0].numpy()
    average.update(tf.constant(89, tf.int64))  # (1 + 89) / (10 + 89) > 0.3, so decay 0.3
    np.testing.assert_allclose(average.averages[0], 0.3 * before + 0.7 * np.array([3.0, 0.0]), rtol=1e-6)


def test_averages_take_the_place_of_the_weights_for_a_while():
    weight = tf.Variable([1.0])
    average = WeightAverage([weight], decay=0.9)
    weight.assign([5.0])
    with average.in_place():
        assert weight.numpy() == [1.0]
    assert weight.numpy() == [5.0]
    with pytest.raises(RuntimeError), average.in_place():
        raise RuntimeError
    assert weight.numpy() == [5.0]


def test_without_decay_there_is_no_average():
    weight = tf.Variable([1.0])
    average = WeightAverage([weight], decay=0.0)
    average.update(tf.constant(1, tf.int64))
    with average.in_place():
        assert weight.numpy() == [1.0]
    assert average.variables == ()
