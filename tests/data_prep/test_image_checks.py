"""Checking and re-encoding single images."""

import functools
import hashlib
import io
import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from data_prep.examples import CaptionedImage
from data_prep.image_checks import ImageOptions, check_image, checked_images
from im2txt.errors import UserError

KEEP = ImageOptions()


def encoded(image_format, size=(40, 20), mode="RGB", **options):
    buffer = io.BytesIO()
    Image.new(mode, size, 100).save(buffer, image_format, **options)
    return buffer.getvalue()


def example(image, image_id="x"):
    return CaptionedImage(image_id, "train", ("a",), image)


def opened(content):
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
def test_bytes_are_kept_and_tensorflow_reads_them(image_format):
    content = encoded(image_format)
    check = check_image(example(content), KEEP)
    assert check == (content, hashlib.sha256(content).hexdigest(), "")
    pixels = tf.io.decode_image(check.content, channels=3, expand_animations=False)
    assert pixels.shape == (20, 40, 3)


def test_a_format_that_tensorflow_does_not_read_needs_re_encoding():
    content = encoded("TIFF")
    reason = "cannot be decoded: TensorFlow reads no TIFF; re-encode with --jpeg_quality=95"
    assert check_image(example(content), KEEP).reason == reason
    assert opened(check_image(example(content), ImageOptions(jpeg_quality=95)).content).format == "JPEG"


def test_a_missing_file_is_a_reason(tmp_path):
    check = check_image(example(tmp_path / "nothing.jpg"), KEEP)
    assert check == (b"", "", "cannot be read: No such file or directory")


def test_bytes_that_are_no_image_are_a_reason():
    check = check_image(example(b"<html>not found</html>"), KEEP)
    assert check.reason == "is no image: 22 bytes in no format that is known"
    assert check.content == b""


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_a_truncated_image_is_a_reason(image_format):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, image_format)
    check = check_image(example(buffer.getvalue()[:-500]), KEEP)
    assert check.reason.startswith("cannot be decoded: ")


def test_image_size_is_that_of_the_shorter_side():
    check = check_image(example(encoded("PNG", (40, 20))), ImageOptions(image_size=10))
    assert (opened(check.content).size, opened(check.content).format) == ((20, 10), "JPEG")


def test_small_images_are_not_enlarged():
    check = check_image(example(encoded("PNG", (40, 20))), ImageOptions(image_size=30))
    assert opened(check.content).size == (40, 20)


def test_a_lower_quality_takes_fewer_bytes():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    sizes = [
        len(check_image(example(buffer.getvalue()), ImageOptions(jpeg_quality=quality)).content) for quality in (30, 95)
    ]
    assert sizes[0] < sizes[1] / 2


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_re_encoding_makes_rgb_of_every_mode(mode):
    content = encoded("TIFF" if mode == "CMYK" else "PNG", mode=mode)
    assert opened(check_image(example(content), ImageOptions(jpeg_quality=90)).content).mode == "RGB"


def test_re_encoding_applies_the_rotation_of_the_camera():
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by a quarter
    content = encoded("JPEG", (40, 20), exif=exif)
    assert opened(check_image(example(content), ImageOptions(jpeg_quality=90)).content).size == (20, 40)
    assert check_image(example(content), KEEP).content == content


def test_many_images_come_back_in_order_from_several_workers():
    examples = [example(encoded("PNG", (number + 1, 1)), str(number)) for number in range(150)]
    checks = list(checked_images(examples, KEEP, workers=2))
    assert [opened(check.content).width for check in checks] == list(range(1, 151))


def test_a_worker_that_dies_is_reported():
    examples = [example(functools.partial(os._exit, 1), str(number)) for number in range(2)]
    message = r"One of 2 worker processes was killed, most likely for lack of memory\. .* fewer --workers"
    with pytest.raises(UserError, match=message):
        list(checked_images(examples, KEEP, workers=2))
