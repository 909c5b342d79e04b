"""What several test modules make: small photos, and small records folders."""

import io
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from im2txt.data import records as schema
from im2txt.models.captioner import Captioner
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.decoders.soft_attention import SoftAttentionConfig, SoftAttentionDecoder
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.text.vocabulary import Vocabulary


def photo(seed: int = 0, size: int = 16) -> bytes:
    """A PNG of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def small_captioner(decoder: str, vocab_size: int) -> Captioner:
    """A captioner of 48-pixel images that is random, yet sure of its words; `lstm` or `soft_attention`."""
    keras.utils.set_random_seed(1)
    encoder = build_encoder(EncoderConfig("small_cnn", weights="random", image_size=48))
    options = {"units": 8, "embedding": 8}
    layer = {
        "lstm": lambda: LSTMDecoder(LSTMConfig(**options), vocab_size),
        "soft_attention": lambda: SoftAttentionDecoder(SoftAttentionConfig(**options), vocab_size),
    }
    captioner = Captioner(encoder, layer[decoder]())
    captioner({"image": tf.zeros([1, 48, 48, 3]), "input_ids": tf.zeros([1, 1, 1], tf.int32)})
    for variable in captioner.decoder.variables:
        variable.assign(variable * 6.0)
    return captioner


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
                    writer.write(schema.encode_feature_record(images[i], regions[i]) if regions else encode(images[i]))
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


def write_flickr8k(folder: Path, splits: dict[str, dict[str, Sequence[str]]]) -> Path:
    """Writes a Flickr8k folder: split -> photo name -> captions; every photo is another noise."""
    lists = {"train": "trainImages", "val": "devImages", "test": "testImages"}
    photos = folder / "images"
    photos.mkdir(parents=True)
    lines = []
    for split, images in splits.items():
        names = "".join(f"{name}\n" for name in images)
        (folder / f"Flickr_8k.{lists[split]}.txt").write_text(names, encoding="utf-8")
        for name, captions in images.items():
            lines += [f"{name}#{number}\t{caption}\n" for number, caption in enumerate(captions)]
            (photos / name).write_bytes(photo(len(list(photos.iterdir()))))
    (folder / "Flickr8k.token.txt").write_text("".join(lines), encoding="utf-8")
    return folder
