"""Retrieval between images and captions: recall at K, median and mean rank, in both directions.

The protocol of Hodosh, Young & Hockenmaier 2013 and Karpathy & Fei-Fei 2015, with the counting of VSE++'s
evaluation.py, that later papers share. Every caption belongs to one image; most data sets give five to each.

    image to text    a query for each image, among all captions; its rank is that of the best of its own captions
    text to image    a query for each caption, among all images; its rank is that of its own image

    rank             1 + the items that are not right and come before the best right one
    R@K              the share of queries with a rank of at most K: success at K, not the recall of a set
    median rank      rounded down: the median of ranks 1 and 2 is 1
    recall sum       the six R@K together, by which models are chosen; 6 is perfect

Shares are fractions, not percentages. COCO's "5K" is all 5,000 test images at once, "1K" the mean over five folds of
1,000 images in the order of the split, unshuffled (`mean_of_folds`).

Ties go against the model: a wrong item that is exactly as similar as the right one comes before it. The field sorts
and takes what the sort makes of equals, so that a constant similarity may score anything up to 100 %; here it scores
nothing. `tied` says for how many queries this matters: a few where two images have the same caption, all where an
embedding has collapsed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

CUTOFFS = (1, 5, 10)


class Ranks(NamedTuple):
    """The rank of each query, int64 [queries], 1 the best, and whether it hangs on a tie, bool [queries]."""

    ranks: np.ndarray
    tied: np.ndarray


class Direction(NamedTuple):
    """The scores of one direction; `tied` is the share of queries whose rank hangs on a tie."""

    recall_1: float
    recall_5: float
    recall_10: float
    median_rank: float
    mean_rank: float
    tied: float


class Retrieval(NamedTuple):
    """The scores of both directions."""

    image_to_text: Direction
    text_to_image: Direction

    @property
    def recall_sum(self) -> float:
        """The sum of the six recalls, in [0, 6]."""
        return sum(sum(direction[: len(CUTOFFS)]) for direction in self)


def retrieval(similarities: np.ndarray, owners: Sequence[int]) -> Retrieval:
    """Scores all images against all captions.

    Args:
        similarities: [images, captions], greater is more alike.
        owners: [captions], the row of the image that each caption belongs to; for five captions an image, one image
            after the other: `np.repeat(np.arange(images), 5)`.

    Raises:
        ValueError: the shapes disagree, an owner is no row, an image has no caption, or a similarity is not a number.
    """
    return Retrieval(*map(_summarise, rank(similarities, owners)))


def mean_of_folds(similarities: np.ndarray, owners: Sequence[int], folds: int = 5) -> Retrieval:
    """Scores consecutive folds of equally many images, each with its own captions alone; returns the means.

    Raises:
        ValueError: as for `retrieval`, or the images do not divide into so many folds.
    """
    owners = _checked(similarities, owners)
    size, rest = divmod(len(similarities), folds)
    if rest or not size:
        raise ValueError(f"Expected images that divide into {folds} folds. Received: {len(similarities)} images.")
    scores = []
    for first in range(0, len(similarities), size):
        (inside,) = np.nonzero((owners >= first) & (owners < first + size))
        scores.append(retrieval(similarities[first : first + size, inside], owners[inside] - first))
    return Retrieval(*(Direction(*map(float, row)) for row in np.mean(scores, axis=0)))


def rank(similarities: np.ndarray, owners: Sequence[int]) -> tuple[Ranks, Ranks]:
    """Ranks the right answers: of each image among the captions, and of each caption among the images.

    Args and errors are those of `retrieval`.
    """
    owners = _checked(similarities, owners)
    images, captions = similarities.shape
    right = similarities[owners, np.arange(captions)]  # [captions]
    best = np.full(images, -np.inf, similarities.dtype)
    np.maximum.at(best, owners, right)
    before, level = np.zeros(images, np.int64), np.zeros(images, np.int64)
    before_owner, level_owner = np.zeros(captions, np.int64), np.zeros(captions, np.int64)
    for image, row in enumerate(similarities):  # row by row, since [images, captions] may fill the memory once
        others = owners != image
        before[image] = np.count_nonzero(row > best[image])
        level[image] = np.count_nonzero((row == best[image]) & others)
        before_owner += row > right
        level_owner += (row == right) & others
    return Ranks(1 + before + level, level > 0), Ranks(1 + before_owner + level_owner, level_owner > 0)


def _summarise(ranks: Ranks) -> Direction:
    recalls = (float(np.mean(ranks.ranks <= cutoff)) for cutoff in CUTOFFS)
    median, mean = float(np.floor(np.median(ranks.ranks))), float(np.mean(ranks.ranks))
    return Direction(*recalls, median, mean, float(np.mean(ranks.tied)))


def _checked(similarities: np.ndarray, owners: Sequence[int]) -> np.ndarray:
    """Returns the owners as an array."""
    owners, shape = np.asarray(owners), np.shape(similarities)
    if len(shape) != 2 or 0 in shape or owners.shape != shape[1:]:
        raise ValueError(
            f"Expected `similarities` of shape [images, captions] and an owner for each caption. "
            f"Received: {list(shape)} and {list(owners.shape)}."
        )
    if owners.min() < 0 or owners.max() >= shape[0]:
        raise ValueError(f"Expected owners from 0 to {shape[0] - 1}. Received: {owners.min()} to {owners.max()}.")
    (bare,) = np.nonzero(np.bincount(owners, minlength=shape[0]) == 0)
    if bare.size:
        raise ValueError(f"Expected a caption for each image. Received: none for image {bare[0]}.")
    if np.isnan(np.min(similarities)):
        raise ValueError("Expected `similarities` that are numbers. Received: NaN.")
    return owners
