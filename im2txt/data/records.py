"""The record: one image with all its captions, as it lies on disk. Encoding and decoding stand side by side here.

A records folder holds

    train-00000-of-00004.tfrecord ...   one `tf.train.Example` an image (fields below)
    vocabulary.txt                      `word<TAB>count` a line, line number = id (`im2txt.text.vocabulary`)
    manifest.json                       written last, so that its existence means the folder is whole

Fields of an image record (schema 1):

    image/id          bytes             unique in the dataset
    image/bytes       bytes             the encoded image, an upright RGB JPEG or PNG
    captions/text     bytes [captions]  as written by people
    captions/ids      int64 [words of all captions]    without <start> and <end>
    captions/lengths  int64 [captions]                 words in each caption
    regions/boxes     float [regions * 4]   ymin, xmin, ymax, xmax as fractions of height and width
    regions/phrases   bytes [regions]
    regions/ids       int64 [words of all phrases]     in the same vocabulary
    regions/lengths   int64 [regions]                  words in each phrase
    metadata          bytes             JSON object; what only this dataset knows (scenes: its scene graph)

A feature record holds, in place of `image/bytes`, what a frozen encoder made of the image; all else is the same:

    features/regions  bytes [views]     float16 [regions * depth] each, little endian, row-major over the grid
    features/pooled   bytes [views]     float16 [depth] each, the mean over regions

View 0 is the whole image. Images of split `train` may have more views (`views` of the manifest; absent means 1), which
are random crops, mirrored or not; all other splits have one.

Manifest (image and feature records alike; `features` is null for image records):

    {"schema": 1, "dataset": "scenes", "config": {...}, "vocabulary_sha256": "...",
     "splits": {"train": {"images": 1000, "captions": 5000,
                          "shards": [{"name": "train-00000-of-00002.tfrecord", "sha256": "...", "records": 500}]}},
     "skipped": {"count": 1, "items": [{"image_id": "...", "where": "...", "reason": "..."}]},
     "duplicates": {"count": 1, "items": [{"image_id": "...", "split": "test", "same_as": "...", "of_split": "val"}]},
     "re_encoded": {"greyscale": 12},
     "features": {"encoder": {...}, "encoder_sha256": "...", "grid": [8, 8], "regions": 64, "depth": 1280,
                  "views": 1}}
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from im2txt.data.regions import Region
from im2txt.errors import UserError, did_you_mean
from im2txt.files import write_whole

SCHEMA = 1
MANIFEST = "manifest.json"
VOCABULARY = "vocabulary.txt"
FEATURES = ("features/regions", "features/pooled")


class ImageRecord(NamedTuple):
    """One image with all its captions, in plain Python types."""

    image_id: str
    image_bytes: bytes
    captions: tuple[str, ...]
    caption_ids: tuple[tuple[int, ...], ...]
    regions: tuple[Region, ...] = ()
    region_ids: tuple[tuple[int, ...], ...] = ()
    metadata: dict = {}  # noqa: RUF012 - never written to


def encode_image_record(record: ImageRecord) -> bytes:
    """Returns the serialized `tf.train.Example` of one image record."""
    return _serialize({"image/bytes": _bytes([record.image_bytes]), **_shared_features(record)})


def decode_image_record(serialized: bytes) -> ImageRecord:
    """The inverse of `encode_image_record` (boxes come back in float32 precision)."""
    feature = tf.train.Example.FromString(serialized).features.feature
    boxes = np.array(feature["regions/boxes"].float_list.value).reshape(-1, 4)
    phrases = [phrase.decode() for phrase in feature["regions/phrases"].bytes_list.value]
    return ImageRecord(
        image_id=feature["image/id"].bytes_list.value[0].decode(),
        image_bytes=feature["image/bytes"].bytes_list.value[0],
        captions=tuple(text.decode() for text in feature["captions/text"].bytes_list.value),
        caption_ids=_unflatten(feature, "captions"),
        regions=tuple(Region(tuple(map(float, box)), phrase) for box, phrase in zip(boxes, phrases)),
        region_ids=_unflatten(feature, "regions"),
        metadata=json.loads(feature["metadata"].bytes_list.value[0]),
    )


def encode_feature_record(record: ImageRecord, regions: np.ndarray) -> bytes:
    """Returns the serialized feature record of an image: `regions` is float [views, regions, depth]."""
    pooled = [view.mean(axis=0, dtype=np.float32) for view in regions]
    feature = {
        "features/regions": _bytes([view.astype("<f2").tobytes() for view in regions]),
        "features/pooled": _bytes([view.astype("<f2").tobytes() for view in pooled]),
    }
    return _serialize({**feature, **_shared_features(record)})


def parse_records(serialized: tf.Tensor, fields: Sequence[str]) -> dict[str, tf.Tensor]:
    """Parses a batch of serialized records [batch] in the graph; only `fields` are read.

    `image/id`, `image/bytes` and `metadata` come back as strings [batch]; `features/regions` and `features/pooled` as
    strings [batch, views]; `captions/ids` and `regions/ids` as ragged int64 [batch, captions or regions, words];
    `captions/text` as ragged strings [batch, captions].
    """
    scalar = tf.io.FixedLenFeature([], tf.string)
    views = tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True)
    known = {
        "image/id": scalar,
        "image/bytes": scalar,
        "metadata": tf.io.FixedLenFeature([], tf.string, default_value="{}"),  # a record need not have any
        **dict.fromkeys(FEATURES, views),
        "captions/ids": _words("captions"),
        "regions/ids": _words("regions"),
        "captions/text": tf.io.RaggedFeature(tf.string, row_splits_dtype=tf.int64),
    }
    return tf.io.parse_example(serialized, {field: known[field] for field in fields})


def _words(name: str) -> tf.io.RaggedFeature:
    lengths = tf.io.RaggedFeature.RowLengths(f"{name}/lengths")
    return tf.io.RaggedFeature(tf.int64, f"{name}/ids", partitions=[lengths], row_splits_dtype=tf.int64)


def decode_features(serialized: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
    """Turns `features/*` strings [batch] into float32 [batch, *shape]."""
    flat = tf.io.decode_raw(serialized, tf.float16)
    return tf.cast(tf.reshape(flat, [-1, *shape]), tf.float32)


def shard_name(split: str, shard: int, shards: int) -> str:
    """Returns the file name of one shard, e.g. `train-00000-of-00004.tfrecord`."""
    return f"{split}-{shard:05d}-of-{shards:05d}.tfrecord"


def write_manifest(folder: str | os.PathLike, manifest: dict) -> None:
    """Writes manifest.json under a temporary name and renames it, so that it is whole or absent."""
    write_whole(Path(folder) / MANIFEST, json.dumps({"schema": SCHEMA, **manifest}, indent=2, sort_keys=True) + "\n")


def read_manifest(folder: str | os.PathLike) -> dict:
    """Returns the manifest of a records folder.

    Raises:
        UserError: the folder is missing, unfinished, or of another schema version.
    """
    path = Path(folder) / MANIFEST
    command = "python -m data_prep.build_records --dataset=NAME --source=DIR"
    anew = f"Build the records anew, in another folder: {command} --output=DIR"
    if not path.is_file():
        state = "is unfinished: it has no manifest.json" if Path(folder).is_dir() else "does not exist"
        raise UserError(f"Records folder {folder} {state}. Build the records with: {command} --output={folder}")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON ({error}). {anew}") from None
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        found = manifest.get("schema") if isinstance(manifest, dict) else None
        raise UserError(f"{path} is of schema version {found}; this im2txt reads version {SCHEMA}. {anew}")
    return manifest


def shard_paths(folder: str | os.PathLike, split: str) -> list[str]:
    """Returns the paths of a split's shards in order.

    Raises:
        UserError: the folder is no records folder, it has no such split, or a shard is missing.
    """
    splits = read_manifest(folder)["splits"]
    if split not in splits:
        raise UserError(f"{folder} has no split `{split}`. {did_you_mean(split, splits)}")
    paths = [Path(folder) / shard["name"] for shard in splits[split]["shards"]]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise UserError(f"{folder}: the manifest names {missing[0]}, which is not there. Build the records again.")
    return [str(path) for path in paths]


@contextmanager
def shard_writer(path: str | os.PathLike) -> Iterator[tf.io.TFRecordWriter]:
    """Yields a writer of a shard. Raises UserError where the disk is full."""
    try:
        with tf.io.TFRecordWriter(str(path)) as writer:
            yield writer
    except tf.errors.OpError as error:
        remedy = "With room on the disk, the same command goes on from here."
        raise UserError(f"{path} cannot be written: {error.message}. {remedy}") from None


@contextmanager
def damage_told(folder: str | os.PathLike) -> Iterator[None]:
    """Makes a UserError of what TensorFlow raises where it reads a damaged shard of `folder`."""
    try:
        yield
    except tf.errors.DataLossError:
        raise UserError(
            f"A shard of {folder} is damaged. Find out which with: "
            f"python -m data_prep.inspect_records --records={folder} --verify"
        ) from None


def read_image_records(folder: str | os.PathLike, split: str) -> Iterator[ImageRecord]:
    """Returns the image records of a split, in file order.

    Raises:
        UserError: as `shard_paths`; the folder holds feature records; or, when it is reached, a shard is damaged.
    """
    if read_manifest(folder).get("features"):
        raise UserError(f"{folder} holds features, not images. Give the image records that they were made from.")
    return _decoded(tf.data.TFRecordDataset(shard_paths(folder, split)), folder)


def _decoded(serialized: tf.data.Dataset, folder: str | os.PathLike) -> Iterator[ImageRecord]:
    with damage_told(folder):
        for record in serialized:
            yield decode_image_record(record.numpy())


def _shared_features(record: ImageRecord) -> dict[str, tf.train.Feature]:
    """Returns the fields that image and feature records have in common."""
    captions, regions = record.captions, record.regions
    for texts, ids in ((captions, record.caption_ids), (regions, record.region_ids)):
        if len(texts) != len(ids):
            raise ValueError(f"Expected ids for each of {len(texts)} texts. Received: {len(ids)}.")
    boxes = [side for region in regions for side in region.box]
    return {
        "image/id": _bytes([record.image_id.encode()]),
        "captions/text": _bytes([caption.encode() for caption in captions]),
        **_flatten("captions", record.caption_ids),
        "regions/boxes": tf.train.Feature(float_list=tf.train.FloatList(value=boxes)),
        "regions/phrases": _bytes([region.phrase.encode() for region in regions]),
        **_flatten("regions", record.region_ids),
        "metadata": _bytes([json.dumps(record.metadata, sort_keys=True).encode()]),
    }


def _flatten(name: str, texts: Sequence[Sequence[int]]) -> dict[str, tf.train.Feature]:
    """Returns the fields that hold the words of several texts, end to end, and the number of words in each."""
    words = [word for ids in texts for word in ids]
    return {f"{name}/ids": _int64(words), f"{name}/lengths": _int64([len(ids) for ids in texts])}


def _unflatten(feature: Mapping[str, tf.train.Feature], name: str) -> tuple[tuple[int, ...], ...]:
    """The inverse of `_flatten`."""
    flat = iter(feature[f"{name}/ids"].int64_list.value)
    return tuple(tuple(next(flat) for _ in range(length)) for length in feature[f"{name}/lengths"].int64_list.value)


def _serialize(feature: dict[str, tf.train.Feature]) -> bytes:
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString(deterministic=True)


def _bytes(values: list[bytes]) -> tf.train.Feature:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def _int64(values: list[int]) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
