"""Is one system better than another, or lucky? Paired tests and confidence intervals of corpus scores.

Both systems captioned the same images, and a test set is a sample of images, so images are what is drawn again:

* Paired bootstrap (Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation", section 6):
  draw as many images as there are, with replacement, the same for both; score both; repeat.
  Intervals are percentiles of the resampled scores (his section 5). `wins` is how often the first was better.
  His test is one-sided: 0.95 of the wins is p = 0.05. Here p is two-sided, to stand beside the other test,
      p = min(1, 2 (1 + c) / (1 + resamples)),    c = resamples in which the better system was not better.
* Approximate randomisation (Riezler & Maxwell 2005, "On Some Pitfalls in Automatic Evaluation and Significance
  Testing for MT", figure 1): were the systems alike, it would not matter which of them wrote which caption. So swap
  their captions of each image with probability 1/2, and count the trials with at least the difference found,
      p = (1 + c) / (1 + trials),    c = trials with |difference| >= |difference found|.
  They find it the more careful of the two: prefer it for the claim, and the bootstrap for the interval.

The 1 counts the data as found; p is never 0: a number of trials can show no p below 1 / (1 + trials).

A corpus score comes from statistics of each image, added up over the images drawn and then made a score. That is
right for BLEU and METEOR, whose corpus score is not the mean of their images'. ROUGE-L and CIDEr-D are such means.
CIDEr-D weighs n-grams by how many images have them: these document frequencies stay those of all references, whatever
images are drawn, so that every resample is measured by one yardstick.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from im2txt.metrics.bleu import bleu_counts, score_counts

RESAMPLES = 10_000
_DRAWN_AT_ONCE = 2**20  # images; a resample takes 16 bytes for each
_ROUNDING = 1e-12  # the same sum in another order is the same difference


class Statistics(NamedTuple):
    """What a corpus score is made of: numbers of each image, and the score of their sums.

    Attributes:
        per_image: [images, columns].
        score: takes sums over images [..., columns], returns scores [...].
    """

    per_image: np.ndarray
    score: Callable[[np.ndarray], np.ndarray]

    @property
    def corpus(self) -> float:
        """The score of all images."""
        return float(self.score(self.per_image.sum(axis=0)))


class Interval(NamedTuple):
    """A confidence interval."""

    low: float
    high: float


class Bootstrap(NamedTuple):
    """What paired resampling says of two systems; differences are first minus second."""

    first: Interval
    second: Interval
    difference: Interval
    wins: float
    p_value: float


def mean_statistics(scores: Sequence[float]) -> Statistics:
    """Statistics of a corpus score that is the mean over images, as ROUGE-L and CIDEr-D are."""
    scores = np.asarray(scores, np.float64)
    columns = np.stack([scores, np.ones_like(scores)], axis=-1)
    return Statistics(columns, lambda sums: sums[..., 0] / sums[..., 1])


def bleu_statistics(candidates: Sequence[str], references: Sequence[Sequence[str]], order: int = 4) -> Statistics:
    """Statistics of BLEU of any order, of captions of space-separated tokens."""
    counts = bleu_counts(candidates, references).astype(np.float64)
    return Statistics(counts, lambda sums: score_counts(sums)[..., order - 1])


def meteor_statistics(numbers: Sequence[Sequence[float]]) -> Statistics:
    """Statistics of METEOR 1.5, of the 23 numbers that its scorer gives for each image, [images, 23].

    They are, in order: words of caption and reference; function words of both; for each module (exact, stem, synonym,
    paraphrase) the matched content words and the matched function words of both; chunks; matched words of both.
    As in the official corpus score, the one chunk of a caption that matches its reference whole is left out.
    """
    numbers = np.array(numbers, np.float64)
    whole = (numbers[:, 20] == 1) & (numbers[:, 21:] == numbers[:, :2]).all(axis=1)
    numbers[whole, 20] = 0
    return Statistics(numbers, _meteor)


def confidence_interval(
    statistics: Statistics, generator: np.random.Generator, resamples: int = RESAMPLES, confidence: float = 0.95
) -> Interval:
    """Returns the interval of one system's score, by percentiles of bootstrap resamples."""
    sums = _resampled(np.asarray(statistics.per_image, np.float64), generator, resamples)
    return _interval(statistics.score(sums), confidence)


