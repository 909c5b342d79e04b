"""What a frozen encoder saw of each image as one vector, read from feature records."""

import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from im2txt.data.records import decode_features, parse_records, read_manifest, shard_paths
from im2txt.errors import UserError

_BATCH = 256


def read_pooled(features: str | os.PathLike, split: str, images: Sequence[str]) -> np.ndarray:
    """Returns the pooled features of a split, of the whole images, float32 [images, depth].

    Args:
        features: folder of feature records.
        split: name of the split.
        images: the ids of all its images, in file order.

    Raises:
        UserError: the folder or the split is not to be had, holds no features, or holds other images.
    """
    held = read_manifest(features).get("features")
    if not held:
        raise UserError(
            f"{features} holds images, not features. Make features of them with: python -m im2txt.extract_features "
            f"--records={features} --output=DIR --config=FILE"
        )
    ids, pooled = [], np.zeros((len(images), held["depth"]), np.float32)
    batches = tf.data.TFRecordDataset(shard_paths(features, split)).batch(_BATCH)
    with tqdm(total=len(images), unit=" images", desc=f"features of {split}", dynamic_ncols=True) as progress:
        for parsed in batches.map(lambda batch: parse_records(batch, ("image/id", "features/pooled"))).prefetch(1):
            first = len(ids)
            ids += [image.decode() for image in parsed["image/id"].numpy()]
            if ids != list(images[: len(ids)]):
                break
            pooled[first : len(ids)] = decode_features(parsed["features/pooled"][:, 0], [held["depth"]])
            progress.update(len(ids) - first)
    if ids != list(images):
        raise UserError(
            f"Split `{split}` of {features} holds other images than that of the records, or in another order. "
            "Give the features that were made of these records."
        )
    return pooled
