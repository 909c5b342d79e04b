"""Attention against the equations, by hand and by numpy."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.attention import ATTENTIONS, AdditiveAttention, ScaledDotProductAttention, build_attention


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


def test_the_scaled_dot_product_by_hand():
    # q = (1, 2) k_1 = (1, 0) k_2 = (0, 1): scores 1 / sqrt 2 and 2 / sqrt 2
    attention = ScaledDotProductAttention(units=2)
    regions = tf.constant([[[1.0, 0.0], [0.0, 1.0]]])
    attention(tf.zeros([1, 2]), attention.keys(regions), regions)
    attention.key.set_weights([np.eye(2)])
    attention.query.set_weights([np.eye(2), np.array([0.0, 1.0])])
    _, weights = attention(tf.constant([[1.0, 1.0]]), attention.keys(regions), regions)
    first = 1 / (1 + math.exp(1 / math.sqrt(2)))
    np.testing.assert_allclose(weights, [[first, 1 - first]], rtol=1e-6)


def test_two_layers_have_nothing_between_them():
    attention = AdditiveAttention(units=4, layers=2)
    regions = np.random.default_rng(0).normal(size=(1, 3, 5)).astype("f4")
    attention.keys(regions)
    for layer in (attention.key, attention.second_key):
        layer.bias.assign([0.1, -0.2, 0.3, 0.0])
    (first, bias), (second, second_bias) = attention.key.get_weights(), attention.second_key.get_weights()
    expected = np.tanh((regions @ first + bias) @ second + second_bias)
    np.testing.assert_allclose(attention.keys(regions), expected, rtol=1e-5, atol=1e-6)


@pytest.fixture(params=[(name, layers) for name in ATTENTIONS for layers in (1, 2)], ids=str)
def example(request):
    """Attention from six rows over the four regions of each of two images."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    queries, regions = rng.normal(size=(6, 5)).astype("f4"), rng.normal(size=(2, 4, 3)).astype("f4")
    name, layers = request.param
    attention = build_attention(name, units=7, layers=layers)
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


def test_the_order_of_regions_moves_weights_only(example):
    attention, queries, regions = example
    order = [2, 0, 3, 1]
    contexts, weights = attention(queries, attention.keys(regions), regions)
    moved_contexts, moved = attention(queries, attention.keys(regions[:, order]), regions[:, order])
    np.testing.assert_allclose(moved, weights.numpy()[:, order], rtol=1e-5)
    np.testing.assert_allclose(moved_contexts, contexts, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ATTENTIONS)
def test_softmax_is_in_float32_whatever_the_policy(name):
    """In bfloat16 the weights of 100 regions would miss a sum of one by some thousandths."""
    queries, regions = np.ones((2, 5), "f4"), np.random.default_rng(0).normal(size=(1, 100, 3)).astype("f4")
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        attention = build_attention(name, units=7, layers=1)
        contexts, weights = attention(queries, attention.keys(regions), regions)
    finally:
        keras.config.set_dtype_policy("float32")
    assert (contexts.dtype, weights.dtype) == (tf.bfloat16, tf.float32)
    np.testing.assert_allclose(tf.reduce_sum(weights, axis=1), np.ones(2), rtol=1e-5)


def test_mistakes_are_told():
    with pytest.raises(UserError, match=r"decoder\.attention `aditive` is unknown\. Did you mean `additive`\?"):
        build_attention("aditive", 3, 1)
    with pytest.raises(UserError, match=r"decoder\.attention_layers is 3; it must be 1 or 2\."):
        build_attention("additive", 3, 3)
