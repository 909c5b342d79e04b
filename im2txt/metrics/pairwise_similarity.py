"""How alike captions are, each of a set with each other: CIDEr or BLEU-4 of all pairs at once.

The n-grams of all captions are numbered and counted once; a set of captions is then compared by a product of matrices:
300 captions, 90,000 pairs, take a few milliseconds. Captions are strings of space-separated tokens.

    cider   the mean over n = 1..4 of the cosines of tf-idf vectors (Vedantam et al. 2015, equations 1-3, without
            their factor of 10): what `im2txt.metrics.diversity.cider_kernel` gives, idf being of the captions
            themselves
    bleu    BLEU-4 of a caption against the other as its only reference, as `im2txt.metrics.bleu` gives it for one
            image; of two captions without a common 4-gram it is as good as 0

Both lie in [0, 1]. The original CIDEr and not CIDEr-D, whose clipping is no product of matrices.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from im2txt.metrics.bleu import score_counts
from im2txt.metrics.cider import MAX_ORDER

Similarity = Callable[[np.ndarray], np.ndarray]
"""Takes positions of captions, int64 [set], and returns the similarity of each (rows) with each, [set, set]. That of
a caption with itself means nothing."""


class Ngrams(NamedTuple):
    """How often each caption has each of its n-grams, sorted by caption.

    Attributes:
        captions: int64 [entries], the position of a caption.
        grams: int64 [entries], the number of an n-gram of it.
        counts: int64 [entries], how often it occurs there.
        orders: int64 [n-grams], the words of each n-gram, less one.
        lengths: int64 [captions], in words.
    """

    captions: np.ndarray
    grams: np.ndarray
    counts: np.ndarray
    orders: np.ndarray
    lengths: np.ndarray


def count_ngrams(captions: Sequence[str]) -> Ngrams:
    """Numbers and counts the n-grams of 1 to 4 words."""
    numbers: dict[str, int] = {}
    words = [[numbers.setdefault(word, len(numbers)) for word in caption.split()] for caption in captions]
    lengths = np.array([len(each) for each in words], np.int64)
    stream = np.array([word for each in words for word in each], np.int64)
    owners = np.repeat(np.arange(len(words)), lengths)
    left = np.cumsum(lengths)[owners] - np.arange(len(stream))  # words from here to the end of the caption
    first, keys = np.arange(len(stream)), stream
    entries, orders, total = [], [], 0
    for order in range(MAX_ORDER):
        distinct, grams = np.unique(keys, return_inverse=True)
        entries.append((owners[first], grams + total))
        orders.append(np.full(len(distinct), order))
        total += len(distinct)
        longer = left[first] > order + 1
        first, grams = first[longer], grams[longer]
        keys = grams * len(numbers) + stream[first + min(order + 1, MAX_ORDER - 1)]  # the last is not used
    holders, grams = map(np.concatenate, zip(*entries))
    pairs, counts = np.unique(holders * total + grams, return_counts=True)
    return Ngrams(*np.divmod(pairs, max(1, total)), counts, np.concatenate(orders), lengths)


def cider_similarity(captions: Sequence[str], images: np.ndarray) -> Similarity:
    """Returns the function `cider`; `images`, int64 [captions], says which captions are of the same image."""
    ngrams = count_ngrams(captions)
    total = max(1, len(ngrams.orders))
    in_images = np.unique(images[ngrams.captions] * total + ngrams.grams) % total  # each n-gram once an image
    frequencies = np.bincount(in_images, minlength=total)
    idf = math.log(len(np.unique(images))) - np.log(np.maximum(1, frequencies))
    weights = ngrams.counts * idf[ngrams.grams]
    parts = ngrams.captions * MAX_ORDER + ngrams.orders[ngrams.grams]
    norms = np.sqrt(np.bincount(parts, weights**2, minlength=1))[parts]
    # Scaled so that one product of whole rows is the mean of the cosines of the four orders.
    values = weights / np.where(norms > 0, norms, 1) / math.sqrt(MAX_ORDER)
    return _Rows(ngrams.captions, ngrams.grams, values, len(captions)).products


def bleu_similarity(captions: Sequence[str], images: np.ndarray) -> Similarity:
    """Returns the function `bleu`: the candidates are the rows, the references the columns."""
    del images
    ngrams = count_ngrams(captions)
    # An n-gram that occurs twice is two columns, "once" and "twice": then min(a, b) is a product of zeros and ones.
    entry = np.repeat(np.arange(len(ngrams.counts)), ngrams.counts)
    time = np.arange(len(entry)) - (np.cumsum(ngrams.counts) - ngrams.counts)[entry]
    columns = ngrams.grams[entry] * max(1, ngrams.counts.max(initial=0)) + time
    orders = ngrams.orders[ngrams.grams[entry]]
    rows = [
        _Rows(ngrams.captions[entry][orders == order], columns[orders == order], np.float32(1), len(captions))
        for order in range(MAX_ORDER)
    ]

    def similarity(chosen: np.ndarray) -> np.ndarray:
        lengths = ngrams.lengths[chosen]
        counts = np.empty((len(chosen), len(chosen), 1 + 2 * MAX_ORDER))  # the columns of `bleu_counts`
        counts[..., 0] = lengths
        counts[..., 1 : 1 + MAX_ORDER] = np.maximum(0, lengths[:, None] - np.arange(MAX_ORDER))[:, None]
        counts[..., 1 + MAX_ORDER :] = np.stack([each.products(chosen) for each in rows], axis=-1)
        return score_counts(counts)[..., -1]

    return similarity


SIMILARITIES = {"cider": cider_similarity, "bleu": bleu_similarity}


class _Rows:
    """Rows of numbers of which most are 0: entries (row, column, value), sorted by row."""

    def __init__(self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, count: int) -> None:
        self._starts = np.searchsorted(rows, np.arange(count + 1))
        self._columns, self._values = columns, np.broadcast_to(values, columns.shape)

    def products(self, chosen: np.ndarray) -> np.ndarray:
        """Returns the inner products of the chosen rows, [chosen, chosen]; those of a row with itself are too small."""
        starts, lengths = self._starts[chosen], self._starts[chosen + 1] - self._starts[chosen]
        rows = np.repeat(np.arange(len(chosen)), lengths)
        places = np.arange(len(rows)) + (starts - (np.cumsum(lengths) - lengths))[rows]
        _, columns, holders = np.unique(self._columns[places], return_inverse=True, return_counts=True)
        shared = holders[columns] > 1  # most columns are those of one row alone: they take time and change nothing
        _, columns = np.unique(columns[shared], return_inverse=True)
        dense = np.zeros((len(chosen), columns.max(initial=-1) + 1), self._values.dtype)
        dense[rows[shared], columns] = self._values[places[shared]]
        return dense @ dense.T
