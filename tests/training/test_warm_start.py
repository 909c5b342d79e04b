"""One captioner's weights in another: the same, with more words, and what does not fit."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.models.decoders import DECODERS, build_decoder
from im2txt.models.decoders.transformer import TransformerConfig
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.text.vocabulary import UNK, Vocabulary
from im2txt.training.warm_start import copy_weights

WORDS = Vocabulary.build([["a", "dog", "runs"]], min_count=1)
MORE = Vocabulary((*WORDS.words, "cat", "sleeps"), (*WORDS.counts, 1, 1))
IDS = tf.constant([[[1, 4, 5]]])


def captioner(name="lstm", words=WORDS, seed=1, units=8, encoder=False):
    keras.utils.set_random_seed(seed)
    kind = DECODERS[name].config
    options = {key: units for key in ("units", "embedding", "attention_units") if key in kind.__dataclass_fields__}
    network = build_encoder(EncoderConfig("small_cnn", weights="random", image_size=32)) if encoder else None
    model = Captioner(network, build_decoder(kind(**options), len(words)))
    model(batch(encoder))
    return model


def captioner_of(config):
    model = Captioner(None, build_decoder(config, len(WORDS)))
    model(batch())
    return model


def batch(encoder=False):
    if encoder:
        return {"input_ids": IDS, "image": tf.ones([1, 32, 32, 3])}
    regions = tf.constant(np.random.default_rng(0).normal(size=(1, 4, 6)), tf.float32)
    return {"input_ids": IDS, "regions": regions, "pooled": regions[:, 0]}


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_a_copy_says_the_same(name):
    old, new = captioner(name), captioner(name, seed=2)
    assert not np.allclose(old(batch()).logits, new(batch()).logits)
    copy_weights(old, WORDS, new, WORDS)
    np.testing.assert_array_equal(old(batch()).logits, new(batch()).logits)


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_new_words_begin_as_unknown_and_old_ones_stay(name):
    old, new = captioner(name), captioner(name, MORE, seed=2)
    copy_weights(old, WORDS, new, MORE)
    before, after = old(batch()).logits.numpy(), new(batch()).logits.numpy()
    np.testing.assert_allclose(after[:, :, : len(WORDS)], before, atol=1e-6)
    np.testing.assert_allclose(after[:, :, len(WORDS) :], before[:, :, [UNK, UNK]], atol=1e-6)


def test_an_encoder_comes_along():
    old, new = captioner(encoder=True), captioner(encoder=True, seed=2)
    copy_weights(old, WORDS, new, WORDS)
    np.testing.assert_array_equal(old(batch(True)).logits, new(batch(True)).logits)


def test_another_number_of_heads_is_refused():
    old, new = (captioner_of(TransformerConfig(units=8, heads=heads, layers=1, feed_forward=8)) for heads in (4, 2))
    with pytest.raises(UserError, match=r"start_from: decoder\.heads of that run is 4, and this run's is 2\."):
        copy_weights(old, WORDS, new, WORDS)


def test_another_kind_of_decoder_is_refused():
    transformer = captioner_of(TransformerConfig(units=8, heads=4, layers=1, feed_forward=8))
    with pytest.raises(UserError, match=r"start_from: the decoder of that run is another one than this run's\."):
        copy_weights(captioner(), WORDS, transformer, WORDS)


def test_another_vocabulary_is_refused():
    other = Vocabulary.build([["a", "cat", "runs"]], min_count=1)
    with pytest.raises(UserError, match="RUN: the vocabulary of the records does not continue the 7 words"):
        copy_weights(captioner(), WORDS, captioner(words=other), other, "RUN")


@pytest.mark.parametrize("other", [{"units": 9}, {"name": "soft_attention"}])
def test_another_architecture_is_refused(other):
    with pytest.raises(UserError, match="RUN: the decoder of that run is another one"):
        copy_weights(captioner(), WORDS, captioner(**other), WORDS, "RUN")
