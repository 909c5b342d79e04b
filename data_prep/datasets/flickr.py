"""Flickr8k: photos with five captions each (Hodosh, Young & Hockenmaier, 2013).

The folder as its authors hand it out (the two archives unpacked into one place):

    Flickr8k.token.txt              name.jpg#k<TAB>caption    a line a caption
    Flickr_8k.trainImages.txt       name.jpg                  a line an image: split `train`
    Flickr_8k.devImages.txt         the same                  split `val`
    Flickr_8k.testImages.txt        the same                  split `test`
    Flicker8k_Dataset/name.jpg      the photos (`Flickr8k_Dataset/` and `images/` will do, too)

One example, as lines of the files and as it is read:

    2513260012_03d33305cf.jpg#0<TAB>A black dog is running after a white dog in the snow .

    CaptionedImage(image_id="2513260012_03d33305cf.jpg", split="train",
                   captions=("A black dog is running after a white dog in the snow .", ...),
                   image=Path("Flicker8k_Dataset/2513260012_03d33305cf.jpg"),
                   where="Flickr_8k.trainImages.txt:1")

A split whose list is absent is left out, as are photos that no list names (about ninety in the original),
each with a notice. Faults are skipped and named: in the original, `2258277193_586949ec62.jpg.1` has captions
but no photo.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_prep.datasets.flickr_captions import captioned_photos, read_lists
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import first_existing, source_folder
from im2txt.errors import UserError

DOWNLOAD = """\
Flickr8k: ask its authors with the form https://forms.illinois.edu/sec/1713398, or take the same two archives from
https://github.com/jbrownlee/Datasets/releases/tag/Flickr8k (1.1 GB), and unpack both into one folder:
    unzip Flickr8k_Dataset.zip; unzip Flickr8k_text.zip
    Flicker8k_Dataset/*.jpg  Flickr8k.token.txt  Flickr_8k.trainImages.txt  Flickr_8k.devImages.txt  ...
The photos belong to users of Flickr: for research and education that earns no money."""

CAPTIONS = "Flickr8k.token.txt"
LISTS = {
    "train": "Flickr_8k.trainImages.txt",
    "val": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
IMAGE_FOLDERS = ("Flicker8k_Dataset", "Flickr8k_Dataset", "images")


@dataclass(frozen=True)
class Config:
    """Flickr8k has no options."""


def expected(config: Config) -> dict[str, int]:
    """Returns the number of images of each split in the official data."""
    return {"train": 6000, "val": 1000, "test": 1000}


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the photos of every split whose list is there, split by split, in the order of the lists.

    Raises:
        UserError: the folder, its captions, its photos, or every list is missing.
    """
    source = source_folder(source, "flickr8k", DOWNLOAD)
    captions = first_existing(source, (CAPTIONS,), "the file of captions", DOWNLOAD)
    images = first_existing(source, IMAGE_FOLDERS, "the folder of photos", DOWNLOAD)
    if not any((source / file).is_file() for file in LISTS.values()):
        raise UserError(f"--source={source}: none of the split lists {', '.join(LISTS.values())} is there.\n{DOWNLOAD}")
    yield from captioned_photos(captions, images, read_lists(source, LISTS))
