"""What becomes of files of every kind (`image_corpus`), and that TensorFlow reads it as Pillow does."""

import functools
import hashlib
import os
import random
import re
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageFile

from data_prep.examples import CaptionedImage
from data_prep.image_checks import CheckedImage, ImageCheckers, ImageOptions, check_image
from data_prep.image_encoding import encode_jpeg
from im2txt.errors import UserError
from tests.data_prep.image_corpus import (
    CASES,
    JPEG,
    KEPT,
    NOISE,
    PNG,
    RE_ENCODED,
    REFUSED,
    jpeg,
    opened,
    orientation,
    turned,
)
from tests.helpers import encoded, photo

KEEP = ImageOptions()
SMALL = ImageOptions(image_size=16)


def example(image, image_id="x"):
    return CaptionedImage(image_id, "train", ("a",), image)


def check(content, options=KEEP):
    return check_image(example(content), options)


def quarters(pixels):
    """The colours in the middle of the four quarters of [height, width, 3]."""
    height, width, _ = pixels.shape
    return [pixels[y, x] for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]


def pillow_pixels(content):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(opened(content)).astype(int)


def assert_alike(content):
    """Compares a record's image as Pillow and as TensorFlow decode it, by the transform that training chooses."""
    if tf.io.is_jpeg(content):
        pixels = tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")
    else:
        pixels = tf.io.decode_image(content, channels=3, expand_animations=False)
    assert pixels.shape == pillow_pixels(content).shape
    assert np.abs(pixels.numpy() - pillow_pixels(content)).max() <= 1


def decoded(content):
    """An image as `tf.io.decode_image` decodes it, whose transform of JPEGs is a fast one, compared with Pillow's."""
    assert_alike(content)
    pixels = tf.io.decode_image(content, channels=3, expand_animations=False).numpy()
    assert np.abs(pixels - pillow_pixels(content)).max() <= 16
    assert np.abs(pixels - pillow_pixels(content)).mean() <= 2.5
    return pixels


@pytest.mark.parametrize("name", KEPT)
def test_what_tensorflow_reads_alike_is_kept(name):
    content = KEPT[name].content
    assert check(content) == CheckedImage(content, hashlib.sha256(content).hexdigest(), "", "")


@pytest.mark.parametrize("name", RE_ENCODED)
def test_what_it_may_not_becomes_an_rgb_jpeg(name):
    case = RE_ENCODED[name]
    found = check(case.content)
    assert (found.reason, found.re_encoded) == ("", case.re_encoded)
    assert found.sha256 == hashlib.sha256(case.content).hexdigest()
    image = opened(found.content)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", case.size)
    assert not image.info.keys() & {"exif", "icc_profile", "comment"}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("options", [KEEP, SMALL], ids=["kept", "small"])
def test_what_is_no_whole_image_is_refused_in_plain_words(name, options):
    content = REFUSED[name].content
    found = check(content, options)
    assert re.fullmatch(REFUSED[name].reason, found.reason)
    assert found == CheckedImage(b"", hashlib.sha256(content).hexdigest(), found.reason, "")


@pytest.mark.parametrize("name", KEPT | RE_ENCODED)
def test_tensorflow_sees_the_upright_picture(name):
    pixels = decoded(check(CASES[name].content).content)
    np.testing.assert_allclose(quarters(pixels), CASES[name].quarters, atol=10)


@pytest.mark.parametrize("name", KEPT | RE_ENCODED)
def test_all_are_shrunk_alike(name):
    found = check(CASES[name].content, SMALL)
    assert found.re_encoded == "the options"
    assert (opened(found.content).format, opened(found.content).size) == ("JPEG", (24, 16))
    np.testing.assert_allclose(quarters(decoded(found.content)), CASES[name].quarters, atol=14)


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {})])
def test_damaged_files_are_refused_or_read_alike(kind, options):
    whole = encoded(opened(NOISE), kind, **options)
    chance = random.Random(kind)
    refused = 0
    for _ in range(100):
        content, at = bytearray(whole), chance.randrange(2, len(whole))
        content[at : at + chance.choice([1, 8, 64])] = chance.randbytes(chance.choice([0, 1, 8, 64]))
        found = check(bytes(content))
        refused += bool(found.reason)
        if not found.reason:
            assert_alike(found.content)
    assert refused > 10


