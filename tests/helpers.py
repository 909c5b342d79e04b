"""What several test modules make: small photos, and small records folders."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from im2txt.data import records as schema
from im2txt.text.vocabulary import Vocabulary


def photo(seed: int = 0, size: int = 16) -> bytes:
    """A PNG of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def captioned_images(captions: Sequence[Sequence[str]], vocabulary: Vocabulary) -> list[schema.ImageRecord]:
    """One record for each list of captions, with ids image0, image1 ..."""
    return [
        schema.ImageRecord(
            f"image{number}",
            photo(number),
            tuple(texts),
            tuple(tuple(vocabulary.encode(text.split())) for text in texts),
        )
        for number, texts in enumerate(captions)
    ]


def write_records(
    folder: Path,
    splits: dict[str, Sequence[schema.ImageRecord]],
    vocabulary: Vocabulary,
    shards: int = 1,
    regions: Sequence[np.ndarray] = (),
) -> Path:
    """Writes a records folder; with `regions`, an array [regions, depth] an image, of feature records."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary.save(folder / schema.VOCABULARY)
    manifest = {"dataset": "test", "config": {}, "vocabulary_sha256": vocabulary.sha256(), "splits": {}}
    for split, images in splits.items():
        lines = []
        for shard in range(shards):
            name = schema.shard_name(split, shard, shards)
            chosen = range(len(images) * shard // shards, len(images) * (shard + 1) // shards)
            with tf.io.TFRecordWriter(str(folder / name)) as writer:
                for i in chosen:
                    encode = schema.encode_image_record
                    writer.write(
                        schema.encode_feature_record(images[i], regions[i]) if regions else encode(images[i])
                    )
            digest = schema.sha256_file(folder / name)
            lines.append({"name": name, "sha256": digest, "records": len(chosen)})
        captions = sum(len(image.captions) for image in images)
        manifest["splits"][split] = {"images": len(images), "captions": captions, "shards": lines}
    if regions:
        count, depth = regions[0].shape
        manifest["features"] = {"encoder": {}, "encoder_sha256": "", "grid": [1, count]}
        manifest["features"] |= {"regions": count, "depth": depth}
    schema.write_manifest(folder, manifest | {"skipped": {"count": 0, "items": []}})
    return folder
