"""Photos for people to rate: those of records or of a folder that have captions, drawn by a seed.

A file of a folder belongs to the image whose id is its path in the folder, its name, its name without the suffix, or,
as in COCO's `COCO_val2014_000000391895.jpg`, the number at the end of its name.
"""

import hashlib
import heapq
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from im2txt.errors import UserError
from im2txt.metrics.coco_format import list_ids

SUFFIXES = (".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")


def is_records(folder: str | os.PathLike) -> bool:
    """Tells a records folder from one of image files."""
    return (Path(folder) / "manifest.json").is_file()


def draw_photos(
    folder: str | os.PathLike, split: str, wanted: Collection[str], count: int, seed: int
) -> list[tuple[str, bytes]]:
    """Returns (image id, encoded image) of at most `count` of the `wanted` images that are there, in random order.

    Whether an image is drawn depends on its id and the seed, and on how many others come before it; not on the order
    of the records or files. No more than `count` photos are in memory.

    Raises:
        UserError: the folder, its split or the wanted images are not to be had.
    """
    photos = _of_records(folder, split) if is_records(folder) else _of_folder(folder, wanted)
    there = ((image, content) for image, content in photos if image in wanted)
    drawn = heapq.nsmallest(count, there, key=lambda photo: _rank(photo[0], seed))
    if not drawn:
        where = f"split `{split}` of {folder}" if is_records(folder) else f"{folder}"
        raise UserError(
            f"{where} has none of the {len(wanted)} captioned images ({list_ids(sorted(wanted))}). Give the images "
            "that the predictions were made of."
        )
    return [(image, content.read_bytes() if isinstance(content, Path) else content) for image, content in drawn]


def _rank(image_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{image_id}".encode()).digest()


def _of_records(folder: str | os.PathLike, split: str) -> Iterator[tuple[str, bytes]]:
    from im2txt.data.records import read_image_records

    return ((record.image_id, record.image_bytes) for record in read_image_records(folder, split))


def _of_folder(folder: str | os.PathLike, wanted: Collection[str]) -> Iterator[tuple[str, Path]]:
    if not Path(folder).is_dir():
        raise UserError(f"--images={folder}: there is no such folder. Give a folder of records or of image files.")
    found: dict[str, Path] = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        image = next((name for name in _names(path.relative_to(folder)) if name in wanted), None)
        if image in found:
            raise UserError(
                f"{folder}: {found[image].relative_to(folder)} and {path.relative_to(folder)} may both be image "
                f"{image}. Keep one of them."
            )
        if image is not None:
            found[image] = path
    yield from found.items()


def _names(path: Path) -> tuple[str, ...]:
    """Returns the ids that a file may have, the most certain first."""
    number = re.search(r"\d+$", path.stem)
    return (path.as_posix(), path.name, path.stem, *((str(int(number[0])),) if number else ()))
