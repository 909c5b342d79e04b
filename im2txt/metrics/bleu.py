"""BLEU-1 to BLEU-4 with the constants of the official COCO caption scorer.

Papineni et al. 2002, equations 1-3, in the corpus form: n-gram counts and lengths are summed over all images before
the division. As in the official scorer, 1e-15 and 1e-9 keep the divisions finite, for a single image just as for the
corpus; a perfect caption of one word therefore has a BLEU-2 of about 1e-3 and not of 0.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MAX_ORDER = 4
_TINY, _SMALL = 1e-15, 1e-9


class BleuScores(NamedTuple):
    """`corpus` is [orders], `per_image` is [images][orders]; entry k - 1 is BLEU-k."""

    corpus: list[float]
    per_image: list[list[float]]


def bleu(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> BleuScores:
    """Scores captions of space-separated tokens against the references of the same image."""
    counts = bleu_counts(candidates, references)
    return BleuScores(score_counts(counts.sum(axis=0)).tolist(), score_counts(counts).tolist())


def bleu_counts(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> np.ndarray:
    """Returns all that BLEU needs of each image, int64 [images, 1 + 2 * orders].

    The columns: the reference length, the candidate's n-grams of each order, and those of them that match. Their sum
    over any images, made a score by `score_counts`, is the BLEU of these images.
    """
    rows = [_count(candidate, refs) for candidate, refs in zip(candidates, references, strict=True)]
    return np.array(rows, np.int64).reshape(-1, 1 + 2 * MAX_ORDER)


def score_counts(counts: np.ndarray) -> np.ndarray:
    """Returns BLEU-1 to BLEU-4, [..., orders], of the counts of images or of their sums, [..., 1 + 2 * orders]."""
    guessed, correct = counts[..., 1 : 1 + MAX_ORDER], counts[..., 1 + MAX_ORDER :]
    ratio = (counts[..., 1] + _TINY) / (counts[..., 0] + _SMALL)
    brevity = np.exp(np.minimum(0, 1 - 1 / ratio))
    products = np.cumprod((correct + _TINY) / (guessed + _SMALL), axis=-1)
    return brevity[..., None] * products ** (1 / np.arange(1, MAX_ORDER + 1))


def grams(words: Sequence[str], order: int) -> zip:
    """Yields the n-grams of `order` words."""
    return zip(*(words[first:] for first in range(order)))


def _count(candidate: str, references: Sequence[str]) -> list[int]:
    words = candidate.split()
    sets = [reference.split() for reference in references]
    closest = min((len(reference) for reference in sets), key=lambda length: (abs(length - len(words)), length))
    correct = []
    for order in range(1, MAX_ORDER + 1):
        allowed: dict = {}
        for reference in sets:
            for gram, count in Counter(grams(reference, order)).items():
                allowed[gram] = max(count, allowed.get(gram, 0))
        found = Counter(grams(words, order))
        correct.append(sum(min(count, allowed.get(gram, 0)) for gram, count in found.items()))
    return [closest, *(max(0, len(words) - order) for order in range(MAX_ORDER)), *correct]
