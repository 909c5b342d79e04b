r"""The papers' baselines on any records, and your systems beside them: random, nearest neighbour, consensus, people.

    python -m im2txt.baselines --records=data/flickr8k --features=data/flickr8k_mixed8 --split=val \
        --predictions=NIC=runs/show_and_tell/val/predictions.json --output=runs/baselines

prints the table of Show and Tell (Vinyals et al. 2015) and writes it as baselines.md, with metrics.json and a COCO
result file of each baseline. All rows are scored on the same images, by the official metrics:

    Random                          a random training caption for each image; mean and spread of --draws draws
    Nearest neighbour               the first caption of the most similar training image
    Nearest neighbours' consensus   the caption, of all captions of the --neighbours most similar training images, that
                                    agrees best with the --consensus others it is most similar to (Devlin et al. 2015)
    Human                           the first caption of each image against its others; with --human=all each caption
                                    in turn, and their mean

Images are similar by the cosine of their pooled features, which im2txt.extract_features makes; without --features, and
where --records holds none, the two rows of neighbours are left out.

Human has one reference fewer than the other rows. --equal_references adds a table of all rows on the references that
Human has. (Show and Tell adds to Human what the fifth reference gives to systems; here nothing is added.)

Predictions are COCO result files of the same images; --subset scores those that all files have.
"""

import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from absl import flags

from im2txt.commands import run
from im2txt.evaluation.baseline_report import FILES, reading_notes, report, write_files
from im2txt.evaluation.named_predictions import read_named_predictions
from im2txt.files import check_output_folder
from im2txt.metrics.baseline_captions import HUMAN, NEAREST, BaselineOptions
from im2txt.metrics.baseline_scores import full_trials, held_out_places, score_tables
from im2txt.metrics.image_sets import Captions, Matched, match_images
from im2txt.metrics.score_tables import printable

FLAGS = flags.FlagValues()
flags.DEFINE_string("records", None, "folder of records, whose captions count", required=True, flag_values=FLAGS)
flags.DEFINE_string("split", "val", "split to caption", flag_values=FLAGS)
flags.DEFINE_string("features", None, "features of the same images; --records if it has them", flag_values=FLAGS)
flags.DEFINE_multi_string("predictions", [], "NAME=FILE, a COCO result file; once a system", flag_values=FLAGS)
flags.DEFINE_bool("subset", False, "score only the images that all files have", flag_values=FLAGS)
flags.DEFINE_integer("neighbours", 60, "training images of the consensus", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("consensus", 125, "captions that one has to agree with", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_enum("similarity", "cider", ["cider", "bleu"], "by which captions agree", flag_values=FLAGS)
flags.DEFINE_integer("draws", 5, "how often random captions are drawn", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "seed of the draws", lower_bound=0, flag_values=FLAGS)
flags.DEFINE_enum("human", "first", ["first", "all"], "which captions of people to hold out", flag_values=FLAGS)
flags.DEFINE_bool("equal_references", False, "score all rows on Human's references, too", flag_values=FLAGS)
flags.DEFINE_bool("all", False, "print every metric, and how many words are used", flag_values=FLAGS)
flags.DEFINE_string("output", None, "folder to write; made if absent", flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Makes, scores, prints and writes the baselines."""
    del argv
    if FLAGS.output:
        check_output_folder(FLAGS.output)
    given = read_named_predictions(FLAGS.predictions, FILES)
    from im2txt.data.records import read_manifest
    from im2txt.evaluation.split_baselines import baseline_systems, encoder_name, read_truth

    options = BaselineOptions(**{name: FLAGS[name].value for name in BaselineOptions._fields})
    truth = read_truth(FLAGS.records, FLAGS.split)
    matched = _match(given, truth.references)
    features = FLAGS.features or (FLAGS.records if read_manifest(FLAGS.records).get("features") else None)
    systems = {name: [captions] for name, captions in zip(given, matched.systems)}
    systems |= baseline_systems(truth, list(matched.references), features, options)

    encoder = encoder_name(features) if features else None
    _score(systems, matched, options, encoder)


def _score(
    systems: Mapping[str, list[dict[str, str]]], matched: Matched, options: BaselineOptions, encoder: str | None
) -> None:
    """Scores the systems and people, prints the table, and writes all of it to --output."""
    places = held_out_places(matched.references, every=FLAGS.human == "all")
    trials = full_trials(systems, matched.references, places)
    tables = score_tables(trials, FLAGS.equal_references)
    left_out = [*matched.left_out, *_left_out(trials)]
    title = f"Baselines on {_where()}, {len(matched.references):,} images"
    text = report(title, tables, [*reading_notes(tables, options, encoder), *left_out], FLAGS.all)
    sys.stdout.write(printable(text, sys.stdout.encoding or "utf-8"))
    if FLAGS.output:
        details = {
            "records": Path(FLAGS.records).resolve().name,
            "split": FLAGS.split,
            "images": len(matched.references),
            "human": FLAGS.human,
            "encoder": encoder,
            **options._asdict(),
            "left_out": left_out,
        }
        write_files(FLAGS.output, text, tables, details, trials)


def _match(given: Mapping[str, Mapping[str, str]], references: Mapping[str, list[str]]) -> Matched:
    """Brings the captions of the user's systems and the references to the same images."""
    systems = [Captions(f"--predictions={name}", captions) for name, captions in given.items()]
    return match_images(systems, references, _where(), FLAGS.subset)


def _where() -> str:
    return f"the split `{FLAGS.split}` of {FLAGS.records}"


def _left_out(rows: Collection[str]) -> list[str]:
    """Returns a sentence for each kind of row that cannot be had."""
    notes = {
        NEAREST: "The nearest neighbours are left out: they need --features=FOLDER. Make it with: "
        f"python -m im2txt.extract_features --records={FLAGS.records} --output=FOLDER --config=FILE",
        HUMAN: f"{HUMAN} is left out: there are images with a single caption, which cannot be held out.",
    }
    return [note for name, note in notes.items() if name not in rows]


def console() -> None:
    """The console script `im2txt-baselines`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
