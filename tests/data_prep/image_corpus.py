"""Files of every kind that a folder of images may hold, and what the check is to make of each.

All of them show the same picture, 48 x 32 pixels in four quarters, unless they show nothing:

    red    green
    blue   yellow

`CASES` is the table: a name -> the bytes of a file and what is expected. A case is kept (its very bytes go into the
record), re-encoded (`re_encoded` says why) or refused (`reason` is a pattern of all that is said).
"""

import io
import re
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
MIDDLE = len(NOISE) // 2
PNG, JPEG = encoded(picture()), jpeg()
BOMB = bytes(2_000_000)
TOO_MANY = "has more than the 89,478,485 pixels that are decoded"
CUT_OFF = "is cut off: its pixels are not all there"

KEPT = {
    "JPEG": Case(JPEG),
    "JPEG progressive": Case(jpeg(progressive=True)),
    "JPEG 4:4:4": Case(jpeg(subsampling="4:4:4")),
    "JPEG 4:2:2": Case(jpeg(subsampling="4:2:2")),
    "JPEG in RGB": Case(jpeg(keep_rgb=True)),
    "JPEG with restarts": Case(jpeg(restart_marker_blocks=1)),
    "JPEG with upright EXIF": Case(jpeg(exif=orientation(1))),
    "JPEG of no known orientation": Case(jpeg(exif=orientation(9))),
    "JPEG with broken EXIF": Case(with_segment(JPEG, 0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f")),
    "JPEG with EXIF of no sense": Case(with_segment(JPEG, 0xE1, b"Exif\0\0no sense")),
    "JPEG with a comment": Case(jpeg(comment=b"a photo")),
    "JPEG with a profile": Case(jpeg(icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())),
    "JPEG with a thumbnail": Case(with_segment(JPEG, 0xE3, JPEG)),
    "JPEG with filled markers": Case(JPEG[:2] + b"\xff\xff" + JPEG[2:]),
    "JPEG with bytes behind its end": Case(JPEG + b"\0\xff\xc3" * 50),
    "JPEG of the grey of missing data": Case(jpeg(Image.new("RGB", SIZE, (128,) * 3)), quarters=((128,) * 3,) * 4),
    "PNG": Case(PNG),
    "PNG interlaced": Case(adam7()),
    "PNG with a text": Case(png(8, 2, unfiltered(pixels()), chunk(b"tEXt", b"Title\0a picture"))),
    "PNG with EXIF of no sense": Case(
        png(8, 2, unfiltered(pixels()), chunk(b"tEXt", b"Raw profile type exif\0\nexif\n2\nno sense"))
    ),
    "PNG with unknown extras": Case(png(8, 2, unfiltered(pixels()), chunk(b"abCd", b"?"))),
    "PNG that ends in black": Case(
        encoded(picture((RED, GREEN, BLUE, (0,) * 3))), quarters=(RED, GREEN, BLUE, (0,) * 3)
    ),
    "PNG with bytes behind its end": Case(PNG + b"behind"),
}

RE_ENCODED = {
    **{f"JPEG turned {n}": Case(jpeg(turned(n), exif=orientation(n)), "turned by its EXIF") for n in range(2, 9)},
    "PNG turned": Case(encoded(turned(6), exif=orientation(6)), "turned by its EXIF"),
    "WebP turned": Case(encoded(turned(8), "WEBP", exif=orientation(8), lossless=True), "WEBP"),
    "TIFF turned": Case(encoded(turned(6), "TIFF", exif=orientation(6)), "TIFF"),
    "JPEG grey": Case(jpeg(picture().convert("L")), "JPEG of mode L", quarters=grey_quarters()),
    "JPEG CMYK": Case(jpeg(inks()), "JPEG of mode CMYK", quarters=INK_QUARTERS),
    "JPEG YCCK": Case(ycck(), "JPEG of mode CMYK", quarters=INK_QUARTERS),
    "JPEG CMYK without Adobe": Case(plain_cmyk(), "JPEG of mode CMYK", quarters=INK_QUARTERS),
    "PNG grey": Case(encoded(picture().convert("L")), "PNG of mode L", quarters=grey_quarters()),
    "PNG 1-bit": Case(
        encoded(picture((255, 0, 0, 255), "L").convert("1")),
        "PNG of mode 1",
        quarters=(WHITE, (0, 0, 0), (0, 0, 0), WHITE),
    ),
    "PNG grey 16-bit": Case(
        png(16, 0, unfiltered(greys(65535).astype(">u2"))), "PNG of mode I;16", "", SIZE, grey_quarters()
    ),
    "PNG grey 16-bit with transparency": Case(
        png(16, 0, unfiltered(greys(65535).astype(">u2")), chunk(b"tRNS", b"\1\2")),
        "PNG of mode I;16",
        quarters=grey_quarters(),
    ),
    "PNG 16-bit": Case(png(16, 2, unfiltered(pixels(">u2") * 257)), "PNG of 16 bits"),
    "PNG 16-bit with transparency": Case(
        png(16, 2, unfiltered(pixels(">u2") * 257), chunk(b"tRNS", struct.pack(">3H", *(257 * v for v in YELLOW)))),
        "PNG of 16 bits",
        quarters=SEEN_THROUGH,
    ),
    "PNG palette": Case(palette(False), "PNG of mode P"),
    "PNG palette with transparency": Case(palette(True), "PNG of mode P", quarters=SEEN_THROUGH),
    "PNG RGBA": Case(encoded(see_through()), "PNG of mode RGBA", quarters=SEEN_THROUGH),
    "PNG LA": Case(encoded(see_through("LA")), "PNG of mode LA", quarters=(*grey_quarters()[:3], WHITE)),
    "PNG with a transparent colour": Case(
        encoded(picture(), transparency=YELLOW), "PNG with transparency", quarters=SEEN_THROUGH
    ),
    "PNG animated": Case(animation("PNG"), "animated PNG"),
    "GIF": Case(encoded(picture(), "GIF"), "GIF"),
    "GIF animated": Case(animation("GIF"), "GIF"),
    "GIF animated, cut in its second picture": Case(animation("GIF")[:-20], "GIF"),
    "GIF with transparency": Case(encoded(see_through(), "GIF"), "GIF", quarters=SEEN_THROUGH),
    "WebP": Case(encoded(picture(), "WEBP", quality=95), "WEBP"),
    "WebP lossless": Case(encoded(picture(), "WEBP", lossless=True), "WEBP"),
    "WebP with transparency": Case(encoded(see_through(), "WEBP", lossless=True), "WEBP", quarters=SEEN_THROUGH),
    "WebP animated": Case(animation("WEBP", lossless=True), "WEBP"),
    "BMP": Case(encoded(picture(), "BMP"), "BMP"),
    "BMP palette": Case(encoded(picture().quantize(4), "BMP"), "BMP"),
    "BMP 32-bit": Case(encoded(see_through(), "BMP"), "BMP"),  # the fourth byte means nothing in most such files
    "TIFF": Case(encoded(picture(), "TIFF"), "TIFF"),
    "TIFF of pages": Case(animation("TIFF"), "TIFF"),
    "TIFF packed": Case(encoded(picture(), "TIFF", compression="tiff_lzw"), "TIFF"),
    "TIFF of JPEG": Case(encoded(picture(), "TIFF", compression="jpeg"), "TIFF"),
    "TIFF CMYK": Case(encoded(inks(), "TIFF"), "TIFF", quarters=INK_QUARTERS),
    "TIFF Lab": Case(encoded(lab(), "TIFF"), "TIFF"),
    "TIFF 16-bit": Case(tiff(pixels("<u2") * 257, photometric=2), "TIFF"),
    "TIFF grey 16-bit": Case(tiff(greys(65535).astype("<u2")[..., None], 1), "TIFF", quarters=grey_quarters()),
    "TIFF grey 16-bit, high bytes first": Case(
        encoded(Image.fromarray(greys(65535).astype(">u2")), "TIFF"), "TIFF", quarters=grey_quarters()
    ),
    "TIFF whole numbers to 65535": Case(
        tiff(greys(65535).astype("<i4")[..., None], 1, 2), "TIFF", quarters=grey_quarters()
    ),
    "TIFF floats to 1": Case(tiff(greys(1).astype("<f4")[..., None], 1, 3), "TIFF", quarters=grey_quarters()),
    "TIFF floats to 255": Case(tiff(greys().astype("<f4")[..., None], 1, 3), "TIFF", quarters=grey_quarters()),
    "TIFF floats, some negative": Case(
        encoded(picture((-3.0, 5.0, 1.0, -1.0), "F"), "TIFF"),
        "TIFF",
        quarters=((0, 0, 0), WHITE, (127, 127, 127), (64, 64, 64)),
    ),
    "MPO": Case(animation("MPO"), "MPO"),
    "MPO turned": Case(
        encoded(turned(3), "MPO", save_all=True, append_images=[picture()], exif=orientation(3), quality=95), "MPO"
    ),
    "PPM": Case(encoded(picture(), "PPM"), "PPM"),
    "PBM": Case(
        encoded(picture((0, 255, 0, 0), "L").convert("1"), "PPM"),
        "PPM",
        quarters=((0, 0, 0), WHITE, (0, 0, 0), (0, 0, 0)),
    ),
    "PGM 16-bit": Case(b"P5 48 32 65535\n" + greys(65535).astype(">u2").tobytes(), "PPM", quarters=grey_quarters()),
    "PGM 16-bit, dark": Case(b"P5 48 32 65535\n" + greys().astype(">u2").tobytes(), "PPM", quarters=((0, 0, 0),) * 4),
    "PFM": Case(encoded(Image.fromarray(greys(1).astype("f4")), "PPM"), "PPM", quarters=grey_quarters()),
    "ICO": Case(encoded(see_through(), "ICO", sizes=[(24, 16), SIZE]), "ICO", quarters=SEEN_THROUGH),
    "ICO of BMP": Case(encoded(see_through(), "ICO", sizes=[SIZE], bitmap_format="bmp"), "ICO", quarters=SEEN_THROUGH),
    "JPEG 2000": Case(encoded(picture(), "JPEG2000"), "JPEG2000"),
    "AVIF": Case(encoded(picture(), "AVIF", quality=95), "AVIF"),
}

REFUSED = {
    "empty": Case(b"", reason="is an empty file"),
    "HTML": Case(b"\n<!DOCTYPE html><html>not found</html>", reason="is no image: an HTML page"),
    "text": Case(b"404 Not Found", reason="is no image: 13 bytes that begin with b'404 Not Found'"),
    "PDF": Case(b"%PDF-1.7\n", reason="is no image: a PDF document"),
    "ZIP": Case(b"PK\x03\x04rest", reason="is no image: a ZIP archive"),
    "gzip": Case(b"\x1f\x8b\x08rest", reason="is no image: a gzip archive"),
    **{
        kind: Case(content, reason=f"is of a kind that is not read: {re.escape(kind)}; convert it to JPEG or PNG")
        for kind, content in {
            "SVG": b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
            "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0",
            "JPEG XL": b"\xff\x0a\0\0",
            "Photoshop (PSD)": b"8BPS\0\1",
            "PostScript (EPS)": b"%!PS-Adobe-3.0 EPSF-3.0",
        }.items()
    },
    "JPEG cut": Case(NOISE[:MIDDLE], reason="is cut off: this JPEG has no end marker"),
    "JPEG cut in its header": Case(JPEG[:100], reason="is cut off: this JPEG has no end marker"),
    "JPEG without its end marker": Case(JPEG[:-2], reason="is cut off: this JPEG has no end marker"),
    "JPEG that ends in zeros": Case(JPEG[:-2] + bytes(100), reason="is cut off: this JPEG has no end marker"),
    "JPEG cut and ended": Case(NOISE[:MIDDLE] + b"\xff\xd9", reason="is cut off: the rest of this JPEG is grey"),
    "JPEG grey cut and ended": Case(
        photo(0, 64, "JPEG", "L")[:-700] + b"\xff\xd9", reason="is cut off: the rest of this JPEG is grey"
    ),
    "JPEG progressive cut and ended": Case(
        jpeg(opened(NOISE), progressive=True)[:MIDDLE] + b"\xff\xd9",
        reason="is cut off: some scans of this JPEG are not there",
    ),
    "JPEG with a foreign marker": Case(
        edited(NOISE, MIDDLE, b"\xff\x11"), reason=f"is damaged: JPEG marker 0x11 at byte {MIDDLE}"
    ),
    "JPEG with a segment in its data": Case(
        edited(NOISE, MIDDLE, b"\xff\xe0\0\x20"), reason=f"is damaged: no JPEG marker at byte {MIDDLE + 34}"
    ),
    "JPEG arithmetic": Case(
        JPEG.replace(b"\xff\xc0", b"\xff\xc9"),
        reason=r"is a JPEG of a rare coding \(marker 0xc9\); convert it to a baseline JPEG",
    ),
    "JPEG 12-bit": Case(
        JPEG.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"),
        reason="cannot be decoded: its header is damaged, or of a kind that Pillow does not know",
    ),
    "JPEG of many scans": Case(
        many_scans(), reason="is a JPEG of more than 100 scans, which would take minutes to decode"
    ),
    "JPEG of no pixels in its data": Case(
        JPEG[: JPEG.index(b"\xff\xda") + 14] + b"\xff\xd9", reason="is cut off: the rest of this JPEG is grey"
    ),
    "PNG cut": Case(PNG[:-40], reason="is cut off: this PNG has no end chunk"),
    "PNG without its end chunk": Case(PNG[:-12], reason="is cut off: this PNG has no end chunk"),
    "PNG of too few rows": Case(
        png(8, 2, unfiltered(pixels()[:20])), reason="is cut off: the last rows of this PNG are .*"
    ),
    "PNG with a changed byte": Case(
        edited(PNG, 60, b"?"), reason="is damaged: wrong checksum in PNG chunk b'IDAT' at byte 33"
    ),
    "PNG with a wrong checksum": Case(
        edited(PNG, -1, b"?"), reason=f"is damaged: wrong checksum in PNG chunk b'IEND' at byte {len(PNG) - 12}"
    ),
    "PNG of no sense": Case(png(8, 2, b"\x09" * 4640), reason="cannot be decoded: .*"),
    "PNG for an iPhone": Case(
        PNG_SIGNATURE + chunk(b"CgBI", bytes(4)) + PNG[8:], reason="is damaged: PNG chunk b'CgBI' at byte 8"
    ),
    "PNG with a late header": Case(
        PNG_SIGNATURE + chunk(b"tEXt", b"a\0b") + PNG[8:], reason="is damaged: PNG chunk b'tEXt' at byte 8"
    ),
    "PNG with an unknown chunk": Case(
        png(8, 2, unfiltered(pixels()), chunk(b"NEED", b"")), reason="is damaged: PNG chunk b'NEED' at byte 33"
    ),
    "PNG bomb": Case(png(8, 2, b"", size=(50_000, 50_000)), reason=TOO_MANY),
    "PNG slightly too large": Case(png(8, 2, b"", size=(10_000, 9_000)), reason=TOO_MANY),
    "JPEG bomb": Case(edited(JPEG, JPEG.index(b"\xff\xc0") + 5, b"\xff\xdc\xff\xdc"), reason=TOO_MANY),
    "GIF bomb": Case(edited(encoded(picture(), "GIF"), 6, b"\xff\xff\xff\xff"), reason=TOO_MANY),
    **{
        f"PNG with a bomb of {name}": Case(
            png(8, 2, unfiltered(pixels()), chunk(name.encode(), start + zlib.compress(BOMB))),
            reason="holds a compressed text or profile of more than a megabyte, as a decompression bomb does",
        )
        for name, start in {"zTXt": b"x\0\0", "iTXt": b"x\0\1\0\0\0", "iCCP": b"x\0\0"}.items()
    },
    "GIF cut": Case(photo(0, 64, "GIF")[:-2000], reason=CUT_OFF),
    "WebP cut": Case(photo(0, 64, "WEBP")[:-500], reason="cannot be decoded: .*"),
    "TIFF cut": Case(photo(0, 64, "TIFF")[:-500], reason=CUT_OFF),
    "TIFF packed, cut": Case(
        encoded(picture(), "TIFF", compression="tiff_lzw")[:100], reason="cannot be decoded: its header .*"
    ),
    "BMP cut": Case(photo(0, 64, "BMP")[:-500], reason=CUT_OFF),
    "TIFF of colours as floats": Case(
        tiff(pixels("<f4"), 2, 3), reason="cannot be decoded: its header is damaged, or of a kind that .*"
    ),
    "TIFF of endless floats": Case(
        encoded(picture((0.0, 1.0, float("inf"), 0.5), "F"), "TIFF"), reason="has pixels that are not finite numbers"
    ),
    "a single pixel": Case(encoded(Image.new("RGB", (1, 1)), "GIF"), reason="has only 1 x 1 pixels"),
    "a line": Case(encoded(Image.new("RGB", (300, 1))), reason="has only 300 x 1 pixels"),
    "a ribbon": Case(
        encoded(Image.new("RGB", (4, 161))), reason="has 4 x 161 pixels: one side is more than 40 times the other"
    ),
}

CASES = {**KEPT, **RE_ENCODED, **REFUSED}
