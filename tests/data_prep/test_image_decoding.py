"""Opening and loading of images; `image_corpus` has most cases."""

import numpy as np
import pytest
from PIL import Image

from data_prep.image_decoding import load_image, open_image, refusal
from data_prep.image_files import RefusedImageError
from tests.data_prep.image_corpus import JPEG, NOISE, PNG, edited, encoded, jpeg, opened, picture, png
from tests.helpers import photo


def test_opening_decodes_nothing():
    content = encoded(picture(), "TIFF")[:-100]
    image = open_image(content)
    assert image.size == (48, 32)
    with pytest.raises(OSError, match="truncated"):
        load_image(image, content)


@pytest.mark.parametrize(
    ("at_least", "size", "box"),
    [
        (None, (101, 67), None),
        ((101, 67), (101, 67), (0, 0, 101, 67)),
        ((50, 33), (51, 34), (0, 0, 50.5, 33.5)),
        ((1, 1), (13, 9), (0, 0, 12.625, 8.375)),
    ],
)
def test_a_jpeg_comes_no_smaller_than_is_asked_for(at_least, size, box):
    content = photo(0, (101, 67), "JPEG")
    image = open_image(content)
    assert load_image(image, content, at_least) == box
    assert image.size == size


def test_other_kinds_come_in_full():
    image = open_image(PNG)
    assert load_image(image, PNG, (1, 1)) is None
    assert image.size == (48, 32)


def test_colours_of_a_sampling_that_libjpeg_cannot_read_are_found_out():
    """3 x 1 samples of brightness to 2 x 1 of the colours."""
    at = JPEG.index(b"\xff\xc0") + 11
    content = edited(edited(edited(jpeg(opened(NOISE)), at, b"\x31"), at + 3, b"\x21"), at + 6, b"\x21")
    image = open_image(content)
    with pytest.raises(OSError, match="broken data stream"):
        load_image(image, content, (1, 1))


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("at_least", [None, (1, 1), (30, 30)])
def test_a_jpeg_that_ends_too_early_is_told_from_a_grey_one(mode, at_least):
    grey = np.full((64, 64, 3), 128, np.uint8)
    grey[:32] = np.asarray(opened(NOISE))[:32]
    half_grey = jpeg(Image.fromarray(grey).convert(mode))
    load_image(open_image(half_grey), half_grey, at_least)
    whole = jpeg(opened(NOISE).convert(mode))
    half = whole[: len(whole) // 2] + b"\xff\xd9"
    with pytest.raises(RefusedImageError, match="is cut off: the rest of this JPEG is grey"):
        load_image(open_image(half), half, at_least)


def test_an_mpo_that_ends_too_early_is_found_out():
    pair = encoded(opened(NOISE), "MPO", save_all=True, append_images=[picture()])
    middle = len(NOISE) // 2
    half = edited(pair, middle, b"\xff\xd9")
    image = open_image(half)
    assert image.format == "MPO"
    with pytest.raises(RefusedImageError, match="is cut off: the rest of this JPEG is grey"):
        load_image(image, half)


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((2, 81), "has 2 x 81 pixels: one side is more than 40 times the other"),
        ((1, 5), "has only 1 x 5 pixels"),
    ],
)
def test_absurd_sizes_are_refused(size, reason):
    content = encoded(Image.new("1", size))
    with pytest.raises(RefusedImageError) as refused:
        open_image(content)
    assert refusal(refused.value) == reason


@pytest.mark.parametrize(("size", "error"), [((9_000, 10_000), None), ((20_000, 20_000), "exceeds limit")])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_too_many_pixels_are_refused_in_one_sentence_by_us_or_pillow(size, error):
    with pytest.raises((RefusedImageError, Image.DecompressionBombError), match=error) as refused:
        open_image(png(8, 2, b"", size=size))
    assert refusal(refused.value) == "has more than the 89,478,485 pixels that are decoded"


def test_the_smallest_and_longest_pass():
    assert open_image(encoded(Image.new("RGB", (2, 80)))).size == (2, 80)


def test_an_error_without_words_gives_its_name():
    assert refusal(MemoryError()) == "cannot be decoded: MemoryError"
    assert refusal(OSError("decoder error -2")) == "cannot be decoded: decoder error -2"
