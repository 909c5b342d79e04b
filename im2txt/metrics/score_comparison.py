"""Compares two systems on the same references, metric by metric.

Each metric gets the difference of the corpus scores, its 95 % interval and p by paired bootstrap, and p by approximate
randomisation (`im2txt.metrics.significance` says what they mean, and which to prefer). All metrics are tried on the
same resamples. A metric that one of the systems lacks is `None`. METEOR is counted once more: its corpus score is not
the mean of its images', so that the scores of images cannot stand in for what it counts.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from im2txt.metrics.bleu import MAX_ORDER, score_counts
from im2txt.metrics.caption_scores import METRICS, Scores
from im2txt.metrics.meteor import Counts, meteor
from im2txt.metrics.meteor_data import meteor_data
from im2txt.metrics.significance import (
    RESAMPLES,
    Interval,
    Statistics,
    approximate_randomisation,
    bleu_statistics,
    mean_statistics,
    meteor_statistics,
    paired_bootstrap,
)

_MEANS = ("ROUGE-L", "CIDEr-D")


class Comparison(NamedTuple):
    """Two systems under one metric; differences are first minus second, `interval` holds 95 % of them."""

    first: float
    second: float
    difference: float
    interval: Interval
    wins: float
    p_bootstrap: float
    p_randomisation: float


def caption_statistics(
    scores: Scores, captions: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, Statistics]:
    """Returns the statistics of each metric that is available.

    Args:
        scores: of these captions.
        captions: of space-separated tokens, in the order of `scores.per_image`.
        references: [images][captions], of tokens likewise.
    """
    counts = bleu_statistics(captions, references).per_image
    means = {name: mean_statistics([image[name] for image in scores.per_image.values()]) for name in _MEANS}
    found = {f"BLEU-{order}": _bleu(counts, order) for order in range(1, MAX_ORDER + 1)} | means
    data = None if scores.corpus["METEOR"] is None else meteor_data()
    if data:
        found["METEOR"] = meteor_statistics(list(map(meteor_numbers, meteor(captions, references, data).counts)))
    return found


def meteor_numbers(counts: Counts) -> list[int]:
    """Returns METEOR's counts of an image as the 23 numbers of its program, in their order."""
    one, other, chunks = counts
    modules = zip(one.content_matches, other.content_matches, one.function_matches, other.function_matches)
    words = [one.words, other.words, one.function_words, other.function_words]
    return [*words, *chain.from_iterable(modules), chunks, one.matches, other.matches]


def compare_systems(
    first: Mapping[str, Statistics], second: Mapping[str, Statistics], samples: int = RESAMPLES, seed: int = 0
) -> dict[str, Comparison | None]:
    """Compares two systems by the statistics of each metric, on the same images; None: not available."""
    return {
        name: _compare(first[name], second[name], samples, seed) if name in first and name in second else None
        for name in dict.fromkeys([*METRICS, *first])
    }


def _compare(first: Statistics, second: Statistics, samples: int, seed: int) -> Comparison:
    bootstrap = paired_bootstrap(first, second, np.random.default_rng(seed), samples)
    return Comparison(
        first.corpus,
        second.corpus,
        first.corpus - second.corpus,
        bootstrap.difference,
        bootstrap.wins,
        bootstrap.p_value,
        approximate_randomisation(first, second, np.random.default_rng(seed), samples),
    )


def _bleu(counts: np.ndarray, order: int) -> Statistics:
    return Statistics(counts, lambda sums: score_counts(sums)[..., order - 1])
