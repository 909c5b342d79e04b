"""Additive attention against the equations, by hand and by numpy."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.models.attention import AdditiveAttention


def test_two_regions_by_hand():
    attention = AdditiveAttention(units=1)
    keys = attention.keys(tf.constant([[[0.0], [1.0]]]))  # one image, two regions
    values = tf.constant([[[10.0], [20.0]]])
    attention(tf.zeros([1, 1]), keys, values)
    attention.key.set_weights([np.array([[1.0]]), np.array([0.5])])
    attention.query.set_weights([np.array([[3.0]])])
    attention.score.set_weights([np.array([[2.0]])])
    keys = attention.keys(tf.constant([[[0.0], [1.0]]]))
    context, weights = attention(tf.constant([[-0.5]]), keys, values)
    energies = [2 * math.tanh(0.0 + 0.5 - 1.5), 2 * math.tanh(1.0 + 0.5 - 1.5)]
    first = 1 / (1 + math.exp(energies[1] - energies[0]))
    np.testing.assert_allclose(weights, [[first, 1 - first]], rtol=1e-6)
    np.testing.assert_allclose(context, [[10 * first + 20 * (1 - first)]], rtol=1e-6)


@pytest.fixture
def example():
    """Attention from six rows over the four regions of each of two images."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    queries, regions = rng.normal(size=(6, 5)).astype("f4"), rng.normal(size=(2, 4, 3)).astype("f4")
    attention = AdditiveAttention(units=7)
    attention(queries, attention.keys(regions), regions)
    return attention, queries, regions


def test_weights_add_up_to_one_and_contexts_are_their_means(example):
    attention, queries, regions = example
    contexts, weights = attention(queries, attention.keys(regions), regions)
    assert weights.shape == (6, 4)
    np.testing.assert_allclose(tf.reduce_sum(weights, axis=1), np.ones(6), rtol=1e-6)
    expected = np.einsum("rl,rld->rd", weights, np.repeat(regions, 3, axis=0))
    np.testing.assert_allclose(contexts, expected, rtol=1e-5, atol=1e-6)


def test_rows_of_one_image_are_attended_as_if_alone(example):
    attention, queries, regions = example
    contexts, weights = attention(queries, attention.keys(regions), regions)
    for row in range(6):
        own = regions[row // 3][None]
        context, weight = attention(queries[row : row + 1], attention.keys(own), own)
        np.testing.assert_allclose(contexts[row], context[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(weights[row], weight[0], rtol=1e-5, atol=1e-6)
