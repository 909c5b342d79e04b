"""Reads and fully decodes every image, in worker processes, so that a record holds nothing that fails in training.

A record holds the original bytes if they are an upright RGB JPEG or PNG of 8 bits a channel, without transparency
and without animation: these TensorFlow reads just as Pillow does. Of every other kind it would refuse some files (TIFF,
AVIF), and misread others (it ignores EXIF's orientation and takes transparency off in place of showing what is
behind), so these become RGB JPEGs (`image_encoding` says how), of animations and pages the first, of icons the largest.

Refused, each with its reason: what is no image, is cut off or damaged (`image_files`), has too many pixels to be
decoded safely, a side of a single pixel, or one side far longer than the other: spacers, which show nothing.

Pillow decodes: unlike TensorFlow it starts quickly in each worker. A JPEG that is kept has all its data decoded, but
only an eighth of its pixels computed, and nothing is decoded twice (`experiments/benchmarks/record_building.py`).
"""

import collections
import concurrent.futures
import contextlib
import hashlib
import itertools
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image

from data_prep.examples import CaptionedImage
from data_prep.image_decoding import Size, load_image, open_image, refusal
from data_prep.image_encoding import encode_jpeg, turn
from data_prep.image_files import png_bits
from im2txt.errors import UserError

DEFAULT_JPEG_QUALITY = 95
_CHUNK = 16  # images per message to a worker
_AHEAD = 4  # messages per worker under way


@dataclass(frozen=True)
class ImageOptions:
    """Shrinking and re-encoding of all images as JPEG, which happens if either is set.

    Attributes:
        image_size: pixels of the shorter side after shrinking; smaller images keep their size.
        jpeg_quality: 1 to 100; where it is not set, images that must be re-encoded get 95.
    """

    image_size: int | None = None
    jpeg_quality: int | None = None


class CheckedImage(NamedTuple):
    """An image after the check: its bytes for the record, or the reason why there are none.

    Attributes:
        content: the encoded image; empty if it was refused.
        sha256: of the bytes as they were read.
        reason: why it was refused, to complete `the image ...`; empty if it was not.
        re_encoded: why `content` is not the original bytes: a kind of image or `the options`; empty if it is.
    """

    content: bytes
    sha256: str
    reason: str
    re_encoded: str = ""


class ImageCheckers:
    """Processes that check images. They start at once, to be ready with the first image; one means this process."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        if workers > 1:
            spawn = multiprocessing.get_context("spawn")
            self._pool = concurrent.futures.ProcessPoolExecutor(workers, spawn, _end_with_parent)
            with _ctrl_c_blocked():  # each message starts a process
                for _ in range(workers):
                    self._pool.submit(int)

    def __call__(self, examples: Iterable[CaptionedImage], options: ImageOptions) -> Iterator[CheckedImage]:
        """Yields the check of every example, in order; the processes end with it.

        Only a bounded number of images is read ahead, so memory does not grow with the dataset.

        Raises:
            UserError: a worker process died.
        """
        if self._workers <= 1:
            yield from (check_image(example, options) for example in examples)
            return
        waiting = collections.deque()
        try:
            for chunk in _chunks(examples):
                waiting.append(self._pool.submit(_check_chunk, chunk, options))
                if len(waiting) >= self._workers * _AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool:
            raise UserError(
                f"One of {self._workers} worker processes was killed, most likely for lack of memory. "
                "Try again with fewer --workers."
            ) from None
        finally:
            self._pool.shutdown(cancel_futures=True)  # once: a second call takes the cancelling back


@contextlib.contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Keeps Ctrl-C waiting; processes that are started meanwhile never get it, as it is the parent that stops."""
    if threading.current_thread() is not threading.main_thread():  # which alone gets it, and sets handlers
        yield
        return
    came = []
    handler = signal.signal(signal.SIGINT, lambda *_: came.append(True))  # other threads may get what this one blocks
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler)
    if came:
        signal.raise_signal(signal.SIGINT)


def _end_with_parent() -> None:
    """Ends this worker when its parent is gone, however it went."""
    parent = multiprocessing.parent_process().sentinel

    def watch() -> None:
        multiprocessing.connection.wait([parent])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def check_image(example: CaptionedImage, options: ImageOptions) -> CheckedImage:
    """Reads and decodes one image; re-encodes it if it or the options ask for it."""
    try:
        original = example.read()
    except OSError as error:
        return CheckedImage(b"", "", f"cannot be read: {error.strerror or error}")
    digest = hashlib.sha256(original).hexdigest()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on harmless metadata
        try:
            content, why = _record_bytes(original, options)
        except Exception as error:  # Pillow's decoders raise many kinds on broken bytes
            return CheckedImage(b"", digest, refusal(error))
    return CheckedImage(content, digest, "", why)


def _record_bytes(original: bytes, options: ImageOptions) -> tuple[bytes, str]:
    """Returns the bytes for the record, and why they are not the original ones."""
    image = open_image(original)
    if options == ImageOptions() and image.format == "JPEG" and not _unlike_tensorflow(image, original):
        load_image(image, original, at_least=(1, 1))  # as small as can be: its pixels are not needed
        return original, ""
    size = _shrunk_size(image.size, options.image_size)
    box = load_image(image, original, at_least=(2 * size[0], 2 * size[1]) if size else None)
    why = "the options" if options != ImageOptions() else _unlike_tensorflow(image, original)
    if not why:
        return original, ""
    return encode_jpeg(image, options.jpeg_quality or DEFAULT_JPEG_QUALITY, size, box), why


def _shrunk_size(size: Size, image_size: int | None) -> Size | None:
    width, height = size
    shorter = min(size)
    if not image_size or shorter <= image_size:
        return None
    return round(width * image_size / shorter), round(height * image_size / shorter)


def _unlike_tensorflow(image: Image.Image, original: bytes) -> str:
    """Returns what may make TensorFlow see another image, or nothing; as coarse as it can be counted."""
    if image.format not in ("JPEG", "PNG"):
        return image.format
    if image.mode != "RGB":
        return f"{image.format} of mode {image.mode}"
    if image.format == "PNG":
        if png_bits(original) != 8:
            return "PNG of 16 bits"
        if image.has_transparency_data:
            return "PNG with transparency"
        if image.is_animated:
            return "animated PNG"
    return "turned by its EXIF" if turn(image) is not None else ""


def _check_chunk(examples: list[CaptionedImage], options: ImageOptions) -> list[CheckedImage]:
    return [check_image(example, options) for example in examples]


def _chunks(examples: Iterable[CaptionedImage]) -> Iterator[list[CaptionedImage]]:
    rest = iter(examples)
    while chunk := list(itertools.islice(rest, _CHUNK)):
        yield chunk
