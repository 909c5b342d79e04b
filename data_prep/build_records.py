"""Turns a raw captioning dataset into a folder of records, the only form of data that im2txt reads.

    python -m data_prep.build_records --dataset=scenes --output=DIR --option=train=2000 --option=seed=1
    python -m data_prep.build_records --dataset=flickr8k --source=flickr8k/ --output=DIR --min_word_count=5

The folder then holds TFRecord shards, one record an image with all its captions; vocabulary.txt, the words
of the training captions; and, written last, manifest.json: counts, checksums, what was skipped and why. Built
again with the same configuration, a finished folder is left as it is; with another one, it is refused.

Images are kept byte for byte unless --image_size or --jpeg_quality asks for another encoding.
"""

import os
import sys
from pathlib import Path

from absl import flags

from data_prep.datasets import DATASETS
from im2txt.commands import run

_KNOWN = "; ".join(f"{name} ({dataset.description})" for name, dataset in DATASETS.items())

FLAGS = flags.FlagValues()
flags.DEFINE_string("dataset", None, f"what to read: {_KNOWN}", flag_values=FLAGS)
flags.DEFINE_string("source", None, "folder of the raw dataset", flag_values=FLAGS)
flags.DEFINE_string("output", None, "folder for the records: new, empty, or these records", flag_values=FLAGS)
flags.DEFINE_list("splits", None, "splits to write, e.g. train,val; all if not set", flag_values=FLAGS)
flags.DEFINE_multi_string("option", [], "NAME=VALUE, an option of the dataset", flag_values=FLAGS)
flags.DEFINE_integer("workers", os.cpu_count(), "processes that check images", 1, flag_values=FLAGS)
flags.DEFINE_integer("min_word_count", 5, "words rarer than this become <unk>", 1, flag_values=FLAGS)
flags.DEFINE_bool("keep_punctuation", False, "whether punctuation marks are words", flag_values=FLAGS)
flags.DEFINE_string("vocabulary", None, "take the words of this file instead of counting", flag_values=FLAGS)
flags.DEFINE_integer("images_per_shard", 1000, "images in each shard", 1, flag_values=FLAGS)
flags.DEFINE_integer(
    "image_size", None, "re-encode as JPEG, at most so many pixels on the shorter side", 1, flag_values=FLAGS
)
flags.DEFINE_integer("jpeg_quality", None, "re-encode as JPEG of this quality, 1 to 100", 1, 100, flag_values=FLAGS)
flags.DEFINE_float("max_skipped", 0.01, "share of images that may be skipped", 0, 1, flag_values=FLAGS)
flags.mark_flags_as_required(["dataset", "output"], flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Builds the records that the flags ask for."""
    del argv
    # Imported here: worker processes import this module anew, and they need no TensorFlow.
    from data_prep.dataset_options import parse_options
    from data_prep.datasets import dataset_module
    from data_prep.image_checks import ImageOptions
    from data_prep.record_building import BuildConfig, build_records
    from im2txt.text.tokenizer import Tokenizer

    options = parse_options(dataset_module(FLAGS.dataset).Config, FLAGS.option)
    config = BuildConfig(
        splits=tuple(FLAGS.splits) if FLAGS.splits else None,
        tokenizer=Tokenizer(keep_punctuation=FLAGS.keep_punctuation),
        min_word_count=FLAGS.min_word_count,
        vocabulary=Path(FLAGS.vocabulary) if FLAGS.vocabulary else None,
        images_per_shard=FLAGS.images_per_shard,
        image=ImageOptions(FLAGS.image_size, FLAGS.jpeg_quality),
        max_skipped=FLAGS.max_skipped,
    )
    source = Path(FLAGS.source) if FLAGS.source else None
    manifest = build_records(FLAGS.dataset, source, Path(FLAGS.output), options, config, FLAGS.workers)
    for split, counts in sorted(manifest["splits"].items()):
        sys.stdout.write(f"{split}: {counts['images']:,} images, {counts['captions']:,} captions\n")
    sys.stdout.write(f"skipped: {manifest['skipped']['count']:,}\nrecords: {FLAGS.output}\n")


def console() -> None:
    """Entry point of the console script."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
