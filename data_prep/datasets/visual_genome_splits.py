"""Which image of Visual Genome is in which split, and which ones are left out.

DenseCap (Johnson, Karpathy & Fei-Fei, CVPR 2016) took 87,398 images of Visual Genome 1.0. The file is in the folder
`info` of its repository, one object on one line:

    densecap_splits.json    {"test": [2342728, 2414939, ...], "train": [...], "val": [...]}

An image in COCO may be one of those that a captioner is evaluated on. Their COCO ids come from a file with an id on
each line, or from the splits of Karpathy (of which `val` and `test` are held out):

    dataset_coco.json       {"images": [{"cocoid": 391895, "split": "test", ...}, ...], "dataset": "coco"}
"""

import collections
from collections.abc import Iterator
from pathlib import Path

from data_prep.source_files import json_items, lines
from im2txt.errors import UserError, did_you_mean
from im2txt.notices import notice

SPLITS = "densecap_splits.json"
CHOICES = ("densecap", "all_train")


class ImageSplits:
    """The split of every image, with a count of those that are left out on purpose.

    Args:
        source: the folder of Visual Genome.
        choice: one of `CHOICES`.
        exclude_coco: path of a file of COCO ids; empty for none.
        download: where to get the splits.

    Raises:
        UserError: there is no such choice; a file is missing, faulty or empty.
    """

    def __init__(self, source: Path, choice: str, exclude_coco: str, download: str) -> None:
        if choice not in CHOICES:
            raise UserError(f"--option=splits={choice}: there are no such splits. {did_you_mean(choice, CHOICES)}")
        self._splits = _densecap_splits(source, download) if choice == "densecap" else None
        self._excluded = _coco_ids(Path(exclude_coco)) if exclude_coco else frozenset()
        # The number of excluded images is told even if it is 0: then it is the wrong file, or there are no COCO ids.
        self._left_out = collections.Counter({exclude_coco: 0} if exclude_coco else {})
        self._exclude_coco = exclude_coco

    def split_of(self, image_id: str, coco_id: int | None) -> str | None:
        """Returns the split of an image, or None (and counts it) if it is left out."""
        split = "train" if self._splits is None else self._splits.get(image_id)
        if split is None:
            self._left_out[SPLITS] += 1
        elif split == "train" and coco_id in self._excluded:
            self._left_out[self._exclude_coco] += 1
            return None
        return split

    def missing(self, found: set[str]) -> Iterator[tuple[str, str]]:
        """Yields (split, image id) of every image that the splits name and `found` does not hold."""
        for image_id, split in (self._splits or {}).items():
            if image_id not in found:
                yield split, image_id

    def tell_left_out(self) -> None:
        """Tells the user how many images were left out."""
        for file, count in self._left_out.items():
            reason = "does not name them" if file == SPLITS else "names their COCO ids (training images only)"
            notice(f"left out, because {file} {reason}: {count} images")


def _densecap_splits(source: Path, download: str) -> dict[str, str]:
    path = source / SPLITS
    if not path.is_file():
        remedy = "Put it there, or have every image in train: --option=splits=all_train."
        raise UserError(f"--source={source}: {SPLITS} is not there. {remedy}\n{download}")
    names = ("train", "val", "test")  # `train` comes first: an image that is named twice is held out
    splits = {str(image_id): split for split in names for image_id in json_items(path, f"{split}.item")}
    if not splits:
        raise UserError(f'{path} names no image. Expected {{"train": [image ids], "val": [...], "test": [...]}}.')
    return splits


def _coco_ids(path: Path) -> frozenset[int]:
    if not path.is_file():
        raise UserError(f"--option=exclude_coco={path}: there is no such file.")
    if path.suffix == ".json":
        held_out = (image for image in json_items(path, "images.item") if image.get("split") in ("val", "test"))
        ids = frozenset(image["cocoid"] for image in held_out if "cocoid" in image)
    else:
        ids = frozenset(_coco_id(line, f"{path}:{number}") for number, line in lines(path))
    if not ids:
        kinds = "an id on each line, or Karpathy's dataset_coco.json with the splits val and test"
        raise UserError(f"--option=exclude_coco={path}: the file holds no COCO id. Expected {kinds}.")
    return ids


def _coco_id(line: str, where: str) -> int:
    try:
        return int(line)
    except ValueError:
        raise UserError(f"{where}: expected a COCO id, which is a number. Found: {line[:80]!r}.") from None
