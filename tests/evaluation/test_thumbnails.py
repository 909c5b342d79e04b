import io

import numpy as np
import pytest
from PIL import Image

from im2txt.evaluation.thumbnails import LADDER, fit, shrink


def encoded(width, height, mode="RGB", kind="PNG"):
    """Returns noise, which compresses worse than any photo."""
    pixels = np.random.default_rng(width * height).integers(0, 256, [height, width, 3], np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, kind)
    return file.getvalue()


def opened(jpeg):
    return Image.open(io.BytesIO(jpeg))


@pytest.mark.parametrize("width_height", [(900, 300), (300, 900), (480, 480)])
def test_a_photo_keeps_its_proportions_within_the_first_step(width_height):
    image = opened(shrink(encoded(*width_height)))
    assert max(image.size) == LADDER[0][0]
    assert image.width / image.height == pytest.approx(width_height[0] / width_height[1], rel=0.01)


def test_a_small_photo_is_not_enlarged():
    assert opened(shrink(encoded(96, 64))).size == (96, 64)


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "PNG"), ("P", "GIF"), ("RGBA", "PNG"), ("CMYK", "JPEG"), ("1", "BMP")]
)
def test_any_kind_of_image_becomes_an_rgb_jpeg(mode, kind):
    image = opened(shrink(encoded(40, 30, mode, kind)))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (40, 30))


def test_transparent_parts_become_white():
    file = io.BytesIO()
    Image.new("RGBA", (16, 16), (255, 0, 0, 0)).save(file, "PNG")
    assert opened(shrink(file.getvalue())).getpixel((8, 8)) == (255, 255, 255)


def test_the_exif_orientation_is_not_applied_because_the_network_does_not_see_it():
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: rotate by 90 degrees
    file = io.BytesIO()
    Image.new("RGB", (64, 32)).save(file, "JPEG", exif=exif)
    assert opened(shrink(file.getvalue())).size == (64, 32)


@pytest.mark.parametrize("junk", [b"", b"no image", encoded(40, 30)[:200]])
def test_bytes_that_are_no_image_give_none(junk):
    assert shrink(junk) is None


def test_photos_are_as_large_as_the_budget_allows():
    photos = [shrink(encoded(480, 480))] * 3 + [None]
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
    assert fit([shrink(encoded(480, 480))], 10)[0].width == LADDER[-1][0]
    assert fit([], 0) == []
