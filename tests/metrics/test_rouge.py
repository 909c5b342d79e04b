"""ROUGE-L against sums done by hand."""

import random

import pytest

from im2txt.metrics.rouge import BETA, rouge_l


def f_measure(precision, recall):
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


@pytest.mark.parametrize(
    ("candidate", "reference", "common"),
    [
        # Lin 2004, section 3.1: "police killed the gunman" against two candidates
        ("police kill the gunman", "police killed the gunman", 3),
        ("the gunman kill police", "police killed the gunman", 2),
        ("a b c d e f", "f e d c b a", 1),
        ("a a b a", "a b a a", 3),
        ("x", "a b", 0),
    ],
)
def test_longest_common_subsequence(candidate, reference, common):
    precision, recall = common / len(candidate.split()), common / len(reference.split())
    expected = f_measure(precision, recall) if common else 0
    assert rouge_l([candidate], [[reference]]) == pytest.approx([expected])


def test_precision_and_recall_may_come_from_different_references():
    # against "a": P 1/2, R 1; against "a b c d": P 1, R 1/2
    assert rouge_l(["a b"], [["a", "a b c d"]]) == pytest.approx([1.0])


def test_an_empty_caption_matches_an_empty_reference():
    assert rouge_l(["", ""], [["a dog", ""], ["a dog"]]) == [1.0, 0.0]


def test_the_bits_agree_with_dynamic_programming():
    generator = random.Random(0)
    for _ in range(200):
        one, two = (generator.choices("abc", k=generator.randint(1, 70)) for _ in range(2))
        table = [[0] * (len(two) + 1) for _ in range(len(one) + 1)]
        for i, a in enumerate(one):
            for j, b in enumerate(two):
                table[i + 1][j + 1] = table[i][j] + 1 if a == b else max(table[i][j + 1], table[i + 1][j])
        common = table[-1][-1]
        expected = f_measure(common / len(one), common / len(two)) if common else 0.0
        assert rouge_l([" ".join(one)], [[" ".join(two)]]) == pytest.approx([expected])
