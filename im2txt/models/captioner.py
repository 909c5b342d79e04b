"""A captioner: an encoder and a decoder."""

from collections.abc import Iterable

import keras
import tensorflow as tf

from im2txt.models.decoders.base import Decoded, Decoder
from im2txt.models.encoders import Encoder
from im2txt.models.features import ImageFeatures

Batch = dict[str, tf.Tensor]

ADAPT_IMAGES = 256  # as many as tell a mean and a standard deviation well enough


class Captioner(keras.Model):
    """Image in, caption out.

    With `encoder` None it captions cached features only (training from `im2txt.extract_features`).
    """

    def __init__(self, encoder: Encoder | None, decoder: Decoder) -> None:
        super().__init__(name="captioner")
        self.encoder = encoder
        self.decoder = decoder

    def encode(self, images: tf.Tensor, training: bool = False) -> ImageFeatures:
        """Encodes images float [batch, size, size, 3] in [-1, 1]."""
        return self.encoder(images, training=training)

    def features(self, batch: Batch, training: bool = False) -> ImageFeatures:
        """Returns the features of a batch: its cached ones, or its images encoded.

        A cached field that the decoder does not read may be absent; its place then holds None.
        """
        if "image" in batch:
            return self.encode(batch["image"], training)
        return ImageFeatures(pooled=batch.get("pooled"), regions=batch.get("regions"))

    def adapt(self, batches: Iterable[Batch]) -> None:
        """Shows a decoder that adapts the features of the first training images, before the first step."""
        if not self.decoder.adapts:
            return
        seen = []
        for batch in batches:
            seen.append(self.features(batch))
            if len(seen) * batch["index"].shape[0] >= ADAPT_IMAGES:
                break
        fields = [[part for part in parts if part is not None] for parts in zip(*seen)]
        self.decoder.adapt(ImageFeatures(*(tf.concat(parts, axis=0) if parts else None for parts in fields)))

    def call(self, batch: Batch, seed: tf.Tensor | None = None) -> Decoded:
        """Teacher-forced logits for `input_ids` [images, captions, length]; rows are images * captions.

        A `seed` (int [2]) means training: dropout on, batch normalisation of a trainable encoder on batch statistics.
        """
        input_ids = batch["input_ids"]
        rows = tf.reshape(input_ids, [-1, tf.shape(input_ids)[2]])  # [images * captions, length]
        return self.decoder(self.features(batch, training=seed is not None), rows, seed=seed)


def encoded(batch: Batch, features: ImageFeatures) -> Batch:
    """Returns a batch with the features of its images in their place, so that they are encoded once only."""
    return {**{name: tensor for name, tensor in batch.items() if name != "image"}, **features._asdict()}
