"""Records of four training and two held-out images, as images and as features whose neighbours are plain to see."""

import numpy as np

from im2txt.data import records as schema
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, write_records, write_split

VOCABULARY = Vocabulary.build([["a", "dog"]], min_count=1)
TRAINING = [
    ["A brown animal.", "a dog runs in the snow"],
    ["the dog runs in the snow", "snow"],
    ["a dog runs in snow", "a dog in the snow", "cold"],
    ["a red car on a road", "the red car on a road"],
]
HELD_OUT = [["a dog", "one dog"], ["a car", "one car"]]
DIRECTIONS = {"train": [[1, 0.1], [1, 0.2], [1, 0.3], [0, 1]], "val": [[1, 0], [0.1, 1]]}


def named(captions, prefix):
    """Records with ids such as t0, t1 ..."""
    images = captioned_images(captions, VOCABULARY)
    return [image._replace(image_id=f"{prefix}{number}") for number, image in enumerate(images)]


SPLITS = {"train": named(TRAINING, "t"), "val": named(HELD_OUT, "v")}


def write_images(folder, splits=SPLITS):
    """Writes image records."""
    return write_records(folder, splits, VOCABULARY)


def write_features(folder):
    """Writes feature records: the neighbours of v0 are t0, t1, t2, t3, those of v1 t3, t2, t1, t0."""
    arrays = {split: [np.array([each], np.float32) for each in rows] for split, rows in DIRECTIONS.items()}
    write_records(folder, {"val": SPLITS["val"]}, VOCABULARY, regions=arrays["val"])
    manifest = schema.read_manifest(folder)
    manifest["splits"] = {split: write_split(folder, split, SPLITS[split], 1, arrays[split]) for split in SPLITS}
    manifest["features"]["encoder"] = {"name": "compass", "end_point": "needle"}
    schema.write_manifest(folder, manifest)
    return folder
