"""Captions a split with a trained model, scores it, and writes a report to look at.

    python -m im2txt.evaluate --workdir=runs/scenes --records=data/scenes --split=val --output=runs/scenes/val

writes predictions.json (COCO result format), n_best.json (all captions of the beam), metrics.json (BLEU-1..4, METEOR,
ROUGE-L, CIDEr-D, on scenes also caption truth; of the corpus and of each image) and report.html. `--records` may be
cached features of the same encoder, which is faster; `--photos` then names the image records that the report takes its
photos from.

    python -m im2txt.evaluate ... --beam_size=1 --output=runs/scenes/val_beam1 --compare=runs/scenes/val

sets another evaluation of the same images beside this one: the report shows the captions of both, and how they differ;
95 % intervals are by paired bootstrap, p by approximate randomisation (`im2txt.metrics.significance`).

With several --workdir=RUN, which share their words, an ensemble is evaluated: the mean of their probabilities. Where
their encoders differ, --records must hold images.
"""

import dataclasses
import itertools
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from im2txt.commands import define_checkpoint_flag, run
from im2txt.errors import UserError
from im2txt.files import check_output_folder

if TYPE_CHECKING:
    from im2txt.evaluation.other_system import OtherSystem
    from im2txt.evaluation.split_evaluation import Evaluation

FLAGS = flags.FlagValues()
flags.DEFINE_multi_string(
    "workdir", None, "folder of a run of im2txt.train; several make an ensemble", required=True, flag_values=FLAGS
)
flags.DEFINE_string("records", None, "folder of records to caption", required=True, flag_values=FLAGS)
flags.DEFINE_string("split", "val", "split to caption", flag_values=FLAGS)
flags.DEFINE_string("output", None, "folder to write; made if absent", required=True, flag_values=FLAGS)
flags.DEFINE_string("photos", None, "image records with the report's photos; --records if absent", flag_values=FLAGS)
flags.DEFINE_string("compare", None, "folder of another evaluation of the same images", flag_values=FLAGS)
define_checkpoint_flag(FLAGS)
flags.DEFINE_integer("beam_size", None, "hypotheses kept; the run's own if absent", flag_values=FLAGS)
flags.DEFINE_integer("max_length", None, "most words; the run's own if absent", flag_values=FLAGS)
flags.DEFINE_float("length_normalization", None, "exponent; the run's own if absent", flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Evaluates."""
    del argv
    from im2txt.data.records import damage_told

    with damage_told(FLAGS.records):
        _evaluate()


def _evaluate() -> None:
    from im2txt.data.records import shard_paths
    from im2txt.evaluation.predictions import read_metrics_log
    from im2txt.evaluation.split_evaluation import evaluate_split, set_beside, write_evaluation
    from im2txt.training.logging import LOG
    from im2txt.workdir import check_features, check_vocabulary, load_ensemble

    check_output_folder(FLAGS.output)
    shard_paths(FLAGS.records, FLAGS.split)  # what is mistyped is told before the model is built
    photos = _read_photos()
    curves = read_metrics_log(Path(FLAGS.workdir[0]) / LOG)
    other = _read_other() if FLAGS.compare else None
    loaded = load_ensemble(FLAGS.workdir, FLAGS.checkpoint)
    check_vocabulary(FLAGS.workdir[0], FLAGS.records)
    check_features(FLAGS.records, loaded.captioner.encoder)
    options = ("beam_size", "max_length", "length_normalization")
    given = {name: FLAGS[name].value for name in options if FLAGS[name].value is not None}
    decoding = dataclasses.replace(loaded.config.decoding, **given)
    evaluation = evaluate_split(loaded.captioner, loaded.vocabulary, FLAGS.records, FLAGS.split, decoding)
    if other:
        evaluation = set_beside(evaluation, other, FLAGS.output)
    details = {
        "run": ", ".join(Path(workdir).resolve().name for workdir in FLAGS.workdir),
        "split": FLAGS.split,
        "images": len(evaluation.images),
        "step": loaded.step,
        "checkpoint": FLAGS.checkpoint,
        "decoding": dataclasses.asdict(decoding),
        "date": time.strftime("%Y-%m-%d"),
        "config": dataclasses.asdict(loaded.config),
    }
    write_evaluation(FLAGS.output, evaluation, photos, loaded.captioner.encoder.grid, details, curves)
    _print_scores(evaluation)
    sys.stdout.write(f"Report: {Path(FLAGS.output) / 'report.html'}\n")


def _read_photos() -> Iterable[bytes | None]:
    from im2txt.data.records import read_manifest
    from im2txt.evaluation.captions import check_same_images
    from im2txt.evaluation.split_evaluation import read_photos

    folder = FLAGS.photos or (None if read_manifest(FLAGS.records).get("features") else FLAGS.records)
    photos = read_photos(folder, FLAGS.split) if folder else itertools.repeat(None)
    if FLAGS.photos:
        check_same_images(FLAGS.photos, FLAGS.records, FLAGS.split)
    return photos


def _read_other() -> "OtherSystem":
    from im2txt.evaluation.captions import read_captioned_split
    from im2txt.evaluation.other_system import read_other_system

    if Path(FLAGS.compare).resolve() == Path(FLAGS.output).resolve():
        raise UserError(f"--compare={FLAGS.compare} is the folder that is written; name that of another evaluation.")
    return read_other_system(FLAGS.compare, read_captioned_split(FLAGS.records, FLAGS.split))


def _print_scores(evaluation: "Evaluation") -> None:
    from im2txt.metrics.score_tables import comparison_lines

    width = max(map(len, evaluation.scores.corpus))
    for name, score in evaluation.scores.corpus.items():
        sys.stdout.write(f"{name:{width}s} {'not available' if score is None else f'{score:.4f}'}\n")
    if evaluation.beside:
        title = "{} (first) against {} (second):".format(*evaluation.beside.names)
        sys.stdout.write("\n".join(["", title, *comparison_lines(evaluation.beside.differences), "", ""]))


def console() -> None:
    """The console script `im2txt-evaluate`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
