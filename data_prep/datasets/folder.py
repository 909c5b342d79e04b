"""Your own images and captions as pairs of files: dog.jpg and, beside it, dog.txt with a caption on each line.

    dog.jpg             any image that Pillow reads, by its suffix
    dog.txt             its captions, one a line
    animals/cat.png     folders are read with all that is in them
    animals/cat.txt

or, divided by yourself, with all pairs somewhere in these folders (`val` may be `validation`, `valid` or `dev`):

    train/dog.jpg  train/dog.txt  val/cat.png  val/cat.txt  test/...

One example, as the lines of train/dog.txt and as it is read:

    A dog runs .
    The dog is running .

    CaptionedImage(image_id="train/dog.jpg", split="train",
                   captions=("A dog runs .", "The dog is running ."),
                   image=Path("train/dog.jpg"),
                   where="train/dog.txt")

Folders come in the order of their names, and so do the files in each; one folder's names at a time are held in
memory. Names that begin with a dot are left alone, as are files of other kinds, these with a notice.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, NoReturn

from PIL import Image

from data_prep.datasets.own_splits import SPLIT_NAMES, Shares
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import lines, source_folder
from im2txt.errors import UserError
from im2txt.notices import notice

DOWNLOAD = """\
Nothing to download: this is your own data. In the source folder, or in folders of it, each image has a text file of
the same name beside it, with a caption on each line:
    dog.jpg  dog.txt  animals/cat.png  animals/cat.txt
Folders train/, val/ and test/ are the splits; without them, --option=val=0.05 --option=test=0.05 put shares aside."""

_CAPTIONS = ".txt"


@dataclass(frozen=True)
class Config(Shares):
    """Shares to put aside where no folders divide the images.

    Attributes:
        val: share of the images that becomes `val`; 0.05 is every twentieth.
        test: share of them that becomes `test`; the rest is `train`.
    """


class _Files(NamedTuple):
    """The names of the files of one folder, in order.

    Attributes:
        images: have the suffix of an image.
        texts: have captions.
        nameless: have names that are no UTF-8.
        others: number of all the rest.
    """

    images: list[str]
    texts: list[str]
    nameless: list[str]
    others: int


def expected(config: Config) -> dict[str, int]:
    """Returns nothing: only the user knows how many images there should be."""
    return {}


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the pairs of every folder.

    Raises:
        UserError: the folder is missing, or shares are asked for where folders are the splits.
        OSError: a folder in it cannot be listed.
    """
    source = source_folder(source, "folder", DOWNLOAD)
    splits = _split_folders(source, config)
    others = 0
    for folder, files in _folders(source):
        others += files.others
        for name in files.nameless:
            shown = _shown(folder + name)
            yield Skipped(shown, shown, "its name is not UTF-8; rename it")
        top = folder.partition("/")[0]
        if not splits or top in splits:
            yield from _pairs(source, folder, files, top if splits else "", config)
        else:
            reason = f"is in none of the folders of splits: {', '.join(splits)}"
            yield from (Skipped(folder + name, folder + name, reason) for name in files.images + files.texts)
    if others:
        notice(f"left alone, because they are neither images nor texts: {others} files of {source}")


def _pairs(source: Path, folder: str, files: _Files, split: str, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the images of one folder with their captions; `folder` is empty or ends in a slash."""
    texts = dict.fromkeys(files.texts)  # name of a text -> its image
    for name in files.images:
        image_id, text = folder + name, os.path.splitext(name)[0] + _CAPTIONS
        if text not in texts:
            yield Skipped(image_id, image_id, f"there is no {text} beside it")
        elif texts[text]:
            yield Skipped(image_id, image_id, f"{text} is the text of {texts[text]} already")
        else:
            texts[text] = name
            yield _pair(source, image_id, folder + text, split, config)
    for text, image in texts.items():
        if image is None:
            yield Skipped(folder + text, folder + text, "there is no image of this name beside it")


def _pair(source: Path, image_id: str, text: str, split: str, config: Config) -> CaptionedImage | Skipped:
    path = source / image_id
    try:
        captions = tuple(line.strip() for _, line in lines(source / text))
    except (OSError, UserError) as error:
        return Skipped(image_id, text, f"cannot be read: {error}")
    if not captions:
        return Skipped(image_id, text, "there is no caption in it")
    if not path.is_file():
        return Skipped(image_id, image_id, "is a link to a file that is not there")
    return CaptionedImage(image_id, config.split(image_id, split), captions, path, where=text)


def _split_folders(source: Path, config: Config) -> list[str]:
    """Returns the names of the folders that are splits, if there are any."""
    splits = sorted(path.name for path in source.iterdir() if path.name.lower() in SPLIT_NAMES and path.is_dir())
    if splits and (config.val or config.test):
        raise UserError(
            f"--option=val={config.val} --option=test={config.test}: the folders {', '.join(splits)} of {source} are "
            "the splits, so no shares are put aside. Leave the options out, or rename the folders."
        )
    return splits


def _folders(source: Path) -> Iterator[tuple[str, _Files]]:
    """Yields every folder, as its path below the source with a slash behind it, and what is in it."""
    suffixes = _image_suffixes()
    for top, folders, names in os.walk(source, onerror=_stop, followlinks=True):
        real = os.path.realpath(top)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not _is_loop(real, name))
        folder = "" if Path(top) == source else f"{Path(top).relative_to(source).as_posix()}/"
        names = sorted(name for name in names if not name.startswith("."))
        yield folder, _by_kind(folder, names, suffixes)


def _by_kind(folder: str, names: list[str], suffixes: frozenset[str]) -> _Files:
    files = _Files([], [], [], 0)
    for name in names:
        suffix = os.path.splitext(name)[1]
        if suffix == _CAPTIONS or suffix.lower() in suffixes:
            kind = files.texts if suffix == _CAPTIONS else files.images
            (kind if _shown(folder + name) == folder + name else files.nameless).append(name)
    return files._replace(others=len(names) - sum(map(len, files[:3])))


def _is_loop(folder: str, name: str) -> bool:
    """Tells whether a folder is a link to one that it is in, through which a walk would never end."""
    target = os.path.realpath(os.path.join(folder, name))
    return os.path.commonpath([folder, target]) == target


def _stop(error: OSError) -> NoReturn:
    raise error  # os.walk would leave the folder out


def _shown(name: str) -> str:
    """Returns a name of a file as it can be written down: the same, unless it is no UTF-8."""
    return os.fsencode(name).decode(errors="replace")


def _image_suffixes() -> frozenset[str]:
    """Returns the suffixes of what Pillow reads, each with its dot, in lower case."""
    formats = Image.registered_extensions()  # loads all of Pillow's formats, so it comes before Image.OPEN
    return frozenset(suffix for suffix, name in formats.items() if name in Image.OPEN)
