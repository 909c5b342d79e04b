r"""Scores captions against references: BLEU, METEOR, ROUGE-L and CIDEr-D, equal to the official COCO scorer.

    python -m im2txt.score --predictions=predictions.json --references=captions_val2014.json --output=scores.json

Predictions are a COCO result file, [{"image_id": 1, "caption": "a dog"}, ...]; references a COCO annotation file,
{"images": [{"id": 1}], "annotations": [{"image_id": 1, "caption": "a dog"}]}. Ids may be numbers or strings: 17 and
"17" are the same image. The scores are fractions in full precision; a metric that is not available is null:

    {"corpus": {"BLEU-1": 0.63, ...}, "per_image": {"1": {"BLEU-1": 0.91, ...}}, "diversity": {"distinct-1": 0.04, ...}}

Both files must be of the same images, at least two, each with a reference. With --subset only the images are scored
that all files have, and what is left out is told, in the output under "left_out"; two captions for one image are
refused all the same. CIDEr-D depends on the set of images: never compare scores of different ones.

More to ask, each with a key of its own in the output:

    --against=P2.json      "against": the difference to a second system, P minus P2, for each metric: its 95 % interval
                           and p by paired bootstrap, p by approximate randomisation (prefer this one for a claim)
    --training=FILE        "copied" in "diversity": the share of captions that are, token for token, training captions;
                           FILE is COCO annotations, or text with one caption a line
    --chair=OBJECTS.json   "chair": how often captions name objects that the image does not have, CHAIR_i of all
                           mentions and CHAIR_s of all captions. An image has the objects listed for it, by any of
                           their words, and those that its references mention:
                           {"synonyms": [["person", "girl", ...], ...], "images": {"1": ["person", ...], ...}}

Empty captions count, as officially, and are told. Inside a caption a carriage return, \v, \f, U+2028 or U+2029 is
read as a space and told: the official scorer would give every later caption the words of another.

Needs neither TensorFlow nor Java.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from absl import flags

from im2txt.commands import run
from im2txt.errors import UserError
from im2txt.files import parse_user_json, read_user_json, read_user_text, write_whole
from im2txt.metrics.caption_scores import Scores, score_captions
from im2txt.metrics.coco_format import list_ids, parse_predictions, parse_references, parse_training_captions
from im2txt.metrics.diversity import copied_share, variety
from im2txt.metrics.image_sets import Captions, Matched, match_images
from im2txt.metrics.object_annotations import hallucinations, parse_objects
from im2txt.metrics.score_comparison import caption_statistics, compare_systems
from im2txt.metrics.score_tables import comparison_lines, image_csv, image_lines, printable, value_lines
from im2txt.metrics.significance import RESAMPLES
from im2txt.metrics.tokenize_ptb import tokenize_captions

FLAGS = flags.FlagValues()
flags.DEFINE_string("predictions", None, "COCO result file with one caption an image", flag_values=FLAGS)
flags.DEFINE_string("references", None, "COCO annotation file of the same images", flag_values=FLAGS)
flags.DEFINE_string("output", None, "where to write the scores as JSON", flag_values=FLAGS)
flags.DEFINE_string("csv", None, "where to write a row an image: id, caption, every metric", flag_values=FLAGS)
flags.DEFINE_bool("subset", False, "score only the images that all files have", flag_values=FLAGS)
flags.DEFINE_bool("per_image", False, "print the images with the best and the worst CIDEr-D", flag_values=FLAGS)
flags.DEFINE_string("against", None, "COCO result file of a second system to compare with", flag_values=FLAGS)
flags.DEFINE_integer("samples", RESAMPLES, "resamples and trials of the comparison", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "seed of the comparison's random numbers", lower_bound=0, flag_values=FLAGS)
flags.DEFINE_string("training", None, "training captions: COCO annotations, or one a line", flag_values=FLAGS)
flags.DEFINE_string("chair", None, "JSON file of the objects of the images, for CHAIR", flag_values=FLAGS)
flags.mark_flags_as_required(["predictions", "references"], flag_values=FLAGS)

_LINE_BREAKS = frozenset("\r\v\f\u2028\u2029")  # where the official tokenizer loses its place


class _System(NamedTuple):
    """The captions of a system as written and as tokens, in the order of the references, and their scores."""

    captions: dict[str, str]
    tokens: list[str]
    scores: Scores


def main(argv: list[str]) -> None:
    """Reads the files, prints the scores, and writes all of them to --output and --csv."""
    del argv
    matched = _read_captions()
    training = _read_training(FLAGS.training) if FLAGS.training else None
    objects = parse_objects(read_user_json(FLAGS.chair), FLAGS.chair) if FLAGS.chair else None
    targets = _tokenize_references(matched.references)
    system, *others = [_score(captions, matched.references) for captions in matched.systems]

    content: dict[str, Any] = {"corpus": system.scores.corpus, "per_image": system.scores.per_image}
    lines = [*value_lines({**system.scores.corpus, "images": len(matched.references)}), ""]
    if matched.left_out:
        content["left_out"] = matched.left_out
    content["diversity"] = _diversity(system.tokens, training)
    lines += ["Diversity:", *value_lines(_flat(content["diversity"]))]
    if objects:
        content["chair"] = _chair(system, dict(zip(matched.references, targets)), objects)
        lines += ["", "Objects:", *value_lines({name: content["chair"][name] for name in ("CHAIR_i", "CHAIR_s")})]
    for other in others:
        content["against"], table = _compare(system, other, targets)
        lines += ["", *table]
    if FLAGS.per_image:
        lines += image_lines(system.scores, system.captions)
    if FLAGS.output:
        _write(FLAGS.output, json.dumps(content, indent=1) + "\n")
    if FLAGS.csv:
        _write(FLAGS.csv, image_csv(system.scores, system.captions))
    _print("\n".join([*lines, ""]))


def console() -> None:
    """Runs the command with the flags of `sys.argv`."""
    run(main, FLAGS)


def _read_captions() -> Matched:
    """Reads predictions and references of the same images; tells what is odd about them."""
    paths = [FLAGS.predictions, *([FLAGS.against] if FLAGS.against else [])]
    systems = [Captions(path, parse_predictions(read_user_json(path), path)) for path in paths]
    references = parse_references(read_user_json(FLAGS.references), FLAGS.references)
    matched = match_images(systems, references, FLAGS.references, FLAGS.subset)
    for note in matched.left_out:
        _note(note)
    for path, captions in zip(paths, matched.systems):
        empty = [image for image, caption in captions.items() if not caption.strip()]
        if empty:
            _note(f"{path}: {len(empty)} of {len(captions)} captions are empty: {list_ids(empty)}.")
        _note_line_breaks(path, list(captions.items()))
    pairs = [(image, caption) for image, captions in matched.references.items() for caption in captions]
    _note_line_breaks(FLAGS.references, pairs)
    return matched


def _note_line_breaks(path: str, captions: Sequence[tuple[str, str]]) -> None:
    broken = dict.fromkeys(image for image, caption in captions if not _LINE_BREAKS.isdisjoint(caption))
    if broken:
        _note(
            f"{path}: captions of {len(broken)} images hold a carriage return or another line break, which is read "
            f"as a space: {list_ids(broken)}."
        )


def _tokenize_references(references: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Returns the tokens of the references of each image, made of the one stream that scoring makes."""
    stream = iter(tokenize_captions([caption for captions in references.values() for caption in captions]))
    targets = [list(islice(stream, len(captions))) for captions in references.values()]
    if not any(caption for captions in targets for caption in captions):
        raise UserError(f"{FLAGS.references}: no reference has a word, so that nothing can be scored.")
    return targets


