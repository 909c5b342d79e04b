"""What Flickr8k and Flickr30k share: a file of captions, lists of the photos of each split, a folder of photos.

Captions come in two forms; the ending of the file tells which:

    Flickr8k.token.txt, results_20130124.token    1000092795.jpg#0<TAB>Two young guys with shaggy hair ...
    results.csv (Flickr30k as Kaggle has it)      1000092795.jpg| 0| Two young guys with shaggy hair ...

In results.csv, line 20,001 lacks its second bar, `2199200615.jpg| 4   A dog runs across the grass .`: white space
will do, too. Its first line is a header.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import lines
from im2txt.notices import notice


class Caption(NamedTuple):
    """One caption: the file name of its photo, its text, and the file and line where it stands."""

    name: str
    text: str
    where: str


class Listed(NamedTuple):
    """One photo that a list names: its file name, its split, and the file and line that named it."""

    name: str
    split: str
    where: str


class _Form(NamedTuple):
    """How a line looks: in words, what ends the name of the photo, and as a pattern."""

    shown: str
    separator: str
    pattern: re.Pattern


_TOKEN = _Form("name.jpg#k<TAB>caption", "#", re.compile(r"(?P<name>[^\t]+)#\d+\t(?P<text>.*\S.*)"))
_CSV = _Form("name.jpg| k| caption", "|", re.compile(r"(?P<name>[^|]+)\|\s*\d+[\s|]+(?P<text>[^\s|].*)"))
_CSV_HEADER = "image_name|"


def read_captions(path: Path) -> Iterator[Caption | Skipped]:
    """Yields the captions of a file, line by line.

    Raises:
        UserError: the file is not UTF-8.
    """
    form = _CSV if path.suffix == ".csv" else _TOKEN
    for number, line in lines(path):
        match = form.pattern.fullmatch(line)
        where = f"{path.name}:{number}"
        if match:
            yield Caption(match["name"], match["text"].strip(), where)
        elif not (number == 1 and form is _CSV and line.startswith(_CSV_HEADER)):
            name = line.partition(form.separator)[0][:80]
            yield Skipped(name, where, f"expected `{form.shown}`, found {line[:80]!r}")


def read_lists(source: Path, lists: Mapping[str, str], ending: str = "") -> Iterator[Listed]:
    """Yields the photos of every list that is there, with a notice of those that are not.

    Args:
        source: the folder of the lists.
        lists: split -> file name; each line of the file is the name of a photo.
        ending: what to append to names without it.
    """
    for split, file in lists.items():
        path = source / file
        if not path.is_file():
            notice(f"split `{split}` is left out, {path} is absent")
            continue
        for number, line in lines(path):
            yield Listed(line.strip().removesuffix(ending) + ending, split, f"{file}:{number}")


def captioned_photos(
    captions_file: Path, images: Path, listed: Iterable[Listed | Skipped]
) -> Iterator[CaptionedImage | Skipped]:
    """Yields the listed photos with all their captions, in the order of the lists; faults of the captions go first.

    Photos in no list are left out by design, with one notice; captions of a photo that is nowhere are a fault.
    """
    captions: dict[str, list[str]] = {}
    for item in read_captions(captions_file):
        if isinstance(item, Skipped):
            yield item
        else:
            captions.setdefault(item.name, []).append(item.text)
    unlisted = dict.fromkeys(captions)
    for item in listed:
        if isinstance(item, Skipped):
            yield item
        else:
            unlisted.pop(item.name, None)
            yield _example(item, captions.get(item.name), images, captions_file.name)
    yield from _unlisted(unlisted.keys(), images, captions_file.name)


def _example(photo: Listed, captions: list[str] | None, images: Path, captions_file: str) -> CaptionedImage | Skipped:
    name, split, where = photo
    if not captions:
        return Skipped(name, where, f"{captions_file} has no caption for it")
    if not (images / name).is_file():
        return Skipped(name, where, f"there is no such file in {images.name}/")
    return CaptionedImage(name, split, tuple(captions), images / name, where=where)


def _unlisted(names: Iterable[str], images: Path, captions_file: str) -> Iterator[Skipped]:
    photos = {name for name in names if (images / name).is_file()}
    if photos:
        notice(f"left out, because no list names them: {len(photos)} photos")
    for name in sorted(set(names) - photos):
        yield Skipped(name, captions_file, f"captions of an image that is in no list and not in {images.name}/")
