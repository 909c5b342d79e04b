"""In how many images' references each n-gram of ids occurs: what CIDEr-D weighs n-grams by, and its file.

The file is a NumPy `.npz`: `keys_1` .. `keys_4`, sorted (see `im2txt.metrics.ngrams`), `counts_1` .. `counts_4`,
`images`, and `source`, which says what was counted, for ids of one vocabulary mean nothing in another.
"""

import io
import math
import os
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from im2txt.errors import UserError
from im2txt.files import write_whole
from im2txt.metrics.ngrams import MAX_ORDER, References, caption_ngrams, merge

_ORDERS = range(1, MAX_ORDER + 1)
_DAMAGED = (EOFError, KeyError, IndexError, ValueError, zipfile.BadZipFile, zlib.error)  # what np.load may raise


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

    def save(self, path: str | os.PathLike, source: str) -> None:
        """Writes the file, whole or not at all; `source` says what was counted, with which vocabulary."""
        arrays = {f"keys_{order}": keys for order, keys in zip(_ORDERS, self.keys)}
        arrays |= {f"counts_{order}": counts.astype(np.int32) for order, counts in zip(_ORDERS, self.counts)}
        content = io.BytesIO()
        np.savez(content, images=self.images, source=source, **arrays)
        write_whole(path, content.getvalue())

    @classmethod
    def load(cls, path: str | os.PathLike, source: str) -> "NgramFrequencies":
        """Reads a file that `save` wrote of the same source.

        Raises:
            UserError: it cannot be read, is no such file, or is of another source.
        """
        try:
            content = np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False)
            found, images = content["source"].item(), content["images"].item()
            keys, counts = (tuple(content[f"{name}_{order}"] for order in _ORDERS) for name in ("keys", "counts"))
        except OSError as error:
            raise UserError(f"Cannot read {path}: {error.strerror}.") from None
        except _DAMAGED as error:
            raise UserError(f"{path} is no whole file of document frequencies ({error}). Make it anew.") from None
        if found != source:
            raise UserError(f"{path} has document frequencies of {found}, not of {source}. Make it anew.")
        return cls(keys, counts, images)
