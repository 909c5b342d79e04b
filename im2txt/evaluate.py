"""Captions a split with a trained model, scores it, and writes a report to look at.

    python -m im2txt.evaluate --workdir=runs/scenes --records=data/scenes --split=val --output=runs/scenes/val

writes predictions.json (COCO result format), metrics.json (BLEU-1..4, ROUGE-L, CIDEr-D, on scenes also caption truth;
of the corpus and of each image) and report.html. `--records` may be cached features of the same encoder, which is
faster; `--photos` then names the image records that the report takes its photos from.
"""

import dataclasses
import itertools
import sys
import time
from pathlib import Path

from absl import flags

from im2txt.commands import run
from im2txt.errors import UserError

FLAGS = flags.FlagValues()
flags.DEFINE_string("workdir", None, "folder of a run of im2txt.train", required=True, flag_values=FLAGS)
flags.DEFINE_string("records", None, "folder of records to caption", required=True, flag_values=FLAGS)
flags.DEFINE_string("split", "val", "split to caption", flag_values=FLAGS)
flags.DEFINE_string("output", None, "folder to write; made if absent", required=True, flag_values=FLAGS)
flags.DEFINE_string("photos", None, "image records with the report's photos; --records if absent", flag_values=FLAGS)
flags.DEFINE_enum("checkpoint", "best", ["best", "latest"], "which weights of the run", flag_values=FLAGS)
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
    from im2txt.data.records import read_manifest, shard_paths
    from im2txt.evaluation.captions import check_same_images
    from im2txt.evaluation.predictions import read_metrics_log
    from im2txt.evaluation.split_evaluation import evaluate_split, read_photos, write_evaluation
    from im2txt.training.logging import LOG
    from im2txt.workdir import check_features, check_vocabulary, load_run

    if Path(FLAGS.output).is_file():
        raise UserError(f"--output={FLAGS.output} is a file; name a folder.")
    shard_paths(FLAGS.records, FLAGS.split)  # what is mistyped is told before the model is built
    photos = FLAGS.photos or (None if read_manifest(FLAGS.records).get("features") else FLAGS.records)
    shown = read_photos(photos, FLAGS.split) if photos else itertools.repeat(None)
    if FLAGS.photos:
        check_same_images(FLAGS.photos, FLAGS.records, FLAGS.split)
    loaded = load_run(FLAGS.workdir, FLAGS.checkpoint)
    check_vocabulary(FLAGS.workdir, FLAGS.records)
    check_features(FLAGS.records, loaded.captioner.encoder)
    options = ("beam_size", "max_length", "length_normalization")
    given = {name: FLAGS[name].value for name in options if FLAGS[name].value is not None}
    decoding = dataclasses.replace(loaded.config.decoding, **given)
    evaluation = evaluate_split(loaded.captioner, loaded.vocabulary, FLAGS.records, FLAGS.split, decoding)
    details = {
        "run": Path(FLAGS.workdir).resolve().name,
        "split": FLAGS.split,
        "images": len(evaluation.images),
        "step": loaded.step,
        "checkpoint": FLAGS.checkpoint,
        "decoding": dataclasses.asdict(decoding),
        "date": time.strftime("%Y-%m-%d"),
        "config": dataclasses.asdict(loaded.config),
    }
    grid = loaded.captioner.encoder.grid
    write_evaluation(FLAGS.output, evaluation, shown, grid, details, read_metrics_log(Path(FLAGS.workdir) / LOG))
    for name, score in evaluation.scores.corpus.items():
        sys.stdout.write(f"{name:14s} {'not available' if score is None else f'{score:.4f}'}\n")
    sys.stdout.write(f"Report: {Path(FLAGS.output) / 'report.html'}\n")


def console() -> None:
    """The console script `im2txt-evaluate`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
