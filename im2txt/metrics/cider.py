"""CIDEr-D, the metric that the official COCO caption scorer prints as "CIDEr".

Vedantam et al. 2015, section 6: n-grams of 1 to 4 words weighted by tf-idf, the candidate's weights clipped to the
reference's, a Gaussian penalty (sigma 6) on the difference in length, times 10. As in the official scorer, the
length is the number of bigrams, tf is the raw count, idf is log(images) - log(max(1, df)) in natural logarithms, and
df counts the images with the n-gram in any of their references.

`CiderScorer` keeps what it knows of the references; `CiderD` scores texts with it, as scores are reported, and
`im2txt.metrics.cider_reward` ids, as a reward. All captions are scored at once, n-gram order by n-gram order.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from im2txt.metrics.bleu import grams
from im2txt.metrics.ngram_frequencies import NgramFrequencies
from im2txt.metrics.ngrams import (
    MAX_ORDER,
    CaptionNgrams,
    Captions,
    Groups,
    References,
    caption_ngrams,
    find,
    merge,
    prefixes,
    smallest,
)

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
            words = [caption.split() for caption in captions]
            counts.update({gram for each in words for order in range(1, MAX_ORDER + 1) for gram in grams(each, order)})
        return cls(counts, len(references))


class _Order(NamedTuple):
    """What is known of the n-grams of one order. A holder of an image's n-gram is a reference of it that has it."""

    known: np.ndarray  # keys [ngrams], under one root
    squared_idf: np.ndarray  # [ngrams + 1], the last for what is not known
    keys: np.ndarray  # [image ngrams], with the images as roots
    of_images: Groups  # of image ngrams
    of_ngrams: Groups  # of holders
    holders: np.ndarray  # [holders], references
    counts: np.ndarray  # [holders], how often the reference has the n-gram
    norms: np.ndarray  # [references], of their tf-idf


class CiderScorer:
    """Scores captions against references that stay the same. Nothing in it changes: threads may share it."""

    def __init__(self, references: References, frequencies: NgramFrequencies) -> None:
        """Makes ready the references of each image, to be weighted by document frequencies."""
        if frequencies.images < 1:
            raise ValueError(f"Expected document frequencies of at least one image. Received: {frequencies.images}.")
        self._references = Groups.of_sizes(references.sizes)
        self._bigrams = _bigrams(references.captions)
        self._orders = list(_prepared(references, frequencies))

    def score(self, candidates: Captions, images: np.ndarray) -> np.ndarray:
        """Returns the CIDEr-D of each caption, float64 [candidates]; `images` has the place of the image of each."""
        images = images.astype(np.int64)
        firsts, sizes = self._references.firsts_and_sizes(images)
        references = self._references.members(images)  # one for each pair of a candidate and a reference of its image
        owners = np.repeat(np.arange(len(images)), sizes)
        shifts = np.cumsum(sizes) - sizes - firsts  # from a reference to the pair that a candidate makes with it
        cosines = np.zeros(len(references))
        for order, ngrams, weights, places in self._looked_up(candidates, images):
            pairs, terms = _products(order, ngrams, weights, places, shifts)
            products = np.bincount(pairs, terms, len(references))
            norms = _norms(ngrams, weights, len(images))[owners] * order.norms[references]
            cosines += np.divide(products, norms, out=np.zeros(len(references)), where=products > 0)
        differences = _bigrams(candidates)[owners] - self._bigrams[references]
        penalized = cosines * np.exp(-(differences**2) / (2 * SIGMA**2))
        return 10 / MAX_ORDER * np.bincount(owners, penalized, len(images)) / sizes

    def _looked_up(
        self, candidates: Captions, images: np.ndarray
    ) -> Iterator[tuple[_Order, CaptionNgrams, np.ndarray, np.ndarray]]:
        """Yields for each order the n-grams of candidates, their squared idf and their places among their image's."""
        pool = np.unique(images)
        by_image, by_batch, by_all = images, np.zeros(len(images), np.int64), np.zeros(1, np.int64)
        for ngrams, order in zip(caption_ngrams(candidates), self._orders):
            different, by_batch = merge(ngrams.keys, by_batch)
            by_all = find(different, by_all, order.known)
            near = order.of_images.members(pool)  # searching few that lie together is faster
            by_image = np.append(near, -1)[find(ngrams.keys, by_image, order.keys[near])]
            yield order, ngrams, order.squared_idf[by_all[by_batch]], by_image


class CiderD:
    """Scores captions against references that stay the same, with the document frequencies of these."""

    def __init__(self, references: Sequence[Sequence[str]]) -> None:
        """Makes ready the references of each image, [images][captions] of space-separated tokens."""
        self._ids: dict[str, int] = {}
        joined = References.of_texts(references, self._ids)
        self._images = len(references)
        self._scorer = CiderScorer(joined, NgramFrequencies.of(joined))

    def score(self, candidates: Sequence[str]) -> np.ndarray:
        """Returns the CIDEr-D of each image's caption, float64 [images]; the corpus score is the mean."""
        if len(candidates) != self._images:
            raise ValueError(f"Expected {self._images} captions. Received: {len(candidates)}.")
        return self._scorer.score(Captions.of_texts(candidates, dict(self._ids)), np.arange(self._images))


def _prepared(references: References, frequencies: NgramFrequencies) -> Iterator[_Order]:
    orders = zip(caption_ngrams(references.captions), frequencies.keys, frequencies.squared_idf(), strict=True)
    by_image, by_all = references.images, np.zeros(len(references.sizes), np.int64)
    owners = np.arange(len(references.sizes))
    for ngrams, known, squared_idf in orders:
        keys, by_image = merge(ngrams.keys, by_image)
        by_all = find(keys, by_all, known)
        owners = owners[prefixes(keys)]
        by_ngram = np.argsort(by_image, kind="stable")
        yield _Order(
            known,
            squared_idf,
            keys,
            Groups.of_sizes(np.bincount(owners, minlength=len(references.sizes))),
            Groups.of_sizes(np.bincount(by_image, minlength=len(keys))),
            smallest(ngrams.captions[by_ngram]),
            smallest(ngrams.counts[by_ngram]),
            _norms(ngrams, squared_idf[by_all[by_image]], len(references.captions.lengths)),
        )


def _products(
    order: _Order, ngrams: CaptionNgrams, weights: np.ndarray, places: np.ndarray, shifts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns what each n-gram of a candidate adds to the product with each of its holders, and that pair."""
    held = np.flatnonzero(places >= 0)
    _, sizes = order.of_ngrams.firsts_and_sizes(places[held])
    holders, ours = order.of_ngrams.members(places[held]), np.repeat(held, sizes)
    clipped = np.minimum(ngrams.counts[ours], order.counts[holders])
    pairs = order.holders[holders] + shifts[ngrams.captions[ours]]
    return pairs, clipped * order.counts[holders] * weights[ours]


def _norms(ngrams: CaptionNgrams, weights: np.ndarray, captions: int) -> np.ndarray:
    """Returns the norm of the tf-idf of each caption, [captions]."""
    return np.sqrt(np.bincount(ngrams.captions, ngrams.counts**2 * weights, captions))


def _bigrams(captions: Captions) -> np.ndarray:
    """Returns the number of bigrams of each caption, [captions]."""
    return np.maximum(0, captions.lengths - 1)
