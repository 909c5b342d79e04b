"""The files of Karpathy & Fei-Fei (2015): Flickr8k, Flickr30k and COCO, each with captions and splits in one JSON.

"Deep Visual-Semantic Alignments for Generating Image Descriptions", arXiv 1412.2306, defined the splits that most
published results on Flickr30k and COCO refer to. The folder:

    dataset_flickr8k.json               or dataset_flickr30k.json, or dataset_coco.json
    Flicker8k_Dataset/name.jpg          the photos; other folders that will do: `FOLDERS`, images/, the folder itself
    val2014/COCO_val2014_*.jpg          those of COCO, in the folder that `filepath` names, or in images/val2014/

One example, as it stands in dataset_flickr8k.json and as it is read:

    {"images": [{"sentids": [0, ...], "imgid": 0, "split": "train", "filename": "2513260012_03d33305cf.jpg",
                 "sentences": [{"tokens": ["a", "black", "dog", ...], "imgid": 0, "sentid": 0,
                                "raw": "A black dog is running after a white dog in the snow ."}, ...]}, ...],
     "dataset": "flickr8k"}

    CaptionedImage(image_id="2513260012_03d33305cf.jpg", split="train",
                   captions=("A black dog is running after a white dog in the snow .", ...),
                   image=Path("Flicker8k_Dataset/2513260012_03d33305cf.jpg"),
                   where="dataset_flickr8k.json:images[0]")

COCO's entries have a `filepath` and a `cocoid`, too, which is the image id then: "391895". COCO alone has a fourth
split, `restval`: the images of val2014 that are neither in `val` nor in `test`. It joins `train`, as in most papers.

Captions are `raw` without the blanks around it; `tokens`, which have lost case and punctuation, are not read.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import json_items, source_folder
from im2txt.errors import UserError
from im2txt.notices import notice

DOWNLOAD = """\
Unpack https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip, and put one of its files into one
folder with the photos that it names:
    dataset_flickr8k.json      Flicker8k_Dataset/      https://hockenmaier.cs.illinois.edu/8k-pictures.html
    dataset_flickr30k.json     flickr30k-images/       https://shannon.cs.illinois.edu/DenotationGraph/
    dataset_coco.json          train2014/, val2014/    https://cocodataset.org/#download
The photos belong to those who took them; Flickr8k and Flickr30k are for non-commercial research and education only."""

FOLDERS = (
    "Flicker8k_Dataset",  # as it is spelt in the archive of its authors
    "Flickr8k_Dataset",
    "Images",
    "flickr30k-images",
    "flickr30k_images",
    "flickr30k_images/flickr30k_images",  # a widespread archive holds the folder within itself
)

_SPLITS = {"train": "train", "restval": "train", "val": "val", "test": "test"}
_EXPECTED = {
    "dataset_flickr8k.json": {"train": 6000, "val": 1000, "test": 1000},
    "dataset_flickr30k.json": {"train": 29000, "val": 1014, "test": 1000},
    "dataset_coco.json": {"train": 82783, "restval": 30504, "val": 5000, "test": 5000},
}
_FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "filename": ("the name of a file", lambda value: isinstance(value, str) and value != ""),
    "split": (f"one of {', '.join(_SPLITS)}", lambda value: isinstance(value, str) and value in _SPLITS),
    "sentences": ("a list", lambda value: isinstance(value, list)),
    "filepath": ("a folder, or nothing", lambda value: value is None or isinstance(value, str)),
    "cocoid": ("an integer, or nothing", lambda value: value is None or type(value) is int),
}


@dataclass(frozen=True)
class Config:
    """Which file, and what of it.

    Attributes:
        file: the file in the folder of the source; not set, it is the only dataset_*.json there.
        restval: whether COCO's `restval` joins `train`; if not, it is left out.
    """

    file: str = ""
    restval: bool = True


class Entry(NamedTuple):
    """One image of such a file, before its photo is found.

    Attributes:
        image_id: `cocoid`, or `filename` where there is none.
        split: train, val or test.
        captions: at least one.
        filename: of the photo.
        folder: `filepath`; empty where there is none.
        where: the place in the file, for messages.
    """

    image_id: str
    split: str
    captions: tuple[str, ...]
    filename: str
    folder: str
    where: str


def expected(config: Config) -> dict[str, int]:
    """Returns the number of images of each split; nothing unless option `file` has one of the three known names."""
    counts = dict(_EXPECTED.get(Path(config.file).name, {}))
    rest = counts.pop("restval", 0)
    return {**counts, "train": counts["train"] + rest} if rest and config.restval else counts


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the images in the order of the file.

    Raises:
        UserError: the folder, the file, or every photo is missing; or the file is no such JSON.
    """
    source = source_folder(source, "karpathy_json", DOWNLOAD)
    yield from located(entries(_json_file(source, config.file), config.restval), source, FOLDERS, DOWNLOAD)


