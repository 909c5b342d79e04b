"""Checking and re-encoding single images."""

import functools
import hashlib
import io
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from data_prep.examples import CaptionedImage
from data_prep.image_checks import ImageOptions, check_image, checked_images
from im2txt.errors import UserError
from tests.helpers import encoded, photo

KEEP = ImageOptions()


def grey(kind, size=(40, 20), mode="RGB", **options):
    return encoded(Image.new(mode, size, 100), kind, **options)


def example(image, image_id="x"):
    return CaptionedImage(image_id, "train", ("a",), image)


def opened(content):
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "WEBP"])
def test_bytes_are_kept_and_tensorflow_reads_them(image_format):
    content = grey(image_format)
    check = check_image(example(content), KEEP)
    assert check == (content, hashlib.sha256(content).hexdigest(), "")
    pixels = tf.io.decode_image(check.content, channels=3, expand_animations=False)
    assert pixels.shape == (20, 40, 3)


def animated_webp():
    return grey("WEBP", save_all=True, append_images=[Image.new("RGB", (40, 20))])


@pytest.mark.parametrize(
    ("content", "kind"), [(grey("TIFF"), "TIFF"), (grey("BMP", mode="1"), "BMP"), (animated_webp(), "animated WEBP")]
)
def test_a_format_that_tensorflow_may_not_read_needs_re_encoding(content, kind):
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.io.decode_image(content, channels=3, expand_animations=False)
    reason = f"cannot be decoded: TensorFlow may misread a file of format {kind}; re-encode with --jpeg_quality=95"
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
    check = check_image(example(photo(0, 64, image_format)[:-500]), KEEP)
    assert check.reason.startswith("cannot be decoded: ")


def test_image_size_is_that_of_the_shorter_side():
    check = check_image(example(grey("PNG", (40, 20))), ImageOptions(image_size=10))
    assert (opened(check.content).size, opened(check.content).format) == ((20, 10), "JPEG")


def test_small_images_are_not_enlarged():
    check = check_image(example(grey("PNG", (40, 20))), ImageOptions(image_size=30))
    assert opened(check.content).size == (40, 20)


def test_a_lower_quality_takes_fewer_bytes():
    low, high = (check_image(example(photo(0, 64)), ImageOptions(jpeg_quality=quality)) for quality in (30, 95))
    assert len(low.content) < len(high.content) / 2


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_re_encoding_makes_rgb_of_every_mode(mode):
    content = grey("TIFF" if mode == "CMYK" else "PNG", mode=mode)
    assert opened(check_image(example(content), ImageOptions(jpeg_quality=90)).content).mode == "RGB"


def test_re_encoding_keeps_the_brightness_of_16_bit_greys():
    levels = Image.fromarray(np.full((20, 40), 128 * 256, np.uint16))
    check = check_image(example(encoded(levels)), ImageOptions(jpeg_quality=95))
    assert opened(check.content).getpixel((5, 5)) == (128, 128, 128)


def test_re_encoding_applies_the_rotation_of_the_camera():
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by a quarter
    content = grey("JPEG", (40, 20), exif=exif)
    assert opened(check_image(example(content), ImageOptions(jpeg_quality=90)).content).size == (20, 40)
    assert check_image(example(content), KEEP).content == content


def test_many_images_come_back_in_order_from_several_workers():
    examples = [example(grey("PNG", (number + 1, 1)), str(number)) for number in range(150)]
    checks = list(checked_images(examples, KEEP, workers=2))
    assert [opened(check.content).width for check in checks] == list(range(1, 151))


def test_workers_start_without_tensorflow():
    modules = "data_prep.build_records, data_prep.datasets.scenes, data_prep.image_checks"  # all that a worker imports
    program = f"import sys, {modules}\nassert not sys.modules.keys() & {{'tensorflow', 'keras'}}"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_worker_that_dies_is_reported():
    examples = [example(functools.partial(os._exit, 1), str(number)) for number in range(2)]
    message = r"One of 2 worker processes was killed, most likely for lack of memory\. .* fewer --workers"
    with pytest.raises(UserError, match=message):
        list(checked_images(examples, KEEP, workers=2))
