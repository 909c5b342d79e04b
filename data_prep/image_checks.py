"""Reads and fully decodes every image, in worker processes, so that no record holds a broken one.

The encoded bytes are kept as they are (EXIF rotation included, which TensorFlow ignores) unless a re-encoding
is asked for, which applies the rotation. Pillow decodes: unlike TensorFlow it starts quickly in each worker.
"""

import collections
import concurrent.futures
import hashlib
import io
import itertools
import multiprocessing
import signal
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from data_prep.examples import CaptionedImage
from im2txt.errors import UserError

# What tf.io.decode_image reads (MPO is a JPEG with a second picture behind it). Of BMP it refuses some kinds, and in
# others it takes palette indices for grey values.
FORMATS = frozenset({"JPEG", "MPO", "PNG", "GIF", "WEBP"})
DEFAULT_JPEG_QUALITY = 95
_CHUNK = 16  # images per message to a worker
_AHEAD = 4  # messages per worker under way


@dataclass(frozen=True)
class ImageOptions:
    """Re-encoding as JPEG, which happens if either is set.

    Attributes:
        image_size: pixels of the shorter side after shrinking; smaller images keep their size.
        jpeg_quality: 1 to 100; 95 where only `image_size` is set.
    """

    image_size: int | None = None
    jpeg_quality: int | None = None


class CheckedImage(NamedTuple):
    """An image after the check: its bytes for the record, or the reason why there are none.

    Attributes:
        content: the encoded image; empty if it was refused.
        sha256: of the bytes as they were read.
        reason: why it was refused; empty if it was not.
    """

    content: bytes
    sha256: str
    reason: str


def checked_images(examples: Iterable[CaptionedImage], options: ImageOptions, workers: int) -> Iterator[CheckedImage]:
    """Yields the check of every example, in order; one worker means this process itself.

    Only a bounded number of images is read ahead, so memory does not grow with the dataset.

    Raises:
        UserError: a worker process died.
    """
    if workers <= 1:
        yield from (check_image(example, options) for example in examples)
        return
    spawn = multiprocessing.get_context("spawn")
    ignore_ctrl_c = (signal.SIGINT, signal.SIG_IGN)  # it is the parent that stops
    with concurrent.futures.ProcessPoolExecutor(workers, spawn, signal.signal, ignore_ctrl_c) as pool:
        waiting = collections.deque()
        try:
            for chunk in _chunks(examples):
                waiting.append(pool.submit(_check_chunk, chunk, options))
                if len(waiting) >= workers * _AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool:
            raise UserError(
                f"One of {workers} worker processes was killed, most likely for lack of memory. "
                "Try again with fewer --workers."
            ) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def check_image(example: CaptionedImage, options: ImageOptions) -> CheckedImage:
    """Reads and decodes one image; re-encodes it if the options say so."""
    try:
        original = example.read()
    except OSError as error:
        return CheckedImage(b"", "", f"cannot be read: {error.strerror or error}")
    digest = hashlib.sha256(original).hexdigest()
    try:
        return CheckedImage(_decode(original, options), digest, "")
    except UnidentifiedImageError:
        return CheckedImage(b"", digest, f"is no image: {len(original)} bytes in no format that is known")
    except Exception as error:  # Pillow's decoders raise many kinds on broken bytes
        return CheckedImage(b"", digest, f"cannot be decoded: {error}")


def _decode(original: bytes, options: ImageOptions) -> bytes:
    """Returns the bytes for the record; raises where they are no whole image."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on harmless metadata
        with Image.open(io.BytesIO(original)) as image:
            image.load()
            if options == ImageOptions():
                _check_format(image)
                return original
            return _encode(_rgb(ImageOps.exif_transpose(image)), options)


def _check_format(image: Image.Image) -> None:
    """Raises ValueError for what Pillow reads and TensorFlow may not."""
    animated = image.format == "WEBP" and image.is_animated
    if animated or image.format not in FORMATS:
        kind = f"{'animated ' * animated}{image.format}"
        raise ValueError(f"TensorFlow may misread a file of format {kind}; re-encode with --jpeg_quality=95")


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256)  # Pillow makes white of all that is above 255
    return image.convert("RGB")


def _encode(image: Image.Image, options: ImageOptions) -> bytes:
    shorter = min(image.size)
    if options.image_size and shorter > options.image_size:
        size = [round(side * options.image_size / shorter) for side in image.size]
        image = image.resize(size, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=options.jpeg_quality or DEFAULT_JPEG_QUALITY)
    return buffer.getvalue()


def _check_chunk(examples: list[CaptionedImage], options: ImageOptions) -> list[CheckedImage]:
    return [check_image(example, options) for example in examples]


def _chunks(examples: Iterable[CaptionedImage]) -> Iterator[list[CaptionedImage]]:
    rest = iter(examples)
    while chunk := list(itertools.islice(rest, _CHUNK)):
        yield chunk
