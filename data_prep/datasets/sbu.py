"""SBU Captioned Photo Dataset: 1,000,000 photos of Flickr with what their owners wrote (Ordonez et al., 2011).

    SBU_captioned_photo_dataset_urls.txt        a line an address
    SBU_captioned_photo_dataset_captions.txt    a line a caption; line n belongs to address n
    images/4385058960_b0f291553e.jpg            what was downloaded: a file is named like the last part of its address

One example, as lines of the files and as it is read:

    http://static.flickr.com/2723/4385058960_b0f291553e.jpg
    A wooden chair in the living room

    CaptionedImage(image_id="4385058960_b0f291553e.jpg", split="train",
                   captions=("A wooden chair in the living room",),
                   image=Path("images/4385058960_b0f291553e.jpg"),
                   where="SBU_captioned_photo_dataset_urls.txt:1")

Photos vanish from Flickr: about a quarter is gone. They are counted and told, but are no faults. Gone is a photo
whose file is absent or empty, and one in whose place Flickr sent its picture `photo unavailable`, a PNG (once a GIF).
No photo is mistaken for that: the addresses end in .jpg, and under these Flickr sends photos as JPEG only.

There are no official splits; Show and Tell (Vinyals et al., 2015) held out 1,000 photos. Here the `test`
names with the smallest hashes are the split `test`, the `val` ones with the largest the split `val`. The list decides,
not the folder of photos: no photo changes its split when more are found, and of 1,000 held-out ones about 750 are left.
"""

import collections
import hashlib
import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import first_existing, lines, source_folder
from im2txt.errors import UserError
from im2txt.notices import notice

DOWNLOAD = """\
SBU Captioned Photo Dataset: https://www.cs.rice.edu/~vo9/sbucaptions/SBUCaptionedPhotoDataset.tar.gz unpacks to
dataset/, which is --source. It holds addresses and captions; fetch the photos that are left (about 100 GB):
    cd dataset
    xargs -P 16 -n 100 wget -q -nc -t 2 -T 20 -P images < SBU_captioned_photo_dataset_urls.txt
    SBU_captioned_photo_dataset_urls.txt  SBU_captioned_photo_dataset_captions.txt  images/*.jpg
The photos belong to users of Flickr, under licences of all kinds."""

URLS = "SBU_captioned_photo_dataset_urls.txt"
CAPTIONS = "SBU_captioned_photo_dataset_captions.txt"
IMAGES = "images"

_PLACEHOLDERS = (b"\x89PNG", b"GIF8")  # the first bytes of these formats
_HASHES = 2**64


@dataclass(frozen=True)
class Config:
    """Options of the dataset.

    Attributes:
        val: addresses put aside for the split `val`, whether or not their photos are still there.
        test: the same for the split `test`.
    """

    val: int = 1000
    test: int = 1000


class _Bounds(NamedTuple):
    """Hashes up to `test` are the split `test`, those from `val` on the split `val`."""

    test: int
    val: int

    def split(self, name: str) -> str:
        number = _hash(name)
        return "test" if number <= self.test else "val" if number >= self.val else "train"


def expected(config: Config) -> dict[str, int]:
    """Returns nothing: how many photos are left changes from day to day."""
    return {}


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the photos that are there, in the order of the list; at the end, tells how many are gone.

    Raises:
        UserError: a file or folder is missing, the two files do not belong together, no photo is there, or an option
            makes no sense.
    """
    source = source_folder(source, "sbu", DOWNLOAD)
    urls = first_existing(source, (URLS,), "the list of addresses", DOWNLOAD)
    captions = first_existing(source, (CAPTIONS,), "the file of captions", DOWNLOAD)
    images = first_existing(source, (IMAGES,), "the folder of photos", DOWNLOAD)
    total = _check_lengths(urls, captions)
    gone: collections.Counter[str] = collections.Counter()
    yield from _photos(urls, captions, images, _bounds(urls, total, config), gone)
    if gone.total() == total:
        raise UserError(f"{images}: none of the {total:,} photos is there.\n{DOWNLOAD}")
    if gone:
        counts = ", ".join(f"{count:,} {state}" for state, count in sorted(gone.items()))
        notice(f"left out: {gone.total():,} of {total:,} photos, which are gone ({counts})")


def _photos(
    urls: Path, captions: Path, images: Path, bounds: _Bounds, gone: collections.Counter[str]
) -> Iterator[CaptionedImage | Skipped]:
    for number, url, caption in _pairs(urls, captions):
        where = f"{URLS}:{number}"
        folder, _, name = url.rpartition("/")
        if not (folder and name):
            yield Skipped(name, where, f"expected an address such as http://static.flickr.com/1/2_3.jpg, found {url!r}")
        elif state := _missing(images / name):
            gone[state] += 1
        elif not caption:
            yield Skipped(name, where, f"{CAPTIONS}:{number} is blank")
        else:
            yield CaptionedImage(name, bounds.split(name), (caption,), images / name, where=where)


def _pairs(urls: Path, captions: Path) -> Iterator[tuple[int, str, str]]:
    """Yields (line number, address, caption); one of the two is empty where only its line is blank."""
    merged = heapq.merge(_labelled(urls, "url"), _labelled(captions, "caption"))
    for number, group in itertools.groupby(merged, key=itemgetter(0)):
        found = {label: line for _, label, line in group}
        yield number, found.get("url", ""), found.get("caption", "")


def _labelled(path: Path, label: str) -> Iterator[tuple[int, str, str]]:
    return ((number, label, line.strip()) for number, line in lines(path))


def _missing(path: Path) -> str:
    """Says why there is no photo; nothing where there is one, readable or not."""
    try:
        with open(path, "rb") as file:
            start = file.read(4)
    except OSError:
        return "" if path.is_file() else f"not in {IMAGES}/"
    if not start:
        return "empty files"
    return "`photo unavailable`" if start in _PLACEHOLDERS else ""


def _check_lengths(urls: Path, captions: Path) -> int:
    """Returns the number of lines of both files."""
    first, second = (max((number for number, _ in lines(path)), default=0) for path in (urls, captions))
    if first != second or not first:
        raise UserError(
            f"{urls} has {first:,} lines and {CAPTIONS} {second:,}: expected as many captions as addresses, at least "
            f"one. Unpack both files again.\n{DOWNLOAD}"
        )
    return first


def _bounds(urls: Path, total: int, config: Config) -> _Bounds:
    if min(config.val, config.test) < 0 or config.val + config.test > total:
        raise UserError(f"Options val={config.val}, test={config.test}: there are {total:,} photos to take them from.")
    lowest = heapq.nsmallest(config.test, _hashes(urls))
    highest = heapq.nlargest(config.val, _hashes(urls))
    return _Bounds(lowest[-1] if lowest else -1, highest[-1] if highest else _HASHES)


def _hashes(urls: Path) -> Iterator[int]:
    return (_hash(line.strip().rpartition("/")[2]) for _, line in lines(urls))


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
