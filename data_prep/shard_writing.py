"""Writes prepared images as TFRecord shards, each under a temporary name first, and tells what it wrote."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf
from tqdm import tqdm

from data_prep.image_checks import CheckedImage, ImageOptions, checked_images
from data_prep.preparation import Preparation, TokenizedImage
from data_prep.skipped import Skipped, check_skipped
from im2txt.data.records import ImageRecord, encode_image_record, shard_name
from im2txt.files import sha256_file
from im2txt.text.vocabulary import Vocabulary


class Shard(NamedTuple):
    """A shard on disk; `captions` is the number of captions in its records."""

    name: str
    sha256: str
    records: int
    captions: int


class ShardWriter:
    """Turns a preparation into shards; `skipped` grows by every image that is refused on the way."""

    def __init__(
        self,
        preparation: Preparation,
        vocabulary: Vocabulary,
        image_options: ImageOptions,
        max_skipped: float,
    ) -> None:
        self.skipped = list(preparation.skipped)
        self._splits = preparation.splits
        self._found = preparation.found
        self._vocabulary = vocabulary
        self._image_options = image_options
        self._max_skipped = max_skipped
        self._held_out: dict[str, str] = {}  # sha256 of a held-out image -> its id and split

    def write(self, folder: Path, images_per_shard: int, workers: int) -> dict[str, list[Shard]]:
        """Writes all splits; the same bytes for any number of workers.

        Raises:
            UserError: more had to be skipped than is allowed, or a worker died.
        """
        examples = (image.example for images in self._splits.values() for image in images)
        checks = checked_images(examples, self._image_options, workers)
        shards: dict[str, list[Shard]] = {}
        total = sum(map(len, self._splits.values()))
        with tqdm(total=total, unit=" images", desc="records", mininterval=0.5) as progress:
            for split, images in self._splits.items():
                blocks = [images[at : at + images_per_shard] for at in range(0, len(images), images_per_shard)]
                for number, block in enumerate(blocks):
                    path = folder / shard_name(split, number, len(blocks))
                    shards.setdefault(split, []).append(write_shard(path, self._records(block, checks, progress)))
        return shards

    def _records(
        self, images: Iterable[TokenizedImage], checks: Iterator[CheckedImage], progress: tqdm
    ) -> Iterator[ImageRecord]:
        for image, check in zip(images, checks):  # zip asks `images` first: no check is lost at a block's end
            reason = self._refusal(image, check)
            if reason:
                self.skipped.append(Skipped(image.example.image_id, image.example.where, reason))
                check_skipped(self.skipped, self._found, self._max_skipped)
            else:
                yield image_record(image, check.content, self._vocabulary)
            progress.update()

    def _refusal(self, image: TokenizedImage, check: CheckedImage) -> str:
        """Returns why an image becomes no record, or nothing if it does."""
        example = image.example
        if check.reason:
            return f"the image {check.reason}"
        if example.split != "train":
            self._held_out.setdefault(check.sha256, f"{example.image_id} of split {example.split}")
        elif check.sha256 in self._held_out:
            return f"the image is the same as {self._held_out[check.sha256]}, which must not be trained on"
        return ""


def image_record(image: TokenizedImage, content: bytes, vocabulary: Vocabulary) -> ImageRecord:
    """Returns the record of one example; `content` is its encoded image."""
    example = image.example
    return ImageRecord(
        image_id=example.image_id,
        image_bytes=content,
        captions=example.captions,
        caption_ids=tuple(tuple(vocabulary.encode(tokens)) for tokens in image.tokens),
        regions=example.regions,
        metadata=example.metadata,
    )


def write_shard(path: Path, records: Iterable[ImageRecord]) -> Shard:
    """Writes records to a TFRecord file, which appears under its name when it is whole."""
    part = path.with_name(f"{path.name}.part-{os.getpid()}")
    number = captions = 0
    with tf.io.TFRecordWriter(str(part)) as writer:
        for record in records:
            writer.write(encode_image_record(record))
            number += 1
            captions += len(record.captions)
    part.replace(path)
    return Shard(path.name, sha256_file(path), number, captions)
