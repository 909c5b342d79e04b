r"""Turns a raw captioning dataset into a folder of records, the only form of data that im2txt reads.

    python -m data_prep.build_records --dataset=scenes --output=DIR --option=train=2000 --option=seed=1
    python -m data_prep.build_records --dataset=flickr8k --source=flickr8k/ --output=DIR --min_word_count=5
    python -m data_prep.build_records --dataset=coco --download        where to get it, and how to unpack it

The folder then holds TFRecord shards, one record an image with all its captions; vocabulary.txt, the words
of the training captions; and, written last, manifest.json: counts, checksums, what was skipped and why.

Stopped at any moment, even by force, the same command goes on and ends with the same bytes. A finished folder is left
as it is; that of another configuration is refused.

Upright RGB JPEGs and PNGs are kept byte for byte; all other images (rotated, grey, CMYK, transparent, animated, WebP,
TIFF ...) become RGB JPEGs, as TensorFlow would refuse or misread them. --image_size=346 --jpeg_quality=95 makes all
photos smaller, and faster to read.

--runner=beam writes the shards with Apache Beam (pip install "im2txt[beam]"); Beam's own options go behind `--`:

    python -m data_prep.build_records --dataset=coco --source=/mnt/coco --output=/mnt/records --runner=beam -- \
        --runner=FlinkRunner --flink_master=host:8081
"""

import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from data_prep.datasets import DATASETS
from im2txt.commands import run
from im2txt.errors import UserError

if TYPE_CHECKING:
    from data_prep.record_building import BuildConfig, Runner

RUNNERS = {"local": "processes of this machine", "beam": "Apache Beam, with the options behind `--`"}
TOKENIZERS = {
    "nltk": "words of English",
    "unicode_words": "words of any script",
    "wordpiece": "parts of words, counted on the training captions",
    "bytes": "UTF-8",
}


def _listed(table: dict[str, str]) -> str:
    return "; ".join(f"{name} ({description})" for name, description in table.items())


_KNOWN = _listed({name: dataset.description for name, dataset in DATASETS.items()})

FLAGS = flags.FlagValues()
flags.DEFINE_string("dataset", None, f"what to read: {_KNOWN}", flag_values=FLAGS)
flags.DEFINE_string("source", None, "folder of the raw dataset", flag_values=FLAGS)
flags.DEFINE_string("output", None, "folder for the records: new, empty, or these records", flag_values=FLAGS)
flags.DEFINE_list("splits", None, "splits to write, e.g. train,val; all if not set", flag_values=FLAGS)
flags.DEFINE_multi_string("option", [], "NAME=VALUE, an option of the dataset", flag_values=FLAGS)
flags.DEFINE_integer("workers", os.cpu_count(), "processes that check images", 1, flag_values=FLAGS)
flags.DEFINE_enum("runner", "local", list(RUNNERS), f"what writes: {_listed(RUNNERS)}", flag_values=FLAGS)
flags.DEFINE_enum("tokenizer", "nltk", list(TOKENIZERS), f"kind of tokens: {_listed(TOKENIZERS)}", flag_values=FLAGS)
flags.DEFINE_integer("min_word_count", 5, "words rarer than this become <unk>", 1, flag_values=FLAGS)
flags.DEFINE_integer("vocabulary_size", None, "keep at most so many words, the most frequent", 5, flag_values=FLAGS)
flags.DEFINE_bool("keep_punctuation", False, "whether punctuation marks are words", flag_values=FLAGS)
flags.DEFINE_string("vocabulary", None, "take the words of this file instead of counting", flag_values=FLAGS)
flags.DEFINE_bool("grow_vocabulary", False, "whether to add new words behind those of --vocabulary", flag_values=FLAGS)
flags.DEFINE_integer("images_per_shard", 1000, "images in each shard", 1, flag_values=FLAGS)
flags.DEFINE_integer(
    "image_size", None, "re-encode as JPEG, at most so many pixels on the shorter side", 1, flag_values=FLAGS
)
flags.DEFINE_integer("jpeg_quality", None, "re-encode as JPEG of this quality, 1 to 100", 1, 100, flag_values=FLAGS)
flags.DEFINE_float("max_skipped", 0.01, "share of images that may be skipped", 0, 1, flag_values=FLAGS)
flags.DEFINE_bool("download", False, "only tell where to get the dataset, and how to unpack it", flag_values=FLAGS)
flags.mark_flags_as_required(["dataset"], flag_values=FLAGS)


