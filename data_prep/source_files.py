"""What the readers of raw datasets share: folders, lists and JSON files, with errors that name the place.

JSON is read as a stream (ijson), so that an annotation file of several gigabytes takes no more memory than one item.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ijson

from im2txt.errors import UserError


def source_folder(source: Path | None, dataset: str, download: str) -> Path:
    """Returns the folder of a raw dataset; `download` says how to come by it.

    Raises:
        UserError: it was not given, or is no folder.
    """
    if source is None:
        raise UserError(f"--dataset={dataset} needs --source=DIR, the folder of the raw dataset.\n{download}")
    if not source.is_dir():
        raise UserError(f"--source={source}: there is no such folder.\n{download}")
    return source


def first_existing(source: Path, names: Sequence[str], what: str, download: str) -> Path:
    """Returns the first of `names`, files or folders in `source`, that is there.

    Raises:
        UserError: none of them is there.
    """
    for name in names:
        if (source / name).exists():
            return source / name
    known = ", ".join(names)
    raise UserError(f"--source={source}: {what} is not there (one of: {known}).\n{download}")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yields (line number, line) of every line that is not blank, without its end.

    A line ends at a line feed alone, a carriage return before it included; U+2028 and the like are text.

    Raises:
        UserError: the file is not UTF-8.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from None


def not_utf8(path: Path, error: UnicodeDecodeError) -> UserError:
    """Returns the error of a text file in another encoding."""
    return UserError(
        f"{path} is not UTF-8 ({error}). Convert it first: iconv -f ENCODING -t UTF-8, where ENCODING is LATIN1, "
        "UTF-16 or whatever it was written in."
    )


def json_items(path: Path, prefix: str) -> Iterator[Any]:
    """Yields the items of an array of a JSON file one by one: `images.item` of {"images": [...]}, `item` of [...].

    Raises:
        UserError: the file is no JSON, or is cut off.
    """
    try:
        with open(path, "rb") as file:
            file.seek(len(BOM_UTF8) if file.read(len(BOM_UTF8)) == BOM_UTF8 else 0)
            yield from ijson.items(file, prefix, use_float=True)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no whole JSON file ({error}). Mend it, or download or unpack it again.") from None
