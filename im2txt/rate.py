r"""Evaluation by people: makes a page on which they rate the captions of several systems, and sums their ratings up.

    python -m im2txt.rate --images=data/coco --split=val --predictions=nic=nic.json --predictions=attention=att.json \
        --references=captions_val2014.json --count=100 --output=rate.html

writes rate.html, one file that works without a network in any browser, on phones too. It shows photos with the
captions of all systems, unnamed and in random order, each to be rated from 1 (unrelated) to 4 (no errors). With
--references, one caption by people for each photo is among them as the system `humans`. Send the page to raters, not
rate.key.json beside it, which says who wrote what. Raters send back the JSON file that the page saves. Then

    python -m im2txt.rate --ratings=ada.json --ratings=bob.json --key=rate.key.json --output=summary.json --html=r.html

prints for each system its mean rating with a 95 % bootstrap interval, the share of each rating and of captions rated 2,
3 and 4 or more, and how far the raters agree.

--images is a folder of records or of image files. Predictions are COCO result files and references a COCO annotation
file, as for im2txt.score. Only images that all of them have are rated.
"""

import json
import random
import sys
from pathlib import Path

from absl import flags

from im2txt.commands import run
from im2txt.errors import UserError
from im2txt.evaluation.named_predictions import read_named_predictions
from im2txt.evaluation.rating_page import key_path, write_rating_page
from im2txt.evaluation.rating_photos import draw_photos
from im2txt.evaluation.rating_results import as_text, write_results_page
from im2txt.evaluation.ratings import parse_key, parse_ratings, summarize
from im2txt.files import read_user_json, write_whole
from im2txt.metrics.coco_format import list_ids, parse_references
from im2txt.notices import notice

HUMANS = "humans"
FLAGS = flags.FlagValues()
flags.DEFINE_string("images", None, "folder of records or of image files", flag_values=FLAGS)
flags.DEFINE_string("split", "val", "split of the records", flag_values=FLAGS)
flags.DEFINE_multi_string("predictions", [], "NAME=FILE, a COCO result file; once a system", flag_values=FLAGS)
flags.DEFINE_string("references", None, "COCO annotation file, whose people are one more system", flag_values=FLAGS)
flags.DEFINE_integer("count", 100, "how many photos, drawn at random", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "draws photos, orders and resamples", lower_bound=0, flag_values=FLAGS)
flags.DEFINE_string("output", None, "the page (rate.html), or the summary as JSON (none)", flag_values=FLAGS)
flags.DEFINE_multi_string("ratings", [], "a file that a rater saved; once a rater", flag_values=FLAGS)
flags.DEFINE_string("key", None, "the *.key.json that was written beside the page", flag_values=FLAGS)
flags.DEFINE_string("html", None, "where to write the summary as a page with histograms", flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Makes the page, or sums up ratings."""
    del argv
    making, summing = FLAGS.images or FLAGS.predictions or FLAGS.references, FLAGS.ratings or FLAGS.key or FLAGS.html
    if bool(making) == bool(summing):
        raise UserError(
            "Give --images and --predictions to make a page, or --ratings and --key to sum up ratings"
            f"{', not both' if making else ''}."
        )
    if making:
        _make_page()
    else:
        _sum_up()


def _make_page() -> None:
    for name in ("images", "predictions"):
        if not FLAGS[name].value:
            raise UserError(f"--{name} is missing; a page needs --images and --predictions.")
    output = Path(FLAGS.output or "rate.html")
    if output.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--output={output}: the page's name must end in .html.")
    _check_folder(output)
    systems = read_named_predictions(FLAGS.predictions, taken=[HUMANS] if FLAGS.references else [])
    if FLAGS.references:
        systems[HUMANS] = _one_each(FLAGS.references, FLAGS.seed)
    common = _common(systems)
    photos = draw_photos(FLAGS.images, FLAGS.split, common, FLAGS.count, FLAGS.seed)
    unreadable = write_rating_page(output, photos, systems, FLAGS.seed)
    if unreadable:
        notice(f"{len(unreadable)} images cannot be read and are left out: {list_ids(unreadable)}.")
    if len(photos) < FLAGS.count:
        notice(f"Only {len(photos)} images of --count={FLAGS.count} are there.")
    size = output.stat().st_size / 1e6
    sys.stdout.write(
        f"{output}: {len(photos) - len(unreadable)} photos with the captions of {', '.join(systems)} ({size:.1f} MB)\n"
        f"{key_path(output)}: who wrote what; keep it from the raters\n"
    )


def _one_each(path: str, seed: int) -> dict[str, str]:
    """Returns one of the references of each image, drawn by the seed."""
    references = parse_references(read_user_json(path), path)
    return {
        image: random.Random(f"{seed}:{image}:reference").choice(texts) for image, texts in references.items() if texts
    }


def _common(systems: dict[str, dict[str, str]]) -> set[str]:
    """Returns the images that every system captioned, and tells of those that not all did."""
    common = set.intersection(*(set(captions) for captions in systems.values()))
    if not common:
        counts = ", ".join(f"{name} {len(captions)}" for name, captions in systems.items())
        raise UserError(f"No image has captions of all systems ({counts} images). Give files of the same images.")
    for name, captions in systems.items():
        if len(captions) > len(common):
            notice(f"{len(captions) - len(common)} of {len(captions)} images of {name} are not in all files: left out.")
    return common


def _sum_up() -> None:
    for name in ("ratings", "key"):
        if not FLAGS[name].value:
            raise UserError(f"--{name} is missing; a summary needs --ratings and --key.")
    for path in filter(None, (FLAGS.output, FLAGS.html)):
        _check_folder(Path(path))
    key = parse_key(read_user_json(FLAGS.key), FLAGS.key)
    rated = [parse_ratings(read_user_json(path), path, key) for path in FLAGS.ratings]
    summary = summarize(key, rated, FLAGS.seed)
    if FLAGS.output:
        write_whole(FLAGS.output, json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    if FLAGS.html:
        write_results_page(FLAGS.html, summary)
    sys.stdout.write(as_text(summary))


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise UserError(f"Cannot write {path}: there is no folder {path.parent}. Name a file in a folder that exists.")


def console() -> None:
    """The console script `im2txt-rate`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
