"""Photos as people have them, which no one has prepared: turned by EXIF, or transparent.

Records hold upright opaque images only, as `data_prep.build_records` makes them so. The exported model must do it
itself, and in its graph, for whoever loads it may have nothing but TensorFlow.

    JPEG   is turned as its EXIF says (tag 0x0112, Exif 2.32, section 4.6.4), as phones want it
    PNG    transparent parts show white

Other kinds are decoded as they are, and so is a JPEG whose EXIF cannot be made sense of.
"""

from collections.abc import Callable

import tensorflow as tf

from im2txt.data.images import decode_pixels, resize_pixels

_HEAD = 65536  # bytes of a JPEG within which its EXIF begins
_EXIF, _ORIENTATION, _MOST_TAGS = b"Exif\0\0", 0x0112, 512
_PNG = b"\x89PNG\r\n\x1a\n"


def decode_photo(image_bytes: tf.Tensor, size: int) -> tf.Tensor:
    """Decodes a string scalar to float32 [size, size, 3] in [-1, 1]: `decode_image`, upright and opaque.

    Bytes that are no image raise `tf.errors.InvalidArgumentError`.
    """
    return resize_pixels(upright_pixels(image_bytes), size)


def upright_pixels(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decodes a string scalar to uint8 [height, width, 3], upright and opaque."""
    is_png = tf.strings.substr(image_bytes, 0, len(_PNG)) == _PNG
    pixels = tf.cond(
        is_png, lambda: _on_white(tf.io.decode_png(image_bytes, channels=4)), lambda: decode_pixels(image_bytes)
    )
    orientation = tf.cond(tf.io.is_jpeg(image_bytes), lambda: exif_orientation(image_bytes), lambda: 1)
    return turned(pixels, orientation)


def turned(pixels: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns [height, width, 3] upright, whose EXIF says `orientation`, int32, 1 to 8; 1 is upright."""

    def if_among(those: list[int], turn: Callable[[tf.Tensor], tf.Tensor], pixels: tf.Tensor) -> tf.Tensor:
        return tf.cond(tf.reduce_any(orientation == tf.constant(those)), lambda: turn(pixels), lambda: pixels)

    pixels = if_among([5, 6, 7, 8], lambda x: tf.transpose(x, [1, 0, 2]), pixels)
    pixels = if_among([2, 3, 6, 7], lambda x: tf.reverse(x, [1]), pixels)
    return if_among([3, 4, 7, 8], lambda x: tf.reverse(x, [0]), pixels)


def exif_orientation(jpeg: tf.Tensor) -> tf.Tensor:
    """Returns the orientation, int32, 1 to 8, that the EXIF of a JPEG tells, a string scalar; 1 if it tells none."""
    head = tf.cast(tf.io.decode_raw(tf.strings.substr(jpeg, 0, _HEAD), tf.uint8), tf.int64)
    head = tf.pad(head, [[0, len(_EXIF)]])
    places = tf.size(head, tf.int64) - len(_EXIF)
    begins = [head[offset : places + offset] == byte for offset, byte in enumerate(_EXIF)]
    found = tf.where(tf.reduce_all(begins, axis=0))[:, 0]
    tiff = tf.concat([found, [places]], axis=0)[0] + len(_EXIF)  # behind the end where there is none: all 0 there
    little = _bytes(head, tiff, 1)[0] == ord("I")

    def number(at: tf.Tensor, size: int) -> tf.Tensor:
        digits = _bytes(head, at, size)
        digits = tf.where(little, tf.reverse(digits, [-1]), digits)
        return tf.reduce_sum(digits * [256**power for power in reversed(range(size))], axis=-1)

    directory = tiff + number(tiff + 4, 4)
    count = tf.minimum(number(directory, 2), _MOST_TAGS)
    entries = directory + 2 + 12 * tf.range(count)
    ours = tf.boolean_mask(entries, number(entries, 2) == _ORIENTATION)
    value = tf.cast(number(tf.concat([ours, [places]], axis=0)[0] + 8, 2), tf.int32)
    return tf.where((value >= 1) & (value <= 8), value, 1)


def _bytes(head: tf.Tensor, at: tf.Tensor, size: int) -> tf.Tensor:
    """Returns bytes at places `at` [...] of `head`, int64 [..., size]; those behind its end are 0, its last byte."""
    places = at[..., None] + tf.range(size, dtype=tf.int64)
    return tf.gather(head, tf.minimum(places, tf.size(head, tf.int64) - 1))


def _on_white(pixels: tf.Tensor) -> tf.Tensor:
    """Returns uint8 [height, width, 4] as [height, width, 3], white where it is transparent."""
    share = tf.cast(pixels[:, :, 3:], tf.float32) / 255.0
    return tf.cast(tf.round(tf.cast(pixels[:, :, :3], tf.float32) * share + 255.0 * (1.0 - share)), tf.uint8)