def _score(captions: dict[str, str], references: Mapping[str, Sequence[str]]) -> _System:
    return _System(captions, tokenize_captions(list(captions.values())), score_captions(captions, references))


def _diversity(tokens: Sequence[str], training: Sequence[str] | None) -> dict[str, Any]:
    found = variety(tokens)._asdict()
    named = {name.replace("distinct_", "distinct-"): value for name, value in found.items()}
    named["lengths"] = found["lengths"]._asdict()
    return named if training is None else named | {"copied": copied_share(tokens, training)}


def _flat(diversity: Mapping[str, Any]) -> dict[str, float]:
    """Returns diversity with its lengths as values of their own, for printing."""
    lengths = {f"length, {name}": value for name, value in diversity["lengths"].items()}
    return {name: value for name, value in diversity.items() if name != "lengths"} | lengths


def _chair(system: _System, references: Mapping[str, Sequence[str]], objects: Any) -> dict[str, Any]:
    found = hallucinations(dict(zip(system.captions, system.tokens)), references, objects, FLAGS.chair)
    per_image = {image: mentions._asdict() for image, mentions in found.per_image.items()}
    return {"CHAIR_i": found.instances, "CHAIR_s": found.sentences, "per_image": per_image}


def _compare(system: _System, other: _System, targets: Sequence[Sequence[str]]) -> tuple[dict[str, Any], list[str]]:
    first, second = (caption_statistics(each.scores, each.tokens, targets) for each in (system, other))
    found = compare_systems(first, second, FLAGS.samples, FLAGS.seed)
    metrics = {name: result and result._asdict() for name, result in found.items()}
    content = {"predictions": FLAGS.against, "samples": FLAGS.samples, "seed": FLAGS.seed, "metrics": metrics}
    title = f"{FLAGS.predictions} (first) against {FLAGS.against} (second), {FLAGS.samples} samples:"
    return content, [title, *comparison_lines(found)]


def _read_training(path: str) -> list[str]:
    """Returns the tokens of training captions that have a word."""
    text = read_user_text(path)
    if path.endswith(".json") or text.lstrip().startswith("{"):
        captions = parse_training_captions(parse_user_json(text, path), path)
    else:
        captions = text.split("\n")
    tokens = [caption for caption in tokenize_captions(captions) if caption]
    if not tokens:
        raise UserError(f"{path}: there is no caption in it. Give COCO annotations, or text with one caption a line.")
    return tokens


def _write(path: str, content: str) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise UserError(f"Cannot write {path}: {error.strerror}. Name a file in a folder that exists.") from None


def _note(text: str) -> None:
    sys.stderr.write(f"note: {printable(text, sys.stderr.encoding or 'utf-8')}\n")


def _print(text: str) -> None:
    """Prints what the terminal can show; captions may have more."""
    sys.stdout.write(printable(text, sys.stdout.encoding or "utf-8"))


if __name__ == "__main__":
    console()
