"""Checkpoints of the 2016 im2txt: written here with TensorFlow 1's operations, and read back with equal captions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.features import ImageFeatures
from im2txt.models.old_checkpoints import load_old_decoder, read_old_weights, read_old_words
from im2txt.text.vocabulary import SPECIAL_WORDS
from tests.models.old_decoder import (
    EMBEDDING,
    LSTM_NAMES,
    UNITS,
    WORD_COUNTS,
    caption_ids,
    old_log_probabilities,
    old_weights,
)

DEPTH = 6
FEATURES = np.random.default_rng(7).normal(size=(2, DEPTH)).astype("f4")


def write_checkpoint(folder, version="last", rows=6):
    """Writes random weights as the release's Saver did; returns them by name."""
    values = old_weights(DEPTH, version, rows)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = [tf.compat.v1.get_variable(name, initializer=value) for name, value in values.items()]
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver(variables).save(session, str(folder / "model.ckpt"), 12)
    return values


def imported(folder, words):
    keras.utils.set_random_seed(1)
    decoder = LSTMDecoder(LSTMConfig(units=UNITS, embedding=EMBEDDING), len(words.vocabulary))
    features = ImageFeatures(tf.constant(FEATURES), None)
    decoder(features, tf.ones([2, 1], tf.int32))
    load_old_decoder(decoder, read_old_weights(str(folder / "model.ckpt-12")), words.rows)
    ids = tf.constant([caption_ids(words.vocabulary)] * 2)
    return tf.nn.log_softmax(decoder(features, ids).logits).numpy()


def old_words(folder, content=WORD_COUNTS):
    (folder / "word_counts.txt").write_text(content)
    return read_old_words(folder / "word_counts.txt")


def test_words_keep_their_rows(tmp_path):
    words = old_words(tmp_path)
    assert words.vocabulary.words == (*SPECIAL_WORDS, "a", "dog", "runs")
    assert words.vocabulary.counts == (0, 50, 50, 0, 90, 20, 9)
    assert words.rows.tolist() == [-1, 1, 2, 5, 0, 3, 4]


def test_words_that_python_3_marked_as_bytes_are_words(tmp_path):
    words = old_words(tmp_path, WORD_COUNTS.replace("dog", "b'caf\\xc3\\xa9'"))
    assert words.vocabulary.words[5] == "café"


@pytest.mark.parametrize("version", LSTM_NAMES)
def test_log_probabilities_are_the_old_ones(tmp_path, version):
    values = write_checkpoint(tmp_path, version)
    words = old_words(tmp_path)
    found, expected = imported(tmp_path, words), old_log_probabilities(values, FEATURES, version)
    np.testing.assert_allclose(found[:, :, 1:], expected[:, :, words.rows[1:]], atol=1e-5)
    assert (found[:, :, 0] < -80).all()


def test_rows_without_a_word_are_left_out(tmp_path):
    values = write_checkpoint(tmp_path, rows=9)
    words = old_words(tmp_path)
    expected = old_log_probabilities(values, FEATURES)[:, :, words.rows[1:]]
    expected -= np.log(np.exp(expected).sum(-1, keepdims=True))
    np.testing.assert_allclose(imported(tmp_path, words)[:, :, 1:], expected, atol=1e-5)


def test_a_vocabulary_that_is_too_large_is_refused(tmp_path):
    write_checkpoint(tmp_path, rows=4)
    with pytest.raises(UserError, match="has 4 rows for 6 words: another word_counts"):
        imported(tmp_path, old_words(tmp_path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a 9\n", r"word_counts\.txt has no word <S>"),
        ("a 9\ndog\n", r"word_counts\.txt:2: expected a word and its count, found 'dog'"),
    ],
)
def test_another_file_is_no_vocabulary(tmp_path, content, message):
    with pytest.raises(UserError, match=message):
        old_words(tmp_path, content)


def test_missing_files_are_told(tmp_path):
    with pytest.raises(UserError, match=r"There is no file .*Give the word_counts\.txt"):
        read_old_words(tmp_path / "word_counts.txt")
    with pytest.raises(UserError, match=r"model\.ckpt is no checkpoint: .*Give its prefix"):
        read_old_weights(str(tmp_path / "model.ckpt"))


def test_another_checkpoint_is_refused(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable(1.0)).save(str(tmp_path / "other"))
    with pytest.raises(UserError, match="has no variable seq_embedding/map: it is none of the 2016 im2txt"):
        read_old_weights(path)
