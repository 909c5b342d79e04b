"""CIDEr-D, the metric that the official COCO caption scorer prints as "CIDEr".

Vedantam et al. 2015, section 6: n-grams of 1 to 4 words weighted by tf-idf, the candidate's weights clipped to the
reference's, a Gaussian penalty (sigma 6) on the difference in length, times 10. As in the official scorer, the
length is the number of bigrams, tf is the raw count, idf is log(images) - log(max(1, df)) in natural logarithms, and
df counts the images with the n-gram in any of their references.

`CiderD` keeps what it knows of the references, so that one object can score every evaluation of a run, or be the
reward of self-critical training, where the tokens may be ids: "17 4 256 2". Frequencies never grow while scoring.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

MAX_ORDER = 4
SIGMA = 6.0


class DocumentFrequencies(NamedTuple):
    """In how many of `images` images each n-gram (a tuple of words) occurs."""

    counts: Mapping[tuple[str, ...], int]
    images: int

    @classmethod
    def of(cls, references: Sequence[Sequence[str]]) -> "DocumentFrequencies":
        """Counts the n-grams of the references of each image."""
        counts: Counter = Counter()
        for captions in references:
            counts.update({gram for caption in captions for gram in _grams(caption.split())})
        return cls(counts, len(references))


class _Image(NamedTuple):
    """The references of one image: which of them contain an n-gram and how often, their norms and lengths."""

    holders: dict[tuple[str, ...], tuple[tuple[int, int], ...]]  # n-gram -> ((reference, count), ...)
    norms: list[list[float]]  # [references][orders]
    lengths: list[int]  # [references], in bigrams


class CiderD:
    """Scores captions against references that stay the same."""

    def __init__(self, references: Sequence[Sequence[str]], frequencies: DocumentFrequencies | None = None) -> None:
        """Prepares the references of each image, captions of space-separated tokens.

        Args:
            references: [images][captions].
            frequencies: document frequencies of another collection, for rewards; by default those of `references`,
                as reported scores have them.
        """
        counts, images = frequencies or DocumentFrequencies.of(references)
        if images < 1:
            raise ValueError(f"Expected document frequencies of at least one image. Received: {images}.")
        self._unseen = math.log(images) ** 2
        self._squared_idf = {gram: (math.log(images) - math.log(max(1, count))) ** 2 for gram, count in counts.items()}
        self._images = [self._prepare(captions) for captions in references]

    def score(self, candidates: Sequence[str], images: Sequence[int] | None = None) -> np.ndarray:
        """Returns the CIDEr-D of each caption, float64 [candidates]; the corpus score is the mean.

        Args:
            candidates: captions of space-separated tokens.
            images: for each candidate the position of its image in the references; by default 0, 1, 2, ...
        """
        positions = range(len(self._images)) if images is None else images
        if len(candidates) != len(positions):
            raise ValueError(f"Expected {len(positions)} captions. Received: {len(candidates)}.")
        return np.array([self._score(caption.split(), self._images[i]) for caption, i in zip(candidates, positions)])

    def _prepare(self, captions: Sequence[str]) -> _Image:
        holders: dict = {}
        norms, lengths = [], []
        for reference, caption in enumerate(captions):
            words = caption.split()
            squares = [0.0] * MAX_ORDER
            for gram, count in Counter(_grams(words)).items():
                holders[gram] = (*holders.get(gram, ()), (reference, count))
                squares[len(gram) - 1] += count * count * self._squared_idf.get(gram, self._unseen)
            norms.append([math.sqrt(square) for square in squares])
            lengths.append(max(0, len(words) - 1))
        return _Image(holders, norms, lengths)

    def _score(self, words: list[str], image: _Image) -> float:
        squares = [0.0] * MAX_ORDER
        products = [[0.0] * MAX_ORDER for _ in image.lengths]  # [references][orders]
        holders, squared_idf, unseen = image.holders, self._squared_idf, self._unseen
        for gram, count in Counter(_grams(words)).items():
            weight, order = squared_idf.get(gram, unseen), len(gram) - 1
            squares[order] += count * count * weight
            for reference, held in holders.get(gram, ()):
                products[reference][order] += min(count, held) * held * weight
        norms = [math.sqrt(square) for square in squares]
        length, total = max(0, len(words) - 1), 0.0
        for row, reference_norms, reference_length in zip(products, image.norms, image.lengths):
            cosines = sum(p / (norm * other) for p, norm, other in zip(row, norms, reference_norms) if p)
            total += cosines * math.exp(-((length - reference_length) ** 2) / (2 * SIGMA**2))
        return 10 * total / (MAX_ORDER * len(products))


def _grams(words: list[str]) -> chain[tuple[str, ...]]:
    """Yields the n-grams of 1 to 4 words."""
    tails = [words[first:] for first in range(MAX_ORDER)]
    return chain.from_iterable(zip(*tails[:order]) for order in range(1, MAX_ORDER + 1))
