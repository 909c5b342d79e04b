"""Evaluates a captioner on a split: captions, scores, and a page to look at.

    predictions.json   [{"image_id", "caption"}], the COCO result format
    n_best.json        [{"image_id", "captions", "log_probabilities"}], all captions of the beam, best first
    metrics.json       {"corpus": {...}, "per_image": {...}, "run": {...}}; full precision, not x100
    report.html        photos, references, captions, attention, scores; one self-contained page

Where another system is set beside, the report shows both, and metrics.json has, under "against", how they differ in
each score: the same keys as those of `im2txt.score --against`.
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
from im2txt.errors import UserError
from im2txt.evaluation.captions import Caption, CaptionFinder, SplitImage, read_captioned_split
from im2txt.evaluation.other_system import OtherSystem, SideBySide, compare, distinct_names
from im2txt.evaluation.predictions import write_n_best, write_predictions
from im2txt.evaluation.report import ReportHead, write_report
from im2txt.evaluation.report_cards import OtherCaption, ReportItem
from im2txt.evaluation.split_scores import score_attention, score_split
from im2txt.files import write_whole
from im2txt.metrics.caption_scores import Scores
from im2txt.metrics.significance import RESAMPLES
from im2txt.models.captioner import Captioner
from im2txt.text.vocabulary import Vocabulary

BATCH = 50


class Evaluation(NamedTuple):
    """What an evaluation found.

    Attributes:
        images: the split, in file order.
        captions: of each image, best first.
        scores: corpus and per image; of scenes, `truth` is among them, and in the corpus where attention lies.
        reasons: on scenes, why the caption of an image is false, by image id.
        other: the system that this one is compared with, if any.
        beside: how the two differ.
    """

    images: list[SplitImage]
    captions: list[list[Caption]]
    scores: Scores
    reasons: dict[str, str]
    other: OtherSystem | None = None
    beside: SideBySide | None = None


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
    decoding.check(captioner.decoder.max_length)
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
    _check_found(images, captions)
    scores, reasons = score_split(_best(images, captions), images)
    if captioner.decoder.attends:
        maps = score_attention([each[0] for each in captions], images, captioner.encoder.grid)
        scores = scores._replace(corpus=scores.corpus | maps)
    return Evaluation(images, captions, scores, reasons)


def set_beside(evaluation: Evaluation, other: OtherSystem, output: str | os.PathLike) -> Evaluation:
    """Returns the evaluation beside another system of the same images; the two are named by their folders."""
    differences = compare(_best(evaluation.images, evaluation.captions), evaluation.scores, other, evaluation.images)
    return evaluation._replace(other=other, beside=SideBySide(distinct_names(output, other.folder), differences))


def write_evaluation(
    output: str | os.PathLike,
    evaluation: Evaluation,
    photos: Iterable[bytes | None],
    grid: tuple[int, int],
    details: Mapping[str, Any],
    curves: Sequence[Mapping[str, Any]],
) -> None:
    """Writes predictions.json, n_best.json, metrics.json and report.html into `output`, each whole or absent.

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
    write_predictions(output / "predictions.json", _best(evaluation.images, evaluation.captions))
    hypotheses = map(_hypotheses, evaluation.captions)
    write_n_best(output / "n_best.json", {image.image_id: each for image, each in zip(evaluation.images, hypotheses)})
    metrics = {**evaluation.scores._asdict(), "run": details, **_against(evaluation)}
    write_whole(output / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    head = ReportHead("Caption report", evaluation.scores.corpus, details, curves, evaluation.beside)
    write_report(output / "report.html", head, list(_report_items(evaluation, grid)), photos)


def read_photos(records: str | os.PathLike, split: str) -> Iterator[bytes]:
    """Returns the encoded images of a split, in file order; raises UserError as `read_image_records` does."""
    return (record.image_bytes for record in read_image_records(records, split))


def _check_found(images: Sequence[SplitImage], captions: Sequence[Sequence[Caption]]) -> None:
    """Raises UserError where no caption was found at all, which only a model of NaNs brings about."""
    for image, each in zip(images, captions):
        if not each:
            raise UserError(
                f"The model has no caption for image {image.image_id}: its probabilities are no numbers. Its training "
                "has diverged; evaluate another checkpoint, or train anew with a lower optimizer.learning_rate."
            )


def _best(images: Sequence[SplitImage], captions: Sequence[Sequence[Caption]]) -> dict[str, str]:
    return {image.image_id: each[0].text for image, each in zip(images, captions)}


def _hypotheses(captions: Sequence[Caption]) -> list[tuple[str, float]]:
    return [(caption.text, caption.log_probability) for caption in captions]


def _against(evaluation: Evaluation) -> dict[str, Any]:
    """Returns what metrics.json says of the other system, if there is one."""
    if evaluation.beside is None:
        return {}
    metrics = {name: found and found._asdict() for name, found in evaluation.beside.differences.items()}
    return {"against": {"evaluation": evaluation.other.folder, "samples": RESAMPLES, "seed": 0, "metrics": metrics}}


def _report_items(evaluation: Evaluation, grid: tuple[int, int]) -> Iterator[ReportItem]:
    for image, captions in zip(evaluation.images, evaluation.captions):
        best = captions[0]
        yield ReportItem(
            image_id=image.image_id,
            caption=best.text,
            log_probability=best.log_probability,
            hypotheses=_hypotheses(captions),
            references=image.captions,
            scores=evaluation.scores.per_image[image.image_id],
            words=best.words,
            attention=None if best.attention is None else best.attention.reshape(-1, *grid),
            note=evaluation.reasons.get(image.image_id, ""),
            other=evaluation.other and _said(evaluation.other, image.image_id),
        )


def _said(other: OtherSystem, image: str) -> OtherCaption:
    return OtherCaption(other.captions[image], other.scores.per_image[image], other.reasons.get(image, ""))
