"""The scores of the captions of a split: the metrics, and on scenes whether each caption is true.

On records whose metadata holds a scene graph (the `scenes` dataset), `truth` is scored too: the share of captions
whose every statement is true of the scene.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from im2txt.evaluation.captions import SplitImage
from im2txt.evaluation.report_cards import TRUTH
from im2txt.metrics.caption_scores import Scores, score_captions
from im2txt.metrics.caption_truth import caption_truth, is_scene


class SplitScores(NamedTuple):
    """Scores of the corpus and of each image, and on scenes, by image id, why its caption is false."""

    scores: Scores
    reasons: dict[str, str]


def score_split(captions: Mapping[str, str], images: Sequence[SplitImage]) -> SplitScores:
    """Scores one caption for each image, by image id. Raises UserError as `score_captions` does."""
    scores = score_captions(captions, {image.image_id: image.captions for image in images})
    scenes = {image.image_id: json.loads(image.metadata) for image in images}
    if not all(map(is_scene, scenes.values())):
        return SplitScores(scores, {})
    truth = caption_truth(captions, scenes)
    per_image = {
        image: {**values, TRUTH: float(truth.verdicts[image].true)} for image, values in scores.per_image.items()
    }
    reasons = {image: verdict.reason for image, verdict in truth.verdicts.items() if not verdict.true}
    return SplitScores(Scores({**scores.corpus, TRUTH: truth.share}, per_image), reasons)