def entries(path: Path, restval: bool) -> Iterator[Entry | Skipped]:
    """Yields what a dataset_*.json holds, in its order; images of `restval` only if they are wanted.

    Raises:
        UserError: the file is no JSON, or has no images.
    """
    number, left_out = -1, 0
    for number, image in enumerate(json_items(path, "images.item")):
        if not restval and isinstance(image, dict) and image.get("split") == "restval":
            left_out += 1
        else:
            yield from _entry(image, f"{path.name}:images[{number}]")
    if number < 0:
        raise UserError(f'{path} has no images. Expected a file of Karpathy & Fei-Fei, {{"images": [...]}}.')
    if left_out:
        notice(f"left out, because of restval=False: {left_out} images of split `restval`")


def located(
    items: Iterable[Entry | Skipped], source: Path, folders: Iterable[str], download: str
) -> Iterator[CaptionedImage | Skipped]:
    """Yields an example for every entry whose photo is there: in its own folder, in images/, or in one of `folders`.

    Raises:
        UserError: at the end, if there was no photo at all.
    """
    found, missing = 0, None
    for item in items:
        example = _example(item, source, folders) if isinstance(item, Entry) else item
        if isinstance(example, CaptionedImage):
            found += 1
        elif isinstance(item, Entry):
            missing = missing or example
        yield example
    if missing and not found:
        first = f"{missing.where}: {missing.reason}"
        raise UserError(f"--source={source}: not one of the photos is there. The first: {first}.\n{download}")


def _example(entry: Entry, source: Path, folders: Iterable[str]) -> CaptionedImage | Skipped:
    own = entry.folder or "."
    places = dict.fromkeys((own, f"images/{own}".removesuffix("/."), "images", *folders))  # each once, in this order
    for place in places:
        image = source / place / entry.filename
        if image.is_file():
            return CaptionedImage(entry.image_id, entry.split, entry.captions, image, where=entry.where)
    sought = ", ".join(f"{place}/" for place in places)
    return Skipped(entry.image_id, entry.where, f"there is no file {entry.filename} in any of {sought}")


def _entry(image: Any, where: str) -> Iterator[Entry | Skipped]:
    """Yields the faults of one item of `images`, and the entry if it is of use."""
    fields = image if isinstance(image, dict) else {}
    image_id = str(fields.get("cocoid") or fields.get("filename") or "")
    reason = _fault(image)
    if reason:
        yield Skipped(image_id, where, reason)
        return
    captions = []
    for number, sentence in enumerate(image["sentences"]):
        if isinstance(sentence, dict) and isinstance(sentence.get("raw"), str):
            captions.append(sentence["raw"].strip())
        else:
            reason = f"expected a caption as `raw`, found {sentence!r:.80}"
            yield Skipped(image_id, f"{where}.sentences[{number}]", reason)
    if captions:
        split, folder = _SPLITS[image["split"]], image.get("filepath") or ""
        yield Entry(image_id, split, tuple(captions), image["filename"], folder, where)
    else:
        yield Skipped(image_id, where, "it has no caption")


def _fault(image: Any) -> str:
    """Returns what is wrong with an item of `images`; empty if nothing is."""
    if not isinstance(image, dict):
        return f"expected an object, found {image!r:.80}"
    for name, (kind, fits) in _FIELDS.items():
        if not fits(image.get(name)):
            return f"`{name}` is {image.get(name)!r:.80}, expected {kind}"
    return ""


def _json_file(source: Path, name: str) -> Path:
    if name:
        if not (source / name).is_file():
            raise UserError(f"--option=file={name}: there is no such file in {source}.\n{DOWNLOAD}")
        return source / name
    files = sorted(source.glob("dataset_*.json"))
    if not files:
        raise UserError(f"--source={source}: no dataset_*.json is there.\n{DOWNLOAD}")
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise UserError(f"--source={source}: there are several files, {names}. Choose one: --option=file=NAME.")
    return files[0]
