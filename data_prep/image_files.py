"""What kind of file some bytes are and whether they are whole, told from the bytes alone, before anything is decoded.

Pillow overlooks faults on which TensorFlow fails while training: wrong checksums and a missing end in a PNG, a JPEG
whose end marker is missing but whose pixels are all there. JPEG: ITU-T T.81, annex B; PNG: W3C PNG (third edition),
section 5. A JPEG has no checksums, so changed bytes that leave a readable stream pass, here as everywhere.

A file without its end is refused even where only the end marker is missing: nobody can tell what else is.
"""

import re
import struct
import zlib
from collections.abc import Iterator

_READ = {  # Pillow's name of a format -> how its files begin
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "GIF": rb"GIF8[79]a",
    "WEBP": rb"RIFF.{4}WEBP",
    "BMP": rb"BM.{13}\0\0\0",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "PPM": rb"P[1-6f]\s",
    "ICO": rb"\0\0\x01\0",
    "AVIF": rb".{4}ftypavi[fs]",
    "JPEG2000": rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51",
}
_NOT_READ = {
    "HEIC": rb".{4}ftyp(hei|hev|mif|msf)",
    "JPEG XL": rb"\xff\x0a|\0\0\0\x0cJXL ",
    "Photoshop (PSD)": rb"8BPS",
    "PostScript (EPS)": rb"%!PS|\xc5\xd0\xd3\xc6",
    "SVG": rb"(?i)(\xef\xbb\xbf)?\s*(<\?xml.{0,300}?)?(<!--.{0,300}?-->\s*)?<(!doctype )?svg",
}
_NO_IMAGE = {
    "an HTML page": rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body|script|!--)",
    "a PDF document": rb"%PDF",
    "a ZIP archive": rb"PK\x03\x04",
    "a gzip archive": rb"\x1f\x8b",
}

# Second bytes of JPEG markers. TensorFlow reads the three frames that every camera and browser writes.
_PROGRESSIVE = 0xC2
_FRAMES = {0xC0, 0xC1, _PROGRESSIVE}  # the first two are baseline and extended sequential Huffman coding
_RARE_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}  # lossless, hierarchical, arithmetic
_SCAN, _END = 0xDA, 0xD9
_MARKERS = _FRAMES | {0xC4, _SCAN, 0xDB, 0xDC, 0xDD, 0xFE, _END, *range(0xE0, 0xF0)}
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]")  # within coded data, FF 00 is a byte FF and FF D0..D7 a restart
_FILL = 0xFF  # any number of them may stand before a marker
MAX_SCANS = 100  # each costs a pass over the pixels; encoders write about 10

_CRITICAL_CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}  # a decoder must refuse any other of capital initial
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of PNG's colour types


class RefusedImageError(ValueError):
    """An image that can be no record; the message completes `the image ...`."""


def image_format(content: bytes) -> str:
    """Returns Pillow's name of the format.

    Raises:
        RefusedImageError: this is no image, or none of a kind that is read.
    """
    if not content:
        raise RefusedImageError("is an empty file")
    for kind, beginning in _READ.items():
        if re.match(beginning, content, re.DOTALL):
            return kind
    for kind, beginning in _NOT_READ.items():
        if re.match(beginning, content, re.DOTALL):
            raise RefusedImageError(f"is of a kind that is not read: {kind}; convert it to JPEG or PNG")
    for kind, beginning in _NO_IMAGE.items():
        if re.match(beginning, content, re.DOTALL):
            raise RefusedImageError(f"is no image: {kind}")
    raise RefusedImageError(f"is no image: {len(content)} bytes that begin with {content[:40]!r}")


def check_jpeg(content: bytes) -> int:
    """Walks over the markers of a JPEG and returns the position of its end marker.

    Raises:
        RefusedImageError: it is cut off, damaged, of a rare coding, or a bomb.
    """
    scans, frame = 0, 0
    missing: dict[int, set[int]] = {}  # component -> its coefficients, 0 to 63, that no scan has brought in full
    for at, marker, data in _segments(content):
        if marker in _RARE_FRAMES:
            raise RefusedImageError(f"is a JPEG of a rare coding (marker {marker:#x}); convert it to a baseline JPEG")
        if marker not in _MARKERS:
            raise RefusedImageError(f"is damaged: JPEG marker {marker:#x} at byte {at}")
        if marker in _FRAMES:
            frame, missing = marker, {component: set(range(64)) for component in data[6::3]}
        if marker == _SCAN:
            scans += 1
            for component, coefficients in _brought(data, frame):
                missing.get(component, set()).difference_update(coefficients)
        if scans > MAX_SCANS:
            raise RefusedImageError(f"is a JPEG of more than {MAX_SCANS} scans, which would take minutes to decode")
    if any(missing.values()):
        raise RefusedImageError("is cut off: some scans of this JPEG are not there")
    return at


