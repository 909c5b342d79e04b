"""BLEU-1 to BLEU-4 with the constants of the official COCO caption scorer.

Papineni et al. 2002, equations 1-3, in the corpus form: n-gram counts and lengths are summed over all images before
the division. As in the official scorer, 1e-15 and 1e-9 keep the divisions finite, for a single image just as for the
corpus; a perfect caption of one word therefore has a BLEU-2 of about 1e-3 and not of 0.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from im2txt.metrics.ngrams import MAX_ORDER, Captions, References, caption_ngrams, find, merge

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
    if len(candidates) != len(references):
        raise ValueError(f"Expected {len(references)} captions. Received: {len(candidates)}.")
    ids: dict[str, int] = {}
    targets, captions = References.of_texts(references, ids), Captions.of_texts(candidates, ids)
    orders = range(MAX_ORDER)
    guessed = np.maximum(0, captions.lengths[:, None] - orders)
    return np.column_stack([_closest_lengths(captions, targets), guessed, *_correct(captions, targets)])


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


def _closest_lengths(captions: Captions, references: References) -> np.ndarray:
    """Returns the length of the reference that is nearest in length to the caption of its image, [images]."""
    lengths, owners = references.captions.lengths, references.images
    differences = np.abs(lengths - captions.lengths[owners])
    nearest_first = np.lexsort((lengths, differences, owners))  # of equally near ones the shorter
    return lengths[nearest_first[np.cumsum(references.sizes) - references.sizes]]


def _correct(captions: Captions, references: References) -> Iterator[np.ndarray]:
    """Yields, for each order, how many n-grams of each caption match, [images]."""
    by_image, found = references.images, np.arange(len(captions.lengths))
    for guessed, held in zip(caption_ngrams(captions), caption_ngrams(references.captions)):
        keys, by_image = merge(held.keys, by_image)
        allowed = np.zeros(len(keys) + 1, np.int64)  # the last for n-grams that are not found
        np.maximum.at(allowed, by_image, held.counts)
        found = find(guessed.keys, found, keys)
        matches = np.minimum(guessed.counts, allowed[found])
        yield np.bincount(guessed.captions, matches, len(captions.lengths)).astype(np.int64)
