"""Builds a records folder from any dataset: the library part of `data_prep.build_records`.

    read -> prepare (ids, captions, tokens) -> count the words of training captions -> check images -> write

Images are checked by worker processes and written by this one, in the order of the source, so the bytes on
disk depend on the configuration and the source only, not on the number of workers.

A training image whose bytes are equal to those of an image in a held-out split that is written too is skipped.
Words are counted before images are decoded, so those of a broken training image still count.
"""

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_prep.datasets import dataset_module
from data_prep.image_checks import ImageOptions
from data_prep.output_folder import clear, finished_manifest
from data_prep.preparation import Preparation, prepare
from data_prep.shard_writing import Shard, ShardWriter
from data_prep.skipped import check_skipped
from im2txt.data.records import VOCABULARY, write_manifest
from im2txt.errors import UserError
from im2txt.text.tokenizer import Tokenizer
from im2txt.text.vocabulary import SPECIAL_WORDS, Vocabulary


@dataclass(frozen=True)
class BuildConfig:
    """How records are built; with the source it determines every byte of them.

    Attributes:
        splits: the splits to write; None means all that the source has.
        tokenizer: makes words of captions.
        min_word_count: words rarer than this among the training captions become `<unk>`.
        vocabulary: a vocabulary file to use in place of counting words: that of a trained model.
        images_per_shard: of every shard but a split's last one.
        image: re-encoding of images.
        max_skipped: how many images or captions may be skipped, as a share of the number of images.
    """

    splits: tuple[str, ...] | None = None
    tokenizer: Tokenizer = field(default_factory=Tokenizer)
    min_word_count: int = 5
    vocabulary: Path | None = None
    images_per_shard: int = 1000
    image: ImageOptions = field(default_factory=ImageOptions)
    max_skipped: float = 0.01


def build_records(
    dataset: str, source: Path | None, output: Path, options: Any, config: BuildConfig, workers: int = 1
) -> dict:
    """Builds a records folder, or recognises it as built already, and returns its manifest.

    Args:
        dataset: a name of the table of datasets.
        source: the folder of the raw dataset; None for generated ones.
        output: the records folder.
        options: a `Config` of the dataset's module.
        config: how to build.
        workers: processes that check images.

    Raises:
        UserError: the source is faulty, too much of it had to be skipped, or `output` holds something else.
    """
    everything = prepare(dataset_module(dataset).read(source, options), config.tokenizer)
    check_skipped(everything.skipped, everything.found, config.max_skipped)
    vocabulary = _vocabulary(everything, config)
    preparation = everything.select(config.splits or everything.splits)
    identity = {"dataset": dataset, "config": _config_json(preparation, vocabulary, options, config)}
    finished = finished_manifest(output, identity)
    if finished:
        sys.stderr.write(f"note: {output} is built already and left as it is\n")
        return finished
    clear(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        vocabulary.save(output / VOCABULARY)
        writer = ShardWriter(preparation, vocabulary, config.image, config.max_skipped)
        shards = writer.write(output, config.images_per_shard, workers)
        manifest = {
            **identity,
            "vocabulary_sha256": vocabulary.sha256(),
            "splits": {split: _split_json(shards[split]) for split in shards},
            "skipped": {"count": len(writer.skipped), "items": [item._asdict() for item in writer.skipped]},
            "features": None,
        }
        write_manifest(output, manifest)
    except BaseException:
        clear(output)
        raise
    return manifest


def _vocabulary(preparation: Preparation, config: BuildConfig) -> Vocabulary:
    if config.vocabulary is not None:
        return Vocabulary.load(config.vocabulary)
    if "train" not in preparation.splits:
        raise UserError(
            "The source has no split `train` to take the vocabulary from. "
            "Give that of the model's training records: --vocabulary=RECORDS/vocabulary.txt."
        )
    captions = (tokens for image in preparation.splits["train"] for tokens in image.tokens)
    vocabulary = Vocabulary.build(captions, config.min_word_count)
    if len(vocabulary) == len(SPECIAL_WORDS):
        raise UserError(
            f"No word occurs {config.min_word_count} times in the training captions. Lower --min_word_count."
        )
    return vocabulary


def _config_json(preparation: Preparation, vocabulary: Vocabulary, options: Any, config: BuildConfig) -> dict:
    """Returns what determines the bytes of the records, as it stands in the manifest."""
    return {
        "options": dataclasses.asdict(options),
        "splits": sorted(preparation.splits),
        "tokenizer": dataclasses.asdict(config.tokenizer),
        "min_word_count": None if config.vocabulary else config.min_word_count,
        "vocabulary_sha256": vocabulary.sha256() if config.vocabulary else None,
        "images_per_shard": config.images_per_shard,
        "image": dataclasses.asdict(config.image),
        "source_sha256": preparation.sha256(),
    }


def _split_json(shards: Sequence[Shard]) -> dict:
    return {
        "images": sum(shard.records for shard in shards),
        "captions": sum(shard.captions for shard in shards),
        "shards": [{"name": shard.name, "sha256": shard.sha256, "records": shard.records} for shard in shards],
    }
