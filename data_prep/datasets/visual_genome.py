"""Visual Genome: photos with some fifty described regions each, and no caption of the whole (Krishna et al., 2017).

The folder: both archives of photos, two annotation files, and the splits of DenseCap. Each JSON file is one line:

    image_data.json             [{"image_id", "url", "width", "height", "coco_id", "flickr_id"}, ...]
    region_descriptions.json    [{"id", "regions": [{"region_id", "image_id", "phrase", "x", "y", "width", "height"}]}]
    densecap_splits.json        {"train": [image ids], "val": [...], "test": [...]}
    VG_100K/id.jpg  VG_100K_2/id.jpg    the photos (all of them in `images/` will do, too)

One example, as parts of the files and as it is read with `--option=splits=all_train`:

    {"image_id": 1, "url": "https://cs.stanford.edu/people/rak248/VG_100K_2/1.jpg", "width": 800, "height": 600,
     "coco_id": null, "flickr_id": null}
    {"regions": [{"region_id": 1382, "width": 82, "height": 139, "image_id": 1,
                  "phrase": "the clock is green in colour", "y": 57, "x": 421}, ...], "id": 1}

    CaptionedImage(image_id="1", split="train", captions=(), image=Path("VG_100K_2/1.jpg"),
                   regions=(Region((57 / 600, 421 / 800, 196 / 600, 503 / 800), "the clock is green in colour"), ...),
                   metadata={"width": 800, "height": 600, "region_ids": [1382, ...]},
                   where="region_descriptions.json:[0]")

Versions differ in their keys, so each entry is read by the keys it has: image_data.json says `id` in 1.0 and
`image_id` from 1.2 on; a region has `id` and `image` in 1.0, `region_id` and `image_id` from 1.2 on; an image has `id`
beside its `regions`, but `image_id` in the documentation. Version 1.4 renews objects and relationships only: its
region descriptions are those of 1.2. There are 108,249 images in 1.0 and 108,077 in 1.2. An unknown COCO or Flickr id
is null or -1, and not in the metadata.

The two annotation files are joined by id; their order need not be the same. The large one (5.4 million regions, 700
MB) is read as a stream, and gives the order of the output.

A region without area or phrase is skipped, though not its image, unless no other region of it is left.

About half of the photos are in COCO, too. Whoever evaluates on COCO should set `exclude_coco`.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from data_prep.datasets.visual_genome_regions import read_region, region_id
from data_prep.datasets.visual_genome_splits import SPLITS, ImageSplits
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import first_existing, json_items, source_folder
from im2txt.errors import UserError

IMAGE_DATA = "image_data.json"
REGIONS = "region_descriptions.json"
IMAGE_FOLDERS = ("VG_100K", "VG_100K_2", "images")

DOWNLOAD = f"""\
Visual Genome (https://homes.cs.washington.edu/~ranjay/visualgenome/api.html; annotations CC BY 4.0, the photos are
of Flickr, each under the licence of its owner). Get these files and unpack all of them into one folder:
    https://cs.stanford.edu/people/rak248/VG_100K_2/images.zip     9.7 GB, becomes VG_100K/
    https://cs.stanford.edu/people/rak248/VG_100K_2/images2.zip    5.5 GB, becomes VG_100K_2/
    https://homes.cs.washington.edu/~ranjay/visualgenome/data/dataset/{IMAGE_DATA}.zip
    https://homes.cs.washington.edu/~ranjay/visualgenome/data/dataset/{REGIONS}.zip
(version 1.2; those of version 1.0 end in _v1.json.zip there, and are read under the same names as above).
Put the splits of DenseCap beside them:
    https://raw.githubusercontent.com/jcjohnson/densecap/master/info/{SPLITS}"""


@dataclass(frozen=True)
class Config:
    """Which images are for training, and which for evaluation.

    Attributes:
        splits: `densecap` for those of densecap_splits.json, `all_train` for one split with every image.
        exclude_coco: a file of COCO ids, one a line, or Karpathy's dataset_coco.json, of which the splits val and
            test count; images of COCO with these ids are left out of train.
    """

    splits: str = "densecap"
    exclude_coco: str = ""


class _Photo(NamedTuple):
    """An entry of image_data.json; 0 for an unknown size, None for an unknown id."""

    folder: str
    width: int
    height: int
    coco_id: int | None
    flickr_id: int | None


_UNKNOWN = _Photo(IMAGE_FOLDERS[0], 0, 0, None, None)


