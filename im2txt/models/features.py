"""What every encoder yields and every decoder reads."""

from typing import NamedTuple

import keras
import tensorflow as tf


class ImageFeatures(NamedTuple):
    """An image as vectors.

    Attributes:
        pooled: float [batch, depth], the mean over regions; None where only regions were cached for the decoder.
        regions: float [batch, regions, depth], row-major over the encoder's grid (height, width).
    """

    pooled: tf.Tensor | None
    regions: tf.Tensor | None


class JointFeatures(NamedTuple):
    """An image as several encoders see it.

    Attributes:
        members: the features for each member of an ensemble.
    """

    members: tuple[ImageFeatures, ...]


class Standardize(keras.layers.Layer):
    """Takes the mean off vectors [..., depth], each place's own, and divides by one standard deviation for all places.

    Does nothing until `adapt` has seen data. What it saw are weights, so they are in checkpoints and exports.
    """

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Makes `mean` [depth] and the scalar `deviation`."""
        self.mean = self.add_weight(name="mean", shape=input_shape[-1:], initializer="zeros", trainable=False)
        self.deviation = self.add_weight(name="deviation", shape=(), initializer="ones", trainable=False)

    def adapt(self, vectors: tf.Tensor) -> None:
        """Takes mean and deviation of vectors [batch, depth]."""
        mean = tf.reduce_mean(vectors, axis=0)
        deviation = tf.sqrt(tf.reduce_mean(tf.square(vectors - mean)))
        self.mean.assign(mean)
        self.deviation.assign(tf.where(deviation > 0.0, deviation, 1.0))

    def call(self, vectors: tf.Tensor) -> tf.Tensor:
        """Returns vectors of the same shape."""
        return (vectors - self.mean) / self.deviation
