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
    --vocabulary=FILE      "unknown_word_share" in "diversity": the share of the captions' words that the vocabulary.txt
                           of some records lacks
    --n_best=FILE          "n_best": how varied several captions of each image are, as im2txt.evaluate's n_best.json has
                           them (self-CIDEr, mBLEU, Div; see im2txt.metrics.diversity):
                           [{"image_id": 1, "captions": ["a dog runs", "a dog"]}, ...]
    --cider                "CIDEr" among the scores: the original one, which the COCO scorer does not print (its "CIDEr"
                           is CIDEr-D) and --against does not compare; see im2txt.metrics.original_cider
    --chair=OBJECTS.json   "chair": how often captions name objects that the image does not have, CHAIR_i of all
                           mentions and CHAIR_s of all captions. An image has the objects listed for it, by any of
                           their words, and those that its references mention:
                           {"synonyms": [["person", "girl", ...], ...], "images": {"1": ["person", ...], ...}}
    --backend=official     the scores of the official scorer itself, and "cross_check": what ours differ from them. It
                           needs Java and pycocoevalcap. --against goes on comparing by our scores
    --spice=FOLDER         SPICE among the scores, by a spice-1.0.jar in that folder that can be run; null, with a note,
                           where it cannot (see im2txt.metrics.spice)

Empty captions count, as officially, and are told. Inside a caption a carriage return, \v, \f, U+2028 or U+2029 is
read as a space and told: the official scorer would give every later caption the words of another.

Needs neither TensorFlow nor, but for the last two, Java.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from absl import flags

