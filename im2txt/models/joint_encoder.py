"""Several encoders as one, for ensembles of runs whose encoders differ: fine-tuned ones, or of other kinds or sizes.

Images come in the largest side that any of the encoders takes. One of a smaller side gets them scaled down once more,
as `im2txt.data.images` scales photos, which is not quite the picture that it was trained on: best are equal sides.
"""

import hashlib
import math
from collections.abc import Sequence

import keras
import tensorflow as tf

from im2txt.models.encoders import Encoder
from im2txt.models.features import JointFeatures


class JointEncoder(keras.layers.Layer):
    """Images float [batch, size, size, 3] in [-1, 1] -> `JointFeatures`; equal encoders run once.

    Attributes:
        image_size: the largest side that any of the encoders takes.
        grids: of each member, the height and width of its grid.
        grid: the finest of them.
    """

    def __init__(self, encoders: Sequence[Encoder]) -> None:
        """Takes the encoder of each member."""
        super().__init__(name="encoder", trainable=False)
        digests = [encoder.digest() for encoder in encoders]
        different = dict(zip(digests, encoders))
        self.encoders = list(different.values())  # Keras tracks lists; checkpoints of an ensemble are not written
        self.places = [list(different).index(digest) for digest in digests]
        self.image_size = max(encoder.image_size for encoder in self.encoders)
        self.grids = [encoder.grid for encoder in encoders]
        self.grid = max(self.grids, key=math.prod)

    def call(self, images: tf.Tensor, training: bool = False) -> JointFeatures:
        """Returns each member's features."""
        found = [encoder(_scaled(images, encoder.image_size), training=training) for encoder in self.encoders]
        return JointFeatures(tuple(found[place] for place in self.places))

    def digest(self) -> str:
        """Returns the SHA-256 of the members' digests."""
        digests = [self.encoders[place].digest() for place in self.places]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()


def _scaled(images: tf.Tensor, size: int) -> tf.Tensor:
    return images if images.shape[1] == size else tf.image.resize(images, [size, size])
