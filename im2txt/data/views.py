"""Several views of a training image, for features that are cached: what augmentation is where images are encoded anew.

View 0 is the whole image, all others are random crops, mirrored at random unless a caption tells left from right
(`im2txt.data.augmentation`; no change of colours). Only the images of split `train` have more than one.
"""

import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from im2txt.data.augmentation import Augmentation, decode_augmented
from im2txt.data.images import decode_image
from im2txt.data.records import FEATURES, read_manifest
from im2txt.errors import UserError

VIEWED_SPLIT = "train"
CROPS = Augmentation(crop=True, flip=True, colours=False)


def decode_views(image_bytes: tf.Tensor, size: int, views: int, may_flip: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
    """Decodes a string scalar to float32 [views, size, size, 3] in [-1, 1].

    Args:
        image_bytes: the encoded image.
        size: side of the result, pixels.
        views: how many to make.
        may_flip: bool scalar, false where mirroring would make a caption untrue.
        position: of the image in its split, an int64 scalar; what is random in view v is a function of (v, position).
    """

    def crop(view: int) -> tf.Tensor:
        return decode_augmented(image_bytes[None], size, CROPS, may_flip[None], [view, position])[0]

    return tf.stack([decode_image(image_bytes, size), *(crop(view) for view in range(1, views))])


def held_views(manifest: Mapping[str, Any], split: str) -> int:
    """Returns how many views of each image a split holds; records that know of none, image records too, hold 1."""
    return (manifest.get("features") or {}).get("views", 1) if split == VIEWED_SPLIT else 1


def drawn_views(records: str | os.PathLike, split: str, wanted: int) -> int:
    """Returns how many views of each image training draws from: `wanted`, or all where that is 0.

    Raises:
        UserError: the records hold fewer.
    """
    held = held_views(read_manifest(records), split)
    if wanted > held:
        raise UserError(
            f"data.views is {wanted}, but split `{split}` of {records} holds {held} of each image. Make more with: "
            f"python -m im2txt.extract_features --views={wanted}, or set data.views to 0, which takes all."
        )
    return wanted or held


def choose_views(parsed: Mapping[str, tf.Tensor], views: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns parsed records with one view of each image, number `views` [batch]: `features/*` are strings [batch]."""
    chosen = {name: tf.gather(parsed[name], views, batch_dims=1) for name in FEATURES if name in parsed}
    return {**parsed, **chosen}
