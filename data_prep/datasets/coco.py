"""MS COCO Captions: photos with five captions or a few more each (Chen et al., 2015, arXiv 1504.00325).

The folder, as the archives of https://cocodataset.org/#download unpack (2014; the same for 2017):

    annotations/captions_train2014.json     images and captions in two arrays, in any order
    annotations/captions_val2014.json       the same
    train2014/COCO_train2014_*.jpg          the photos (images/train2014/ or images/ will do, too)
    val2014/COCO_val2014_*.jpg              the same
    dataset_coco.json                       for splits=karpathy, in place of the annotations

One example, as it stands in captions_val2014.json and as it is read:

    {"images": [{"id": 391895, "file_name": "COCO_val2014_000000391895.jpg", ...}, ...],
     "annotations": [{"image_id": 391895, "id": 770337,
                      "caption": "A man with a red helmet on a small moped on a dirt road. "}, ...]}

    CaptionedImage(image_id="391895", split="val",
                   captions=("A man with a red helmet on a small moped on a dirt road.", ...),
                   image=Path("val2014/COCO_val2014_000000391895.jpg"),
                   where="captions_val2014.json:images[0]")

Option `splits` says what becomes of these; results of different splits cannot be compared.

* `official` (the default, because it needs nothing but COCO, and predictions of `val` can be scored against
  captions_val2014.json as it is): train2014 is `train`, val2014 is `val`. There is no `test`: the captions of COCO's
  test images are not public.
* `karpathy`, to compare with the literature: captions and splits of dataset_coco.json (see `karpathy_json`), which
  divides val2014 into `val`, `test` and `restval`. Its images are those of 2014; version=2017 finds them by their
  ids in train2017/ and val2017/, where they lie under other names.
* `im2txt`, that of the Show and Tell release of 2016: train2014 and of val2014 the first 85 % are `train`, the next
  5 % `val`, the last 10 % `test`. Known, from its build_mscoco_data.py: images count in the order of the array
  `images` of captions_val2014.json, unsorted and not shuffled, and both borders are rounded down, at 34,428 and
  36,453 of 40,504. Not known: whether the file of 2016 had the order of today's. Chosen: every item of the array
  counts, even one that is skipped, so that a missing photo moves no other image to another split.

Image ids are COCO's own. Captions keep their text, stray line feeds and double blanks within included, so that they
equal the official references; only the blanks around them go. The tokenizer takes every blank for one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from data_prep.datasets import karpathy_json
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import first_existing, json_items, source_folder
from im2txt.errors import UserError, did_you_mean
from im2txt.notices import notice

DOWNLOAD = """\
Unpack into one folder, 20 GB (for --option=version=2017, the same with 2017):
    http://images.cocodataset.org/annotations/annotations_trainval2014.zip     gives annotations/
    http://images.cocodataset.org/zips/train2014.zip                           gives train2014/
    http://images.cocodataset.org/zips/val2014.zip                             gives val2014/
For --option=splits=karpathy add dataset_coco.json, which is in
    https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip
