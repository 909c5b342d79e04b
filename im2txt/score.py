"""Scores captions against references: BLEU-1 to BLEU-4, ROUGE-L and CIDEr-D, equal to the official COCO scorer.

    python -m im2txt.score --predictions=predictions.json --references=captions_val2014.json --output=scores.json

Predictions are a COCO result file, [{"image_id": 1, "caption": "a dog"}, ...]; references a COCO annotation file,
{"images": [{"id": 1}], "annotations": [{"image_id": 1, "caption": "a dog"}]}. Both must be of the same images. The
scores are fractions in full precision; a metric that is not available is null:

    {"corpus": {"BLEU-1": 0.63, ...}, "per_image": {"1": {"BLEU-1": 0.91, ...}}}

Needs neither TensorFlow nor Java.
"""

import json
import sys
from pathlib import Path

from absl import flags

from im2txt.commands import run
from im2txt.errors import UserError
from im2txt.files import write_whole
from im2txt.metrics.caption_scores import score_captions
from im2txt.metrics.coco_format import parse_predictions, parse_references

FLAGS = flags.FlagValues()
flags.DEFINE_string("predictions", None, "COCO result file with one caption an image", flag_values=FLAGS)
flags.DEFINE_string("references", None, "COCO annotation file of the same images", flag_values=FLAGS)
flags.DEFINE_string("output", None, "where to write the scores as JSON", flag_values=FLAGS)
flags.mark_flags_as_required(["predictions", "references"], flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Reads both files, prints the corpus scores, and writes all scores to --output."""
    del argv
    candidates = parse_predictions(_read_json(FLAGS.predictions), FLAGS.predictions)
    references = parse_references(_read_json(FLAGS.references), FLAGS.references)
    scores = score_captions(candidates, references)
    if FLAGS.output:
        _write_json(FLAGS.output, scores._asdict())
    lines = [
        f"{name:8}{'not available' if value is None else format(value, '8.4f')}"
        for name, value in scores.corpus.items()
    ]
    sys.stdout.write("\n".join([*lines, f"{'images':8}{len(references):8}", ""]))


def console() -> None:
    """Runs the command with the flags of `sys.argv`."""
    run(main, FLAGS)


def _read_json(path: str) -> object:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not valid JSON: {error}.") from None


def _write_json(path: str, content: dict) -> None:
    try:
        write_whole(path, json.dumps(content, indent=1) + "\n")
    except OSError as error:
        raise UserError(f"Cannot write {path}: {error.strerror}. Name a file in a folder that exists.") from None


if __name__ == "__main__":
    console()
