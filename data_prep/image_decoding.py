"""Bytes to a decoded Pillow image, refused in plain words where they are no whole image of a sane size.

The header is looked at first, so a decompression bomb costs no memory: a PNG of 50,000 x 50,000 pixels is refused in
a millisecond, and Pillow's own limits on compressed texts and profiles of a PNG apply (a megabyte each).
"""

import io

from PIL import Image, ImageChops

from data_prep.image_files import RefusedImageError, check_jpeg, check_png, check_png_data, image_format

Size = tuple[int, int]  # width and height in pixels
Box = tuple[float, ...]  # left, top, right, bottom in pixels

MAX_PIXELS = 89_478_485  # a quarter of a gigabyte of RGB, where Pillow begins to warn of decompression bombs
MIN_SIDE = 2  # pixels
MAX_RATIO = 40  # of the longer to the shorter side; with MAX_PIXELS it keeps sides below the 65,500 of a JPEG

# What Pillow makes, without a word, of pixels whose data are missing; only images that end so are looked at further.
_FILLED_JPEG = (128, (128, 128, 128))
_FILLED_PNG = (0, (0, 0, 0))
_MORE_DATA = b"\x5a\xc3\x96\x3c" * 16  # coded data of no meaning


def open_image(content: bytes) -> Image.Image:
    """Returns the image with its header read and no pixel decoded.

    Raises:
        RefusedImageError: this is no whole file of a kind that is read, or of an absurd size.
        Exception: many others of Pillow on broken bytes, which `refusal` words.
    """
    kind = image_format(content)
    if kind == "JPEG":
        check_jpeg(content)
    elif kind == "PNG":
        check_png(content)
    image = Image.open(io.BytesIO(content), formats=(kind,))
    _check_size(image.size)
    return image


def load_image(image: Image.Image, content: bytes, at_least: Size | None = None) -> Box | None:
    """Decodes all data of an image that `open_image` opened.

    With `at_least`, a JPEG may come out at a half, a quarter or an eighth of its size, but no smaller than that: every
    bit of its data is still read, but fewer pixels are computed of them. Returns the box of the whole picture then,
    whose sides need not be whole pixels; without it, an edge of a pixel would be stretched into the picture.

    Large photos that are shrunk so take a fraction of the time, and come out nearly the same as those shrunk at once.

    Raises:
        RefusedImageError: data of the last pixels are missing.
        Exception: many others of Pillow on broken bytes, which `refusal` words.
    """
    drafted = image.draft(None, at_least) if at_least else None
    image.load()
    last = image.getpixel((image.width - 1, image.height - 1))
    if image.format in ("JPEG", "MPO") and last in _FILLED_JPEG:
        _check_jpeg_data(image, content, at_least)
    elif image.format == "PNG" and last in _FILLED_PNG:
        check_png_data(content)
    return drafted[1] if drafted else None


def refusal(error: Exception) -> str:
    """Returns why an image is refused, to complete `the image ...`."""
    text = str(error) or type(error).__name__
    if isinstance(error, RefusedImageError):
        return text
    if isinstance(error, Image.DecompressionBombError):  # twice as many, which Pillow says itself
        return f"has more than the {MAX_PIXELS:,} pixels that are decoded"
    if isinstance(error, Image.UnidentifiedImageError):
        return "cannot be decoded: its header is damaged, or of a kind that Pillow does not know"
    if "MAX_TEXT" in text:
        return "holds a compressed text or profile of more than a megabyte, as a decompression bomb does"
    if "truncated" in text.lower():
        return "is cut off: its pixels are not all there"
    return f"cannot be decoded: {text}"


def _check_size(size: Size) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise RefusedImageError(f"has more than the {MAX_PIXELS:,} pixels that are decoded")
    if min(size) < MIN_SIDE:
        raise RefusedImageError(f"has only {width} x {height} pixels")
    if max(size) > MAX_RATIO * min(size):
        raise RefusedImageError(f"has {width} x {height} pixels: one side is more than {MAX_RATIO} times the other")


def _check_jpeg_data(image: Image.Image, content: bytes, at_least: Size | None) -> None:
    """Decodes a JPEG again with more data before its end marker, which change nothing if all pixels were there."""
    end = check_jpeg(content)
    longer = Image.open(io.BytesIO(content[:end] + _MORE_DATA + content[end:]))
    if at_least:
        longer.draft(None, at_least)
    if ImageChops.difference(image, longer).getbbox():
        raise RefusedImageError("is cut off: the rest of this JPEG is grey")
