"""An encoder and a decoder as one model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.models.captioner import Captioner
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.decoders.soft_attention import SoftAttentionConfig, SoftAttentionDecoder
from im2txt.models.encoders import EncoderConfig, build_encoder

VOCAB, SIZE = 9, 32
SEED = np.array([1, 2])


def captioner(trainable=False, dropout=0.0):
    keras.utils.set_random_seed(1)
    encoder = build_encoder(EncoderConfig("small_cnn", weights="random", image_size=SIZE, trainable=trainable))
    return Captioner(encoder, LSTMDecoder(LSTMConfig(units=6, embedding=6, dropout=dropout), VOCAB))


def batch():
    images = tf.random.stateless_uniform([2, SIZE, SIZE, 3], [1, 2], -1.0, 1.0)
    ids = tf.random.stateless_uniform([2, 3, 5], [3, 4], 4, VOCAB, tf.int32)
    return {"image": images, "input_ids": ids}


def test_captions_of_an_image_are_consecutive_rows():
    model, data = captioner(), batch()
    logits = model(data).logits
    assert logits.shape == (6, 5, VOCAB)
    alone = model({"image": data["image"][1:], "input_ids": data["input_ids"][1:, 2:]}).logits
    np.testing.assert_allclose(logits[5], alone[0], rtol=1e-4, atol=1e-6)


def test_cached_features_equal_images():
    model, data = captioner(), batch()
    features = model.encode(data["image"])
    without_encoder = Captioner(None, model.decoder)
    cached = {"pooled": features.pooled, "input_ids": data["input_ids"]}  # an LSTM reads no regions
    np.testing.assert_array_equal(without_encoder(cached).logits, model(data).logits)


@pytest.mark.parametrize("trainable", [False, True])
def test_a_seed_means_training(trainable):
    model, data = captioner(trainable, dropout=0.0), batch()
    model(data)
    differs = not np.allclose(model(data, seed=SEED).logits, model(data).logits)
    assert differs == trainable  # batch normalisation; dropout is off here


def test_a_seed_switches_dropout_on():
    model, data = captioner(dropout=0.5), batch()
    assert not np.allclose(model(data, seed=SEED).logits, model(data).logits)
    np.testing.assert_array_equal(model(data, seed=SEED).logits, model(data, seed=SEED).logits)


def test_attention_is_over_the_cached_regions():
    decoder = SoftAttentionDecoder(SoftAttentionConfig(units=6, embedding=6, attention_units=6), VOCAB)
    model = Captioner(None, decoder)
    decoded = model({"regions": tf.ones([2, 7, 4]), "input_ids": batch()["input_ids"]})
    assert decoded.attention.shape == (6, 5, 7)


def test_every_variable_is_of_the_encoder_or_the_decoder():
    model = captioner(trainable=True)
    model(batch())
    assert len(model.variables) == len(model.encoder.variables) + len(model.decoder.variables)
    frozen = captioner(trainable=False)
    frozen(batch())
    assert len(frozen.trainable_variables) == len(frozen.decoder.trainable_variables)
