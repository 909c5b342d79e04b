"""Matrices of similarities, against a pair by hand and against the metrics that compare one pair at a time."""

import math

import numpy as np
import pytest

from im2txt.metrics.bleu import bleu
from im2txt.metrics.cider import DocumentFrequencies
from im2txt.metrics.diversity import cider_kernel
from im2txt.metrics.pairwise_similarity import SIMILARITIES, count_ngrams

IMAGES = [
    ["a dog runs in the snow", "a dog runs in the snow with a dog", "the dog"],
    ["a man rides a red bike up a hill", "", "a man rides a bike"],
    ["snow", "a a a a a", "a dog runs in the mud"],
]
CAPTIONS = [caption for captions in IMAGES for caption in captions]
OWNERS = np.repeat(np.arange(3), 3)


def others(matrix):
    """Returns what is not of a caption with itself."""
    return np.asarray(matrix)[~np.eye(len(matrix), dtype=bool)]


def test_ngrams_end_with_their_caption_and_are_counted():
    found = count_ngrams(["a b a b", "", "b"])
    entries = list(zip(found.captions.tolist(), found.orders[found.grams].tolist(), found.counts.tolist()))
    # a, b; a b, b a; a b a, b a b; a b a b: then nothing; then b
    assert sorted(entries) == [
        *[(0, 0, 2), (0, 0, 2), (0, 1, 1), (0, 1, 2), (0, 2, 1), (0, 2, 1), (0, 3, 1)],
        (2, 0, 1),
    ]
    assert found.lengths.tolist() == [4, 0, 1]
    b = set(found.grams[found.captions == 0]) & set(found.grams[found.captions == 2])
    assert len(b) == 1


def test_cider_of_a_pair_by_hand():
    similarity = SIMILARITIES["cider"](["a b", "a c", "d"], np.array([0, 1, 2]))
    # idf of a is log(3 / 2), of b and c log 3; the bigrams share nothing, and longer ones there are none
    common, own = math.log(1.5) ** 2, math.log(3) ** 2
    assert similarity(np.array([0, 1]))[0, 1] == pytest.approx(common / (common + own) / 4)
    assert similarity(np.array([2, 0]))[0, 1] == 0


def test_cider_is_that_of_the_kernel():
    expected = cider_kernel(CAPTIONS, DocumentFrequencies.of(IMAGES))
    found = SIMILARITIES["cider"](CAPTIONS, OWNERS)(np.arange(9))
    assert others(expected).max() > 0.5
    np.testing.assert_allclose(others(found), others(expected), atol=1e-14)


def test_bleu_is_that_of_each_pair():
    expected = [[bleu([row], [[column]]).corpus[-1] for column in CAPTIONS] for row in CAPTIONS]
    found = SIMILARITIES["bleu"](CAPTIONS, OWNERS)(np.arange(9))
    assert others(expected).max() > 0.5
    assert not np.allclose(expected, np.transpose(expected))  # rows are candidates, columns references
    np.testing.assert_allclose(others(found), others(expected), rtol=1e-12)


@pytest.mark.parametrize("name", SIMILARITIES)
def test_a_set_is_compared_in_its_own_order(name):
    similarity = SIMILARITIES[name](CAPTIONS, OWNERS)
    chosen = np.array([8, 0, 5, 1])
    whole = similarity(np.arange(9))
    np.testing.assert_allclose(others(similarity(chosen)), others(whole[np.ix_(chosen, chosen)]), atol=1e-14)


@pytest.mark.parametrize("name", SIMILARITIES)
def test_captions_without_a_word_are_like_nothing(name):
    similarity = SIMILARITIES[name](["", ""], np.array([0, 1]))
    np.testing.assert_allclose(others(similarity(np.arange(2))), 0, atol=1e-6)
