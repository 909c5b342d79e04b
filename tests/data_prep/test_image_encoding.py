"""Conversion to upright RGB JPEGs; `image_corpus` has most modes."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, JpegImagePlugin

from data_prep.image_encoding import encode_jpeg, to_rgb, turn
from data_prep.image_files import RefusedImageError
from tests.data_prep.image_corpus import (
    ORIENTATIONS,
    inks,
    jpeg,
    opened,
    orientation,
    picture,
    plain_cmyk,
    turned,
    ycck,
)
from tests.helpers import encoded


@pytest.mark.parametrize("value", ORIENTATIONS)
def test_every_orientation_comes_upright(value):
    stored = opened(encoded(turned(value), exif=orientation(value)))
    assert (turn(stored) is None) == (value == 1)
    upright = np.asarray(opened(encode_jpeg(stored, 100))).astype(int)
    assert np.abs(upright - np.asarray(picture())).max() < 8


def test_orientation_stands_in_xmp_too():
    image = opened(jpeg(xmp=b'<x:xmpmeta><rdf:Description tiff:Orientation="3"/></x:xmpmeta>'))
    assert turn(image) == Image.Transpose.ROTATE_180


@pytest.mark.parametrize("content", [jpeg(inks()), plain_cmyk(), ycck()], ids=["Adobe", "plain", "YCCK"])
def test_cmyk_becomes_what_tensorflow_makes_of_it(content):
    theirs = tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE").numpy().astype(int)
    assert np.abs(np.asarray(to_rgb(opened(content))).astype(int) - theirs).max() <= 2


@pytest.mark.parametrize(
    ("kind", "options", "sampling"),
    [("PNG", {}, 0), ("TIFF", {}, 0), ("JPEG", {"subsampling": 0}, 2), ("WEBP", {}, 2)],
)
def test_files_that_were_lossless_keep_their_colours_in_full(kind, options, sampling):
    image = opened(encode_jpeg(opened(encoded(picture(), kind, **options)), 95))
    assert JpegImagePlugin.get_sampling(image) == sampling  # 0 is 4:4:4, 2 is 4:2:0


def test_thin_coloured_lines_survive():
    stripes = Image.fromarray(np.tile(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8), (32, 16, 1)))
    again = np.asarray(opened(encode_jpeg(opened(encoded(stripes)), 95))).astype(int)
    assert np.abs(again - np.asarray(stripes)).mean() < 6


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 51.0, 255.0], [0, 51, 255]),
        ([0.0, 256.0, 65535.0], [0, 1, 255]),
        ([0.0, 50_000.0, 100_000.0], [0, 128, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([-5.0, -5.0, -5.0], [0, 0, 0]),
    ],
)
@pytest.mark.parametrize("mode", ["F", "I"])
def test_white_of_wide_numbers_is_the_first_usual_one(values, expected, mode):
    if mode == "I" and any(value % 1 for value in values):
        values, expected = [0, 1, 1], [0, 255, 255]
    image = Image.new(mode, (3, 1))
    image.putdata(values)
    assert [to_rgb(image).getpixel((x, 0)) for x in range(3)] == [(level,) * 3 for level in expected]


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_endless_values_are_refused(value):
    with pytest.raises(RefusedImageError, match="has pixels that are not finite numbers"):
        to_rgb(Image.new("F", (4, 4), value))


def test_half_transparent_pixels_are_mixed_with_white():
    assert to_rgb(Image.new("RGBA", (1, 1), (0, 100, 200, 51))).getpixel((0, 0)) == (204, 224, 244)
    assert to_rgb(Image.new("LA", (1, 1), (0, 51))).getpixel((0, 0)) == (204, 204, 204)


def test_a_part_is_brought_to_a_size():
    image = opened(encoded(picture()))
    small = opened(encode_jpeg(image, 95, size=(12, 8), box=(0, 0, 20, 12)))
    assert small.size == (12, 8)
    assert np.abs(np.asarray(small).astype(int) - (220, 40, 40)).max() < 8
