"""Image records to feature records: a frozen encoder runs once over every image, training then reads its output.

The output folder is a records folder (`im2txt.data.records`) with the captions of the image records, the same
shards and the same order. Regions and their mean are kept in float16, half the size of what the encoder
computes. Images of split `train` may be kept in several views (`im2txt.data.views`).

An extraction that was interrupted goes on at the first unfinished shard. `encoder.json` says from the
beginning what the folder is made with, so that shards of two encoders never come together.
"""

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from im2txt.data.augmentation import any_word, side_words
from im2txt.data.records import (
    MANIFEST,
    VOCABULARY,
    decode_image_record,
    encode_feature_record,
    parse_records,
    read_manifest,
    shard_paths,
    shard_writer,
    write_manifest,
)
from im2txt.data.views import VIEWED_SPLIT, decode_views
from im2txt.errors import UserError
from im2txt.files import sha256_file, write_whole
from im2txt.models.encoders import Encoder, EncoderConfig

IDENTITY = "encoder.json"


class Shard(NamedTuple):
    """A shard of image records.

    Attributes:
        path: where it lies.
        images: how many it holds.
        first: position of its first image in the split.
        views: how many to make of each of its images.
    """

    path: Path
    images: int
    first: int
    views: int


def extract_features(
    records: str | os.PathLike,
    output: str | os.PathLike,
    encoder: Encoder,
    config: EncoderConfig,
    splits: Sequence[str] = (),
    batch_size: int = 32,
    views: int = 1,
) -> dict:
    """Writes the feature records of `splits` (none: of all splits) and returns their manifest.

    Args:
        records: folder of image records.
        output: folder to write; what an interrupted run of the same extraction left there is kept.
        encoder: what makes features of images.
        config: the config that the encoder was built from; it goes into the manifest.
        splits: names of the splits to do.
        batch_size: images that are encoded at once.
        views: how many views to make of each image of split `train`; all other splits get one.

    Raises:
        UserError: the records are not image records, the encoder is not frozen, `output` holds something else, or
            several views are wanted of records without a split `train` or with a vocabulary of parts of words.
    """
    manifest = read_manifest(records)
    if manifest.get("features"):
        raise UserError(f"{records} holds features already. Give the folder of image records they were made from.")
    if config.trainable:
        raise UserError("encoder.trainable is True: features can be kept of a frozen encoder only. Set it to False.")
    splits = list(splits) or list(manifest["splits"])
    sources = [shard for split in splits for shard in _shards(records, split, views)]
    sides = _sides(records, views)
    digest = encoder.digest()
    _claim(Path(output), _identity(records, config, digest, views))
    shutil.copyfile(Path(records) / VOCABULARY, Path(output) / VOCABULARY)
    todo = [shard for shard in sources if not (Path(output) / shard.path.name).exists()]
    _extract_shards(todo, Path(output), encoder, batch_size, sides)
    height, width = encoder.grid
    features = {
        "encoder": dataclasses.asdict(config),
        "encoder_sha256": digest,
        "grid": [height, width],
        "regions": height * width,
        "depth": encoder.depth,
        "views": views,
    }
    write_manifest(output, manifest | {"splits": _finished(manifest["splits"], Path(output)), "features": features})
    return read_manifest(output)


def _shards(records: str | os.PathLike, split: str, views: int) -> list[Shard]:
    """Returns the shards of a split in order."""
    paths = shard_paths(records, split)
    counts = [shard["records"] for shard in read_manifest(records)["splits"][split]["shards"]]
    first = [sum(counts[:shard]) for shard in range(len(counts))]
    views = views if split == VIEWED_SPLIT else 1
    return [Shard(Path(path), *rest, views) for path, *rest in zip(paths, counts, first)]


def _sides(records: str | os.PathLike, views: int) -> list[int]:
    """Returns the ids of words that forbid mirroring, having checked that several views are possible."""
    if views == 1:
        return []
    if VIEWED_SPLIT not in read_manifest(records)["splits"]:
        raise UserError(f"Only images of split `{VIEWED_SPLIT}` get several views, and {records} has no such split.")
    return side_words(records, "--views")


