"""BLEU against sums done by hand; the constants 1e-15 and 1e-9 are below the tolerance where not the point."""

import math

import numpy as np
import pytest

from im2txt.metrics.bleu import bleu, bleu_counts, score_counts


def test_counts_are_clipped_by_the_best_reference():
    # Papineni et al. 2002, section 2.1, example 2: "the" seven times; the references have it twice and once
    scores = bleu(["the the the the the the the"], [["the cat is on the mat", "there is a cat on the mat"]])
    assert scores.corpus[0] == pytest.approx(2 / 7, rel=1e-6)


def test_four_orders_and_their_geometric_mean():
    # a b c d e against a b c d x: 4 of 5 words, 3 of 4 pairs, 2 of 3 triples, 1 of 2 quadruples, equal lengths
    scores = bleu(["a b c d e"], [["a b c d x"]])
    precisions = [4 / 5, 3 / 4, 2 / 3, 1 / 2]
    expected = [math.prod(precisions[:order]) ** (1 / order) for order in range(1, 5)]
    assert scores.corpus == pytest.approx(expected, rel=1e-6)
    assert scores.per_image[0] == scores.corpus


def test_a_short_caption_pays_the_brevity_penalty():
    assert bleu(["a b"], [["a b c"]]).corpus[0] == pytest.approx(math.exp(1 - 3 / 2), rel=1e-6)


def test_the_closest_reference_length_counts_and_a_tie_goes_to_the_shorter():
    # 4 words; references of 3 and 5 are equally near: with 3 there is no penalty, with 5 there would be
    assert bleu(["a b c d"], [["a b c d e", "a b c"]]).corpus[0] == pytest.approx(1, rel=1e-6)


def test_the_corpus_score_comes_from_summed_counts():
    # image 1: 1 of 1 word right; image 2: 0 of 3; together 1 of 4, not the mean of 1 and 0
    scores = bleu(["a", "x y z"], [["a"], ["b c d"]])
    assert scores.corpus[0] == pytest.approx(1 / 4, rel=1e-6)
    assert [image[0] for image in scores.per_image] == pytest.approx([1, 0], abs=1e-6)


def test_a_perfect_single_word_has_the_official_constants():
    # p_1 = (1 + 1e-15) / (1 + 1e-9), p_2 = 1e-15 / 1e-9
    score = bleu(["dog"], [["dog"]]).per_image[0]
    assert score[0] == pytest.approx((1 + 1e-15) / (1 + 1e-9) * math.exp(1 - (1 + 1e-9) / (1 + 1e-15)), rel=1e-12)
    assert score[1] == pytest.approx(1e-3, rel=1e-6)


def test_an_empty_caption_scores_zero():
    assert bleu([""], [["a dog"]]).per_image == [[0.0] * 4]


def test_counts_are_the_reference_length_the_ngrams_and_those_that_match():
    # a b c d e against a b c d x y: see above; of two words, one is right, and there is no triple
    counts = bleu_counts(["a b c d e", "a z"], [["a b c d x y"], ["a"]])
    assert counts.tolist() == [[6, 5, 4, 3, 2, 4, 3, 2, 1], [1, 2, 1, 0, 0, 1, 0, 0, 0]]


def test_summed_counts_of_some_images_are_their_bleu():
    candidates, references = ["a b c", "a b x y", "c d"], [["a b c d"], ["a b", "x y z"], ["d c"]]
    counts = bleu_counts(candidates, references)
    chosen = [0, 1, 1]
    expected = bleu([candidates[i] for i in chosen], [references[i] for i in chosen]).corpus
    assert score_counts(counts[chosen].sum(axis=0)).tolist() == pytest.approx(expected, rel=1e-15)
    assert np.shape(score_counts(counts[None])) == (1, 3, 4)


def test_no_captions_have_no_counts():
    assert bleu_counts([], []).shape == (0, 9)


def test_a_wrong_number_of_captions_is_refused():
    with pytest.raises(ValueError, match=r"Expected 2 captions. Received: 1"):
        bleu(["a"], [["a"], ["b"]])


def test_an_image_without_references_is_refused():
    with pytest.raises(ValueError, match=r"a reference for each image. Received: none for 1"):
        bleu(["a", "b"], [["a"], []])