def paired_bootstrap(
    first: Statistics,
    second: Statistics,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> Bootstrap:
    """Compares two systems on resamples of the same images.

    Raises:
        ValueError: the two are not statistics of the same images, or there are none.
    """
    _check_pair(first, second)
    columns = first.per_image.shape[1]
    sums = _resampled(np.concatenate([first.per_image, second.per_image], axis=1), generator, resamples)
    one, other = first.score(sums[:, :columns]), second.score(sums[:, columns:])
    differences = one - other
    losses = int(np.count_nonzero(np.sign(first.corpus - second.corpus) * differences <= _ROUNDING))
    return Bootstrap(
        _interval(one, confidence),
        _interval(other, confidence),
        _interval(differences, confidence),
        float(np.mean(differences > _ROUNDING)),
        min(1.0, 2 * (1 + losses) / (1 + resamples)),
    )


def approximate_randomisation(
    first: Statistics, second: Statistics, generator: np.random.Generator, trials: int = RESAMPLES
) -> float:
    """Returns how likely a difference as great as that of the two systems is by chance: the two-sided p.

    Raises:
        ValueError: the two are not statistics of the same images, or there are none.
    """
    _check_pair(first, second)
    found = abs(first.corpus - second.corpus)
    change = second.per_image - first.per_image
    totals, reached = (first.per_image.sum(axis=0), second.per_image.sum(axis=0)), 0
    for size in _portions(trials, len(change)):
        swapped = generator.integers(0, 2, (size, len(change)), bool).astype(np.float64) @ change  # [size, columns]
        differences = first.score(totals[0] + swapped) - second.score(totals[1] - swapped)
        reached += int(np.count_nonzero(np.abs(differences) >= found - _ROUNDING))
    return (1 + reached) / (1 + trials)


def _resampled(per_image: np.ndarray, generator: np.random.Generator, resamples: int) -> np.ndarray:
    """Returns the sums over the images of each resample, [resamples, columns]."""
    images = len(per_image)
    sums = []
    for size in _portions(resamples, images):
        drawn = generator.integers(0, images, (size, images))
        drawn += images * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * images).reshape(size, images)
        sums.append(times.astype(np.float64) @ per_image)
    return np.concatenate(sums)


def _portions(number: int, images: int) -> Iterator[int]:
    """Splits a number of resamples into portions that fit the memory."""
    at_once = max(1, _DRAWN_AT_ONCE // images)
    for done in range(0, number, at_once):
        yield min(at_once, number - done)


def _interval(scores: np.ndarray, confidence: float) -> Interval:
    low, high = np.quantile(scores, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def _meteor(sums: np.ndarray) -> np.ndarray:
    """METEOR 1.5 of sums [..., 23], with the weights tuned for English: alpha .85, beta .2, gamma .6, delta .75."""
    modules = sums[..., 4:20].reshape(*sums.shape[:-1], 4, 2, 2)  # module, content or function, caption or reference
    weights = np.einsum("m,f->mf", [1, 0.6, 0.8, 0.6], [0.75, 0.25])
    matched = np.einsum("mf,...mfs->...s", weights, modules)
    words = 0.75 * (sums[..., :2] - sums[..., 2:4]) + 0.25 * sums[..., 2:4]
    precision, recall = np.moveaxis(_ratio(matched, words), -1, 0)
    f_mean = _ratio(precision * recall, 0.15 * recall + 0.85 * precision)
    fragmentation = _ratio(sums[..., 20], sums[..., 21:].mean(axis=-1))
    return np.maximum(0, f_mean * (1 - 0.6 * fragmentation**0.2))


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divides; where the denominator is 0, so is the ratio."""
    return np.divide(numerator, denominator, out=np.zeros(np.shape(numerator)), where=np.asarray(denominator) > 0)


def _check_pair(first: Statistics, second: Statistics) -> None:
    shapes = [np.shape(statistics.per_image) for statistics in (first, second)]
    if shapes[0] != shapes[1] or len(shapes[0]) != 2 or not shapes[0][0]:
        raise ValueError(
            f"Expected statistics of the same images, [images, columns]. "
            f"Received: {list(shapes[0])} and {list(shapes[1])}."
        )
