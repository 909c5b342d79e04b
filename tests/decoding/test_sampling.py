"""Drawn captions have the probabilities of the table that they are drawn from."""

from collections import Counter

import numpy as np
import tensorflow as tf

from im2txt.decoding.sampling import sample_ids
from im2txt.decoding.steps import sayable
from im2txt.text.vocabulary import END, PAD, START, UNK

VOCAB, ROWS, LENGTH = 6, 4000, 4
# Row w: the logits of what follows w; <pad>, <start> and <unk> would win if they could be said.
TABLE = np.zeros((VOCAB, VOCAB), "f4")
TABLE[:, [PAD, START, UNK]] = 9.0
TABLE[START, 4], TABLE[START, 5] = np.log(3.0), np.log(1.0)
TABLE[START, END] = -np.inf
TABLE[4, [END, 5]] = np.log(1.0), np.log(4.0)
TABLE[4, 4] = -np.inf
TABLE[5, [4, 5]] = -np.inf


def draw(seed=(1, 2), length=LENGTH, temperature=1.0, rows=ROWS):
    def step(ids, state):
        return tf.gather(TABLE, ids), state

    return sample_ids(step, (), rows, length, tf.constant(seed), temperature).numpy()


def shares(drawn):
    counted = Counter(map(tuple, drawn.tolist()))
    return {caption: count / len(drawn) for caption, count in counted.items()}


def test_captions_are_as_frequent_as_the_table_says():
    found = shares(draw())
    expected = {(4, END, PAD, PAD): 0.75 / 5, (4, 5, END, PAD): 0.75 * 4 / 5, (5, END, PAD, PAD): 0.25}
    assert found.keys() == expected.keys()
    for caption, share in expected.items():
        assert abs(found[caption] - share) < 0.03, caption  # 4 standard deviations


def test_temperature_sharpens():
    found = shares(draw(temperature=0.5))
    first = sum(share for caption, share in found.items() if caption[0] == 4)
    assert abs(first - 9 / 10) < 0.025  # (3 ** 2) / (3 ** 2 + 1)


def test_a_caption_that_is_cut_has_no_end():
    assert set(map(tuple, draw(length=1).tolist())) == {(4,), (5,)}


def test_a_draw_is_a_function_of_the_seed():
    np.testing.assert_array_equal(draw(rows=50), draw(rows=50))
    assert (draw(rows=50) != draw((1, 3), rows=50)).any()


def test_only_words_and_the_end_can_be_said():
    said = sayable(tf.zeros([2, VOCAB], tf.float16))
    np.testing.assert_array_equal(np.isfinite(said), [[False, False, True, False, True, True]] * 2)
    assert said.dtype == tf.float32
