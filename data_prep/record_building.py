"""Builds a records folder from any dataset: the library part of `data_prep.build_records`.

    read -> plan (tokens, duplicates) -> count the words of training captions -> check images -> write shards

The plan lies in the folder as long as the build lasts, and finished shards have a report beside them, so a build that
was stopped at any moment goes on where it stood. Images are checked by worker processes and written by this one, in
the order of the source, or by a `Runner` of another kind; the bytes on disk depend on the configuration and the
source only.

A training image whose bytes are equal to those of an image in a held-out split that is written too is skipped; one
that two held-out splits share stays in both and is named in the manifest.
Words are counted before images are decoded, so those of a broken training image still count.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from tqdm import tqdm

from data_prep.datasets import dataset_module
from data_prep.examples import CaptionedImage
from data_prep.image_checks import ImageOptions
from data_prep.manifest import build_manifest
from data_prep.output_folder import OutputFolder, begun, finished_manifest
from data_prep.plan import Plan, PlannedShard, SourceDigest
from data_prep.shard_writing import read_report
from data_prep.skipped import Skipped, check_skipped
from data_prep.vocabulary_building import build_vocabulary, check_vocabulary, grow_vocabulary
from im2txt.data.records import VOCABULARY
from im2txt.errors import UserError, did_you_mean
from im2txt.notices import notice
from im2txt.text.tokenizer import Tokenizer
from im2txt.text.vocabulary import SPECIAL_WORDS, Vocabulary


@dataclass(frozen=True)
class BuildConfig:
    """How records are built; with the source it determines every byte of them, but for `max_skipped`.

    Attributes:
        splits: the splits to write; None means all that the source has.
        tokenizer: makes words of captions.
        min_word_count: words rarer than this among the training captions become `<unk>`.
        vocabulary_size: at most so many words, special ones included; None means no limit.
        vocabulary: a vocabulary file to use in place of counting words: that of a trained model.
        grow_vocabulary: whether the words of the training captions are added to those of `vocabulary`.
        images_per_shard: of every shard but a split's last one.
        image: re-encoding of images.
        max_skipped: how many images or captions may be skipped, as a share of the number of images.
    """

    splits: tuple[str, ...] | None = None
    tokenizer: Tokenizer = field(default_factory=Tokenizer)
    min_word_count: int = 5
    vocabulary_size: int | None = None
    vocabulary: Path | None = None
    grow_vocabulary: bool = False
    images_per_shard: int = 1000
    image: ImageOptions = field(default_factory=ImageOptions)
    max_skipped: float = 0.01


class Build(NamedTuple):
    """A build under way, as runners see it.

    Attributes:
        folder: the records folder.
        plan: what is to be written.
        vocabulary: gives words their ids.
        config: how to build.
    """

    folder: Path
    plan: Plan
    vocabulary: Vocabulary
    config: BuildConfig


# A runner writes every shard that has no report yet: held-out splits before `train`, which must not hold their images.
Runner = Callable[[Build, Mapping[str, Sequence[PlannedShard]]], None]


def build_records(
    dataset: str, source: Path | None, output: Path, options: Any, config: BuildConfig, runner: Runner
) -> dict:
    """Builds a records folder, or goes on with one, or recognises it as built already; returns its manifest.

    Args:
        dataset: a name of the table of datasets.
        source: the folder of the raw dataset; None for generated ones.
        output: the records folder.
        options: a `Config` of the dataset's module.
        config: how to build.
        runner: writes the shards.

    Raises:
        UserError: the source is faulty, too much of it had to be skipped, or `output` holds something else.
    """
    _check_places(source, output, config)
    reader = dataset_module(dataset)

    def read(digest: SourceDigest) -> Iterator[CaptionedImage | Skipped]:
        return tqdm(digest.watch(reader.read(source, options)), desc="reading", unit=" images", mininterval=0.5)

    identity = {"dataset": dataset, "config": _config_json(options, config)}
    if begun(output):
        for _ in read(digest := SourceDigest()):
            pass
        identity["config"]["source_sha256"] = digest.sha256()
        finished = finished_manifest(output, identity)
        if finished:
            notice(f"{output} is built already and left as it is")
            return finished
    with OutputFolder(output) as folder:
        if ended := folder.ended():
            return ended
        if not folder.go_on(identity):
            with folder.new_plan() as plan:
                plan.fill(read(digest := SourceDigest()), config.tokenizer)
                _check_plan(plan, config)
                _tell_counts(plan, reader, options)
                _vocabulary(plan, config).save(output / VOCABULARY)
                identity["config"]["source_sha256"] = digest.sha256()
                plan.note(identity)
        with closing(folder.plan()) as plan:
            manifest = _write(Build(output, plan, Vocabulary.load(output / VOCABULARY), config), runner)
        folder.finish(manifest)
    return manifest


def _check_places(source: Path | None, output: Path, config: BuildConfig) -> None:
    """Raises UserError for an output that would be read as a part of the source, or that holds the vocabulary."""
    inside = output.resolve()
    if source and inside.is_relative_to(source.resolve()):
        raise UserError(f"--output={output} lies inside --source={source}. Choose a folder outside of it.")
    if config.vocabulary and config.vocabulary.resolve().is_relative_to(inside):
        raise UserError(f"--vocabulary={config.vocabulary} lies inside --output={output}. Choose another --output.")


def _write(build: Build, runner: Runner) -> dict:
    """Has all shards written; returns the manifest."""
    plan, config = build.plan, build.config
    splits = [split for split in plan.splits() if split in (config.splits or (split,))]
    _tell_left_out(plan, splits)
    shards = {split: plan.shards(split, config.images_per_shard) for split in splits}
    runner(build, shards)
    reports = {split: [read_report(build.folder / shard.name) for shard in shards[split]] for split in splits}
    return build_manifest(plan, build.vocabulary, reports, config.max_skipped)


def _tell_left_out(plan: Plan, splits: Sequence[str]) -> None:
    """Tells the user which held-out images are never compared with those of training."""
    left_out = [split for split in plan.splits() if split not in splits]
    if left_out and "train" in splits:
        notice(f"{', '.join(left_out)}: not written, so training images that are the same as theirs are not found")


def _check_plan(plan: Plan, config: BuildConfig) -> None:
    """Raises UserError for a source that nothing can be made of."""
    known, skipped = plan.splits(), plan.skipped()
    if not known:
        reason = f" The first of {len(skipped)} reasons: {skipped[0].where}: {skipped[0].reason}." if skipped else ""
        raise UserError(f"The source has no image with captions.{reason}")
    check_skipped(skipped, plan.found, config.max_skipped)
    for name in config.splits or ():
        if name not in known:
            remedy = did_you_mean(name, known)
            raise UserError(f"--splits={','.join(config.splits)}: the source has no split `{name}`. {remedy}")


def _tell_counts(plan: Plan, reader: ModuleType, options: Any) -> None:
    """Tells the user where the source holds other numbers of images than the dataset's authors handed out."""
    found = plan.splits()
    for split, count in reader.expected(options).items():
        if found.get(split, count) != count:
            notice(f"{split}: {found[split]:,} usable images were found, the whole dataset has {count:,}")


