"""UIUC Pascal Sentences, or PASCAL-1K: 1,000 photos, 50 of each of 20 classes, with five captions each.

Rashtchian, Young, Hodosh & Hockenmaier, "Collecting image annotations using Amazon's Mechanical Turk", 2010. It was
published as one web page of photos and sentences; this reads the folders that are usually made of it:

    dataset/aeroplane/2008_000716.jpg     the photos, a folder a class
    sentence/aeroplane/2008_000716.txt    a line a caption

One example, as lines of the file and as it is read:

    One jet lands at an airport while another takes off next to it.
    Two airplanes parked in an airport.
    Two jets taxi past each other.
    ...

    CaptionedImage(image_id="aeroplane/2008_000716.jpg", split="test",
                   captions=("One jet lands at an airport while another takes off next to it.", ...),
                   image=Path("dataset/aeroplane/2008_000716.jpg"), metadata={"class": "aeroplane"},
                   where="sentence/aeroplane/2008_000716.txt")

It has no splits. Show and Tell (Vinyals et al., 2015) only tests on it, so all of it is `test` unless option `split`
says otherwise; records of `test` alone need the vocabulary of another dataset (--vocabulary).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import first_existing, lines, source_folder
from im2txt.errors import UserError, did_you_mean

DOWNLOAD = """\
Pascal Sentences is a web page, http://vision.cs.uiuc.edu/pascal-sentences/. The script of
https://github.com/rupy/PascalSentenceDataset makes folders of it (files that it calls `2008_000716txt`, as some
versions do, must be renamed to `2008_000716.txt`):
    dataset/aeroplane/2008_000716.jpg  ...  sentence/aeroplane/2008_000716.txt  ...
The photos are of PASCAL VOC 2008 and belong to users of Flickr, see http://host.robots.ox.ac.uk/pascal/VOC/."""

IMAGES = "dataset"
SENTENCES = "sentence"
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Config:
    """Options of the dataset.

    Attributes:
        split: the split that all images go to: `train`, `val` or `test`.
    """

    split: str = "test"


def expected(config: Config) -> dict[str, int]:
    """Returns the number of images of each split in the official data."""
    return {config.split: 1000}


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the photos class by class, in alphabetical order.

    Raises:
        UserError: the folder or one of its two folders is missing, or the split is unknown.
    """
    if config.split not in SPLITS:
        raise UserError(f"Option split={config.split}: there is no such split. {did_you_mean(config.split, SPLITS)}")
    source = source_folder(source, "pascal_sentences", DOWNLOAD)
    images = first_existing(source, (IMAGES,), "the folder of photos", DOWNLOAD)
    sentences = first_existing(source, (SENTENCES,), "the folder of captions", DOWNLOAD)
    found = {path.relative_to(images).with_suffix("") for path in images.glob("*/*.jpg")}
    found |= {path.relative_to(sentences).with_suffix("") for path in sentences.glob("*/*.txt")}
    for name in sorted(found):
        yield _example(images / f"{name}.jpg", sentences / f"{name}.txt", config.split)


def _example(image: Path, sentences: Path, split: str) -> CaptionedImage | Skipped:
    category = image.parent.name
    image_id = f"{category}/{image.name}"
    where = f"{SENTENCES}/{category}/{sentences.name}"
    if not sentences.is_file():
        return Skipped(image_id, f"{IMAGES}/{image_id}", f"there is no {where}")
    if not image.is_file():
        return Skipped(image_id, where, f"there is no {IMAGES}/{image_id}")
    captions = tuple(line.strip() for _, line in lines(sentences))
    if not captions:
        return Skipped(image_id, where, "the file has no captions")
    return CaptionedImage(image_id, split, captions, image, metadata={"class": category}, where=where)
