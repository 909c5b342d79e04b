"""The order in which training sees the images of a split, as a function of (seed, epoch) and nothing else.

Two sources offer the same three things (`Source`); `open_source` chooses by what fits into memory:

* Fields that fit are parsed once and held; an epoch is a uniform permutation of their positions. It is the fastest
  (no file is read again, resuming costs nothing) and the common case: Flickr8k's cached features take 1 GB.
* Otherwise an epoch reads the shards in random order, interleaved, through a shuffle buffer; resuming reads over
  the records of the epoch that were seen already. There is no TensorFlow op to read a record at an offset,
  and random access in Python would tie the pipeline to one process and its lock.
"""

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from im2txt.data.records import FEATURES, parse_records, read_manifest, shard_paths
from im2txt.data.views import choose_views, held_views
from im2txt.errors import UserError

SHARDS_AT_ONCE = 16  # files read interleaved; enough to mix what lies together in one shard
CHUNK = 256  # records parsed at once when a split is read into memory

# What travels through the order: `index` int64, and `serialized` where streamed. Whoever fetches `features/*` adds
# `view` int64, which view of each image it wants.
Items = dict[str, tf.Tensor]
Parsed = dict[str, tf.Tensor | tf.RaggedTensor]  # record field -> values of several images


class Source(NamedTuple):
    """The images of a split.

    Attributes:
        count: number of images.
        epoch: epoch number, an int64 scalar -> dataset of the split's items, each once.
        fetch: items [images], record fields -> their values; `features/*` are strings [images], of one view each.
    """

    count: int
    epoch: Callable[[tf.Tensor], tf.data.Dataset]
    fetch: Callable[[Items, Sequence[str]], Parsed]


class Shuffle(NamedTuple):
    """How epochs are shuffled: by `seed`, and where streamed through a buffer of `buffer` images."""

    seed: int
    buffer: int


def open_source(
    records: str | os.PathLike,
    split: str,
    fields: Sequence[str],
    shuffle: Shuffle | None,
    memory_bytes: float,
) -> Source:
    """Opens a split, held in memory if `fields` of all its records take at most `memory_bytes`.

    `shuffle` None keeps the order of the files. Raises UserError where the split is not to be had, or has no captions.
    """
    paths = shard_paths(records, split)
    manifest = read_manifest(records)
    for what in ("images", "captions"):
        if not manifest["splits"][split][what]:
            raise UserError(f"Split `{split}` of {records} holds no {what}. Build the records from more of the source.")
    if _size(paths, manifest, split, fields) <= memory_bytes:
        return _held(paths, fields, shuffle)
    return _streamed(paths, [shard["records"] for shard in manifest["splits"][split]["shards"]], shuffle)


def endless_items(source: Source, start: int) -> tf.data.Dataset:
    """Returns epoch after epoch of items without end, from item number `start` on."""
    epochs = tf.data.Dataset.counter(start // source.count)
    return epochs.flat_map(source.epoch).skip(start % source.count)


def _size(paths: Sequence[str], manifest: dict, split: str, fields: Sequence[str]) -> float:
    """Returns the bytes that `fields` of a split take, captions not counted."""
    shape = manifest.get("features")
    if not shape:
        return sum(os.path.getsize(path) for path in paths) if "image/bytes" in fields else 0
    vectors = shape["regions"] * ("features/regions" in fields) + ("features/pooled" in fields)
    values = manifest["splits"][split]["images"] * held_views(manifest, split) * vectors * shape["depth"]
    return values * 2  # float16


def _held(paths: Sequence[str], fields: Sequence[str], shuffle: Shuffle | None) -> Source:
    with tf.device("CPU"):
        chunks = [parse_records(chunk, fields) for chunk in tf.data.TFRecordDataset(paths).batch(CHUNK)]
        table = {field: tf.concat([chunk[field] for chunk in chunks], axis=0) for field in fields}
    count = int(table[fields[0]].shape[0])

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        order = tf.range(count, dtype=tf.int64)
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, [shuffle.seed, number])
        return tf.data.Dataset.from_tensor_slices({"index": order})

    def fetch(items: Items, fields: Sequence[str]) -> Parsed:
        return {field: value(field, items) for field in fields}

    def value(field: str, items: Items) -> tf.Tensor | tf.RaggedTensor:
        if field not in FEATURES:
            return tf.gather(table[field], items["index"])
        return tf.gather_nd(table[field], tf.stack([items["index"], items["view"]], axis=1))  # copies no other view

    return Source(count, epoch, fetch)


def _streamed(paths: Sequence[str], counts: Sequence[int], shuffle: Shuffle | None) -> Source:
    first = [sum(counts[:shard]) for shard in range(len(counts))]

    def read(path: tf.Tensor, first: tf.Tensor) -> tf.data.Dataset:
        shard = tf.data.TFRecordDataset(path).enumerate(tf.cast(first, tf.int64))
        return shard.map(lambda index, serialized: {"index": index, "serialized": serialized})

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        order = tf.range(len(paths))
        if not shuffle:
            return tf.data.Dataset.from_tensor_slices((paths, first)).flat_map(read)
        seed = [shuffle.seed, number]
        order = tf.random.experimental.stateless_shuffle(order, seed)
        shards = tf.data.Dataset.from_tensor_slices((tf.gather(paths, order), tf.gather(first, order)))
        items = shards.interleave(read, cycle_length=min(SHARDS_AT_ONCE, len(paths)))
        tf.random.set_seed(1)  # of this graph alone: `shuffle` mixes it in, so the order would depend on the program's
        buffer_seed = tf.random.stateless_uniform([], seed, minval=None, maxval=None, dtype=tf.int64)
        return items.shuffle(shuffle.buffer, buffer_seed, reshuffle_each_iteration=False)

    def fetch(items: Items, fields: Sequence[str]) -> Parsed:
        parsed = parse_records(items["serialized"], fields)
        return choose_views(parsed, items["view"]) if "view" in items else parsed

    return Source(sum(counts), epoch, fetch)
