"""Retrieval with a captioner: which caption an image makes probable, and which image makes a caption probable.

Source: Vinyals et al. 2015, section 4.3.5. There, image to text is ranked by a normalised score, after Mao et al. 2015
(m-RNN): by log P(caption | image) alone, short and common captions come first for every image. SCORES:

    mutual_information   log of P(caption | image) / sum over images of P(caption | image): the papers' score. Up to a
                         constant this is the pointwise mutual information of caption and image; it is also the log
                         of P(image | caption), where all images are equally likely before anything is said
    log_probability      log P(caption | image), the sum over words and <end>
    per_word             the same, divided by the number of words and <end>

All logarithms are natural. For one caption all scores put the images in the same order, so text to image does not
depend on the score.

Deviation: the sum is over the images of the split, where Mao et al. take training images. Nothing else has to be
scored then, but a pair's score depends on what other images there are. In folds it is that of the whole split.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from im2txt.metrics.retrieval import CUTOFFS, Retrieval, mean_of_folds, retrieval

_BLOCK = 1024  # captions that are in memory in float64 at once
_COLUMNS = (*(f"R@{cutoff}" for cutoff in CUTOFFS), "median_rank", "mean_rank", "tied")


def mutual_information(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Returns the logarithm of each image's share in the sum over images; arguments and result as for all SCORES.

    Args:
        values: float32 [images, captions], log P(caption | image).
        lengths: int [captions], words and <end>.

    Returns:
        float32 [images, captions]. The share p of a caption's best image is computed as -log(1 + (1 - p) / p), so
        that captions stay apart whose shares differ from one by less than a float can tell.
    """
    del lengths
    shares = np.empty_like(values)
    for first in range(0, values.shape[1], _BLOCK):
        block = np.asarray(values[:, first : first + _BLOCK], np.float64)
        below = block - block.max(axis=0)
        rest = np.exp(below)
        np.put_along_axis(rest, block.argmax(axis=0)[None], 0.0, axis=0)
        shares[:, first : first + _BLOCK] = below - np.log1p(rest.sum(axis=0))
    return shares


def log_probability(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Returns the log-probabilities as they are."""
    del lengths
    return values


def per_word(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Returns the mean over a caption's words and <end>."""
    return values / np.asarray(lengths, values.dtype)


SCORES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "mutual_information": mutual_information,  # Mao et al. 2015, Vinyals et al. 2015
    "log_probability": log_probability,
    "per_word": per_word,
}


def summarize(similarities: np.ndarray, owners: Sequence[int], folds: int = 1) -> dict[str, object]:
    """Returns the content of retrieval.json: the scores of both directions, of the whole split and as means of folds.

    Args:
        similarities: [images, captions], greater is more alike.
        owners: [captions], the image that each caption belongs to.
        folds: into how many folds to cut the images as well; 1 does not.
    """
    images, captions = similarities.shape
    of_folds = None
    if folds > 1:
        of_folds = {"folds": folds, "images": images // folds, **_named(mean_of_folds(similarities, owners, folds))}
    return {"images": images, "captions": captions, **_named(retrieval(similarities, owners)), "folds": of_folds}


def _named(scores: Retrieval) -> dict[str, object]:
    directions = {name: dict(zip(_COLUMNS, direction)) for name, direction in scores._asdict().items()}
    return {**directions, "recall_sum": scores.recall_sum}


def as_table(summary: Mapping[str, object]) -> list[tuple[str, ...]]:
    """Returns rows of cells to show, the first being the head: recalls in percent, ranks as they are."""
    parts = [(f"all {summary['images']:,} images", summary)]
    if summary["folds"]:
        parts.append((f"mean of {summary['folds']['folds']} folds", summary["folds"]))
    return [
        ("", *(f"R@{cutoff}" for cutoff in CUTOFFS), "median rank", "mean rank"),
        *(
            (f"{name.replace('_', ' ')}, {title}", *_cells(part[name]))
            for title, part in parts
            for name in Retrieval._fields
        ),
    ]


def _cells(direction: Mapping[str, float]) -> tuple[str, ...]:
    recalls = (f"{100 * direction[f'R@{cutoff}']:.1f}" for cutoff in CUTOFFS)
    return (*recalls, f"{direction['median_rank']:.4g}", f"{direction['mean_rank']:.1f}")
