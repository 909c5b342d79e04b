"""How varied captions are: of one caption an image over the images, and of several captions of the same image.

All captions are strings of space-separated tokens, made by one tokenizer. Of all captions together:

    vocabulary       different words used
    distinct-n       different n-grams / words (Li et al. 2016, "A Diversity-Promoting Objective Function"). The
                     denominator is words, not n-grams, in their paper as in the field's Div-n; n-grams end with a
                     caption
    unique           captions that differ from one another, as whole strings; their share of all captions
    copied           the share of captions that stand word for word among the training captions; novelty = 1 - copied
    unknown words    the share of words that a vocabulary lacks

Of sets of captions, one set an image:

    Div-n            distinct-n of each set; the mean over images is reported (Shetty et al. 2017; Aneja et al. 2019)
    mBLEU-n          BLEU-n of each caption of a set against the others of the set (Shetty et al. 2017). 1 says that
                     they are all alike. As in ruotianluo/ImageCaptioning.pytorch: the corpus BLEU of the i-th
                     captions of all images, averaged over i
    self-CIDEr       Wang & Chan 2019, "Describing like Humans: on Diversity in Image Captioning": with eigenvalues
                     l_1 >= ... >= l_m of the kernel K of the m captions of an image,
                         -log(r) / log(m),    r = sqrt(l_1) / (sqrt(l_1) + ... + sqrt(l_m))
                     0: they are all alike; 1: they have nothing in common. K_ij is CIDEr between captions i and j
                     without its factor of 10: the mean over n = 1..4 of the cosines of their tf-idf vectors

CIDEr here is the original (Vedantam et al. 2015, equations 1-3), as in ruotianluo's toolkit. With the clipping of
CIDEr-D, K is not symmetric and so no kernel; the code of Wang & Chan takes one triangle of that.
A set without a word of any weight, say of empty captions, has a self-CIDEr of 0.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from im2txt.metrics.bleu import bleu, grams
from im2txt.metrics.cider import MAX_ORDER, DocumentFrequencies


class Lengths(NamedTuple):
    """Caption lengths in words; `deviation` is the standard deviation of these captions, not of a larger body."""

    mean: float
    deviation: float
    shortest: int
    median: float
    longest: int


class Variety(NamedTuple):
    """What all captions together show; shares are fractions of the captions."""

    captions: int
    words: int
    vocabulary: int
    distinct_1: float
    distinct_2: float
    unique: int
    unique_share: float
    lengths: Lengths


class MutualBleu(NamedTuple):
    """`corpus` is [orders], `per_image` is [images][orders]; entry k - 1 is mBLEU-k."""

    corpus: list[float]
    per_image: list[list[float]]


def variety(captions: Sequence[str]) -> Variety:
    """Counts what differs among all captions.

    Raises:
        ValueError: there are no captions.
    """
    _expect_captions(captions)
    lengths = [len(caption.split()) for caption in captions]
    vocabulary = {word for caption in captions for word in caption.split()}
    unique = len(set(captions))
    return Variety(
        captions=len(captions),
        words=sum(lengths),
        vocabulary=len(vocabulary),
        distinct_1=distinct(captions, 1),
        distinct_2=distinct(captions, 2),
        unique=unique,
        unique_share=unique / len(captions),
        lengths=Lengths(
            float(np.mean(lengths)), float(np.std(lengths)), min(lengths), float(np.median(lengths)), max(lengths)
        ),
    )


def distinct(captions: Iterable[str], order: int) -> float:
    """Returns distinct-n: different n-grams of all captions / words of all captions; 0 where there is no word."""
    split = [caption.split() for caption in captions]
    different = {gram for words in split for gram in grams(words, order)}
    return len(different) / max(1, sum(map(len, split)))


def copied_share(captions: Sequence[str], training_captions: Iterable[str]) -> float:
    """Returns the share of captions that are, as whole strings, training captions; novelty is the rest.

    Raises:
        ValueError: there are no captions.
    """
    _expect_captions(captions)
    known = set(training_captions)
    return sum(caption in known for caption in captions) / len(captions)


def unknown_word_share(captions: Iterable[str], vocabulary: Collection[str]) -> float:
    """Returns the share of words that are not in `vocabulary`; 0 where there is no word.

    Of references it tells what a model cannot say. Of a model's captions it tells how often it says `<unk>`, if
    `vocabulary` is without that.
    """
    known = frozenset(vocabulary)
    words = [word for caption in captions for word in caption.split()]
    return sum(word not in known for word in words) / max(1, len(words))


def div_n(caption_sets: Iterable[Sequence[str]], order: int) -> list[float]:
    """Returns Div-n of each image's captions, [images]; the mean is reported."""
    return [distinct(captions, order) for captions in caption_sets]


