"""Photos that no one has prepared, against Pillow."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from im2txt.data.images import decode_image
from im2txt.data.photos import decode_photo, exif_orientation, upright_pixels

ORIENTATION = 0x0112
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 5, 3), np.uint8).repeat(16, 0).repeat(16, 1)


def encoded(image, kind="JPEG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_exif(orientation, other_tags=(), **options):
    exif = Image.Exif()
    exif.update(dict(other_tags))
    exif[ORIENTATION] = orientation
    return encoded(Image.fromarray(PIXELS), exif=exif, **options)


def other_byte_order(jpeg):
    """The same EXIF with its numbers in the other order: one entry, the orientation."""
    begin = jpeg.index(b"Exif\0\0") + 6
    orientation = Image.open(io.BytesIO(jpeg)).getexif()[ORIENTATION]
    little = jpeg[begin : begin + 2] == b"II"
    order, mark = ("big", b"MM") if little else ("little", b"II")
    numbers = [(42, 2), (8, 4), (1, 2), (ORIENTATION, 2), (3, 2), (1, 4), (orientation, 2), (0, 2), (0, 4)]
    block = mark + b"".join(number.to_bytes(size, order) for number, size in numbers)
    assert len(block) <= len(jpeg[begin:])
    return jpeg[:begin] + block + jpeg[begin + len(block) :]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_turned_as_its_exif_says(orientation):
    jpeg = with_exif(orientation)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(jpeg))))
    found = upright_pixels(tf.constant(jpeg)).numpy()
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 2  # two decoders of JPEG
    assert exif_orientation(tf.constant(other_byte_order(jpeg))) == orientation


def test_other_tags_may_stand_before_it():
    assert exif_orientation(tf.constant(with_exif(8, {0x010E: "a dog", 0x010F: "maker"}))) == 8


@pytest.mark.parametrize("orientation", [0, 9, 256])
def test_what_makes_no_sense_turns_nothing(orientation):
    assert exif_orientation(tf.constant(with_exif(orientation))) == 1


def test_an_exif_that_is_cut_off_or_absent_turns_nothing():
    jpeg = with_exif(6)
    begin = jpeg.index(b"Exif\0\0")
    for length in range(begin + 24):  # up to the entry's value, 24 bytes behind
        assert exif_orientation(tf.constant(jpeg[:length])) == 1
    assert exif_orientation(tf.constant(encoded(Image.fromarray(PIXELS)))) == 1
    far = jpeg[: begin + 10] + b"\xff\xff\xff\xff" + jpeg[begin + 14 :]  # its directory lies behind the end
    assert exif_orientation(tf.constant(far)) == 1


def test_transparent_parts_of_a_png_show_white():
    alpha = np.arange(48 * 80).reshape(48, 80).astype(np.uint8)
    image = Image.fromarray(np.dstack([PIXELS, alpha]))
    expected = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    found = upright_pixels(tf.constant(encoded(image, "PNG"))).numpy()
    assert np.abs(found.astype(int) - np.asarray(expected)).max() <= 1
    paletted = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    paletted.putpalette([255, 0, 0, 0, 0, 255])
    found = upright_pixels(tf.constant(encoded(paletted, "PNG", transparency=0)))
    np.testing.assert_array_equal(found, [[[255, 255, 255], [0, 0, 255]]])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_all_other_images_are_what_they_are_in_training(kind, mode):
    image = Image.fromarray(PIXELS).convert(mode)
    content = tf.constant(encoded(image.convert("RGB") if kind == "BMP" else image, kind))
    np.testing.assert_array_equal(decode_photo(content, 24), decode_image(content, 24))


def test_what_is_no_image_is_told():
    for content in (b"", b"no image", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1\0\x10Exif\0\0II"):
        with pytest.raises(tf.errors.InvalidArgumentError):
            decode_photo(tf.constant(content), 24)
