"""What several test modules make and do: small photos, captioners and records folders; running a command."""

import contextlib
import importlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from unittest import mock

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from im2txt.data import records as schema
from im2txt.experiment import ExperimentConfig
from im2txt.files import sha256_file
from im2txt.models.captioner import Captioner
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.decoders.soft_attention import SoftAttentionConfig, SoftAttentionDecoder
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.text.vocabulary import Vocabulary
from im2txt.training.checkpoints import BEST, manager, model_parts
from im2txt.workdir import build_captioner, claim_workdir


class Done(NamedTuple):
    """What a command left behind: its exit code and what it wrote."""

    code: int
    out: str
    err: str


def run_command(module: ModuleType, *arguments: object) -> Done:
    """Runs the command of a module as users do, with flags that nobody has set before."""
    module = importlib.reload(module)
    out, err, code = io.StringIO(), io.StringIO(), 0
    argv = [module.__name__, *map(str, arguments)]
    with mock.patch.object(sys, "argv", argv), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            module.console()
        except SystemExit as stop:
            code = stop.code
    return Done(code, out.getvalue(), err.getvalue())


def photo(seed: int = 0, size: int | tuple[int, int] = 16, kind: str = "PNG", mode: str = "RGB") -> bytes:
    """An image of noise, which compresses worse than any photo; `size` in pixels: a side, or width and height."""
    width, height = (size, size) if isinstance(size, int) else size
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return encoded(Image.fromarray(pixels).convert(mode), kind)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The file of an image."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


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


def untrained_run(workdir: Path, config: ExperimentConfig, vocabulary: Vocabulary, step: int = 7) -> Captioner:
    """Leaves a workdir as training does, but with random weights; returns their captioner."""
    captioner = build_captioner(config, len(vocabulary))
    claim_workdir(workdir, config, vocabulary, captioner.encoder)
    manager(workdir, BEST, model_parts(captioner)).save(checkpoint_number=step)
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
    """Writes a records folder; with `regions`, an array [(views,) regions, depth] an image, of feature records."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary.save(folder / schema.VOCABULARY)
    manifest = {
        "dataset": "test",
        "config": {},
        "vocabulary_sha256": vocabulary.sha256(),
        "splits": {split: write_split(folder, split, images, shards, regions) for split, images in splits.items()},
        "skipped": {"count": 0, "items": []},
        "features": None,
    }
    if regions:
        views, count, depth = (1, *regions[0].shape)[-3:]
        shape = {"grid": [1, count], "regions": count, "depth": depth, "views": views}
        manifest["features"] = {"encoder": {}, "encoder_sha256": "", **shape}
    schema.write_manifest(folder, manifest)
    return folder


def write_split(
    folder: Path, split: str, images: Sequence[schema.ImageRecord], shards: int, regions: Sequence[np.ndarray]
) -> dict:
    """Writes the shards of a split; returns its lines of the manifest."""
    serialized = [schema.encode_image_record(image) for image in images]
    if regions:
        views = [each.reshape(-1, *each.shape[-2:]) for each in regions]
        serialized = [schema.encode_feature_record(image, each) for image, each in zip(images, views)]
    lines = []
    for shard in range(shards):
        path = folder / schema.shard_name(split, shard, shards)
        chosen = serialized[len(images) * shard // shards : len(images) * (shard + 1) // shards]
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in chosen:
                writer.write(record)
        lines.append({"name": path.name, "sha256": sha256_file(path), "records": len(chosen)})
    captions = sum(len(image.captions) for image in images)
    return {"images": len(images), "captions": captions, "shards": lines}


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


def damage(path: Path) -> None:
    """Changes one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
