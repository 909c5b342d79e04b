"""Flickr30k: photos of people and animals with five captions each (Young, Lai, Hodosh & Hockenmaier, 2014).

    results_20130124.token         name.jpg#k<TAB>caption    a line a caption (or results.csv, as Kaggle has it)
    flickr30k-images/name.jpg      the photos (`flickr30k_images/` and `images/` will do, too)

Its authors gave 31,783 photos and 158,915 captions, and no splits. Two are in use; option `splits` says which:

    karpathy     dataset_flickr30k.json (Karpathy & Fei-Fei, 2015)    29,000 train, 1,014 val, 1,000 test
    entities     train.txt, val.txt, test.txt (Flickr30k Entities)    29,783 train, 1,000 val, 1,000 test
    all_train    needs no file                                        31,783 train
    auto         the first of the upper two whose files are there

Karpathy's names 31,014 photos; the other 769 are left out, with a notice. Image captioning is compared on his. The
two test splits are not the same photos, though both are 1,000: never train on one and test on the other.

One example, as lines of the files and as it is read:

    results_20130124.token:1    1000092795.jpg#0<TAB>Two young guys with shaggy hair look at their hands while ...
    dataset_flickr30k.json      {"images": [{"split": "train", "filename": "1000092795.jpg", ...}, ...]}
    train.txt                   1000092795

    CaptionedImage(image_id="1000092795.jpg", split="train",
                   captions=("Two young guys with shaggy hair look at their hands while ...", ...),
                   image=Path("flickr30k-images/1000092795.jpg"),
                   where="dataset_flickr30k.json:images[0]")

Of dataset_flickr30k.json only names and splits are read: the captions there are the same ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_prep.datasets.flickr_captions import Listed, captioned_photos, read_captions, read_lists
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import first_existing, json_items, source_folder
from im2txt.errors import UserError, did_you_mean

DOWNLOAD = """\
Flickr30k: fill in the form at the foot of https://shannon.cs.illinois.edu/DenotationGraph/ (captions and photos),
or take https://www.kaggle.com/datasets/hsankesara/flickr-image-dataset. Then the splits, either
    https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip (dataset_flickr30k.json), or
    https://github.com/BryanPlummer/flickr30k_entities (train.txt, val.txt and test.txt).
All in one folder:
    results_20130124.token (or results.csv)  flickr30k-images/*.jpg  dataset_flickr30k.json
The photos belong to users of Flickr: for research and education that earns no money."""

CAPTIONS = ("results_20130124.token", "results.csv")
IMAGE_FOLDERS = ("flickr30k-images", "flickr30k_images", "images")
KARPATHY = "dataset_flickr30k.json"
LISTS = {"train": "train.txt", "val": "val.txt", "test": "test.txt"}

COUNTS = {
    "karpathy": {"train": 29000, "val": 1014, "test": 1000},
    "entities": {"train": 29783, "val": 1000, "test": 1000},
    "all_train": {"train": 31783},
    "auto": {"test": 1000},  # what the two have in common
}


@dataclass(frozen=True)
class Config:
    """Options of the dataset.

    Attributes:
        splits: `karpathy`, `entities`, `all_train`, or `auto`, the first of these whose files are there; `all_train`
            must be asked for.
    """

    splits: str = "auto"


def expected(config: Config) -> dict[str, int]:
    """Returns the number of images of each split in the official data."""
    return COUNTS.get(config.splits, {})


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the photos that have a split, in the order of the file that says so.

    Raises:
        UserError: the folder, its captions, its photos, or what says the splits is missing or broken.
    """
    if config.splits not in COUNTS:
        raise UserError(f"Option splits={config.splits}: unknown. {did_you_mean(config.splits, COUNTS)}")
    source = source_folder(source, "flickr30k", DOWNLOAD)
    captions = first_existing(source, CAPTIONS, "the file of captions", DOWNLOAD)
    images = first_existing(source, IMAGE_FOLDERS, "the folder of photos", DOWNLOAD)
    yield from captioned_photos(captions, images, _listed(source, captions, config.splits))


def _listed(source: Path, captions: Path, splits: str) -> Iterator[Listed | Skipped]:
    if splits == "all_train":
        return _all_train(captions)
    if splits != "entities" and (source / KARPATHY).is_file():
        return _karpathy(source / KARPATHY)
    if splits != "karpathy" and any((source / file).is_file() for file in LISTS.values()):
        return read_lists(source, LISTS, ending=".jpg")
    files = {"karpathy": (KARPATHY,), "entities": LISTS.values()}.get(splits, (KARPATHY, *LISTS.values()))
    raise UserError(
        f"--source={source}: what says the splits is not there ({', '.join(files)}). Flickr30k has none of its own; "
        f"--option=splits=all_train takes all photos for training.\n{DOWNLOAD}"
    )


def _karpathy(path: Path) -> Iterator[Listed | Skipped]:
    number = -1
    for number, item in enumerate(json_items(path, "images.item")):
        where = f"{path.name}:images[{number}]"
        match item:
            case {"filename": str(name), "split": "train" | "val" | "test" as split}:
                yield Listed(name, split, where)
            case {"filename": str(name), **others}:
                yield Skipped(name, where, f"expected split train, val or test, found {others.get('split')!r}")
            case _:
                yield Skipped("", where, f"expected an object with `filename` and `split`, found {str(item)[:80]}")
    if number < 0:
        raise UserError(f'{path} names no photos: expected {{"images": [...]}}. Download it again.\n{DOWNLOAD}')


def _all_train(captions: Path) -> Iterator[Listed]:
    seen = set()
    for item in read_captions(captions):
        if not isinstance(item, Skipped) and item.name not in seen:
            seen.add(item.name)
            yield Listed(item.name, "train", item.where)
