"""Soft attention beyond the contract of all decoders: beta, what dropout reaches, options that need each other."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.decoders.soft_attention import SoftAttentionConfig, SoftAttentionDecoder
from im2txt.models.features import ImageFeatures

VOCAB, REGIONS, LENGTH = 9, 4, 5
SMALL = {"units": 6, "embedding": 6, "attention_units": 6, "dropout": 0.0, "embedding_dropout": 0.0}
SEED = tf.constant([3, 4])


def features():
    return ImageFeatures(None, tf.constant(np.random.default_rng(0).normal(size=(2, REGIONS, 3)).astype("f4")))


def input_ids():
    return tf.constant(np.random.default_rng(1).integers(4, VOCAB, (2, LENGTH)), tf.int32)


def decoder(**options):
    keras.utils.set_random_seed(1)
    made = SoftAttentionDecoder(SoftAttentionConfig(**{**SMALL, **options}), VOCAB)
    made(features(), input_ids())
    return made


@pytest.mark.parametrize(("bias", "beta"), [(0.0, 0.5), (-50.0, 0.0), (None, 1.0)])
def test_beta_gates_the_context(bias, beta):
    """z_t is beta times the mean region; without a gate it is that mean (Bahdanau et al. 2015)."""
    model = decoder(gate=bias is not None)
    if bias is not None:
        model.gate.set_weights([np.zeros((6, 1)), np.array([bias])])
    _, state = model.step(input_ids()[:, 0], model.start(features()))
    mean = np.einsum("rl,rld->rd", state.attention, features().regions)
    np.testing.assert_allclose(state.context, beta * mean, rtol=1e-5, atol=1e-6)


def test_without_a_gate_there_are_no_weights_of_one():
    shapes = [len(decoder(gate=gate).variables) for gate in (True, False)]
    assert shapes[0] - shapes[1] == 2  # its kernel and its bias


def changed_by_a_seed(**options):
    """By how much a seed changes the logits [rows, length] of each word."""
    model = decoder(**options)
    plain, dropped = (model(features(), input_ids(), seed).logits for seed in (None, SEED))
    return np.abs(plain - dropped).max(axis=-1)


def test_nothing_is_dropped_from_words_unless_it_is_said():
    assert changed_by_a_seed().max() == 0.0
    assert changed_by_a_seed(embedding_dropout=0.5).min() > 1e-4
    assert changed_by_a_seed(dropout=0.5).min() > 1e-4


def test_words_are_dropped_from_for_the_cell_and_the_deep_output_alike():
    """A deep output of words alone changes, and so does attention, which hears of words by the cell."""
    model = decoder(embedding_dropout=0.5)
    model.output_hidden.kernel.assign(tf.zeros_like(model.output_hidden.kernel))
    model.output_context.kernel.assign(tf.zeros_like(model.output_context.kernel))
    plain, dropped = (model(features(), input_ids(), seed) for seed in (None, SEED))
    assert np.abs(plain.logits - dropped.logits).max() > 1e-4
    assert np.abs(plain.attention - dropped.attention)[:, 1:].max() > 1e-7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"feature_dropout": 0.5}, r"decoder\.feature_dropout is 0\.5, but .* decoder\.feature_units is 0\. Set"),
    ],
)
def test_mistakes_are_told(options, message):
    with pytest.raises(UserError, match=message):
        decoder(**options)
