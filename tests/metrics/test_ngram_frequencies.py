"""Document frequencies of ids."""

import math

import pytest

from im2txt.metrics.ngram_frequencies import NgramFrequencies
from im2txt.metrics.ngrams import References

# 4 is in two images, 5 in two (twice in one of them), 6 in one; 4 5 in both, 5 4 in one
FREQUENCIES = NgramFrequencies.of(References.of_ids([[[4, 5, 4], [5]], [[4, 5], [6]], [[]]]))


def test_images_are_counted_and_not_captions():
    assert FREQUENCIES.images == 3
    assert [counts.tolist() for counts in FREQUENCIES.counts] == [[2, 2, 1], [2, 1], [1], []]
    assert FREQUENCIES.keys[0].tolist() == [4, 5, 6]


def test_what_no_image_has_weighs_as_what_one_has():
    words, pairs, triples, quadruples = FREQUENCIES.squared_idf()
    common, rare = math.log(3 / 2) ** 2, math.log(3) ** 2
    assert words.tolist() == pytest.approx([common, common, rare, rare])
    assert [each.tolist() for each in (pairs, triples, quadruples)] == [
        pytest.approx([common, rare, rare]),
        pytest.approx([rare, rare]),
        pytest.approx([rare]),
    ]


def test_what_all_images_have_weighs_nothing():
    assert NgramFrequencies.of(References.of_ids([[[4]]] * 7)).squared_idf()[0][0] == 0
