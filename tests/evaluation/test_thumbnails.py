import io

import numpy as np
import pytest
from PIL import Image

from im2txt.evaluation.thumbnails import LADDER, fit, shrink
from tests.helpers import encoded, photo


def opened(jpeg):
    return Image.open(io.BytesIO(jpeg))


@pytest.mark.parametrize("width_height", [(900, 300), (300, 900), (480, 480)])
def test_a_photo_keeps_its_proportions_within_the_first_step(width_height):
    image = opened(shrink(photo(0, width_height)))
    assert max(image.size) == LADDER[0][0]
    assert image.width / image.height == pytest.approx(width_height[0] / width_height[1], rel=0.01)


def test_a_small_photo_is_not_enlarged():
    assert opened(shrink(photo(0, (96, 64)))).size == (96, 64)


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "PNG"), ("P", "GIF"), ("RGBA", "PNG"), ("CMYK", "JPEG"), ("1", "BMP")]
)
def test_any_kind_of_image_becomes_an_rgb_jpeg(mode, kind):
    image = opened(shrink(photo(0, (40, 30), kind, mode)))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (40, 30))


def test_sixteen_bits_of_grey_keep_their_shades():
    grey = Image.fromarray(np.full([16, 16], 0x8000, np.uint16))
    assert opened(shrink(encoded(grey))).getpixel((8, 8)) == (128, 128, 128)


def test_transparent_parts_become_white():
    clear = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    assert opened(shrink(encoded(clear))).getpixel((8, 8)) == (255, 255, 255)


def test_a_photo_is_turned_upright_as_its_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: rotate by 90 degrees
    turned = encoded(Image.new("RGB", (64, 32)), "JPEG", exif=exif)
    assert opened(shrink(turned)).size == (32, 64)


@pytest.mark.parametrize("junk", [b"", b"no image", photo(0, (40, 30))[:200]])
def test_bytes_that_are_no_image_give_none(junk):
    assert shrink(junk) is None


def test_photos_are_as_large_as_the_budget_allows():
    photos = [shrink(photo(0, 480))] * 3 + [None]
    sizes = []
    for budget in (1_000_000, 120_000, 30_000):
        thumbnails = fit(photos, budget)
        assert thumbnails[-1] is None
        assert sum(len(thumbnail.jpeg) for thumbnail in thumbnails[:3]) <= budget
        assert opened(thumbnails[0].jpeg).size == (thumbnails[0].width, thumbnails[0].height)
        sizes.append(thumbnails[0].width)
    assert sizes[0] == LADDER[0][0]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def test_a_budget_below_the_last_step_gives_the_last_step():
    assert fit([shrink(photo(0, 480))], 10)[0].width == LADDER[-1][0]
    assert fit([], 0) == []
