"""Beam search against plain Python: exhaustive enumeration, and the same search written with lists.

The model is a Markov table for each position: row w holds the logits of the word that follows w. (One table
for all positions would make captions of the same word pairs in another order tie.) Tables differ by image
where a batch has several. Every expected value is computed here, in double precision, from the tables.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from im2txt.decoding.beam_search import DecodingConfig, beam_search
from im2txt.errors import UserError
from im2txt.text.vocabulary import END, PAD, START, UNK

VOCAB = 7  # <pad> <start> <end> <unk> and three words
WORDS = range(4, VOCAB)
POSITIONS = 9


class MarkovState(NamedTuple):
    """`memory` is the image's tables, `attention` a map that names the word it was computed from."""

    memory: tf.Tensor
    attention: tf.Tensor
    steps: tf.Tensor


def random_tables(seed, images=1):
    return np.random.default_rng(seed).normal(size=(images, POSITIONS, VOCAB, VOCAB)).astype(np.float32) * 1.5


def same_everywhere(table):
    """Returns the tables of one image with `table` at each position."""
    return np.tile(np.asarray(table, np.float32), (1, POSITIONS, 1, 1))


def start(tables):
    images = tf.shape(tables)[0]
    return MarkovState(tables, tf.zeros([images, VOCAB]), tf.zeros([images], tf.int32))


def step(ids, state):
    beam = tf.size(ids) // tf.shape(state.memory)[0]
    table = tf.gather(tf.repeat(state.memory, beam, axis=0), state.steps, batch_dims=1)
    logits = tf.gather(table, ids, batch_dims=1)
    return logits, state._replace(attention=tf.one_hot(ids, VOCAB), steps=state.steps + 1)


def fixed_step(table):
    return lambda ids, state: (tf.gather(table, ids), state)


def search(tables, **options):
    return beam_search(step, start(tf.constant(tables)), DecodingConfig(**options), len(tables))


def log_probabilities(table):
    table = table.astype(np.float64)
    return table - np.log(np.exp(table).sum(axis=-1, keepdims=True))


def score(table, words):
    pairs = enumerate(itertools.pairwise((START, *words)))
    return sum(log_probabilities(table[position])[pair] for position, pair in pairs)


def all_finished(table, max_length, exponent):
    """Every finished caption of up to `max_length` words, best first, by brute force."""
    captions = [(*words, END) for length in range(max_length) for words in itertools.product(WORDS, repeat=length)]
    return sorted(captions, key=lambda words: -score(table, words) / len(words) ** exponent)


def reference_beam_search(table, beam, max_length, exponent):
    """The same search with Python lists, without early stop."""
    live, finished = [()], []
    for _ in range(max_length):
        candidates = [(*words, word) for words in live for word in (*WORDS, END)]
        candidates = sorted(candidates, key=lambda words: -score(table, words))[: 2 * beam]
        finished += [words for words in candidates[:beam] if words[-1] == END]
        live = [words for words in candidates if words[-1] != END][:beam]
    finished.sort(key=lambda words: -score(table, words) / len(words) ** exponent)
    return (finished[:beam] + live)[:beam]


def captions_of(found, image=0):
    tokens, lengths = found.tokens.numpy()[image], found.lengths.numpy()[image]
    assert all((row[length:] == PAD).all() for row, length in zip(tokens, lengths))
    return [tuple(row[:length].tolist()) for row, length in zip(tokens, lengths)]


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_beam_as_wide_as_all_captions_is_exhaustive_search(seed, exponent):
    tables = random_tables(seed)
    expected = all_finished(tables[0], max_length=4, exponent=exponent)  # 1 + 3 + 9 + 27 = 40 of them
    found = search(tables, beam_size=4 * 27, max_length=4, length_normalization=exponent)
    assert captions_of(found)[: len(expected)] == expected
    np.testing.assert_allclose(
        found.scores[0, : len(expected)], [score(tables[0], words) for words in expected], rtol=1e-5
    )


