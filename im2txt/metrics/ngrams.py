"""The n-grams of many captions at once, as sorted integer keys in NumPy arrays.

The key of an n-gram is the place of its first n - 1 words among the keys of the order before, and its last word, side
by side in 64 bits. Nothing is hashed, so that different n-grams never meet, whatever the size of the vocabulary. Before
the first order stand roots, and they decide what is told apart: with a root for each caption, an n-gram has a key in
each caption that has it; with a root for each image, in each image; with a single root, one in all.

Orders are gone through one by one, since each needs only the places of the one before.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

MAX_ORDER = 4
_WORD_BITS = 31
_WORD = (1 << _WORD_BITS) - 1


class Captions(NamedTuple):
    """Captions one after another: `words` are ids in [0, 2**31), int64 [tokens]; `lengths`, int64 [captions]."""

    words: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of_ids(cls, captions: Sequence[Sequence[int]]) -> "Captions":
        """Joins captions that are sequences of ids."""
        lengths = np.fromiter(map(len, captions), np.int64, len(captions))
        words = np.fromiter(chain.from_iterable(captions), np.int64, lengths.sum())
        if words.size and not 0 <= words.min() <= words.max() <= _WORD:
            raise ValueError(f"Expected ids in [0, 2**31). Received: {words.min()} .. {words.max()}.")
        return cls(words, lengths)

    @classmethod
    def of_texts(cls, captions: Iterable[str], ids: dict[str, int]) -> "Captions":
        """Joins captions of space-separated tokens; gives ids to the words that `ids` lacks."""
        split = [caption.split() for caption in captions]
        for word in dict.fromkeys(chain.from_iterable(split)):
            ids.setdefault(word, len(ids))
        return cls.of_ids([[ids[word] for word in words] for words in split])

    def with_last(self, word: int) -> "Captions":
        """Returns the captions with one more word at the end of each."""
        return Captions(np.insert(self.words, np.cumsum(self.lengths), word), self.lengths + 1)


class Groups(NamedTuple):
    """Things that lie grouped by owner: `starts` has the first thing of each owner and, last, their number."""

    starts: np.ndarray  # [owners + 1]

    @classmethod
    def of_sizes(cls, sizes: np.ndarray) -> "Groups":
        """Makes groups of so many things, [owners]."""
        return cls(smallest(np.append(0, np.cumsum(sizes))))

    def firsts_and_sizes(self, owners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the first of each owner's things and how many it has."""
        firsts = self.starts[owners].astype(np.int64)
        return firsts, self.starts[owners + 1] - firsts

    def members(self, owners: np.ndarray) -> np.ndarray:
        """Returns the things of each owner, one owner's after another's."""
        firsts, sizes = self.firsts_and_sizes(owners)
        return np.arange(sizes.sum()) + np.repeat(firsts - np.cumsum(sizes) + sizes, sizes)


class References(NamedTuple):
    """The references of images, one image after another; `sizes`, int64 [images], says how many each has."""

    captions: Captions
    sizes: np.ndarray

    @classmethod
    def of_ids(cls, references: Sequence[Sequence[Sequence[int]]]) -> "References":
        """Joins references [images][captions][words]."""
        return cls(Captions.of_ids(list(chain.from_iterable(references))), _sizes(references))

    @classmethod
    def of_texts(cls, references: Sequence[Sequence[str]], ids: dict[str, int]) -> "References":
        """Joins references [images][captions] of space-separated tokens, as `Captions` does."""
        return cls(Captions.of_texts(chain.from_iterable(references), ids), _sizes(references))

    @property
    def images(self) -> np.ndarray:
        """The image of each reference."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)


class CaptionNgrams(NamedTuple):
    """The different n-grams of each caption, of one order: keys, the caption of each, and how often it has it."""

    keys: np.ndarray
    captions: np.ndarray
    counts: np.ndarray


def caption_ngrams(captions: Captions) -> Iterator[CaptionNgrams]:
    """Yields the n-grams of 1 to 4 words, with the captions as roots."""
    places = owners = np.arange(len(captions.lengths))
    for occurring in _occurrences(captions):
        keys, places = merge(occurring, places)
        owners = owners[prefixes(keys)]
        yield CaptionNgrams(keys, owners, np.bincount(places, minlength=len(keys)))


def prefixes(keys: np.ndarray) -> np.ndarray:
    """Returns the place of the first n - 1 words of each n-gram in the order before; its root in the first order."""
    return keys >> _WORD_BITS


def merge(keys: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Puts n-grams under other roots.

    Args:
        keys: [ngrams].
        places: where the n-grams of the order before went to; for the first order, the new root of each root.

    Returns:
        The different new keys, ascending, and the place of each n-gram among them.
    """
    return np.unique(_moved(keys, places), return_inverse=True)


def find(keys: np.ndarray, places: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Returns the place of each n-gram among `known` keys, -1 where it is not there; the rest as in `merge`."""
    keys = _moved(keys, places)
    found = np.searchsorted(known, keys)
    found[found == len(known)] = -1
    return np.where(known[found] == keys, found, -1) if len(known) else found


def smallest(values: np.ndarray) -> np.ndarray:
    """Returns integers from 0 on in the type that takes the least memory."""
    return values.astype(np.min_scalar_type(values.max(initial=0)))


def _moved(keys: np.ndarray, places: np.ndarray) -> np.ndarray:
    return places[prefixes(keys)] << _WORD_BITS | keys & _WORD  # a place of -1 makes a key that nothing has


def _occurrences(captions: Captions) -> Iterator[np.ndarray]:
    """Yields, for each order, the keys of the n-grams as they stand, with the captions as roots, unsorted."""
    words, lengths = captions
    ends = np.repeat(np.cumsum(lengths), lengths)
    starts, places = np.arange(len(words)), np.repeat(np.arange(len(lengths)), lengths)
    for order in range(MAX_ORDER):
        yield places << _WORD_BITS | words[starts + order]
        places = np.flatnonzero(starts + order + 1 < ends[starts])
        starts = starts[places]


def _sizes(references: Sequence[Sequence]) -> np.ndarray:
    sizes = np.fromiter(map(len, references), np.int64, len(references))
    if not sizes.all():
        raise ValueError(f"Expected a reference for each image. Received: none for {np.count_nonzero(sizes == 0)}.")
    return sizes
