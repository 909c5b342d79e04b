"""Width and movement of attention maps, by hand."""

import math

import numpy as np
import tensorflow as tf

from im2txt.objectives.attention_maps import attention_sums, change, entropy


def test_entropy_by_hand():
    maps = tf.constant([[0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]])
    np.testing.assert_allclose(entropy(maps), [math.log(4), 0.0, math.log(2)], atol=1e-6)


def test_entropy_has_a_gradient_where_a_weight_is_0():
    maps = tf.constant([1.0, 0.0])
    with tf.GradientTape() as tape:
        tape.watch(maps)
        wide = entropy(maps)
    assert np.isfinite(tape.gradient(wide, maps)).all()


def test_change_by_hand():
    maps = tf.constant([[[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.5, 0.5], [0.1, 0.4, 0.5]]])
    np.testing.assert_allclose(change(maps), [[0.0, 1.0, 0.0, 0.1]], atol=1e-6)


def test_only_real_words_count():
    maps = tf.constant([[[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], [[0.5, 0.5], [1.0, 0.0], [1.0, 0.0]]])
    sums = attention_sums(maps, tf.constant([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(sums["attention_entropy"], math.log(2), rtol=1e-6)
    np.testing.assert_allclose(sums["attention_change"], 1.0, rtol=1e-6)