def _identity(records: str | os.PathLike, config: EncoderConfig, digest: str, views: int) -> dict:
    """Returns what two runs must agree on for their shards to belong together."""
    return {
        "encoder": config.name,
        "end_point": config.end_point,
        "image_size": config.image_size,
        "encoder_sha256": digest,
        "records_sha256": sha256_file(Path(records) / MANIFEST),
        "views": views,
    }


def _claim(output: Path, identity: dict) -> None:
    """Makes the output folder, or checks that the one that is there belongs to this extraction."""
    claim = output / IDENTITY
    if claim.is_file():
        found = {"views": 1, **json.loads(claim.read_text(encoding="utf-8"))}  # older ones do not name it
        other = sorted(name for name in identity if found.get(name) != identity[name])
        if other:
            raise UserError(
                f"{output} holds features of another extraction: {', '.join(other)} of {claim} differ. "
                "Choose another output folder, or remove this one."
            )
    elif output.exists() and any(output.iterdir()):
        raise UserError(f"{output} is not empty and holds no features. Choose another output folder.")
    else:
        output.mkdir(parents=True, exist_ok=True)
        write_whole(claim, json.dumps(identity, indent=2) + "\n")


def _extract_shards(
    shards: Sequence[Shard], output: Path, encoder: Encoder, batch_size: int, sides: Sequence[int]
) -> None:
    """Does each of the shards; one appears in `output` when it is whole."""
    signature = tf.TensorSpec([None, encoder.image_size, encoder.image_size, 3], tf.float32)
    regions_of = tf.function(lambda images: tf.cast(encoder(images).regions, tf.float16), input_signature=[signature])
    with tqdm(total=sum(shard.images for shard in shards), unit=" images", desc="features") as progress:
        for shard in shards:
            part = output / f"{shard.path.name}.part"
            with shard_writer(part) as writer:
                for serialized, pixels in _decoded_batches(shard, encoder.image_size, batch_size, sides):
                    # one view after the other, so that view 0 is computed exactly as it is alone
                    regions = np.stack([regions_of(view).numpy() for view in tf.unstack(pixels, axis=1)], axis=1)
                    for record, views in zip(serialized.numpy(), regions):
                        writer.write(encode_feature_record(decode_image_record(record), views))
                    progress.update(len(pixels))
            part.replace(output / shard.path.name)


def _decoded_batches(
    shard: Shard, size: int, batch_size: int, sides: Sequence[int]
) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
    """Yields serialized records [batch] and the views of their images [batch, views, size, size, 3] of one shard."""

    def decode(position: tf.Tensor, serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        parsed = parse_records(serialized[None], ["image/bytes", "captions/ids"])
        may_flip = ~any_word(parsed["captions/ids"], sides)
        return serialized, decode_views(parsed["image/bytes"][0], size, shard.views, may_flip[0], position)

    records = tf.data.TFRecordDataset(str(shard.path)).enumerate(shard.first)
    decoded = records.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    try:
        yield from decoded.batch(batch_size).prefetch(1)
    except (tf.errors.InvalidArgumentError, tf.errors.DataLossError) as error:
        reason = error.message.splitlines()[0].rpartition("}} ")[2]  # without the names of graph nodes
        raise UserError(f"{shard.path} cannot be read: {reason} Build the image records again.") from None


def _finished(splits: dict[str, dict], output: Path) -> dict[str, dict]:
    """Returns the manifest's lines of the splits that are whole in `output`, this run's and those of earlier ones."""
    finished = {}
    for name, split in splits.items():
        if all((output / shard["name"]).exists() for shard in split["shards"]):
            finished[name] = split | {"shards": [_as_written(shard, output) for shard in split["shards"]]}
    return finished


def _as_written(shard: dict, output: Path) -> dict:
    path = output / shard["name"]
    return shard | {"bytes": path.stat().st_size, "sha256": sha256_file(path)}
