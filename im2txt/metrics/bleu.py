"""BLEU-1 to BLEU-4 with the constants of the official COCO caption scorer.

Papineni et al. 2002, equations 1-3, in the corpus form: n-gram counts and lengths are summed over all images before
the division. As in the official scorer, 1e-15 and 1e-9 keep the divisions finite, for a single image just as for the
corpus; a perfect caption of one word therefore has a BLEU-2 of about 1e-3 and not of 0.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

MAX_ORDER = 4
_TINY, _SMALL = 1e-15, 1e-9


class BleuScores(NamedTuple):
    """`corpus` is [orders], `per_image` is [images][orders]; entry k - 1 is BLEU-k."""

    corpus: list[float]
    per_image: list[list[float]]


class _Counts(NamedTuple):
    """What BLEU needs of one image: lengths in words, and for each order the n-grams that match."""

    length: int
    reference_length: int
    correct: list[int]


def bleu(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> BleuScores:
    """Scores captions of space-separated tokens against the references of the same image."""
    images = [_count(candidate, refs) for candidate, refs in zip(candidates, references, strict=True)]
    correct = [sum(column) for column in zip(*(image.correct for image in images))]
    length = sum(image.length for image in images)
    guessed = [sum(max(0, image.length - order) for image in images) for order in range(MAX_ORDER)]
    corpus = _score(correct, guessed, length, sum(image.reference_length for image in images))
    return BleuScores(corpus, [_score_image(image) for image in images])


def _count(candidate: str, references: Sequence[str]) -> _Counts:
    words = candidate.split()
    sets = [reference.split() for reference in references]
    closest = min((len(reference) for reference in sets), key=lambda length: (abs(length - len(words)), length))
    correct = []
    for order in range(1, MAX_ORDER + 1):
        allowed: dict = {}
        for reference in sets:
            for gram, count in Counter(_grams(reference, order)).items():
                allowed[gram] = max(count, allowed.get(gram, 0))
        found = Counter(_grams(words, order))
        correct.append(sum(min(count, allowed.get(gram, 0)) for gram, count in found.items()))
    return _Counts(len(words), closest, correct)


def _grams(words: list[str], order: int) -> zip:
    return zip(*(words[first:] for first in range(order)))


def _score_image(image: _Counts) -> list[float]:
    guessed = [max(0, image.length - order) for order in range(MAX_ORDER)]
    return _score(image.correct, guessed, image.length, image.reference_length)


def _score(correct: Sequence[int], guessed: Sequence[int], length: int, reference_length: int) -> list[float]:
    ratio = (length + _TINY) / (reference_length + _SMALL)
    brevity = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    scores, product = [], 1.0
    for order, (right, all_) in enumerate(zip(correct, guessed), start=1):
        product *= (right + _TINY) / (all_ + _SMALL)
        scores.append(brevity * product ** (1 / order))
    return scores
