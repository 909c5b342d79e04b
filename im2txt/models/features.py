"""What every encoder yields and every decoder reads."""

from typing import NamedTuple

import tensorflow as tf


class ImageFeatures(NamedTuple):
    """An image as vectors.

    Attributes:
        pooled: float [batch, depth], the mean over regions.
        regions: float [batch, regions, depth], row-major over the encoder's grid (height, width).
    """

    pooled: tf.Tensor
    regions: tf.Tensor
