"""All caption metrics of a set of images at once, as the official COCO caption scorer reports them.

Candidates and references are tokenized as two streams, each in the order of the references (`tokenize_ptb` says why
the order matters). Scores are fractions, not percentages; CIDEr-D runs from 0 to 10. METEOR needs the language data of
an installed `pycocoevalcap`; without them it is `None`, and no other METEOR stands in for it.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from im2txt.errors import UserError
from im2txt.metrics.bleu import bleu
from im2txt.metrics.cider import CiderD
from im2txt.metrics.coco_format import list_ids
from im2txt.metrics.meteor import meteor
from im2txt.metrics.meteor_data import meteor_data
from im2txt.metrics.rouge import rouge_l
from im2txt.metrics.tokenize_ptb import tokenize_captions

METRICS = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr-D")


class Scores(NamedTuple):
    """`corpus` has one value for each name of `METRICS`, `per_image` the same for each image; None: not available."""

    corpus: dict[str, float | None]
    per_image: dict[str | int, dict[str, float | None]]


def score_captions(candidates: Mapping[str | int, str], references: Mapping[str | int, Sequence[str]]) -> Scores:
    """Scores one caption an image, as written, against the references of the image, as written.

    The corpus scores depend on the set of images and, in the fifth digit, on the order of `references`.

    Raises:
        UserError: the two name different images, an image has no reference, or there are fewer than two images,
            of which CIDEr-D cannot be computed.
    """
    _check(candidates, references)
    captions = tokenize_captions([candidates[image] for image in references])
    stream = iter(tokenize_captions([caption for group in references.values() for caption in group]))
    targets = [list(islice(stream, len(group))) for group in references.values()]

    bleus = bleu(captions, targets)
    corpus_meteor, meteors = _meteor(captions, targets)
    rouges = rouge_l(captions, targets)
    ciders = CiderD(targets).score(captions)
    per_image = {
        image: _named(*scores) for image, *scores in zip(references, bleus.per_image, meteors, rouges, ciders.tolist())
    }
    return Scores(_named(bleus.corpus, corpus_meteor, float(np.mean(rouges)), float(np.mean(ciders))), per_image)


def _named(bleus: Sequence[float], meteor_: float | None, rouge: float, cider: float) -> dict[str, float | None]:
    return dict(zip(METRICS, (*bleus, meteor_, rouge, cider), strict=True))


def _meteor(captions: list[str], targets: list[list[str]]) -> tuple[float | None, Sequence[float | None]]:
    """Returns the corpus score and that of each image, all None where METEOR's data are not installed."""
    data = meteor_data()
    if data is None:
        return None, [None] * len(captions)
    scores = meteor(captions, targets, data)
    return scores.corpus, scores.per_image


def _check(candidates: Mapping[str | int, str], references: Mapping[str | int, Sequence[str]]) -> None:
    missing = [image for image in references if image not in candidates]
    unknown = [image for image in candidates if image not in references]
    bare = [image for image, captions in references.items() if not captions]
    if unknown:
        raise UserError(
            f"{len(unknown)} of {len(candidates)} captions are for images that have no references: "
            f"{list_ids(unknown)}. Score against the references of the same images."
        )
    if missing:
        raise UserError(
            f"{len(missing)} of {len(references)} images have references but no caption: {list_ids(missing)}. "
            "Caption all of them: scores of different sets of images cannot be compared."
        )
    if bare:
        raise UserError(
            f"{len(bare)} images have an empty set of references: {list_ids(bare)}. Give each at least one."
        )
    if len(references) < 2:
        raise UserError(
            f"CIDEr-D needs at least two images, since it weighs words by how few images they occur in; "
            f"there is {len(references)}. Score more images at once."
        )