from im2txt.commands import run
from im2txt.errors import UserError
from im2txt.files import parse_user_json, read_user_json, read_user_text, write_whole
from im2txt.metrics.caption_scores import Scores, score_captions
from im2txt.metrics.coco_format import list_ids, parse_predictions, parse_references, parse_training_captions
from im2txt.metrics.image_sets import Captions, Matched, match_images
from im2txt.metrics.java import Limits
from im2txt.metrics.n_best import parse_n_best
from im2txt.metrics.object_annotations import parse_objects
from im2txt.metrics.official import official_scores
from im2txt.metrics.original_cider import with_original_cider
from im2txt.metrics.score_sections import (
    Section,
    System,
    chair_section,
    comparison_section,
    cross_check_section,
    diversity_section,
    n_best_section,
)
from im2txt.metrics.score_tables import image_csv, image_lines, printable, value_lines
from im2txt.metrics.significance import RESAMPLES
from im2txt.metrics.spice import find_spice, with_spice
from im2txt.metrics.tokenize_ptb import tokenize_captions
from im2txt.notices import notice
from im2txt.text.vocabulary import Vocabulary

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
flags.DEFINE_string("vocabulary", None, "vocabulary.txt of records: what it lacks of the words", flag_values=FLAGS)
flags.DEFINE_string("n_best", None, "JSON file of several captions of each image", flag_values=FLAGS)
flags.DEFINE_bool("cider", False, "add the original CIDEr, which is not the COCO scorer's", flag_values=FLAGS)
flags.DEFINE_string("chair", None, "JSON file of the objects of the images, for CHAIR", flag_values=FLAGS)
flags.DEFINE_enum("backend", "own", ["own", "official"], "whose code scores: ours or pycocoevalcap", flag_values=FLAGS)
flags.DEFINE_string("spice", None, "spice-1.0.jar or its folder: adds SPICE", flag_values=FLAGS)
flags.DEFINE_string("spice_cache", None, "folder for parsed captions, for SPICE's next run", flag_values=FLAGS)
flags.DEFINE_float("timeout", 3600, "seconds that each Java program may take", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_string("java_memory", None, "heap of each Java program (2G, SPICE 8G)", flag_values=FLAGS)
flags.register_validator(
    "java_memory",
    lambda size: size is None or re.fullmatch(r"\d+[kmgKMG]", size),
    message="Give a number and k, m or g, as in --java_memory=4G.",
    flag_values=FLAGS,
)
flags.mark_flags_as_required(["predictions", "references"], flag_values=FLAGS)

_LINE_BREAKS = frozenset("\r\v\f\u2028\u2029")  # where the official tokenizer loses its place


def main(argv: list[str]) -> None:
    """Reads the files, prints the scores, and writes all of them to --output and --csv."""
    del argv
    n_best = parse_n_best(read_user_json(FLAGS.n_best), FLAGS.n_best) if FLAGS.n_best else None
    matched = _read_captions(n_best)
    training = _read_training(FLAGS.training) if FLAGS.training else None
    vocabulary = Vocabulary.load(FLAGS.vocabulary) if FLAGS.vocabulary else None
    objects = parse_objects(read_user_json(FLAGS.chair), FLAGS.chair) if FLAGS.chair else None
    spice = find_spice(FLAGS.spice) if FLAGS.spice else None
    targets = _tokenize_references(matched.references)
    limits, official = Limits(FLAGS.timeout, FLAGS.java_memory), None
    if FLAGS.backend == "official":
        official = official_scores(matched.systems[0], matched.references, limits)
    system, *others = _score(matched)
    scores = official or system.scores
    if FLAGS.cider:
        scores = with_original_cider(scores, system.tokens, targets)
    if spice:
        scores = with_spice(scores, system.tokens, targets, spice, limits, FLAGS.spice_cache)

    sections = [cross_check_section(system.scores, official)] if official else []
    sections.append(diversity_section(system.tokens, training, vocabulary))
    if n_best is not None:
        sets = {image: n_best[image] for image in matched.references}
        sections.append(n_best_section(dict(zip(sets, _tokenize_sets(sets))), targets))
    if objects:
        sections.append(chair_section(system, targets, objects, FLAGS.chair))
    sections += [comparison_section(system, other, targets, FLAGS.samples, FLAGS.seed) for other in others]
    _tell(scores, system.captions, matched.left_out, sections)


def console() -> None:
    """Runs the command with the flags of `sys.argv`."""
    run(main, FLAGS)


def _read_captions(n_best: Mapping[str, Sequence[str]] | None) -> Matched:
    """Reads predictions and references of the same images, which --n_best has too; tells what is odd about them."""
    systems = [Captions(path, parse_predictions(read_user_json(path), path)) for path in _paths()]
    if n_best is not None:  # the best caption stands for all of an image: it is the images that are matched
        systems.append(Captions(FLAGS.n_best, {image: captions[0] for image, captions in n_best.items()}))
    references = parse_references(read_user_json(FLAGS.references), FLAGS.references)
    matched = match_images(systems, references, FLAGS.references, FLAGS.subset)
    for note in matched.left_out:
        notice(note)
    for path, captions in zip(_paths(), matched.systems):
        empty = [image for image, caption in captions.items() if not any(map(str.isalnum, caption))]
        if empty:
            notice(f"{path}: {len(empty)} of {len(captions)} captions are empty, or have no word: {list_ids(empty)}.")
        _note_line_breaks(path, list(captions.items()))
    for path, groups in ((FLAGS.references, matched.references), (FLAGS.n_best, n_best or {})):
        _note_line_breaks(path, [(image, caption) for image, captions in groups.items() for caption in captions])
    return matched


def _paths() -> list[str]:
    return [FLAGS.predictions, *([FLAGS.against] if FLAGS.against else [])]


def _note_line_breaks(path: str, captions: Sequence[tuple[str, str]]) -> None:
    broken = dict.fromkeys(image for image, caption in captions if not _LINE_BREAKS.isdisjoint(caption))
    if broken:
        notice(
            f"{path}: captions of {len(broken)} images hold a carriage return or another line break, which is read "
            f"as a space: {list_ids(broken)}."
        )


def _tokenize_references(references: Mapping[str, Sequence[str]]) -> list[list[str]]:
    targets = _tokenize_sets(references)
    if not any(caption for captions in targets for caption in captions):
        raise UserError(f"{FLAGS.references}: no reference has a word, so that nothing can be scored.")
    return targets


def _tokenize_sets(sets: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Returns the tokens of the captions of each image, made of one stream as scoring makes it of the references."""
    stream = iter(tokenize_captions([caption for captions in sets.values() for caption in captions]))
    return [list(islice(stream, len(captions))) for captions in sets.values()]


def _score(matched: Matched) -> list[System]:
    return [
        System(path, captions, tokenize_captions(list(captions.values())), score_captions(captions, matched.references))
        for path, captions in zip(_paths(), matched.systems)
    ]


def _tell(scores: Scores, captions: dict[str, str], left_out: list[str], sections: Sequence[Section]) -> None:
    content: dict[str, Any] = {"corpus": scores.corpus, "per_image": scores.per_image}
    lines = value_lines({**scores.corpus, "images": len(captions)})
    if left_out:
        content["left_out"] = left_out
    for section in sections:
        content[section.key] = section.content
        lines += ["", *section.lines]
    if FLAGS.per_image:
        lines += image_lines(scores, captions)
    _print("\n".join([*lines, ""]))  # before writing, which may fail after long work
    if FLAGS.output:
        _write(FLAGS.output, json.dumps(content, indent=1) + "\n")
    if FLAGS.csv:
        _write(FLAGS.csv, image_csv(scores, captions))


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


def _print(text: str) -> None:
    """Prints what the terminal can show; captions may have more."""
    sys.stdout.write(printable(text, sys.stdout.encoding or "utf-8"))


if __name__ == "__main__":
    console()
