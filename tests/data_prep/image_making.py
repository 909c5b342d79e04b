"""The picture that all images of the tests show, and files of it, some of them as Pillow writes none.

It has 48 x 32 pixels in four quarters:

    red    green
    blue   yellow
"""

import io
import struct
import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageCms

from tests.helpers import encoded, photo

Colour = tuple[int, int, int]

SIZE = (48, 32)  # width, height
RED, GREEN, BLUE, YELLOW, WHITE = (220, 40, 40), (40, 180, 60), (40, 60, 220), (240, 220, 60), (255, 255, 255)
QUARTERS = (RED, GREEN, BLUE, YELLOW)
DARK = (RED, GREEN, BLUE, (0, 0, 0))
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# EXIF 2.32, tag 0x0112: the sides of the upright picture where the first row and the first column of the file are.
ORIENTATIONS = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


class Case(NamedTuple):
    """A file and what is expected; `size` and `quarters` are those of the upright picture."""

    content: bytes
    re_encoded: str = ""
    reason: str = ""
    size: tuple[int, int] = SIZE
    quarters: tuple[Colour, ...] | None = QUARTERS


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def picture(quarters: tuple = QUARTERS, mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    small = Image.new(mode, (2, 2))
    small.putdata(quarters)
    return small.resize(size, Image.Resampling.NEAREST)


def pixels(dtype: str = "u1") -> np.ndarray:
    return np.asarray(picture()).astype(dtype)


def greys(top: int = 255) -> np.ndarray:
    """The picture in grey, as 0 to `top`."""
    return np.asarray(picture().convert("L")).astype("f8") * top / 255


def grey_quarters() -> tuple[Colour, ...]:
    return tuple((round(0.299 * r + 0.587 * g + 0.114 * b),) * 3 for r, g, b in QUARTERS)


def orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def turned(value: int) -> Image.Image:
    """The picture as a camera stores it that writes this orientation."""
    row, column = ORIENTATIONS[value]
    stored = pixels()
    if row in ("left", "right"):
        stored = stored.transpose(1, 0, 2)
    stored = stored[::-1] if row in ("right", "bottom") else stored
    stored = stored[:, ::-1] if column in ("right", "bottom") else stored
    return Image.fromarray(np.ascontiguousarray(stored))


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG: length, name, data, checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(bits: int, colour: int, rows: bytes, *extra: bytes, interlace: int = 0, size: tuple[int, int] = SIZE) -> bytes:
    """A PNG of rows that carry their filter byte; `colour` 0 is grey, 2 RGB, 3 palette."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, interlace))
    return PNG_SIGNATURE + header + b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def unfiltered(values: np.ndarray) -> bytes:
    return b"".join(b"\0" + row.tobytes() for row in values)


def adam7() -> bytes:
    """An interlaced PNG: seven passes, each every so many rows and columns (first row, step, first column, step)."""
    passes = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)]
    rows = b"".join(unfiltered(pixels()[top::down, left::right]) for top, down, left, right in passes)
    return png(8, 2, rows, interlace=1)


def tiff(values: np.ndarray, photometric: int, sample_format: int = 1) -> bytes:
    """A TIFF of one strip from [height, width, channels]; Pillow writes none of more than 8 bits a channel."""
    height, width, channels = values.shape
    bits, data = values.dtype.itemsize * 8, values.tobytes()
    after = 8 + 2 + 10 * 12 + 4  # where bits and formats of the channels stand, and then the pixels
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, after if channels > 1 else bits),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, after + 16),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(data)),
        (339, 3, channels, after + 8 if channels > 1 else sample_format),
    ]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    arrays = struct.pack("<8H", *[bits] * 4, *[sample_format] * 4)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + arrays + data


def segment(marker: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    return encoded(image or picture(), "JPEG", **{"quality": 95, **options})


def with_segment(content: bytes, marker: int, data: bytes) -> bytes:
    return content[:2] + segment(marker, data) + content[2:]


def edited(content: bytes, at: int, new: bytes) -> bytes:
    """The same with other bytes at a place, from the end if it is negative."""
    at %= len(content)
    return content[:at] + new + content[at + len(new) :]


def inks() -> Image.Image:
    """The picture in CMYK with black ink 51: pixels are (255 - ink) * 204 / 255."""
    channels = [band.point([round(255 - min(255, level / 0.8)) for level in range(256)]) for band in picture().split()]
    return Image.merge("CMYK", [*channels, Image.new("L", SIZE, 51)])


INK_QUARTERS = tuple(tuple(min(value, 204) for value in colour) for colour in QUARTERS)


def ycck() -> bytes:
    """A CMYK JPEG in Adobe's other coding, YCCK, which Pillow does not write: its planes, then the marker's byte."""
    *colours, black = inks().split()
    planes = [*Image.merge("RGB", colours).convert("YCbCr").split(), ImageChops.invert(black)]
    content = jpeg(ImageChops.invert(Image.merge("CMYK", planes)))
    return edited(content, content.index(b"Adobe") + 11, b"\2")


def plain_cmyk() -> bytes:
    """A CMYK JPEG with inks as they are, thus without the marker that tells that they are inverted."""
    content = jpeg(ImageChops.invert(inks()))
    at = content.index(b"\xff\xee")
    return content[:at] + content[at + 2 + 14 :]


def see_through(mode: str = "RGBA") -> Image.Image:
    """The picture with a lower right quarter that is not there, though it has a colour."""
    image = picture()
    image.putalpha(picture((255, 255, 255, 0), "L"))
    return image.convert(mode)


SEEN_THROUGH = (RED, GREEN, BLUE, WHITE)


def palette(transparent: bool) -> bytes:
    image = Image.frombytes("P", SIZE, picture((0, 1, 2, 3), "L").tobytes())
    image.putpalette(sum(QUARTERS, ()))
    return encoded(image, **({"transparency": 3} if transparent else {}))


def animation(kind: str, **options: object) -> bytes:
    return encoded(picture(), kind, save_all=True, append_images=[Image.new("RGB", SIZE)], duration=50, **options)


def lab() -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(picture(), srgb, ImageCms.createProfile("LAB"), outputMode="LAB")


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is there 101 times."""
    content = jpeg(progressive=True)
    return content[:-2] + content[content.rindex(b"\xff\xda") : -2] * 101 + content[-2:]


NOISE = photo(0, 64, "JPEG")  # 64 x 64 pixels of which every byte counts
PNG, JPEG = encoded(picture()), jpeg()
