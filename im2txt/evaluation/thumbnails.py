"""Photos made small enough that a page can carry all of them.

A page of 10 MB has about 5 KB for each of 1,000 photos, and 200 KB for each of 30. So the size is no
constant: `fit` takes the largest step of a ladder at which all photos together stay within a number of bytes.

A photo is shown as the network sees it: whole, upright and opaque.
"""

import io
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageOps

# (longest side in pixels, JPEG quality), from the best to the smallest.
LADDER = (
    (480, 82),
    (400, 78),
    (320, 74),
    (272, 68),
    (240, 60),
    (208, 54),
    (192, 50),
    (176, 46),
    (144, 42),
    (112, 36),
)
_KEPT_QUALITY = 90
_SAMPLE = 50  # photos that show whether a step can fit, before all are tried


class Thumbnail(NamedTuple):
    """A small photo: JPEG bytes, width and height in pixels."""

    jpeg: bytes
    width: int
    height: int


def shrink(image_bytes: bytes) -> bytes | None:
    """Returns a photo, upright, as a JPEG of at most the ladder's first size, or None where the bytes are no image."""
    side = LADDER[0][0]
    try:
        image = Image.open(io.BytesIO(image_bytes))
        image.draft("RGB", (side, side))  # a JPEG is decoded at a fraction of its size: several times faster
        return _encode(_flat(ImageOps.exif_transpose(image)), side, _KEPT_QUALITY).jpeg
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def fit(photos: Sequence[bytes | None], budget: int) -> list[Thumbnail | None]:
    """Returns the photos as large as the budget allows.

    Args:
        photos: results of `shrink`; None stays None.
        budget: bytes that all JPEGs together may take. Where not even the ladder's last step keeps within it,
            that step is taken all the same.
    """
    stride = max(1, len(photos) // _SAMPLE)
    for side, quality in LADDER[:-1]:
        hopeless = _encode_within(photos[::stride], side, quality, 1.1 * budget / stride) is None
        thumbnails = None if hopeless else _encode_within(photos, side, quality, budget)
        if thumbnails is not None:
            return thumbnails
    return [photo and _encode(_open(photo), *LADDER[-1]) for photo in photos]


def _encode_within(
    photos: Sequence[bytes | None], side: int, quality: int, budget: float
) -> list[Thumbnail | None] | None:
    """Encodes all photos, or gives up (None) as soon as they exceed the budget."""
    thumbnails = []
    for photo in photos:
        thumbnail = photo and _encode(_open(photo), side, quality)
        budget -= len(thumbnail.jpeg) if thumbnail else 0
        if budget < 0:
            return None
        thumbnails.append(thumbnail)
    return thumbnails


def _open(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


def _flat(image: Image.Image) -> Image.Image:
    """Returns the image in RGB of 8 bits, its transparent parts on white."""
    if image.mode.startswith("I;16"):  # Pillow would clip it to white
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _encode(image: Image.Image, side: int, quality: int) -> Thumbnail:
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
    return Thumbnail(file.getvalue(), *image.size)