def mutual_bleu(caption_sets: Sequence[Sequence[str]]) -> MutualBleu:
    """Returns mBLEU-1 to mBLEU-4; those of an image are the means over its captions.

    Raises:
        ValueError: there are no images, or they have different numbers of captions, or fewer than two.
    """
    sizes = {len(captions) for captions in caption_sets}
    if len(sizes) != 1 or min(sizes) < 2:
        raise ValueError(f"Expected the same number of captions, at least 2, of each image. Received: {sorted(sizes)}.")
    scores = [
        bleu(
            [captions[place] for captions in caption_sets],
            [[*captions[:place], *captions[place + 1 :]] for captions in caption_sets],
        )
        for place in range(min(sizes))
    ]
    corpus, per_image = (np.mean([score[part] for score in scores], axis=0).tolist() for part in range(2))
    return MutualBleu(corpus, per_image)


def self_cider(caption_sets: Iterable[Sequence[str]], frequencies: DocumentFrequencies) -> list[float]:
    """Returns the self-CIDEr of each image's captions, [images], in [0, 1]; the mean is reported.

    Args:
        caption_sets: [images][captions]; the number of captions may vary.
        frequencies: document frequencies of the references; Wang & Chan take those of COCO's training captions.

    Raises:
        ValueError: an image has fewer than two captions.
    """
    return [_spread(cider_kernel(captions, frequencies)) for captions in caption_sets]


def cider_kernel(captions: Sequence[str], frequencies: DocumentFrequencies) -> np.ndarray:
    """Returns CIDEr between all captions, over 10, float64 [captions, captions]; 1 where two are the same.

    Captions of fewer than four words stay below 1 even with themselves: they lack the longer n-grams.
    """
    kernel = np.zeros((len(captions), len(captions)))
    for order in range(1, MAX_ORDER + 1):
        counts = [Counter(grams(caption.split(), order)) for caption in captions]
        columns = {gram: column for column, gram in enumerate(dict.fromkeys(gram for each in counts for gram in each))}
        vectors = np.zeros((len(captions), len(columns)))
        for row, each in zip(vectors, counts):
            for gram, count in each.items():
                row[columns[gram]] = count * _idf(gram, frequencies)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(norms > 0, norms, 1)
        kernel += vectors @ vectors.T / MAX_ORDER
    return kernel


def _idf(gram: tuple[str, ...], frequencies: DocumentFrequencies) -> float:
    return math.log(frequencies.images) - math.log(max(1, frequencies.counts.get(gram, 0)))


def _spread(kernel: np.ndarray) -> float:
    """Returns -log(r) / log(m) of the eigenvalues of a kernel [m, m]."""
    if len(kernel) < 2:
        raise ValueError(f"Expected at least 2 captions of each image. Received: {len(kernel)}.")
    eigenvalues = np.linalg.eigvalsh(kernel)  # ascending
    noise = eigenvalues[-1] * len(kernel) * np.finfo(np.float64).eps
    roots = np.sqrt(np.where(eigenvalues > noise, eigenvalues, 0))  # or the root would make 1e-8 of noise of 1e-16
    if not roots[-1]:
        return 0.0
    return float(np.log(roots.sum() / roots[-1]) / np.log(len(kernel)))


def _expect_captions(captions: Sequence[str]) -> None:
    if not captions:
        raise ValueError("Expected at least one caption. Received: none.")