@pytest.mark.parametrize("name", [name for name in REFUSED if "bomb" in name or "large" in name or "scans" in name])
def test_bombs_are_refused_at_once_and_never_decoded(name, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("decoded"))
    start = time.perf_counter()
    assert check(REFUSED[name].content).reason
    assert time.perf_counter() - start < 1


def test_neither_pillow_nor_its_libraries_say_anything(capfd):
    for case in CASES.values():  # warnings are errors in these tests
        check(case.content)
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_is_a_reason(tmp_path):
    found = check(tmp_path / "nothing.jpg")
    assert found == (b"", "", "cannot be read: No such file or directory", "")


def test_image_size_is_that_of_the_shorter_side():
    assert opened(check(photo(0, (40, 20)), ImageOptions(image_size=10)).content).size == (20, 10)
    assert opened(check(photo(0, (20, 41)), ImageOptions(image_size=10)).content).size == (10, 20)


def test_small_images_are_not_enlarged_but_re_encoded():
    found = check(photo(0, (40, 20)), ImageOptions(image_size=30))
    assert (opened(found.content).size, opened(found.content).format) == ((40, 20), "JPEG")


@pytest.mark.parametrize("size", [(641, 487), (403, 960)])
def test_a_big_jpeg_that_is_decoded_smaller_looks_the_same(size):
    content = jpeg(opened(photo(0, 16)).resize(size, Image.Resampling.BICUBIC))
    found = opened(check(content, ImageOptions(image_size=50, jpeg_quality=100)).content)
    assert min(found.size) == 50
    in_full = opened(encode_jpeg(opened(content), 100, found.size))
    assert 0 < np.abs(np.asarray(found).astype(int) - np.asarray(in_full)).mean() < 1


def test_a_big_turned_jpeg_is_shrunk_upright():
    stored = turned(6).resize((640, 960), Image.Resampling.NEAREST)
    found = check(jpeg(stored, exif=orientation(6)), ImageOptions(image_size=64))
    assert opened(found.content).size == (96, 64)
    np.testing.assert_allclose(quarters(np.asarray(opened(found.content))), CASES["JPEG"].quarters, atol=10)


def test_jpeg_quality_goes_for_all_and_is_95_if_not_given():
    low, high, default = (
        check(photo(0, 64), options).content
        for options in (ImageOptions(jpeg_quality=30), ImageOptions(jpeg_quality=95), ImageOptions(image_size=64))
    )
    assert len(low) < len(high) / 2
    assert high == default
    assert check(JPEG, ImageOptions(jpeg_quality=95)).content != JPEG


def test_many_images_come_back_in_order_from_several_workers():
    examples = [example(encoded(Image.new("RGB", (number + 4, 4))), str(number)) for number in range(150)]
    checks = list(ImageCheckers(2)(examples, KEEP))
    assert [opened(found.content).width for found in checks] == list(range(4, 154))


def test_workers_find_the_same():
    examples = [example(case.content, name) for name, case in CASES.items()]
    alone, together = (list(ImageCheckers(workers)(examples, KEEP)) for workers in (1, 2))
    assert alone == together


def test_workers_start_without_tensorflow():
    modules = "data_prep.build_records, data_prep.datasets.scenes, data_prep.image_checks"  # all that a worker imports
    program = f"import sys, {modules}\nassert not sys.modules.keys() & {{'tensorflow', 'keras'}}"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_worker_that_dies_is_reported():
    examples = [example(functools.partial(os._exit, 1), str(number)) for number in range(2)]
    message = r"One of 2 worker processes was killed, most likely for lack of memory\. .* fewer --workers"
    with pytest.raises(UserError, match=message):
        list(ImageCheckers(2)(examples, KEEP))


def test_a_png_is_kept_byte_for_byte_from_a_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    assert check(path).content == PNG
