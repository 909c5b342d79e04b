"""Evaluates a captioner on a split: captions, scores, and a page to look at.

    predictions.json   [{"image_id", "caption"}], the COCO result format
    metrics.json       {"corpus": {...}, "per_image": {...}, "run": {...}}; full precision, not x100
    report.html        photos, references, captions, attention, scores; one self-contained page

On records whose metadata holds a scene graph (the `scenes` dataset), `caption truth` is scored too: the share of
captions whose every statement is true of the scene.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from im2txt.data.pipeline import eval_dataset
from im2txt.data.records import read_image_records, read_manifest
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.evaluation.captions import Caption, CaptionFinder, SplitImage, read_captioned_split
from im2txt.evaluation.predictions import write_predictions
from im2txt.evaluation.report import write_report
from im2txt.evaluation.report_cards import TRUTH, ReportItem
from im2txt.files import write_whole
from im2txt.metrics.caption_scores import Scores, score_captions
from im2txt.metrics.caption_truth import Truth, caption_truth, is_scene
from im2txt.models.captioner import Captioner
from im2txt.text.vocabulary import Vocabulary

BATCH = 50


class Evaluation(NamedTuple):
    """What an evaluation found.

    Attributes:
        images: the split, in file order.
        captions: of each image, best first.
        scores: corpus and per image; of scenes, `caption truth` is among them.
        reasons: on scenes, why the caption of an image is false, by image id.
    """

    images: list[SplitImage]
    captions: list[list[Caption]]
    scores: Scores
    reasons: dict[str, str]


def evaluate_split(
    captioner: Captioner,
    vocabulary: Vocabulary,
    records: str | os.PathLike,
    split: str,
    decoding: DecodingConfig,
) -> Evaluation:
    """Captions and scores a split of image records, or of features that the captioner's encoder made.

    Raises:
        UserError: the records or the split are not to be had, nobody captioned them, or `decoding` makes no sense.
    """
    decoding.check()
    images = read_captioned_split(records, split)
    cached = bool(read_manifest(records).get("features"))
    fields, size = (captioner.decoder.reads, 0) if cached else (("image",), captioner.encoder.image_size)
    batches = tqdm(
        eval_dataset(records, split, BATCH, fields, size),
        total=-(-len(images) // BATCH),
        desc=f"caption {split}",
        unit="batch",
        dynamic_ncols=True,
    )
    found = dict(CaptionFinder(captioner, vocabulary, decoding)(batches))
    captions = [found[i] for i in range(len(images))]
    best = {image.image_id: each[0].text for image, each in zip(images, captions)}
    scores = score_captions(best, {image.image_id: image.captions for image in images})
    evaluation = Evaluation(images, captions, scores, {})
    scenes = {image.image_id: json.loads(image.metadata) for image in images}
    return _with_truth(evaluation, caption_truth(best, scenes)) if all(map(is_scene, scenes.values())) else evaluation


def _with_truth(evaluation: Evaluation, truth: Truth) -> Evaluation:
    corpus, per_image = evaluation.scores
    per_image = {name: {**scores, TRUTH: float(truth.verdicts[name].true)} for name, scores in per_image.items()}
    reasons = {name: verdict.reason for name, verdict in truth.verdicts.items() if not verdict.true}
    return evaluation._replace(scores=Scores({**corpus, TRUTH: truth.share}, per_image), reasons=reasons)


def write_evaluation(
    output: str | os.PathLike,
    evaluation: Evaluation,
    photos: Iterable[bytes | None],
    grid: tuple[int, int],
    details: Mapping[str, Any],
    curves: Sequence[Mapping[str, Any]],
) -> None:
    """Writes predictions.json, metrics.json and report.html into `output`, each whole or absent.

    Args:
        output: folder; made if absent.
        evaluation: what `evaluate_split` found.
        photos: the encoded images in file order, None where there is none to show.
        grid: height and width of the attention maps, regions.
        details: what was run; shown in the report and kept in metrics.json.
        curves: lines of metrics.jsonl.
    """
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    best = {image.image_id: each[0].text for image, each in zip(evaluation.images, evaluation.captions)}
    write_predictions(output / "predictions.json", best)
    metrics = {**evaluation.scores._asdict(), "run": details}
    write_whole(output / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    items = _report_items(evaluation, photos, grid)
    write_report(output / "report.html", "Caption report", evaluation.scores.corpus, items, details, curves)


def read_photos(records: str | os.PathLike, split: str) -> Iterator[bytes]:
    """Returns the encoded images of a split, in file order; raises UserError as `read_image_records` does."""
    return (record.image_bytes for record in read_image_records(records, split))


def _report_items(
    evaluation: Evaluation, photos: Iterable[bytes | None], grid: tuple[int, int]
) -> Iterator[ReportItem]:
    for image, captions, photo in zip(evaluation.images, evaluation.captions, photos):
        best = captions[0]
        yield ReportItem(
            image_id=image.image_id,
            image_bytes=photo,
            caption=best.text,
            log_probability=best.log_probability,
            hypotheses=[(caption.text, caption.log_probability) for caption in captions],
            references=image.captions,
            scores={k: v for k, v in evaluation.scores.per_image[image.image_id].items() if v is not None},
            words=best.words,
            attention=None if best.attention is None else best.attention.reshape(-1, *grid),
            note=evaluation.reasons.get(image.image_id, ""),
        )
