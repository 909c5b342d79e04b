"""Show and Tell's decoder beyond the contract of all decoders: its options."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.features import ImageFeatures

VOCAB = 9


def decoder(**options):
    keras.utils.set_random_seed(1)
    built = LSTMDecoder(LSTMConfig(units=6, embedding=5, **options), VOCAB)
    built(ImageFeatures(tf.ones([1, 3]), None), tf.ones([1, 1], tf.int32))
    return built


def test_vectors_from_elsewhere_are_taken_as_they_are():
    built, vectors = decoder(), np.random.default_rng(3).normal(size=(VOCAB, 5)).astype("f4")
    built.set_words(vectors)
    np.testing.assert_array_equal(built.words(tf.constant([4, 7])), vectors[[4, 7]])


def test_the_forget_bias_is_where_it_is_said():
    np.testing.assert_array_equal(decoder(forget_bias=3.0).lstm.bias[6:12], np.full(6, 3.0))


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_the_image_is_dropped_from_by_an_option_and_in_training_only(rate):
    built, features = decoder(image_dropout=rate), ImageFeatures(tf.ones([1, 3]), None)
    shown, *trained = (built.start(features, seed).recurrent.hidden.numpy() for seed in (None, [0, 1], [0, 2]))
    assert all(np.array_equal(shown, hidden) == (rate == 0.0) for hidden in trained)
    np.testing.assert_array_equal(shown, built.start(features).recurrent.hidden)


def test_a_gru_has_no_forget_bias():
    with pytest.raises(UserError, match=r"decoder\.forget_bias is 3\.0, but .*is `gru`\. Leave it at 1\.0, or"):
        decoder(cell="gru", forget_bias=3.0)


def test_all_matrices_start_in_the_range_of_im2txt():
    weights = [each for each in decoder(initial_range=0.08).trainable_variables if len(each.shape) == 2]
    assert len(weights) >= 4  # image, words, cell, output
    for weight in weights:
        assert 0.06 < np.abs(weight).max() <= 0.08, weight.path
