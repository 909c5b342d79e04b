"""Decoded images of every kind to upright RGB JPEGs.

    transparency               white shows through
    grey, palette, 1-bit,      as Pillow converts them
      YCbCr, Lab
    CMYK                       (255 - ink) * (255 - black) / 255, without its profile; in a JPEG, inks are inverted
                               if it has Adobe's marker and plain if not, as TensorFlow takes them
    16 bits                    the upper 8, as TensorFlow does
    32-bit integers, floats    have no fixed range: black is 0, and white the first of 1, 255, 65535 that no value
                               exceeds; where values are negative or larger, from the lowest to the highest

Profiles of RGB images are left aside: pixels keep their values, as in files that are kept and in photos that a
trained model is given, for TensorFlow knows no profiles. A Display P3 photo so becomes slightly paler.

Files that were lossy keep their chroma at half resolution (4:2:0), all others get theirs in full (4:4:4), for it is
there that drawings blur. Huffman tables are the standard ones: better ones save bytes, but take far more time to find,
and on noise Pillow fails at finding them.
"""

import io
import math

from PIL import Image, ImageChops

from data_prep.image_files import RefusedImageError

_LOSSY = {"JPEG", "MPO", "WEBP", "AVIF", "JPEG2000"}
_ORIENTATION = 0x0112  # EXIF's tag; what it says must be done to see the image upright:
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turn(image: Image.Image) -> Image.Transpose | None:
    """Returns what makes a loaded image upright, after its EXIF or else XMP; none if it is or they cannot be read."""
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION))
    except Exception:  # broken metadata, which viewers ignore as well
        return None


def encode_jpeg(
    image: Image.Image, quality: int, size: tuple[int, int] | None = None, box: tuple[float, ...] | None = None
) -> bytes:
    """Returns a loaded image as an upright RGB JPEG without metadata.

    Args:
        image: as Pillow opened it, for its format and metadata count.
        quality: of the JPEG, 1 to 100.
        size: (width, height) in pixels to bring it to, before it is turned; none keeps its size.
        box: the part of the image, (left, top, right, bottom), that becomes `size`; none is the whole.
    """
    pixels = to_rgb(image)
    if size:
        pixels = pixels.resize(size, Image.Resampling.BICUBIC, box=box)
    if (method := turn(image)) is not None:
        pixels = pixels.transpose(method)
    buffer = io.BytesIO()
    chroma = "4:2:0" if image.format in _LOSSY else "4:4:4"
    pixels.save(buffer, "JPEG", quality=quality, subsampling=chroma, comment=b"")
    return buffer.getvalue()


def to_rgb(image: Image.Image) -> Image.Image:
    """Returns an image of any mode as RGB; see the top of this file for how.

    Raises:
        RefusedImageError: its values are not finite numbers.
    """
    if image.mode in ("I", "F"):
        return _stretched(image).convert("RGB")
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        return ImageChops.invert(image).convert("RGB")  # Pillow took it for inverted
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _stretched(image: Image.Image) -> Image.Image:
    """Returns 32-bit integers or floats as 8-bit grey."""
    low, high = image.getextrema()
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RefusedImageError("has pixels that are not finite numbers")
    ranges = (65535,) if (image.format, image.mode) == ("PPM", "I") else (1, 255, 65535)  # Pillow makes 16 bits of PGM
    black, white = next(((0, top) for top in ranges if low >= 0 and high <= top), (low, high))
    scale = 255 / ((white - black) or 1)
    return image.point(lambda value: value * scale + (0.5 - black * scale)).convert("L")