@pytest.mark.parametrize("exponent", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("beam", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_narrow_beams_equal_the_search_in_plain_python(seed, beam, exponent):
    tables = random_tables(seed, images=3)
    found = search(tables, beam_size=beam, max_length=7, length_normalization=exponent)
    for image, table in enumerate(tables):
        expected = reference_beam_search(table, beam, 7, exponent)
        assert captions_of(found, image) == expected
        np.testing.assert_allclose(found.scores[image], [score(table, words) for words in expected], rtol=1e-5)


def test_wide_beam_after_all_captions_returns_unfinished_ones_and_then_empty_slots():
    tables = random_tables(0)
    found = search(tables, beam_size=14, max_length=2)  # 4 finished captions, 9 unfinished ones, 1 slot over
    captions = captions_of(found)
    assert captions[:4] == all_finished(tables[0], 2, 0.0)
    unfinished = sorted(itertools.product(WORDS, repeat=2), key=lambda words: -score(tables[0], words))
    assert captions[4:13] == unfinished
    assert captions[13] == ()
    assert found.scores[0, 13] == -math.inf


def test_greedy_takes_the_likeliest_word_each_time():
    tables = random_tables(3, images=4)
    found = search(tables, beam_size=1, max_length=POSITIONS)
    for image, table in enumerate(tables):
        words = [START]
        while words[-1] != END and len(words) <= POSITIONS:
            logits = table[len(words) - 1, words[-1]]
            words.append(max((*WORDS, END), key=logits.__getitem__))
        assert captions_of(found, image) == [tuple(words[1:])]


@pytest.mark.parametrize("beam", [1, 3])
def test_captions_that_never_end_are_returned_whole(beam):
    tables = random_tables(1)
    tables[..., END] = -1e9
    found = search(tables, beam_size=beam, max_length=5)
    captions = captions_of(found)
    assert [len(words) for words in captions] == [5] * beam
    assert END not in captions[0]
    np.testing.assert_allclose(found.scores[0], [score(tables[0], words) for words in captions], rtol=1e-5)


def test_an_unfinished_caption_never_outranks_a_finished_one():
    table = np.full((VOCAB, VOCAB), -20.0)
    table[START, [4, 5]] = 0.0
    table[4, 4] = 0.0  # 4 4 4 ... never ends, and costs nothing after its first word
    table[5, [END, 6]] = 0.0, -1.0
    table[6, 4] = 0.0
    found = search(same_everywhere(table), beam_size=2, max_length=4)
    assert captions_of(found)[0] == (5, END)
    assert found.scores[0, 0] < found.scores[0, 1]


def test_special_words_are_never_emitted_and_keep_their_probability():
    tables = random_tables(2)
    tables[..., [PAD, START, UNK]] = 9.0
    found = search(tables, beam_size=3, max_length=6)
    captions = captions_of(found)
    assert not {PAD, START, UNK} & set(itertools.chain(*captions))
    np.testing.assert_allclose(found.scores[0], [score(tables[0], words) for words in captions], rtol=1e-5)


@pytest.mark.parametrize("exponent", [0.0, 1.0])
def test_an_image_has_the_same_captions_in_any_batch(exponent):
    tables = random_tables(4, images=6)
    together = search(tables, beam_size=3, max_length=9, length_normalization=exponent)
    for image in range(len(tables)):
        alone = search(tables[image : image + 1], beam_size=3, max_length=9, length_normalization=exponent)
        for whole, single in zip(together, alone):
            np.testing.assert_allclose(whole[image], single[0], rtol=1e-6)


def test_attention_follows_its_words_through_every_reordering():
    tables = random_tables(5, images=4)
    found = search(tables, beam_size=4, max_length=6)
    for image in range(4):
        for beam, words in enumerate(captions_of(found, image)):
            maps = found.attention.numpy()[image, beam]
            assert maps[: len(words)].argmax(axis=1).tolist() == [
                START,
                *words[:-1],
            ]  # the word before names the map
            assert (maps[len(words) :] == 0).all()


@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_a_graph_with_a_batch_size_unknown_when_traced(jit_compile):
    config = DecodingConfig(beam_size=3, max_length=6, length_normalization=0.5)

    @tf.function(input_signature=[tf.TensorSpec([None, POSITIONS, VOCAB, VOCAB])], jit_compile=jit_compile)
    def decode(tables):
        return beam_search(step, start(tables), config, tf.shape(tables)[0])

    for images in (1, 4):
        tables = random_tables(6, images)
        eager = beam_search(step, start(tf.constant(tables)), config, images)
        graph = decode(tf.constant(tables))
        for expected, found in zip(eager, graph):
            np.testing.assert_allclose(found, expected, rtol=1e-5)
    if not jit_compile:
        assert decode(tf.zeros([0, POSITIONS, VOCAB, VOCAB])).tokens.shape == [0, 3, 6]


def test_the_loop_stops_when_nothing_can_improve():
    table = np.full((VOCAB, VOCAB), -5.0)
    table[START, 4:] = 5.0, 4.0, 3.0
    table[4:, END] = 9.0
    calls = []

    def counted(ids, state):
        calls.append(len(ids))
        return step(ids, state)

    tables = tf.constant(same_everywhere(table))
    found = beam_search(counted, start(tables), DecodingConfig(beam_size=3, max_length=50), 1)
    assert captions_of(found) == [(4, END), (5, END), (6, END)]
    assert len(calls) == 2


def test_memory_stays_as_it_was_given():
    tables = tf.constant(random_tables(7, images=2))
    seen = []

    def watched(ids, state):
        seen.append(state.memory)
        return step(ids, state)

    beam_search(watched, start(tables), DecodingConfig(beam_size=3, max_length=5), 2)
    assert all(memory is tables for memory in seen)


def test_a_state_without_attention_gives_none():
    table = tf.constant(random_tables(7)[0, 0])
    found = beam_search(fixed_step(table), (), DecodingConfig(max_length=5), 2)
    assert found.attention is None
    assert captions_of(found, 0) == captions_of(found, 1)


def test_half_precision_logits_are_scored_in_float32():
    table = tf.cast(random_tables(8)[0, 0], tf.bfloat16)
    found = beam_search(fixed_step(table), (), DecodingConfig(max_length=5), 1)
    rounded = same_everywhere(tf.cast(table, tf.float32))[0]
    expected = [score(rounded, words) for words in captions_of(found)]
    np.testing.assert_allclose(found.scores[0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_size": 0}, "beam_size is 0; it must be 1 or more"),
        ({"max_length": -1}, "max_length is -1; it must be 1 or more"),
        ({"length_normalization": -0.5}, "length_normalization is -0.5; it must be from 0 to 10"),
        ({"length_normalization": 11}, "length_normalization is 11; it must be from 0 to 10"),
        ({"length_normalization": math.nan}, "length_normalization is nan; it must be from 0 to 10"),
    ],
)
def test_impossible_options_are_named(options, message):
    with pytest.raises(UserError, match=message):
        DecodingConfig(**options).check()
