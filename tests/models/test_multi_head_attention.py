"""Multi-head attention by hand, by numpy, and its cache against the whole."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.models.multi_head_attention import CrossAttention, KeysValues, SelfAttention, attend

ROWS, LENGTH, UNITS, HEADS = 2, 3, 8, 2


def vectors(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("f4")


def self_attention(causal=True):
    keras.utils.set_random_seed(1)
    layer = SelfAttention(UNITS, HEADS, causal)
    layer(tf.zeros([1, 1, UNITS]))
    return layer


def test_two_positions_by_hand():
    """Scores are 0 and 2 ln 3 / sqrt(4) = ln 3, so that weights are 1/4 and 3/4."""
    queries = tf.constant([[[[2.0, 0.0, 0.0, 0.0]]]])  # one image, one head, one word, size 4
    keys = tf.constant([[[[0.0, 5.0, 5.0, 5.0], [math.log(3), 0.0, 0.0, 0.0]]]])
    values = tf.constant([[[[10.0] * 4, [20.0] * 4]]])
    contexts, weights = attend(queries, KeysValues(keys, values))
    np.testing.assert_allclose(weights, [[[[0.25, 0.75]]]], rtol=1e-6)
    np.testing.assert_allclose(contexts, [[[17.5] * 4]], rtol=1e-6)
    _, weights = attend(queries, KeysValues(keys, values), tf.constant([True, False]))
    np.testing.assert_array_equal(weights, [[[[1.0, 0.0]]]])


def test_attention_to_regions_by_numpy():
    keras.utils.set_random_seed(1)
    layer = CrossAttention(UNITS, HEADS)
    x, regions = vectors(1, LENGTH, UNITS), vectors(1, 5, 6, seed=1)
    out, weights = layer(x, layer.memory(regions))
    query, key_value, merge = (each.kernel.numpy() for each in (layer.query, layer.key_value, layer.merge))
    queries, keys, values = x[0] @ query, regions[0] @ key_value[:, :UNITS], regions[0] @ key_value[:, UNITS:]
    contexts, means = [], 0.0
    for head in (slice(0, 4), slice(4, 8)):
        scores = np.exp(queries[:, head] @ keys[:, head].T / 2.0)  # the root of a size of 4
        share = scores / scores.sum(axis=1, keepdims=True)
        contexts.append(share @ values[:, head])
        means = means + share / 2
    np.testing.assert_allclose(weights[0], means, rtol=1e-5)
    np.testing.assert_allclose(out[0], np.concatenate(contexts, axis=1) @ merge, rtol=1e-4, atol=1e-6)


def test_rows_of_one_image_attend_as_if_alone():
    layer = CrossAttention(UNITS, HEADS)
    x, regions = vectors(2 * ROWS, LENGTH, UNITS), vectors(2, 5, 6, seed=1)  # two rows an image
    out, weights = layer(x, layer.memory(regions))
    for row in range(2 * ROWS):
        alone = layer(x[row : row + 1], layer.memory(regions[row // ROWS][None]))
        np.testing.assert_allclose(out[row], alone[0][0], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(weights[row], alone[1][0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("causal", [True, False])
def test_only_causal_attention_hides_what_comes_later(causal):
    layer, x = self_attention(causal), vectors(ROWS, LENGTH, UNITS)
    changed = np.concatenate([x[:, :-1], x[:, -1:] + 1.0], axis=1)
    before, after = (layer(each)[:, :-1] for each in (x, changed))
    assert np.allclose(before, after, atol=1e-6) == causal


def test_steps_with_a_cache_equal_the_whole():
    layer, x = self_attention(), vectors(ROWS, LENGTH, UNITS)
    cache, outputs = layer.empty_cache(ROWS, LENGTH + 2), []
    for time in range(LENGTH):
        out, cache = layer.step(x[:, time : time + 1], cache, tf.fill([ROWS], time))
        outputs.append(out[:, 0])
    np.testing.assert_allclose(tf.stack(outputs, 1), layer(x), rtol=1e-4, atol=1e-6)
    assert cache.keys.shape == (ROWS, HEADS, LENGTH + 2, UNITS // HEADS)


def test_every_row_has_its_own_position():
    layer, x = self_attention(), vectors(ROWS, 2, UNITS)
    _, cache = layer.step(x[:, :1], layer.empty_cache(ROWS, 4), tf.constant([0, 0]))
    out, _ = layer.step(x[:, 1:], cache, tf.constant([1, 0]))  # the second row begins anew
    np.testing.assert_allclose(out[0, 0], layer(x)[0, 1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(out[1, 0], layer(x[:, 1:])[1, 0], rtol=1e-4, atol=1e-6)