The captions are under CC BY 4.0; the photos belong to those who took them, under the terms of use of Flickr
(https://cocodataset.org/#termsofuse)."""

_KARPATHY = "dataset_coco.json"
_KNOWN = {"version": ("2014", "2017"), "splits": ("official", "karpathy", "im2txt")}
_EXPECTED = {
    ("official", "2014"): {"train": 82783, "val": 40504},
    ("official", "2017"): {"train": 118287, "val": 5000},
    ("im2txt", "2014"): {"train": 117211, "val": 2025, "test": 4051},
}


@dataclass(frozen=True)
class Config:
    """Which release of COCO, and how it is divided.

    Attributes:
        version: 2014 or 2017, the year in the names of files and folders. Both have the same images.
        splits: official, karpathy or im2txt.
        restval: whether the `restval` of splits=karpathy joins `train`; if not, it is left out.
    """

    version: str = "2014"
    splits: str = "official"
    restval: bool = True

    def __post_init__(self) -> None:
        for name, known in _KNOWN.items():
            value = getattr(self, name)
            if value not in known:
                raise UserError(f"--option={name}={value}: there is no such value. {did_you_mean(value, known)}")
        if self.splits == "im2txt" and self.version != "2014":
            raise UserError("--option=splits=im2txt divides val2014, so it needs --option=version=2014.")
        if self.splits != "karpathy" and not self.restval:
            raise UserError("--option=restval=False: only splits=karpathy has a `restval` to leave out.")


class _Part(NamedTuple):
    """One half of COCO as it is handed out, such as val2014; `images` is None where no folder holds its photos."""

    name: str
    captions: Path
    images: Path | None

    @property
    def absent(self) -> str:
        """What of it is not there; empty if all is."""
        if not self.captions.is_file():
            return f"annotations/{self.captions.name}"
        return "" if self.images else f"{self.name}/"


def expected(config: Config) -> dict[str, int]:
    """Returns the number of images of each split."""
    if config.splits == "karpathy":
        return karpathy_json.expected(karpathy_json.Config(_KARPATHY, config.restval))
    return dict(_EXPECTED[config.splits, config.version])


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the images part by part, in the order of the files; a part that is absent is left out with a notice.

    Raises:
        UserError: the folder or what `config.splits` cannot do without is missing, or a file is no JSON.
    """
    source = source_folder(source, "coco", DOWNLOAD)
    if config.splits == "karpathy":
        yield from _read_karpathy(source, config)
        return
    _mention_test_images(source, config.version)
    for split, part in _parts(source, config).items():
        yield from _read_part(part, _split_of(split, part, config))


def _split_of(split: str, part: _Part, config: Config) -> Callable[[int], str]:
    """Returns what gives an image its split, by its number in the array `images`."""
    if config.splits == "im2txt" and split == "val":
        images = sum(1 for _ in json_items(part.captions, "images.item"))
        return lambda number: _im2txt_split(number, images)
    return lambda number: split


def _im2txt_split(number: int, images: int) -> str:
    if number < int(0.85 * images):
        return "train"
    return "val" if number < int(0.9 * images) else "test"


def _read_part(part: _Part, split_of: Callable[[int], str]) -> Iterator[CaptionedImage | Skipped]:
    name = part.captions.name
    captions: dict[int, list[str]] = {}
    for item in _captions(part.captions):
        if isinstance(item, Skipped):
            yield item
        else:
            image_id, caption = item
            captions.setdefault(image_id, []).append(caption)
    listed = set()
    for number, image in enumerate(json_items(part.captions, "images.item")):
        example = _example(image, split_of(number), captions, part, f"{name}:images[{number}]")
        listed.add(example.image_id)
        yield example
    for image_id, texts in captions.items():
        if str(image_id) not in listed:
            reason = f"{len(texts)} captions of an image that `images` does not list"
            yield Skipped(str(image_id), f"{name}:annotations", reason)


def _captions(path: Path) -> Iterator[tuple[int, str] | Skipped]:
    for number, item in enumerate(json_items(path, "annotations.item")):
        if _fits(item, image_id=int, caption=str):
            yield item["image_id"], item["caption"].strip()
        else:
            reason = f"expected an integer `image_id` and a text `caption`, found {item!r:.80}"
            yield Skipped(_text(item, "image_id"), f"{path.name}:annotations[{number}]", reason)


def _example(
    image: Any, split: str, captions: dict[int, list[str]], part: _Part, where: str
) -> CaptionedImage | Skipped:
    image_id = _text(image, "id")
    if not _fits(image, id=int, file_name=str):
        return Skipped(image_id, where, f"expected an integer `id` and a text `file_name`, found {image!r:.80}")
    if image["id"] not in captions:
        return Skipped(image_id, where, "`annotations` has no caption for it")
    path = part.images / image["file_name"]
    if not path.is_file():
        return Skipped(image_id, where, f"there is no file {path.name} in {part.images.name}/")
    return CaptionedImage(image_id, split, tuple(captions[image["id"]]), path, where=where)


def _fits(item: Any, **fields: type) -> bool:
    """Whether an item of an array is an object with fields of these types; true and false are no integers."""
    return isinstance(item, dict) and all(type(item.get(name)) is kind for name, kind in fields.items())


def _text(item: Any, name: str) -> str:
    return str(item.get(name, "")) if isinstance(item, dict) else ""


def _parts(source: Path, config: Config) -> dict[str, _Part]:
    """Returns the parts that are there, by their official split."""
    parts = {split: _part(source, f"{split}{config.version}") for split in ("train", "val")}
    absent = {split: part.absent for split, part in parts.items() if part.absent}
    if len(absent) == len(parts) or (absent and config.splits == "im2txt"):
        what = ", ".join(absent.values())
        raise UserError(f"--source={source}: not there, but needed by splits={config.splits}: {what}.\n{DOWNLOAD}")
    for split, what in absent.items():
        notice(f"split `{split}` is left out, {source / what} is absent")
    return {split: part for split, part in parts.items() if split not in absent}


def _part(source: Path, name: str) -> _Part:
    captions = source / "annotations" / f"captions_{name}.json"
    own = [folder for folder in (source / name, source / "images" / name) if folder.is_dir()]
    if not own and any((source / "images").glob("*.jpg")):
        own = [source / "images"]
    return _Part(name, captions, own[0] if own else None)


def _mention_test_images(source: Path, version: str) -> None:
    for path in sorted((source / "annotations").glob(f"image_info_test*{version}.json")):
        notice(f"the images of {path.name} are left out: captions of COCO's test images are not public")


def _read_karpathy(source: Path, config: Config) -> Iterator[CaptionedImage | Skipped]:
    path = first_existing(source, (_KARPATHY,), "the file of splits=karpathy", DOWNLOAD)
    entries = karpathy_json.entries(path, config.restval)
    folders = ()
    if config.version == "2017":
        entries = map(_renamed, entries)
        folders = ("train2017", "val2017", "images/train2017", "images/val2017")
    yield from karpathy_json.located(entries, source, folders, DOWNLOAD)


def _renamed(entry: karpathy_json.Entry | Skipped) -> karpathy_json.Entry | Skipped:
    """Returns an entry with the name that its photo has since 2017: nothing but the id, in twelve digits."""
    if isinstance(entry, Skipped):
        return entry
    return entry._replace(filename=f"{entry.image_id:0>12}.jpg", folder="")
