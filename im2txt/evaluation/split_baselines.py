"""The captions of the baselines (`im2txt.metrics.baseline_captions`) for a split of any records."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from im2txt.data.records import damage_told, read_manifest
from im2txt.errors import UserError
from im2txt.evaluation.captions import SplitImage, read_captioned_split
from im2txt.evaluation.pooled_features import read_pooled
from im2txt.metrics.baseline_captions import (
    CONSENSUS,
    NEAREST,
    RANDOM,
    BaselineOptions,
    consensus_captions,
    nearest_images,
    random_captions,
)
from im2txt.metrics.pairwise_similarity import SIMILARITIES
from im2txt.metrics.tokenize_ptb import tokenize_captions

TRAINING = "train"


class Truth(NamedTuple):
    """What people wrote of the images of a split and of the training images, in file order."""

    split: str
    images: list[SplitImage]
    training: list[SplitImage]

    @property
    def references(self) -> dict[str, list[str]]:
        """The captions of each image of the split."""
        return {image.image_id: list(image.captions) for image in self.images}


def read_truth(records: str | os.PathLike, split: str) -> Truth:
    """Reads a split and the training split of image or feature records.

    Raises:
        UserError: a split is not to be had or has images without captions, or `split` is the training split.
    """
    if split == TRAINING:
        raise UserError(f"--split={split} is what the baselines take their captions from. Name a held-out split.")
    with damage_told(records):
        return Truth(split, read_captioned_split(records, split), read_captioned_split(records, TRAINING))


def encoder_name(features: str | os.PathLike) -> str:
    """Returns the name of the encoder that feature records were made with, and of the layer that it was cut at."""
    encoder = read_manifest(features)["features"]["encoder"]
    return " ".join(filter(None, (encoder.get("name"), encoder.get("end_point")))) or "an unnamed encoder"


def baseline_systems(
    truth: Truth, images: Sequence[str], features: str | os.PathLike | None, options: BaselineOptions
) -> dict[str, list[dict[str, str]]]:
    """Returns the captions of each baseline, {image id: caption} of each draw; without features not of neighbours.

    Args:
        truth: what people wrote.
        images: ids of the images of the split to caption.
        features: folder of feature records of the images of `truth`.
        options: how.

    Raises:
        UserError: the features are not to be had or of other images, or there are too few training images.
    """
    captions = [caption for image in truth.training for caption in image.captions]
    draws = (random_captions(captions, len(images), options.seed, draw) for draw in range(options.draws))
    systems = {RANDOM: [dict(zip(images, drawn)) for drawn in draws]}
    if features:
        nearest = _nearest(features, truth, images, options.neighbours)
        first = {image: truth.training[row[0]].captions[0] for image, row in zip(images, nearest)}
        agreed = dict(zip(images, _agreed(truth, captions, nearest, options)))
        systems |= {NEAREST: [first], CONSENSUS: [agreed]}
    return systems


def _agreed(truth: Truth, captions: Sequence[str], nearest: np.ndarray, options: BaselineOptions) -> list[str]:
    """Returns for each image the consensus of its nearest training images."""
    owners = np.repeat(np.arange(len(truth.training)), [len(image.captions) for image in truth.training])
    similarity = SIMILARITIES[options.similarity](tokenize_captions(captions), owners)
    progress = tqdm(nearest, desc="consensus", unit=" images", dynamic_ncols=True)
    return [captions[place] for place in consensus_captions(progress, owners, similarity, options.consensus)]


def _nearest(features: str | os.PathLike, truth: Truth, images: Sequence[str], count: int) -> np.ndarray:
    """Returns the nearest training images of each of `images`, [images, count]."""
    if count > len(truth.training):
        raise UserError(f"--neighbours={count}: there are only {len(truth.training)} training images. Ask for fewer.")
    ids = [image.image_id for image in truth.images]
    with damage_told(features):
        pooled = read_pooled(features, truth.split, ids)
        others = read_pooled(features, TRAINING, [image.image_id for image in truth.training])
    rows = {image: row for row, image in enumerate(ids)}
    return nearest_images(pooled[[rows[image] for image in images]], others, count)
