"""Image records to feature records: a frozen encoder runs once over every image, training then reads its output.

The output folder is a records folder (`im2txt.data.records`) with the captions of the image records, the same
shards and the same order. Regions and their mean are kept in float16, half the size of what the encoder
computes.

An extraction that was interrupted goes on at the first unfinished shard. `encoder.json` says from the
beginning what the folder is made with, so that shards of two encoders never come together.
"""

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from im2txt.data.images import decode_image
from im2txt.data.records import (
    MANIFEST,
    VOCABULARY,
    decode_image_record,
    encode_feature_record,
    parse_records,
    read_manifest,
    shard_paths,
    write_manifest,
)
from im2txt.errors import UserError
from im2txt.files import sha256_file, write_whole
from im2txt.models.encoders import Encoder, EncoderConfig

IDENTITY = "encoder.json"


def extract_features(
    records: str | os.PathLike,
    output: str | os.PathLike,
    encoder: Encoder,
    config: EncoderConfig,
    splits: Sequence[str] = (),
    batch_size: int = 32,
) -> dict:
    """Writes the feature records of `splits` (none: of all splits) and returns their manifest.

    Args:
        records: folder of image records.
        output: folder to write; what an interrupted run of the same extraction left there is kept.
        encoder: what makes features of images.
        config: the config that the encoder was built from; it goes into the manifest.
        splits: names of the splits to do.
        batch_size: images that are encoded at once.

    Raises:
        UserError: the records are not image records, the encoder is not frozen, or `output` holds something else.
    """
    manifest = read_manifest(records)
    if manifest.get("features"):
        raise UserError(f"{records} holds features already. Give the folder of image records they were made from.")
    if config.trainable:
        raise UserError("encoder.trainable is True: features can be kept of a frozen encoder only. Set it to False.")
    splits = list(splits) or list(manifest["splits"])
    sources = [Path(path) for split in splits for path in shard_paths(records, split)]
    images = {shard["name"]: shard["records"] for split in splits for shard in manifest["splits"][split]["shards"]}
    digest = encoder.digest()
    _claim(Path(output), _identity(records, config, digest))
    shutil.copyfile(Path(records) / VOCABULARY, Path(output) / VOCABULARY)
    todo = {path: images[path.name] for path in sources if not (Path(output) / path.name).exists()}
    _extract_shards(todo, Path(output), encoder, batch_size)
    height, width = encoder.grid
    features = {
        "encoder": dataclasses.asdict(config),
        "encoder_sha256": digest,
        "grid": [height, width],
        "regions": height * width,
        "depth": encoder.depth,
    }
    write_manifest(output, manifest | {"splits": _finished(manifest["splits"], Path(output)), "features": features})
    return read_manifest(output)


def _identity(records: str | os.PathLike, config: EncoderConfig, digest: str) -> dict:
    """Returns what two runs must agree on for their shards to belong together."""
    return {
        "encoder": config.name,
        "end_point": config.end_point,
        "image_size": config.image_size,
        "encoder_sha256": digest,
        "records_sha256": sha256_file(Path(records) / MANIFEST),
    }


def _claim(output: Path, identity: dict) -> None:
    """Makes the output folder, or checks that the one that is there belongs to this extraction."""
    claim = output / IDENTITY
    if claim.is_file():
        found = json.loads(claim.read_text(encoding="utf-8"))
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


def _extract_shards(sources: dict[Path, int], output: Path, encoder: Encoder, batch_size: int) -> None:
    """Does each of the shards (path -> images in it); a shard appears in `output` when it is whole."""
    signature = tf.TensorSpec([None, encoder.image_size, encoder.image_size, 3], tf.float32)
    regions_of = tf.function(lambda images: tf.cast(encoder(images).regions, tf.float16), input_signature=[signature])
    with tqdm(total=sum(sources.values()), unit=" images", desc="features") as progress:
        for source in sources:
            part = output / f"{source.name}.part"
            with tf.io.TFRecordWriter(str(part)) as writer:
                for serialized, pixels in _decoded_batches(source, encoder.image_size, batch_size):
                    for record, regions in zip(serialized.numpy(), regions_of(pixels).numpy()):
                        writer.write(encode_feature_record(decode_image_record(record), regions))
                    progress.update(len(pixels))
            part.replace(output / source.name)


def _decoded_batches(source: Path, size: int, batch_size: int) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
    """Yields serialized records [batch] and their images [batch, size, size, 3] of one shard."""

    def decode(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        content = parse_records(serialized[None], ["image/bytes"])["image/bytes"][0]
        return serialized, decode_image(content, size)

    decoded = tf.data.TFRecordDataset(str(source)).map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    try:
        yield from decoded.batch(batch_size).prefetch(1)
    except (tf.errors.InvalidArgumentError, tf.errors.DataLossError) as error:
        reason = error.message.splitlines()[0].rpartition("}} ")[2]  # without the names of graph nodes
        raise UserError(f"{source} cannot be read: {reason} Build the image records again.") from None


def _finished(splits: dict[str, dict], output: Path) -> dict[str, dict]:
    """Returns the manifest's lines of the splits that are whole in `output`, this run's and those of earlier ones."""
    finished = {}
    for name, split in splits.items():
        if all((output / shard["name"]).exists() for shard in split["shards"]):
            shards = [shard | {"sha256": sha256_file(output / shard["name"])} for shard in split["shards"]]
            finished[name] = split | {"shards": shards}
    return finished
