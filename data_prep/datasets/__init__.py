"""The table of datasets. A new one is one file in this folder and one line in the table.

A dataset module has `Config`, a frozen dataclass of its options (each with a default), and

    read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]

which yields what it finds in the order of the source, and a `Skipped` for everything that it cannot use.
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
}


def dataset_module(name: str) -> ModuleType:
    """Returns the module that reads a dataset.

    Raises:
        UserError: no dataset has this name.
    """
    if name not in DATASETS:
        raise UserError(f"--dataset={name}: there is no such dataset. {did_you_mean(name, DATASETS)}")
    return importlib.import_module(DATASETS[name].module)
