"""In how many images' references each n-gram of ids occurs: what CIDEr-D weighs n-grams by."""

import math
from typing import NamedTuple

import numpy as np

from im2txt.metrics.ngrams import References, caption_ngrams, merge


class NgramFrequencies(NamedTuple):
    """Of each order the n-grams, keys under one root, and in how many of `images` images each occurs."""

    keys: tuple[np.ndarray, ...]
    counts: tuple[np.ndarray, ...]
    images: int

    @classmethod
    def of(cls, references: References) -> "NgramFrequencies":
        """Counts the n-grams of the references of each image, however many of its references have one, as one."""
        by_image, by_all = references.images, np.zeros(len(references.sizes), np.int64)
        keys, counts = [], []
        for ngrams in caption_ngrams(references.captions):
            image_keys, by_image = merge(ngrams.keys, by_image)
            all_keys, by_all = merge(image_keys, by_all)
            keys.append(all_keys)
            counts.append(np.bincount(by_all, minlength=len(all_keys)))
        return cls(tuple(keys), tuple(counts), len(references.sizes))

    def squared_idf(self) -> list[np.ndarray]:
        """Returns, of each order, (log images - log counts)^2 and, last, that of an n-gram that no image has.

        Where `find` has found nothing, its -1 leads to this last one.
        """
        logs = np.array([math.log(max(1, count)) for count in range(self.images + 1)])  # NumPy's may round otherwise
        return [(logs[-1] - logs[np.append(counts, 0)]) ** 2 for counts in self.counts]