def main(argv: list[str]) -> None:
    """Builds the records that the flags ask for."""
    # Imported here: worker processes import this module anew, and they need no TensorFlow.
    from data_prep.dataset_options import parse_options
    from data_prep.datasets import dataset_module
    from data_prep.record_building import build_records

    module = dataset_module(FLAGS.dataset)
    if FLAGS.download:
        sys.stdout.write(f"{module.DOWNLOAD.strip()}\n")
        return
    options = parse_options(module.Config, FLAGS.option)
    output = _output()
    source = Path(FLAGS.source) if FLAGS.source else None
    manifest = build_records(FLAGS.dataset, source, output, options, _config(), _runner(argv))
    for split, counts in sorted(manifest["splits"].items()):
        sys.stdout.write(f"{split}: {counts['images']:,} images, {counts['captions']:,} captions\n")
    sys.stdout.write(f"skipped: {manifest['skipped']['count']:,}\nrecords: {output}\n")


def _output() -> Path:
    if not FLAGS.output:
        raise UserError("Say where the records shall go: --output=DIR.")
    for name in ("output", "source"):
        if "://" in (FLAGS[name].value or ""):
            raise UserError(f"--{name}={FLAGS[name].value} is no folder. Mount the bucket, and give the path.")
    return Path(FLAGS.output)


def _config() -> "BuildConfig":
    from data_prep.image_checks import ImageOptions
    from data_prep.record_building import BuildConfig
    from im2txt.text.tokenizer import Tokenizer

    _check_flags()
    return BuildConfig(
        splits=tuple(FLAGS.splits) if FLAGS.splits else None,
        tokenizer=Tokenizer(FLAGS.tokenizer, keep_punctuation=FLAGS.keep_punctuation),
        min_word_count=FLAGS.min_word_count,
        vocabulary_size=FLAGS.vocabulary_size,
        vocabulary=Path(FLAGS.vocabulary) if FLAGS.vocabulary else None,
        grow_vocabulary=FLAGS.grow_vocabulary,
        images_per_shard=FLAGS.images_per_shard,
        image=ImageOptions(FLAGS.image_size, FLAGS.jpeg_quality),
        max_skipped=FLAGS.max_skipped,
    )


def _check_flags() -> None:
    """Raises UserError for flags that make no sense, or would be without effect beside others."""
    if FLAGS.grow_vocabulary and not FLAGS.vocabulary:
        raise UserError("--grow_vocabulary needs the vocabulary to grow: --vocabulary=RECORDS/vocabulary.txt.")
    if FLAGS.vocabulary and not FLAGS.grow_vocabulary:
        for name in ("min_word_count", "vocabulary_size"):
            if FLAGS[name].present:
                raise UserError(f"--{name} chooses words, but --vocabulary gives them. Leave one of the two out.")
    if FLAGS.runner == "beam" and FLAGS["workers"].present:
        raise UserError("--workers is of --runner=local; Beam's runners have options of their own, behind `--`.")
    if math.isnan(FLAGS.max_skipped):
        raise UserError("--max_skipped=nan is no number. Give a share from 0 to 1.")


def _runner(beam_options: list[str]) -> "Runner":
    if FLAGS.runner == "beam":
        from data_prep.beam_building import beam_runner

        return beam_runner(beam_options)
    from data_prep.local_building import local_runner

    if beam_options:
        raise UserError(f"Unexpected argument {beam_options[0]!r}: everything is given as --flag=value.")
    return local_runner(FLAGS.workers)


def console() -> None:
    """Entry point of the console script."""
    run(main, FLAGS, positional=True)


if __name__ == "__main__":
    console()