def _segments(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yields (position, marker, data) of the segments of a JPEG, the last of which is its end marker.

    Before the first scan, bytes between segments are skipped, as decoders do; later they are a fault.
    """
    at, scanned, strict = 2, False, False
    while found := (_MARKER.match if strict else _MARKER.search)(content, at):
        marker, at = content[found.end() - 1], found.end()
        if marker == _FILL:
            at -= 1
            continue
        length = int.from_bytes(content[at : at + 2], "big")
        yield at - 2, marker, content[at + 2 : at + length]
        if marker == _END:
            return
        at += length
        scanned = scanned or marker == _SCAN
        strict = scanned and marker != _SCAN
    if strict and at < len(content):
        raise RefusedImageError(f"is damaged: no JPEG marker at byte {at}")
    raise RefusedImageError("is cut off: this JPEG has no end marker")


def _brought(scan: bytes, frame: int) -> Iterator[tuple[int, range]]:
    """Yields (component, coefficients) that a scan brings, from its header, down to the last bit."""
    count = scan[0] if scan else 0
    if len(scan) != 4 + 2 * count:
        raise RefusedImageError("is damaged: a scan header of this JPEG has a wrong length")
    first, last, bits = scan[1 + 2 * count : 4 + 2 * count] if frame == _PROGRESSIVE else (0, 63, 0)
    if bits & 15 == 0:
        yield from ((component, range(first, last + 1)) for component in scan[1 : 1 + 2 * count : 2])


def check_png(content: bytes) -> None:
    """Checks every chunk of a PNG, its checksum included.

    Raises:
        RefusedImageError: it is cut off or damaged.
    """
    for at, name, data in _chunks(content):
        if (at == 8) != (name == b"IHDR") or (name[:1].isupper() and name not in _CRITICAL_CHUNKS):
            raise RefusedImageError(f"is damaged: PNG chunk {name!r} at byte {at}")
        end = at + 8 + len(data)
        if zlib.crc32(data, zlib.crc32(name)) != int.from_bytes(content[end : end + 4], "big"):
            raise RefusedImageError(f"is damaged: wrong checksum in PNG chunk {name!r} at byte {at}")


def check_png_data(content: bytes) -> None:
    """Checks that a PNG that `check_png` passed holds all its rows; it must unpack them, so it is for doubtful ones.

    Raises:
        RefusedImageError: it holds fewer.
    """
    width, height, bits, colour = struct.unpack_from(">IIBB", content, 16)
    missing = height * (1 + -(-width * bits * _CHANNELS[colour] // 8))  # bytes; interlaced, they are no fewer
    packed, unpacker = b"".join(data for _, name, data in _chunks(content) if name == b"IDAT"), zlib.decompressobj()
    while missing > 0 and (rows := unpacker.decompress(packed, 1 << 20)):  # bytes at a time: it may be a bomb
        missing, packed = missing - len(rows), unpacker.unconsumed_tail
    if missing > 0:
        raise RefusedImageError("is cut off: the last rows of this PNG are not there")


def png_bits(content: bytes) -> int:
    """Returns the bits of a sample of a whole PNG: 1, 2, 4, 8 or 16."""
    return content[24]


def _chunks(content: bytes) -> Iterator[tuple[int, bytes, memoryview]]:
    """Yields (position, name, data) of the chunks of a PNG up to the end chunk."""
    view, at, name = memoryview(content), 8, b""
    while name != b"IEND":
        name = content[at + 4 : at + 8]
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if end + 4 > len(content):
            raise RefusedImageError("is cut off: this PNG has no end chunk")
        yield at, name, view[at + 8 : end]
        at = end + 4