def expected(config: Config) -> dict[str, int]:
    """Returns the images of each split of DenseCap; where other images are asked for, their number is not known."""
    if config.splits != "densecap":
        return {}
    held_out = {"val": 5_000, "test": 5_000}
    return held_out if config.exclude_coco else {"train": 77_398, **held_out}


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the images of the splits in the order of region_descriptions.json, with regions and without captions.

    Raises:
        UserError: the folder, one of its files, or an option is missing or faulty.
    """
    source = source_folder(source, "visual_genome", DOWNLOAD)
    described = first_existing(source, (REGIONS,), "the file of regions", DOWNLOAD)
    image_data = first_existing(source, (IMAGE_DATA,), "the file of image sizes", DOWNLOAD)
    first_existing(source, IMAGE_FOLDERS, "the folder of photos", DOWNLOAD)
    splits = ImageSplits(source, config.splits, config.exclude_coco, DOWNLOAD)
    photos = _read_photos(image_data)
    found = set()
    for number, entry in enumerate(json_items(described, "item")):
        where, image_id = f"{REGIONS}:[{number}]", _image_id(entry)
        if image_id is None:
            yield Skipped("", where, f"expected `id` and `regions`, found {str(entry)[:80]}")
            continue
        found.add(image_id)
        photo = photos.get(image_id, _UNKNOWN)
        split = splits.split_of(image_id, photo.coco_id)
        if split:
            path = source / photo.folder / f"{image_id}.jpg"
            yield from _complete(CaptionedImage(image_id, split, (), path, where=where), photo, entry.get("regions"))
    for split, image_id in splits.missing(found):
        yield Skipped(image_id, f"{SPLITS}:{split}", f"{REGIONS} does not name it")
    splits.tell_left_out()


def _complete(example: CaptionedImage, photo: _Photo, entries: Any) -> Iterator[CaptionedImage | Skipped]:
    """Yields a `Skipped` for each region that cannot be used, then the image with those that can."""
    entries = entries if isinstance(entries, list) else []
    path = _find(example.image)
    fault = _fault(example, photo, path, entries)
    regions = {}
    for number, entry in enumerate(entries if not fault else ()):
        try:
            regions[number] = read_region(entry, photo.width, photo.height)
        except ValueError as error:
            where = f"{example.where}.regions[{number}]"
            yield Skipped(example.image_id, where, f"region {region_id(entry)}: {error}")
    if regions:
        metadata = _metadata(photo, [region_id(entries[number]) for number in regions])
        yield dataclasses.replace(example, image=path, regions=tuple(regions.values()), metadata=metadata)
    else:
        yield Skipped(example.image_id, example.where, fault or f"none of its {len(entries)} regions can be used")


def _fault(example: CaptionedImage, photo: _Photo, path: Path | None, entries: list) -> str:
    """Returns why an image cannot be used; empty if it can."""
    if photo is _UNKNOWN:
        return f"{IMAGE_DATA} does not name it"
    if not (photo.width and photo.height):
        return f"{IMAGE_DATA} does not tell its width and height"
    if path is None:
        return f"there is no {example.image.name} in {', '.join(f'{folder}/' for folder in IMAGE_FOLDERS)}"
    return "" if entries else "it has no regions"


def _metadata(photo: _Photo, region_ids: list[int | None]) -> dict:
    known = {name: value for name, value in photo._asdict().items() if value is not None and name != "folder"}
    return {**known, "region_ids": region_ids}


def _find(path: Path) -> Path | None:
    """Returns the path if it is there, otherwise that of the same name in another folder of photos."""
    others = (path.parents[1] / folder / path.name for folder in IMAGE_FOLDERS)
    return next((each for each in (path, *others) if each.is_file()), None)


def _read_photos(path: Path) -> dict[str, _Photo]:
    """Returns the entries of image_data.json by image id; those without an id are of no use."""
    photos = {_image_id(entry): _photo(entry) for entry in json_items(path, "item") if _image_id(entry)}
    if not photos:
        raise UserError(f'{path} names no image. Expected [{{"image_id": 1, "url": "...", "width": 800, ...}}, ...].')
    return photos


def _photo(entry: dict) -> _Photo:
    url = str(entry.get("url"))
    folder = next((folder for folder in IMAGE_FOLDERS if f"/{folder}/" in url), IMAGE_FOLDERS[0])
    sides = (entry.get(side) for side in ("width", "height"))
    sides = (side if isinstance(side, int) and side > 0 else 0 for side in sides)
    ids = (entry.get(name) for name in ("coco_id", "flickr_id"))
    return _Photo(folder, *sides, *(None if known == -1 else known for known in ids))


def _image_id(entry: Any) -> str | None:
    """Returns the id of an entry of either annotation file."""
    ids = (entry.get(name) for name in ("image_id", "id")) if isinstance(entry, dict) else ()
    return next((str(known) for known in ids if known is not None), None)
