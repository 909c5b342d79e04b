"""Retrieval with a trained captioner: finds the captions of each image of a split, and the image of each caption.

    python -m im2txt.retrieve --workdir=runs/flickr8k --records=data/flickr8k --split=val --output=runs/flickr8k/find

scores every image against every caption by log P(caption | image) and writes retrieval.json (R@1, R@5, R@10, median
and mean rank, both directions), retrieval.html (what some queries find) and similarity.npy, the log-probabilities
[images, captions] in the order of the records. A run that was stopped goes on where it was when the same command is
given again; another --score of the same images takes seconds.

--score decides how captions are compared with each other, so it changes image to text alone:

    mutual_information   log of P(caption | image) / sum over images of P(caption | image), after Mao et al. 2015
                         (m-RNN), who take the sum over training images
    log_probability      log P(caption | image) itself; long captions lose
    per_word             the same, divided by the number of words and <end>

The usual protocol counts five captions an image. COCO's "5K" is its 5,000 test images; --folds=5 adds the "1K", the
mean over five folds of 1,000 of them. Fewer images are easier to tell apart: compare equal numbers only.
`--records` may be cached features of the same encoder, which is faster; `--photos` then names the image records that
the page takes its photos from.
"""

import itertools
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from im2txt.commands import define_checkpoint_flag, run
from im2txt.errors import UserError
from im2txt.evaluation.caption_retrieval import SCORES, as_table, summarize
from im2txt.files import check_output_folder

if TYPE_CHECKING:
    from im2txt.evaluation.caption_similarity import Candidates

FLAGS = flags.FlagValues()
flags.DEFINE_string("workdir", None, "folder of a run of im2txt.train", required=True, flag_values=FLAGS)
flags.DEFINE_string("records", None, "folder of captioned records", required=True, flag_values=FLAGS)
flags.DEFINE_string("split", "val", "split to search in", flag_values=FLAGS)
flags.DEFINE_string("output", None, "folder to write; made if absent", required=True, flag_values=FLAGS)
flags.DEFINE_string("photos", None, "image records with the page's photos; --records if absent", flag_values=FLAGS)
define_checkpoint_flag(FLAGS)
flags.DEFINE_enum("score", next(iter(SCORES)), list(SCORES), "how captions are compared", flag_values=FLAGS)
flags.DEFINE_integer("images", 0, "take the first images alone; 0 takes all", lower_bound=0, flag_values=FLAGS)
flags.DEFINE_integer("captions_per_image", 5, "captions of each; 0 takes all", lower_bound=0, flag_values=FLAGS)
flags.DEFINE_integer("folds", 1, "also the mean over so many folds of images", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("pairs", 2048, "pairs scored at once; fewer need less memory", lower_bound=1, flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Scores the pairs that are missing and writes what comes of all."""
    del argv
    from im2txt.data.records import damage_told

    with damage_told(FLAGS.records):
        _retrieve()


def _retrieve() -> None:
    from im2txt.data.records import read_manifest, shard_paths
    from im2txt.evaluation.captions import check_same_images
    from im2txt.evaluation.retrieval_page import write_retrieval_page
    from im2txt.evaluation.split_evaluation import read_photos
    from im2txt.files import write_whole

    output = Path(FLAGS.output)
    check_output_folder(output)
    shard_paths(FLAGS.records, FLAGS.split)  # what is mistyped is told before the model is built
    photos = FLAGS.photos or (None if read_manifest(FLAGS.records).get("features") else FLAGS.records)
    shown = read_photos(photos, FLAGS.split) if photos else itertools.repeat(None)
    if FLAGS.photos:
        check_same_images(FLAGS.photos, FLAGS.records, FLAGS.split)
    candidates = _read_candidates()
    values, details = _log_probabilities(output, candidates)
    similarities = SCORES[FLAGS.score](values, [len(caption) for caption in candidates.ids])
    summary = summarize(similarities, candidates.owners, FLAGS.folds)
    table = as_table(summary)
    content = {"score": FLAGS.score, **summary, "run": details}
    write_whole(output / "retrieval.json", json.dumps(content, indent=1) + "\n")
    facts = {**details, "images": len(candidates.images), "captions": len(candidates.ids), "score": FLAGS.score}
    write_retrieval_page(output / "retrieval.html", table, similarities, candidates, shown, facts)
    _print_table(table)
    sys.stdout.write(f"Page: {output / 'retrieval.html'}\n")


def _read_candidates() -> "Candidates":
    """Reads the images and captions; tells where they are not all of the split."""
    from im2txt.data.records import read_manifest
    from im2txt.evaluation.caption_similarity import read_candidates

    candidates = read_candidates(FLAGS.records, FLAGS.split, FLAGS.images, FLAGS.captions_per_image)
    images, found = len(candidates.images), read_manifest(FLAGS.records)["splits"][FLAGS.split]
    if images < 2:
        raise UserError(f"--images={images}: to find an image among others takes two or more.")
    if images % FLAGS.folds:
        raise UserError(f"--folds={FLAGS.folds}: {images} images do not divide into {FLAGS.folds} folds.")
    if images < found["images"]:
        _note(f"only the first {images} of {found['images']} images, which are easier to tell apart than all.")
    elif len(candidates.ids) < found["captions"]:
        _note(f"only {FLAGS.captions_per_image} captions an image: {len(candidates.ids)} of {found['captions']}.")
    return candidates


def _log_probabilities(output: Path, candidates: "Candidates") -> tuple[Any, dict[str, object]]:
    """Returns log P(caption | image) of every pair, [images, captions], and what it belongs to."""
    from im2txt.data.records import MANIFEST
    from im2txt.evaluation.caption_similarity import fill_matrix, model_digest
    from im2txt.evaluation.similarity_file import close_matrix, open_matrix
    from im2txt.files import sha256_file
    from im2txt.workdir import check_features, check_vocabulary, load_run

    loaded = load_run(FLAGS.workdir, FLAGS.checkpoint)
    check_vocabulary(FLAGS.workdir, FLAGS.records)
    check_features(FLAGS.records, loaded.captioner.encoder)
    identity = {
        "model_sha256": model_digest(loaded.captioner),
        "records_sha256": sha256_file(Path(FLAGS.records) / MANIFEST),
        "split": FLAGS.split,
        "captions_per_image": FLAGS.captions_per_image,
    }
    details = {
        "run": Path(FLAGS.workdir).resolve().name,
        "checkpoint": FLAGS.checkpoint,
        "step": loaded.step,
        "records": Path(FLAGS.records).resolve().name,
        "split": FLAGS.split,
        "date": time.strftime("%Y-%m-%d"),
    }
    matrix = open_matrix(output, (len(candidates.images), len(candidates.ids)), identity, details)
    fill_matrix(matrix, loaded.captioner, FLAGS.records, FLAGS.split, candidates, FLAGS.pairs)
    return close_matrix(output), details


def _print_table(table: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*table)]
    for first, *cells in table:
        line = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:]))]
        sys.stdout.write("  ".join(line).rstrip() + "\n")


def _note(text: str) -> None:
    sys.stderr.write(f"note: {text}\n")


def console() -> None:
    """The console script `im2txt-retrieve`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
