import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from im2txt.data import images
from tests.helpers import encoded, photo

GRADIENT = np.stack(np.broadcast_arrays(np.arange(40)[:, None] * 4, np.arange(60) * 4, 90), axis=-1).astype(np.uint8)


def picture(kind="PNG", mode="RGB", pixels=GRADIENT):
    return encoded(Image.fromarray(pixels).convert(mode), kind)


@pytest.mark.parametrize(
    ("format", "mode"),
    [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("BMP", "RGB"), ("GIF", "RGB"), ("WEBP", "RGB"), ("JPEG", "L")],
)
def test_every_format_decodes_to_a_square_in_range(format, mode):
    image = images.decode_image(tf.constant(picture(format, mode)), 20).numpy()
    assert image.shape == (20, 20, 3)
    assert image.dtype == np.float32
    assert -1 <= image.min() < image.max() <= 1


def test_pixels_map_from_0_255_to_minus_1_1():
    pixels = np.array([[[0, 51, 255]]], np.uint8)  # 51 / 127.5 - 1 = -0.6
    image = images.decode_image(tf.constant(picture(pixels=pixels)), 1)
    np.testing.assert_allclose(image, [[[-1, -0.6, 1]]], atol=1e-6)


def test_resize_is_bilinear_with_half_pixel_centres():
    pixels = np.repeat(np.array([[0, 255]], np.uint8)[..., None], 3, axis=-1)  # one row: black, white
    row = images.decode_image(tf.constant(picture(pixels=pixels)), 4).numpy()[0, :, 0]
    np.testing.assert_allclose(row, [-1, -0.5, 0.5, 1], atol=1e-6)  # centres at -1/4, 1/4, 3/4, 5/4


def test_jpeg_decodes_as_pil_does():
    content = photo(0, 32, "JPEG")
    expected = np.asarray(Image.open(io.BytesIO(content)), np.float32) / 127.5 - 1
    np.testing.assert_allclose(images.decode_image(tf.constant(content), 32), expected, atol=1e-6)


def test_bytes_that_are_no_image_are_an_error():
    with pytest.raises(tf.errors.InvalidArgumentError):
        images.decode_image(tf.constant(b"no image"), 8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_crop_is_the_resize_of_a_part_of_299_346ths(kind):
    content = picture(kind, pixels=GRADIENT)
    pixels = np.asarray(Image.open(io.BytesIO(content)))  # 40 x 60
    crop = images.decode_cropped_image(tf.constant(content), 30, [3, 4]).numpy()
    height, width = 35, 52  # 40 * 299 / 346 = 34.6, 60 * 299 / 346 = 51.8
    places = [(y, x) for y in range(41 - height) for x in range(61 - width)]
    parts = [tf.image.resize(pixels[y : y + height, x : x + width], [30, 30]) / 127.5 - 1 for y, x in places]
    assert sum(np.allclose(part, crop, atol=1e-5) for part in parts) == 1


def test_crops_reach_every_edge():
    pixels = np.zeros([8, 8, 3], np.uint8)
    pixels[[0, -1]] = pixels[:, [0, -1]] = 255  # a white frame; the part of 7 x 7 keeps two sides of it
    content = tf.constant(picture(pixels=pixels))
    crops = [images.decode_cropped_image(content, 7, [1, seed]).numpy() for seed in range(60)]
    sides = {tuple(bool((edge == 1).all()) for edge in (c[0], c[-1], c[:, 0], c[:, -1])) for c in crops}
    assert sides == {(a, not a, b, not b) for a in (True, False) for b in (True, False)}


def test_an_image_of_a_single_pixel_can_be_cropped():
    assert images.decode_cropped_image(tf.constant(picture(pixels=GRADIENT[:1, :1])), 4, [0, 0]).shape == (4, 4, 3)


def test_crops_differ_by_seed_and_agree_by_seed():
    content = tf.constant(picture())
    crops = [images.decode_cropped_image(content, 20, [0, seed]).numpy() for seed in range(8)]
    assert len({crop.tobytes() for crop in crops}) > 1
    np.testing.assert_array_equal(crops[5], images.decode_cropped_image(content, 20, [0, 5]))


def test_flip_mirrors_half_of_the_time():
    image = images.decode_image(tf.constant(picture()), 16).numpy()
    flips = [images.random_flip(image, [1, seed]).numpy() for seed in range(100)]
    mirrored = sum(np.array_equal(flip, image[:, ::-1]) for flip in flips)
    assert sum(np.array_equal(flip, image) for flip in flips) == 100 - mirrored
    assert 35 <= mirrored <= 65  # mean 50, standard deviation 5


def test_distortion_stays_in_range_and_depends_on_the_seed_alone():
    image = images.decode_image(tf.constant(picture()), 16)
    distorted = [images.distort_colours(image, [2, seed]).numpy() for seed in range(6)]
    assert all(x.min() >= -1 and x.max() <= 1 for x in distorted)
    assert len({x.tobytes() for x in distorted}) == 6
    np.testing.assert_array_equal(distorted[3], images.distort_colours(image, [2, 3]))


def test_distortion_leaves_grey_grey_and_within_the_brightness_range():
    grey = tf.zeros([4, 4, 3])  # 0.5: contrast, hue and saturation have nothing to act on; brightness +-32/255
    shifts = np.array([images.distort_colours(grey, [5, seed]).numpy() for seed in range(40)]) / 2
    assert np.ptp(shifts, axis=(1, 2, 3)).max() < 1e-5
    assert 16 / 255 < np.abs(shifts).max() <= 32 / 255 + 1e-6