def _vocabulary(plan: Plan, config: BuildConfig) -> Vocabulary:
    given = Vocabulary.load(config.vocabulary) if config.vocabulary else None
    if given:
        check_vocabulary(config.vocabulary, given, config.tokenizer)
    if given and not config.grow_vocabulary:
        return given
    if "train" not in plan.splits():
        raise UserError(
            "The source has no split `train` to take the vocabulary from. "
            "Give that of the model's training records: --vocabulary=RECORDS/vocabulary.txt."
        )
    counts, captions = Counter(), 0
    for tokens in plan.tokens("train"):
        counts.update(tokens)
        captions += 1
    limits = config.min_word_count, config.vocabulary_size
    if given:
        return grow_vocabulary(given, counts, captions, *limits)
    vocabulary = build_vocabulary(counts, captions, config.tokenizer, *limits)
    if len(vocabulary) == len(SPECIAL_WORDS):
        raise UserError(
            f"No word occurs {config.min_word_count} times in the training captions. Lower --min_word_count."
        )
    return vocabulary


def _config_json(options: Any, config: BuildConfig) -> dict:
    """Returns what determines the bytes of the records, as it stands in the manifest."""
    given = Vocabulary.load(config.vocabulary).sha256() if config.vocabulary else None
    counted = not config.vocabulary or config.grow_vocabulary
    return {
        "options": dataclasses.asdict(options),
        "splits": sorted(config.splits) if config.splits else None,
        "tokenizer": dataclasses.asdict(config.tokenizer),
        "min_word_count": config.min_word_count if counted else None,
        "vocabulary_size": config.vocabulary_size if counted else None,
        "vocabulary_sha256": given,
        "grow_vocabulary": config.grow_vocabulary,
        "images_per_shard": config.images_per_shard,
        "image": dataclasses.asdict(config.image),
    }
