"""Files of a folder of images that become no record, each with a pattern of all that is said about it."""

import re
import zlib

from PIL import Image

from tests.data_prep.image_making import (
    JPEG,
    NOISE,
    PNG,
    PNG_SIGNATURE,
    Case,
    chunk,
    edited,
    jpeg,
    many_scans,
    opened,
    picture,
    pixels,
    png,
    tiff,
    unfiltered,
)
from tests.helpers import encoded, photo

MIDDLE = len(NOISE) // 2
BOMB = bytes(2_000_000)
TOO_MANY = "has more than the 89,478,485 pixels that are decoded"
CUT_OFF = "is cut off: its pixels are not all there"

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
