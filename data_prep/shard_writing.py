"""Writes planned images as TFRecord shards, and beside each a report of what became of its images.

A shard appears under its name when it is whole, its report after it: a shard with a report is finished, and a build
that was stopped goes on with those that have none. The reports become part of the manifest and are removed then.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from data_prep.image_checks import CheckedImage
from data_prep.plan import PlannedImage
from data_prep.skipped import Skipped
from im2txt.data.records import ImageRecord, encode_image_record, shard_writer
from im2txt.files import sha256_file, write_whole
from im2txt.text.vocabulary import Vocabulary


class ShardReport(NamedTuple):
    """What became of the images of one shard.

    Attributes:
        name: of the shard's file.
        sha256: of the shard's bytes.
        bytes: size of the shard.
        records: number of records.
        captions: number of captions in them.
        skipped: images that were refused.
        re_encoded: why images are not kept byte for byte -> number of them.
        originals: sha256 of an image's bytes as they were read -> ids of the images, in held-out splits alone.
    """

    name: str
    sha256: str
    bytes: int
    records: int
    captions: int
    skipped: list[Skipped]
    re_encoded: dict[str, int]
    originals: dict[str, list[str]]


def write_shard(
    path: Path,
    images: Iterable[PlannedImage],
    checks: Iterator[CheckedImage],
    vocabulary: Vocabulary,
    held_out: Mapping[str, str],
) -> ShardReport:
    """Writes one shard and its report.

    Args:
        path: of the shard.
        images: what it holds.
        checks: begins with the checks of these images, of which it takes one for each.
        vocabulary: gives words their ids.
        held_out: sha256 of an image of a held-out split -> its name; a training image like it is refused.
    """
    part = path.with_name(f"{path.name}.part-{uuid.uuid4().hex}")  # on a shared disk, process ids come twice
    skipped: list[Skipped] = []
    originals: dict[str, list[str]] = {}
    re_encoded: Counter[str] = Counter()
    records = captions = 0
    with shard_writer(part) as writer:
        for image, check in zip(images, checks):  # zip asks `images` first: no check is lost at the end
            example = image.example
            reason = _refusal(example.split, check, held_out)
            if reason:
                skipped.append(Skipped(example.image_id, example.where, reason))
                continue
            if example.split != "train":
                originals.setdefault(check.sha256, []).append(example.image_id)
            writer.write(encode_image_record(image_record(image, check.content, vocabulary)))
            re_encoded.update([check.re_encoded] if check.re_encoded else [])
            records += 1
            captions += len(example.captions)
    part.replace(path)
    sizes = path.stat().st_size, records, captions
    report = ShardReport(path.name, sha256_file(path), *sizes, skipped, re_encoded, originals)
    write_whole(report_path(path), json.dumps(report._asdict()))
    return report


def finished_report(path: Path) -> ShardReport | None:
    """Returns the report of a shard, or None where the shard is not finished or no longer as it was written."""
    if not (path.is_file() and report_path(path).is_file()):
        return None
    report = read_report(path)
    return report if report.sha256 == sha256_file(path) else None


def read_report(path: Path) -> ShardReport:
    """Returns the report of a finished shard."""
    report = ShardReport(**json.loads(report_path(path).read_text(encoding="utf-8")))
    return report._replace(skipped=[Skipped(*item) for item in report.skipped])


def report_path(shard: Path) -> Path:
    """Returns where the report of a shard lies."""
    return shard.with_name(f"{shard.name}.json")


def add_held_out(images: dict[str, str], split: str, report: ShardReport) -> dict[str, str]:
    """Adds sha256 -> name of every image of a shard of a held-out split; of several names the least stays."""
    for digest, image_ids in report.originals.items():
        name = f"{min(image_ids)} of split {split}"
        images[digest] = min(name, images.get(digest, name))
    return images


def image_record(image: PlannedImage, content: bytes, vocabulary: Vocabulary) -> ImageRecord:
    """Returns the record of one example; `content` is its encoded image."""
    example = image.example
    return ImageRecord(
        image_id=example.image_id,
        image_bytes=content,
        captions=example.captions,
        caption_ids=tuple(tuple(vocabulary.encode(tokens)) for tokens in image.tokens),
        regions=example.regions,
        region_ids=tuple(tuple(vocabulary.encode(tokens)) for tokens in image.phrase_tokens),
        metadata=example.metadata,
    )


def _refusal(split: str, check: CheckedImage, held_out: Mapping[str, str]) -> str:
    """Returns why an image becomes no record, or nothing if it does."""
    if check.reason:
        return f"the image {check.reason}"
    if split == "train" and check.sha256 in held_out:
        return f"the image is the same as {held_out[check.sha256]}, which must not be trained on"
    return ""
