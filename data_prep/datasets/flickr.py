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

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError

CAPTIONS = "Flickr8k.token.txt"
LISTS = {
    "train": "Flickr_8k.trainImages.txt",
    "val": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
IMAGE_FOLDERS = ("Flicker8k_Dataset", "Flickr8k_Dataset", "images")

_CAPTION_LINE = re.compile(r"(?P<name>[^\t]+)#\d+\t(?P<caption>.*\S.*)")


@dataclass(frozen=True)
class Config:
    """Flickr8k has no options."""


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the photos of every split whose list is there, split by split, in the order of the lists.

    Raises:
        UserError: the folder, its captions, its photos, or every list is missing.
    """
    source, images = _check_folder(source)
    captions: dict[str, list[str]] = {}
    for item in _read_captions(source / CAPTIONS):
        if isinstance(item, Skipped):
            yield item
        else:
            name, caption = item
            captions.setdefault(name, []).append(caption)
    listed = set()
    for split, file in LISTS.items():
        for number, line in _lines(source / file) if (source / file).is_file() else ():
            name = line.strip()
            listed.add(name)
            yield _example(name, split, captions, images, where=f"{file}:{number}")
    yield from _unlisted(captions.keys() - listed, images)


def _example(
    name: str, split: str, captions: dict[str, list[str]], images: Path, where: str
) -> CaptionedImage | Skipped:
    if name not in captions:
        return Skipped(name, where, f"{CAPTIONS} has no caption for it")
    if not (images / name).is_file():
        return Skipped(name, where, f"there is no such file in {images.name}/")
    return CaptionedImage(name, split, tuple(captions[name]), images / name, where=where)


def _read_captions(path: Path) -> Iterator[tuple[str, str] | Skipped]:
    for number, line in _lines(path):
        match = _CAPTION_LINE.fullmatch(line)
        if match:
            yield match["name"], match["caption"].strip()
        else:
            reason = f"expected `name.jpg#k<TAB>caption`, found {line[:80]!r}"
            yield Skipped(line.partition("#")[0][:80], f"{path.name}:{number}", reason)


def _unlisted(names: set[str], images: Path) -> Iterator[Skipped]:
    """Photos in no list are left out by design; captions of a photo that is nowhere are a fault."""
    photos = {name for name in names if (images / name).is_file()}
    if photos:
        sys.stderr.write(f"note: left out, because no list names them: {len(photos)} photos\n")
    for name in sorted(names - photos):
        yield Skipped(name, CAPTIONS, f"captions of an image that is in no list and not in {images.name}/")


def _check_folder(source: Path | None) -> tuple[Path, Path]:
    """Returns the folder and, in it, that of the photos."""
    if source is None:
        raise UserError("--dataset=flickr8k needs --source=DIR, the folder of Flickr8k.token.txt.")
    if not source.is_dir():
        raise UserError(f"--source={source}: there is no such folder. It must hold {CAPTIONS} and the photos.")
    if not (source / CAPTIONS).is_file():
        raise UserError(f"--source={source}: {CAPTIONS} is not there. Unpack Flickr8k_text.zip into this folder.")
    absent = {split: file for split, file in LISTS.items() if not (source / file).is_file()}
    if len(absent) == len(LISTS):
        raise UserError(f"--source={source}: none of the split lists {', '.join(LISTS.values())} is there.")
    for split, file in absent.items():
        sys.stderr.write(f"note: split `{split}` is left out, {source / file} is absent\n")
    for folder in IMAGE_FOLDERS:
        if (source / folder).is_dir():
            return source, source / folder
    names = ", ".join(f"{folder}/" for folder in IMAGE_FOLDERS)
    raise UserError(f"--source={source}: no folder of photos is there (one of {names}).")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yields (line number, line) of every line that is not blank."""
    try:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 ({error}).") from None
