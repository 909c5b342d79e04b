"""Another system's captions of the same images, and whether the difference of two systems is more than luck.

The other system is the folder of another evaluation. Its captions are scored anew, with the references at hand, so
that one yardstick measures both. Ids alone do not tell images: two builds of one dataset may give the same ids to
other photos. So an evaluation whose metrics.json has another CIDEr-D than is found here is refused too.
"""

import os
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from im2txt.errors import UserError
from im2txt.evaluation.captions import SplitImage
from im2txt.evaluation.report_cards import TRUTH
from im2txt.evaluation.split_scores import score_split
from im2txt.files import read_user_json
from im2txt.metrics.caption_scores import Scores
from im2txt.metrics.coco_format import list_ids, parse_predictions
from im2txt.metrics.score_comparison import Comparison, caption_statistics, compare_systems
from im2txt.metrics.significance import RESAMPLES, Statistics, mean_statistics
from im2txt.metrics.tokenize_ptb import tokenize_captions

_PREDICTIONS, _METRICS = "predictions.json", "metrics.json"  # of an evaluation's folder
_CHECKED = "CIDEr-D"  # the score that depends on every reference of every image
_TOLERANCE = 1e-3  # the order of the images moves a score in its fifth digit
_REMEDY = "Evaluate both systems on the same split of the same records."


class OtherSystem(NamedTuple):
    """What another system said of each image, how good it is, and on scenes why it is false; by image id."""

    folder: str
    captions: dict[str, str]
    scores: Scores
    reasons: dict[str, str]


class SideBySide(NamedTuple):
    """The names of two systems, and by score how they differ, first minus second; None: not available."""

    names: tuple[str, str]
    differences: dict[str, Comparison | None]


def read_other_system(folder: str | os.PathLike, images: Sequence[SplitImage]) -> OtherSystem:
    """Reads predictions.json of an evaluation of these images, and scores it.

    Raises:
        UserError: a file is absent or no such file, or it is of other images or references.
    """
    captions = parse_predictions(_read(folder, _PREDICTIONS), str(Path(folder, _PREDICTIONS)))
    _check_images(folder, captions, [image.image_id for image in images])
    captions = {image.image_id: captions[image.image_id] for image in images}
    scores, reasons = score_split(captions, images)
    _check_references(folder, scores.corpus[_CHECKED])
    return OtherSystem(str(folder), captions, scores, reasons)


def compare(
    captions: Mapping[str, str],
    scores: Scores,
    other: OtherSystem,
    images: Sequence[SplitImage],
    samples: int = RESAMPLES,
) -> dict[str, Comparison | None]:
    """Returns how one system's captions, by image id, differ from another's, score by score; truth among them."""
    stream = iter(tokenize_captions([caption for image in images for caption in image.captions]))
    targets = [list(islice(stream, len(image.captions))) for image in images]
    first, second = (
        caption_statistics(scored, tokenize_captions([said[image.image_id] for image in images]), targets)
        for said, scored in ((captions, scores), (other.captions, other.scores))
    )
    if TRUTH in scores.corpus:
        first[TRUTH], second[TRUTH] = (_truths(scored) for scored in (scores, other.scores))
    return compare_systems(first, second, samples)


def distinct_names(first: str | os.PathLike, second: str | os.PathLike) -> tuple[str, str]:
    """Returns the ends of two paths, as short as they can be and yet differ; a path and itself stay the same."""
    parts = [Path(path).resolve().parts for path in (first, second)]
    length = next((n for n in range(1, max(map(len, parts))) if parts[0][-n:] != parts[1][-n:]), 1)
    one, other = (str(Path(*part[-length:])) for part in parts)
    return one, other


def _truths(scores: Scores) -> Statistics:
    return mean_statistics([image[TRUTH] for image in scores.per_image.values()])


def _read(folder: str | os.PathLike, name: str) -> Any:
    path = Path(folder, name)
    if not path.is_file():
        raise UserError(f"{folder} is no evaluation: it has no {name}. Name a folder that im2txt.evaluate has written.")
    return read_user_json(path)


def _check_images(folder: str | os.PathLike, captions: Mapping[str, str], images: Sequence[str]) -> None:
    known = set(images)
    missing = [image for image in images if image not in captions]
    unknown = [image for image in captions if image not in known]
    lacks = f"{len(missing)} of the {len(images)} images have no caption there ({list_ids(missing)})"
    has = f"{len(unknown)} of its {len(captions)} captions are of images that are not here ({list_ids(unknown)})"
    if missing or unknown:
        found = " and ".join([*([lacks] if missing else []), *([has] if unknown else [])])
        raise UserError(f"{folder} is an evaluation of other images: {found}. {_REMEDY}")


def _check_references(folder: str | os.PathLike, score: float) -> None:
    content = _read(folder, _METRICS)
    corpus = content.get("corpus") if isinstance(content, dict) else None
    told = corpus.get(_CHECKED) if isinstance(corpus, dict) else None
    if not isinstance(told, int | float):
        raise UserError(f"{Path(folder, _METRICS)} has no {_CHECKED} of the corpus. Evaluate that system again.")
    if not abs(told - score) <= _TOLERANCE:
        raise UserError(
            f"{folder} is an evaluation of other photos or references under the same ids: its {_CHECKED} is "
            f"{told:.4f} there, but {score:.4f} with the references here. {_REMEDY}"
        )
