"""Kinds of files and whether they are whole, from their bytes; `image_corpus` has most cases."""

import pytest

from data_prep.image_files import RefusedImageError, check_jpeg, check_png, check_png_data, image_format, png_bits
from tests.data_prep.image_corpus import CASES, JPEG, PNG, adam7, edited, encoded, jpeg, picture, png, with_segment

KINDS = {
    **{name: name for name in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "PPM", "ICO", "AVIF")},
    **{
        "MPO": "JPEG",
        "PNG animated": "PNG",
        "WebP": "WEBP",
        "PGM 16-bit": "PPM",
        "PFM": "PPM",
        "JPEG 2000": "JPEG2000",
    },
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_kinds_are_told_from_how_files_begin(name, kind):
    assert image_format(CASES[name].content) == kind


@pytest.mark.parametrize("beginning", [b"MM\0*", b"II+\0"])
def test_other_tiffs_are_known(beginning):
    assert image_format(beginning + bytes(20)) == "TIFF"


@pytest.mark.parametrize("text", [b"BM is a name, and no bitmap", b"P5", b"GIF", b"RIFF....WAVE"])
def test_a_text_that_begins_alike_is_no_image(text):
    with pytest.raises(RefusedImageError, match=r"is no image: \d+ bytes that begin with b'"):
        image_format(text)


def test_the_end_of_a_jpeg_is_its_own_and_not_that_of_a_thumbnail():
    assert check_jpeg(JPEG) == len(JPEG) - 2
    whole = with_segment(JPEG, 0xE1, JPEG)
    assert check_jpeg(whole + b"\xff\xd9") == len(whole) - 2


def test_bytes_between_segments_pass_before_the_first_scan_alone():
    content = jpeg(progressive=True)
    first, second = content.index(b"\xff\xc4"), content.rindex(b"\xff\xc4")
    assert check_jpeg(content[:first] + b"junk" + content[first:]) == len(content) + 2
    length = int.from_bytes(content[second + 2 : second + 4], "big")
    at = second + 2 + length
    with pytest.raises(RefusedImageError, match=f"is damaged: no JPEG marker at byte {at}"):
        check_jpeg(content[:at] + b"junk" + content[at:])


@pytest.mark.parametrize("fill", [b"\xff", b"\xff\xff"])
def test_any_number_of_bytes_ff_may_stand_before_a_marker(fill):
    content = jpeg(progressive=True)
    at = content.rindex(b"\xff\xda")
    assert check_jpeg(content[:at] + fill + content[at:]) == len(content) - 2 + len(fill)


def test_a_jpeg_of_one_scan_a_colour_needs_all_three():
    """Only scans are looked at, so the first scan's data may stand for those of the others."""
    scan = JPEG.index(b"\xff\xda")
    header, data = JPEG[:scan], JPEG[scan + 14 : -2]
    scans = [b"\xff\xda\0\x08\1" + bytes([component, 0, 0, 63, 0]) + data for component in (1, 2, 3)]
    assert check_jpeg(header + b"".join(scans) + b"\xff\xd9") > 0
    with pytest.raises(RefusedImageError, match="is cut off: some scans of this JPEG are not there"):
        check_jpeg(header + b"".join(scans[:2]) + b"\xff\xd9")


@pytest.mark.parametrize("length", [2, 4, 13])
def test_a_scan_header_of_a_wrong_length_is_damage(length):
    at = JPEG.index(b"\xff\xda") + 2
    with pytest.raises(RefusedImageError, match="is damaged: a scan header of this JPEG has a wrong length"):
        check_jpeg(edited(JPEG, at, length.to_bytes(2, "big")))


@pytest.mark.parametrize("end", [8, 12, 20, 40])
def test_a_png_may_be_cut_anywhere(end):
    with pytest.raises(RefusedImageError, match="is cut off: this PNG has no end chunk"):
        check_png(PNG[:end])


def test_the_rows_of_a_png_are_counted():
    for content in (PNG, adam7(), encoded(picture().convert("1")), encoded(picture().convert("LA"))):
        check_png(content)
        check_png_data(content)


@pytest.mark.parametrize(("bits", "colour", "size", "needed"), [(8, 0, (48, 32), 32 * 49), (1, 0, (9, 4), 4 * 3)])
def test_a_png_of_one_byte_too_few_is_cut_off(bits, colour, size, needed):
    check_png_data(png(bits, colour, bytes(needed), size=size))
    with pytest.raises(RefusedImageError, match="is cut off: the last rows of this PNG are not there"):
        check_png_data(png(bits, colour, bytes(needed - 1), size=size))


def test_bits_of_a_png():
    assert [png_bits(CASES[name].content) for name in ("PNG 1-bit", "PNG", "PNG 16-bit")] == [1, 8, 16]
