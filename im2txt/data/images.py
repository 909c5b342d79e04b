"""Encoded images to float images [height, width, 3] in [-1, 1], with the augmentation of im2txt (2016).

`decode_image` is the one decode and the one resize of training, evaluation and serving: the whole image,
squeezed to a square by bilinear interpolation without antialiasing. Training may crop, flip and distort
colours; each is off by default, and each is a stateless function of its seed, so that a resumed run sees the
very same images.

Deviations from im2txt: evaluation reads the whole image, not its central 299/346; an image whose captions
tell left from right is never flipped; the order of the colour operations is drawn from the seed, not from the
thread's number.
"""

import tensorflow as tf

CROP_RATIO = 346 / 299  # im2txt resizes to 346 and crops 299


def decode_image(image_bytes: tf.Tensor, size: int) -> tf.Tensor:
    """Decodes a string scalar (JPEG, PNG, GIF, WebP, or BMP without a palette) to float32 [size, size, 3] in [-1, 1].

    EXIF orientation is not applied. Bytes that are no image raise `tf.errors.InvalidArgumentError`.
    """
    image = tf.cond(
        tf.io.is_jpeg(image_bytes),
        # the accurate transform equals PIL's decoding, at the same speed; `decode_image` cannot choose it
        lambda: tf.io.decode_jpeg(image_bytes, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_image(image_bytes, channels=3, expand_animations=False),
    )
    image.set_shape([None, None, 3])
    return tf.image.resize(image, [size, size], method="bilinear") / 127.5 - 1.0


def decode_cropped_image(image_bytes: tf.Tensor, size: int, seed: tf.Tensor) -> tf.Tensor:
    """Decodes to a random [size, size, 3] part of the image resized to 346/299 of `size`; `seed` is int [2]."""
    return tf.image.stateless_random_crop(decode_image(image_bytes, round(size * CROP_RATIO)), [size, size, 3], seed)


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
