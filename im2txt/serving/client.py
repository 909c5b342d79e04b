"""Captions image files with an exported model; needs TensorFlow and nothing of the model's code."""

import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.text.whole_words import whole_words, word_maps

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")


class Photo(NamedTuple):
    """An image file: its path, and its name for people (relative to the folder it was found in)."""

    path: Path
    name: str

    def read(self) -> bytes:
        """Returns the file's bytes, or none where it cannot be read: to the service both are no image."""
        try:
            return self.path.read_bytes()
        except OSError:
            return b""


class Caption(NamedTuple):
    """One caption of an image.

    Attributes:
        text: the caption.
        words: those of `text`, as spaces part them.
        log_probability: natural logarithm of the caption's probability, <end> included.
        length: steps, which are words where the vocabulary has no pieces; <end> included where the caption ended.
        attention: float32 [words, height, width], the map behind each word, the mean over its pieces; None without
            attention.
    """

    text: str
    words: tuple[str, ...]
    log_probability: float
    length: int
    attention: np.ndarray | None

    @property
    def probability(self) -> float:
        """The caption's probability."""
        return math.exp(self.log_probability)


class CaptionedPhoto(NamedTuple):
    """A photo with its captions, best first; none where it is no image that can be read (`ok` is false)."""

    photo: Photo
    ok: bool
    captions: tuple[Caption, ...]


class Service:
    """An exported model, loaded."""

    def __init__(self, folder: str | os.PathLike) -> None:
        """Loads the model.

        Raises:
            UserError: the folder is missing, holds no model of `im2txt.export`, or is damaged.
        """
        folder = Path(folder)
        export = "Export one with: python -m im2txt.export --workdir=DIR --output=DIR"
        if not folder.is_dir():
            raise UserError(f"Model folder {folder} does not exist. {export}")
        metadata = folder / "assets" / "metadata.json"
        if not (folder / "saved_model.pb").is_file() or not metadata.is_file():
            raise UserError(f"{folder} is no exported model: it lacks saved_model.pb or {metadata.name}. {export}")
        try:
            self.metadata = json.loads(metadata.read_text(encoding="utf-8"))
            self._model = tf.saved_model.load(str(folder))  # kept, for its variables live as long as it does
        except (ValueError, IndexError, OSError, tf.errors.OpError) as error:
            raise UserError(f"{folder} is damaged ({str(error).splitlines()[0]}). {export}") from None
        self._caption = self._model.signatures["serving_default"]

    def caption(self, photos: Sequence[Photo]) -> list[CaptionedPhoto]:
        """Captions some photos in one batch."""
        outputs = self._caption(image_bytes=tf.constant([photo.read() for photo in photos], tf.string))
        outputs = {name: value.numpy() for name, value in outputs.items()}
        return [self._captioned(photo, row, outputs) for row, photo in enumerate(photos)]

    def _captioned(self, photo: Photo, row: int, outputs: dict[str, np.ndarray]) -> CaptionedPhoto:
        scores = outputs["scores"][row]
        captions = [self._one(row, beam, outputs) for beam in range(len(scores)) if np.isfinite(scores[beam])]
        return CaptionedPhoto(photo, bool(outputs["ok"][row]), tuple(captions))

    def _one(self, row: int, beam: int, outputs: dict[str, np.ndarray]) -> Caption:
        text = outputs["captions"][row, beam].decode()
        steps = [f" {word}".encode() for word in text.split()]  # unless the service says otherwise
        words = whole_words(outputs["pieces"][row, beam] if "pieces" in outputs else steps)
        attention = None
        if "attention" in outputs:
            attention = word_maps(words, outputs["attention"][row, beam]).reshape(-1, *self.metadata["grid"])
        score, length = outputs["scores"][row, beam], outputs["lengths"][row, beam]
        return Caption(text, tuple(word.text for word in words), float(score), int(length), attention)


def find_photos(paths: Iterable[str | os.PathLike]) -> list[Photo]:
    """Returns the files among `paths` as they are, and for folders the image files in and below them, sorted.

    Raises:
        UserError: a path does not exist, or a folder holds no image file.
    """
    return [photo for path in paths for photo in _photos_at(Path(path))]


def _photos_at(path: Path) -> Iterator[Photo]:
    if path.is_file():
        yield Photo(path, path.name)
        return
    if not path.is_dir():
        raise UserError(f"{path} does not exist; give image files, or folders that hold some.")
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not found:
        raise UserError(f"Folder {path} holds no image: no file in or below it ends in {', '.join(SUFFIXES)}.")
    yield from (Photo(file, file.relative_to(path).as_posix()) for file in found)


def in_batches(photos: Sequence[Photo], batch_size: int) -> Iterator[Sequence[Photo]]:
    """Yields the photos, `batch_size` at a time."""
    for first in range(0, len(photos), batch_size):
        yield photos[first : first + batch_size]
