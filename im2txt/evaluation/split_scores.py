"""The scores of the captions of a split: the metrics, and on scenes whether each caption is true.

On records whose metadata holds a scene graph (the `scenes` dataset), `truth` is scored too: the share of captions
whose every statement is true of the scene. Of decoders that attend, so is the share of a noun's attention that lies on
the object it names (`im2txt.metrics.attention_correctness`).
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from im2txt.evaluation.captions import Caption, SplitImage
from im2txt.evaluation.report_cards import TRUTH
from im2txt.metrics.attention_correctness import attention_correctness
from im2txt.metrics.caption_scores import Scores, score_captions
from im2txt.metrics.caption_truth import caption_truth, is_scene


class SplitScores(NamedTuple):
    """Scores of the corpus and of each image, and on scenes, by image id, why its caption is false."""

    scores: Scores
    reasons: dict[str, str]


def score_split(captions: Mapping[str, str], images: Sequence[SplitImage]) -> SplitScores:
    """Scores one caption for each image, by image id. Raises UserError as `score_captions` does."""
    scores = score_captions(captions, {image.image_id: image.captions for image in images})
    scenes = _scenes(images)
    if not scenes:
        return SplitScores(scores, {})
    truth = caption_truth(captions, scenes)
    per_image = {
        image: {**values, TRUTH: float(truth.verdicts[image].true)} for image, values in scores.per_image.items()
    }
    reasons = {image: verdict.reason for image, verdict in truth.verdicts.items() if not verdict.true}
    return SplitScores(Scores({**scores.corpus, TRUTH: truth.share}, per_image), reasons)


def score_attention(
    captions: Sequence[Caption], images: Sequence[SplitImage], grid: tuple[int, int]
) -> dict[str, float]:
    """Returns where the attention of one caption for each image lies, of the corpus; nothing but on scenes.

    `grid` is the height and width of the maps.
    """
    scenes = _scenes(images)
    return attention_correctness([(caption.words, caption.attention) for caption in captions], scenes.values(), grid)


def _scenes(images: Sequence[SplitImage]) -> dict[str, dict]:
    """Returns the scene graphs by image id; nothing if one has none."""
    scenes = {image.image_id: json.loads(image.metadata) for image in images}
    return scenes if all(map(is_scene, scenes.values())) else {}
