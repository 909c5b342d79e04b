"""The table of datasets. A new one is one file in this folder and one line in the table.

A dataset module has

    DOWNLOAD: str                               where to get the dataset, and how to unpack it
    Config                                      a frozen dataclass of its options, each with a default
    expected(config) -> dict[str, int]          images of each split as the authors handed them out, where known
    read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]

`read` yields what it finds in the order of the source, and a `Skipped` for everything that it cannot use. It is read
as a stream, once or twice, so it must yield the same each time and should hold little.
"""

import importlib
from types import ModuleType
from typing import NamedTuple

from im2txt.errors import UserError, did_you_mean


class Dataset(NamedTuple):
    """One line of the table: the module that reads a dataset, and what the dataset is and takes, for --help."""

    module: str
    description: str


DATASETS = {
    "scenes": Dataset(
        "data_prep.datasets.scenes",
        "drawn, so without --source; options train, val, test and heldout: images of each split, size: pixels, seed",
    ),
    "flickr8k": Dataset("data_prep.datasets.flickr", "8,000 photos with five captions each, in the folder --source"),
    "flickr30k": Dataset(
        "data_prep.datasets.flickr30k",
        "31,783 photos with five captions each; option splits: auto, karpathy, entities or all_train",
    ),
    "pascal_sentences": Dataset(
        "data_prep.datasets.pascal_sentences", "1,000 photos with five captions each; option split, test if not set"
    ),
    "sbu": Dataset(
        "data_prep.datasets.sbu",
        "1,000,000 photos of Flickr with a caption each; options val and test: how many are put aside for these splits",
    ),
    "coco": Dataset(
        "data_prep.datasets.coco",
        "MS COCO Captions; options version: 2014 or 2017, splits: official, karpathy or im2txt, restval",
    ),
    "karpathy_json": Dataset(
        "data_prep.datasets.karpathy_json",
        "a dataset_*.json of Karpathy & Fei-Fei (2015) with its photos; options file, restval",
    ),
    "visual_genome": Dataset(
        "data_prep.datasets.visual_genome",
        "108,077 photos with fifty described regions each and no captions; option splits: densecap or all_train, "
        "exclude_coco: file of COCO ids to keep out of train",
    ),
    "tsv": Dataset(
        "data_prep.datasets.tsv",
        "your own table, a line a caption; options file, delimiter, images, ignore, scattered, val and test: shares of "
        "the images for these splits",
    ),
    "jsonl": Dataset(
        "data_prep.datasets.jsonl", "your own JSON objects, one a line; options file, images, val and test as for tsv"
    ),
    "folder": Dataset(
        "data_prep.datasets.folder",
        "your own name.jpg with name.txt, a line a caption; options val and test as for tsv",
    ),
    "tfds": Dataset(
        "data_prep.datasets.tfds_builder",
        "a dataset of TensorFlow Datasets; options name, data_dir, download, image_feature, caption_feature, "
        "id_feature, max: images of each split",
    ),
}


def dataset_module(name: str) -> ModuleType:
    """Returns the module that reads a dataset.

    Raises:
        UserError: no dataset has this name.
    """
    if name not in DATASETS:
        raise UserError(f"--dataset={name}: there is no such dataset. {did_you_mean(name, DATASETS)}")
    return importlib.import_module(DATASETS[name].module)
