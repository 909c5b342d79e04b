"""Draws captions from a step function, word by word, in the graph; like beam search it knows no model.

Each word is drawn from softmax(logits / temperature) over the words that may be said: never <pad>, <start> or <unk>.
Captions are functions of the seed: the same seed draws the same captions.
"""

from typing import NamedTuple

import tensorflow as tf

from im2txt.decoding.steps import State, Step, sayable
from im2txt.text.vocabulary import END, PAD, START


class _Drawing(NamedTuple):
    """The loop's state: `ids` [rows] are the words before, `ended` bool [rows] the captions that are whole."""

    time: tf.Tensor
    ids: tf.Tensor
    drawn: tf.Tensor
    ended: tf.Tensor
    state: tuple


def sample_ids(
    step: Step, state: State, rows: int | tf.Tensor, max_length: int, seed: tf.Tensor, temperature: float = 1.0
) -> tf.Tensor:
    """Draws a caption for each row.

    Args:
        step: maps (ids int32 [rows], state) to (logits float [rows, vocab], state).
        state: before <start>, with as many rows as captions are to be drawn.
        rows: number of captions.
        max_length: the most words in a caption, its <end> included.
        seed: int [2].
        temperature: below 1, likely words become likelier.

    Returns:
        int32 [rows, max_length]: words, then <end> unless the caption was cut, then <pad>.
    """

    def advance(drawing: _Drawing) -> tuple[_Drawing]:
        logits, state = step(drawing.ids, drawing.state)
        dice = tf.random.experimental.stateless_fold_in(seed, drawing.time)
        ids = tf.random.stateless_categorical(sayable(logits) / temperature, 1, dice, dtype=tf.int32)[:, 0]
        ids = tf.where(drawing.ended, PAD, ids)
        here = tf.range(max_length) == drawing.time  # [length]
        drawn = tf.where(here, ids[:, None], drawing.drawn)
        return (_Drawing(drawing.time + 1, ids, drawn, drawing.ended | (ids == END), state),)

    start = _Drawing(
        tf.constant(0), tf.fill([rows], START), tf.fill([rows, max_length], PAD), tf.fill([rows], False), state
    )
    drawing, *_ = tf.while_loop(
        lambda drawing: ~tf.reduce_all(drawing.ended), advance, (start,), maximum_iterations=max_length
    )
    return drawing.drawn
