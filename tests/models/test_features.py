"""Standardising features by what the first images look like."""

import numpy as np
import tensorflow as tf

from im2txt.models.features import Standardize


def test_it_does_nothing_until_it_has_seen_data():
    vectors = tf.constant([[1.0, 2.0], [3.0, 5.0]])
    np.testing.assert_array_equal(Standardize()(vectors), vectors)


def test_by_hand():
    # Means are (2, 30); what is left is (-1, -10), (1, 10), whose mean square is 101 / 2.
    layer = Standardize()
    vectors = tf.constant([[1.0, 20.0], [3.0, 40.0]])
    layer(vectors)
    layer.adapt(vectors)
    np.testing.assert_allclose(layer(vectors), np.array([[-1, -10], [1, 10]]) / np.sqrt(50.5), rtol=1e-6)


def test_images_that_are_all_alike_do_not_divide_by_zero():
    layer = Standardize()
    vectors = tf.ones([3, 2])
    layer(vectors)
    layer.adapt(vectors)
    np.testing.assert_array_equal(layer(vectors), np.zeros([3, 2]))
