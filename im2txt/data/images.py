"""Encoded images to float images [height, width, 3] in [-1, 1], with the augmentation of im2txt (2016).

`decode_image` is the one decode and the one resize of training and evaluation, and of serving but for what
`im2txt.data.photos` adds: the whole image, squeezed to a square by bilinear interpolation without antialiasing.
Training may crop, flip and distort colours; each is off by default, and each is a stateless function of its seed, so
that a resumed run sees the very same images.

Deviations from im2txt: evaluation reads the whole image, not its central 299/346; the random part of 299/346 is cut
from the original pixels and then resized, which is the same picture to a fraction of a pixel and saves resizing what
is thrown away; an image whose captions tell left from right is never flipped; the order of the colour operations is
drawn from the seed, not from the thread's number.
"""

import tensorflow as tf

CROPPED_SHARE = 299 / 346  # im2txt resizes to 346 and crops 299


def decode_image(image_bytes: tf.Tensor, size: int) -> tf.Tensor:
    """Decodes a string scalar (JPEG, PNG, GIF, WebP, or BMP without a palette) to float32 [size, size, 3] in [-1, 1].

    EXIF orientation is not applied. Bytes that are no image raise `tf.errors.InvalidArgumentError`.
    """
    return resize_pixels(decode_pixels(image_bytes), size)


def decode_pixels(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes a string scalar to uint8 [height, width, 3]."""
    return tf.cond(
        tf.io.is_jpeg(image_bytes),
        # the accurate transform equals PIL's decoding, at the same speed; `decode_image` cannot choose it
        lambda: tf.io.decode_jpeg(image_bytes, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_image(image_bytes, channels=3, expand_animations=False),
    )


def resize_pixels(image: tf.Tensor, size: int) -> tf.Tensor:
    """Squeezes uint8 pixels [height, width, 3] to float32 [size, size, 3] in [-1, 1]."""
    image.set_shape([None, None, 3])
    return tf.image.resize(image, [size, size], method="bilinear") / 127.5 - 1.0


def decode_cropped_image(image_bytes: tf.Tensor, size: int, seed: tf.Tensor) -> tf.Tensor:
    """As `decode_image`, but of a random part of the image, 299/346 of each side; `seed` is int [2]."""

    def decode_part_of_jpeg() -> tf.Tensor:  # rows and blocks outside of it are not decoded
        window = _random_window(tf.image.extract_jpeg_shape(image_bytes)[:2], seed)
        return tf.io.decode_and_crop_jpeg(image_bytes, window, channels=3, dct_method="INTEGER_ACCURATE")

    def decode_part() -> tf.Tensor:
        image = tf.io.decode_image(image_bytes, channels=3, expand_animations=False)
        top, left, height, width = tf.unstack(_random_window(tf.shape(image)[:2], seed))
        return image[top : top + height, left : left + width]

    return resize_pixels(tf.cond(tf.io.is_jpeg(image_bytes), decode_part_of_jpeg, decode_part), size)


def random_flip(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Mirrors an image [height, width, 3] left to right, half of the time; `seed` is int [2]."""
    return tf.image.stateless_random_flip_left_right(image, seed)


def distort_colours(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Changes brightness, saturation, hue and contrast of an image in [-1, 1] as im2txt did; `seed` is int [2]."""
    seeds = tf.unstack(tf.random.split(seed, 5))

    def brightness(x: tf.Tensor) -> tf.Tensor:
        return tf.image.stateless_random_brightness(x, 32 / 255, seeds[0])

    def saturation(x: tf.Tensor) -> tf.Tensor:
        return tf.image.stateless_random_saturation(x, 0.5, 1.5, seeds[1])

    def hue(x: tf.Tensor) -> tf.Tensor:
        return tf.image.stateless_random_hue(x, 0.032, seeds[2])

    def contrast(x: tf.Tensor) -> tf.Tensor:
        return tf.image.stateless_random_contrast(x, 0.5, 1.5, seeds[3])

    image = image * 0.5 + 0.5  # the operations want [0, 1]
    image = tf.cond(
        tf.random.stateless_uniform([], seeds[4]) < 0.5,
        lambda: contrast(hue(saturation(brightness(image)))),
        lambda: hue(saturation(contrast(brightness(image)))),
    )
    return tf.clip_by_value(image, 0.0, 1.0) * 2.0 - 1.0


def _random_window(shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Returns int32 [top, left, height, width] of a random part of an image of `shape` [height, width]."""
    whole = tf.cast(shape, tf.float32)
    part = tf.maximum(tf.round(whole * CROPPED_SHARE), 1.0)
    corner = tf.floor(tf.random.stateless_uniform([2], seed) * (whole - part + 1.0))
    return tf.cast(tf.concat([tf.minimum(corner, whole - part), part], axis=0), tf.int32)
