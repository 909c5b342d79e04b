"""Your own images and captions in a table: captions.tsv, or a CSV file.

The first line names the columns, in any order: `image` (a path, relative to the source folder, or absolute),
`caption`, and, where wanted, `split` (train, val or test) and `image_id` (else the path is the id).

    captions.tsv            a line a caption
    photos/dog.jpg ...      wherever the lines say

One example, as lines of the file and as it is read:

    image<TAB>caption<TAB>split
    photos/dog.jpg<TAB>A dog runs .<TAB>train
    photos/dog.jpg<TAB>The dog is running .<TAB>train

    CaptionedImage(image_id="photos/dog.jpg", split="train",
                   captions=("A dog runs .", "The dog is running ."),
                   image=Path("photos/dog.jpg"),
                   where="captions.tsv:2")

Cells between tabs are taken as they are, quotation marks included. Between other delimiters, `"` quotes a cell that
holds the delimiter or a line feed, and `""` within is one mark (RFC 4180, the way of spreadsheets). Blanks around a
cell go.

The lines of an image stand together, and are read as a stream. Where an image comes again after others, it is a
second image of the same id: the first one stays and the later one is skipped, as everywhere. A table in another order
needs --option=scattered=true, which holds all of it in memory: about 0.5 kB a line.
"""

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from data_prep.datasets.own_splits import Shares
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from data_prep.source_files import first_existing, lines, not_utf8, source_folder
from im2txt.errors import UserError, did_you_mean
from im2txt.notices import notice

DOWNLOAD = """\
Nothing to download: this is your own data. In the source folder, captions.tsv holds a line a caption, with tabs
between the columns that its first line names:
    image<TAB>caption<TAB>split
    photos/dog.jpg<TAB>A dog runs .<TAB>train
`split` may be absent: --option=val=0.05 --option=test=0.05 put shares aside. --option=file=NAME.csv reads CSV."""

COLUMNS = ("image", "caption", "split", "image_id")
_NEEDED = COLUMNS[:2]
_DELIMITERS = ",;|\t"
_RECENT = 1000  # images whose ids are remembered, to notice a table whose lines are scattered


@dataclass(frozen=True)
class Config(Shares):
    """How the table is written.

    Attributes:
        val: share of the images without a split that becomes `val`; 0.05 is every twentieth.
        test: share of them that becomes `test`; the rest is `train`.
        file: the table, in the source folder.
        delimiter: what stands between cells, one character or `tab`; if empty, a comma where the name of the file
            ends in .csv, and else a tab.
        images: the folder in the source folder that paths of images start from.
        ignore: names of other columns that may be there, with commas between.
        scattered: whether lines of one image stand anywhere in the table; it is held in memory then.
    """

    file: str = "captions.tsv"
    delimiter: str = ""
    images: str = ""
    ignore: str = ""
    scattered: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.separator) != 1 or self.separator in '"\r\n':
            raise UserError(f"--option=delimiter={self.delimiter!r}: expected one character, or `tab`.")

    @property
    def separator(self) -> str:
        """The character between cells."""
        if not self.delimiter:
            return "," if self.file.lower().endswith(".csv") else "\t"
        return "\t" if self.delimiter in ("tab", "\\t") else self.delimiter


class _Line(NamedTuple):
    """One caption of the table."""

    where: str
    image: str
    caption: str
    split: str
    image_id: str


def expected(config: Config) -> dict[str, int]:
    """Returns nothing: only the user knows how many images there should be."""
    return {}


def read(source: Path | None, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the images of the table, in its order.

    Raises:
        UserError: the folder or the table is missing, or its first line does not name the columns.
    """
    source = source_folder(source, "tsv", DOWNLOAD)
    table = first_existing(source, (config.file,), "the table of captions", DOWNLOAD)
    groups = _scattered if config.scattered else _together
    for item in groups(_captions(table, config)):
        if isinstance(item, Skipped):
            yield item
        else:
            yield from _examples(item, source / config.images, config)


def _examples(group: list[_Line], folder: Path, config: Config) -> Iterator[CaptionedImage | Skipped]:
    """Yields the image of some lines, and the lines that tell otherwise than the first one."""
    first, captions = group[0], []
    for line in group:
        if (line.image, line.split) != (first.image, first.split):
            reason = f"image {line.image!r:.80}, split {line.split!r:.80} differ from those of {first.where}"
            yield Skipped(line.image_id, line.where, reason)
        else:
            captions.append(line.caption)
    path = folder / first.image
    try:
        split = config.split(first.image_id, first.split)
    except ValueError as fault:
        yield Skipped(first.image_id, first.where, str(fault))
        return
    if os.path.isfile(path):  # Path.is_file raises where a name is too long, as a misplaced caption may be
        yield CaptionedImage(first.image_id, split, tuple(captions), path, where=first.where)
    else:
        yield Skipped(first.image_id, first.where, f"there is no such file: {first.image:.80}")


def _together(items: Iterable[_Line | Skipped]) -> Iterator[list[_Line] | Skipped]:
    """Yields the lines of each image that stand together; tells once where an image comes again."""
    recent: dict[str, str] = {}  # image id -> its first place
    told = False
    group: list[_Line] = []
    for item in items:
        if isinstance(item, Skipped):
            yield item
            continue
        if group and group[0].image_id != item.image_id:
            yield group
            recent[group[0].image_id] = group[0].where
            if len(recent) > _RECENT:
                del recent[next(iter(recent))]
            if item.image_id in recent and not told:
                told = True
                notice(
                    f"{item.where}: {item.image_id} was there before, at {recent[item.image_id]}; only its first "
                    "lines count. Sort the table, or read it with --option=scattered=true"
                )
            group = []
        group.append(item)
    if group:
        yield group


def _scattered(items: Iterable[_Line | Skipped]) -> Iterator[list[_Line] | Skipped]:
    """Yields the lines of each image, wherever they stand, in the order of first lines."""
    groups: dict[str, list[_Line]] = {}
    for item in items:
        if isinstance(item, Skipped):
            yield item
        else:
            groups.setdefault(item.image_id, []).append(item)
    yield from groups.values()


def _captions(table: Path, config: Config) -> Iterator[_Line | Skipped]:
    """Yields the lines of the table below the first."""
    rows = _rows(table, config.separator)
    number, header = next(rows, (0, []))
    if not header:
        raise UserError(f"{table} is empty.\n{DOWNLOAD}")
    columns = _columns(header, f"{table}:{number}", config)
    for number, cells in rows:
        where = f"{table.name}:{number}"
        if len(cells) != len(columns):
            yield Skipped("", where, f"expected {len(columns)} cells, found {len(cells)}: {cells!r:.80}")
            continue
        fields = {name: cell.strip() for name, cell in zip(columns, cells)}
        name = fields.get("image_id", fields["image"])
        empty = [column for column in (*_NEEDED, "image_id") if not fields.get(column, name)]
        if empty:
            yield Skipped(name or fields["image"], where, f"`{empty[0]}` is empty")
        else:
            yield _Line(where, fields["image"], fields["caption"], fields.get("split", ""), name)


def _columns(header: list[str], where: str, config: Config) -> list[str]:
    """Returns the names of the columns, once they are what they must be."""
    names = [cell.strip().lower() for cell in header]
    ignored = {name.strip().lower() for name in config.ignore.split(",")}
    other = next((each for each in _DELIMITERS if each in header[0]), None)
    if len(names) == 1 and other:
        option = "tab" if other == "\t" else other
        raise UserError(
            f"{where}: the first line names the columns, and {names[0]!r:.80} is one cell where {config.separator!r} "
            f"stands between cells. Is it {other!r} here? --option=delimiter='{option}'"
        )
    for name in ignored.intersection(COLUMNS):
        raise UserError(f"--option=ignore={config.ignore}: `{name}` is a column that is read. Rename it in the table.")
    for name in names:
        if name not in COLUMNS and name not in ignored:
            raise UserError(
                f"{where}: the first line names the columns, with {config.separator!r} between them, and {name!r:.80} "
                f"is none. {did_you_mean(name, COLUMNS)} Rename it, or have it ignored: --option=ignore=NAME."
            )
        if names.count(name) > 1 and name not in ignored:
            raise UserError(f"{where}: there are {names.count(name)} columns `{name}`. Rename all but one.")
    for name in _NEEDED:
        if name not in names:
            raise UserError(f"{where}: there is no column `{name}`, only {', '.join(names)}.")
    return names


def _rows(table: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yields (number of its first line, cells) of every row that is not blank."""
    if separator == "\t":
        yield from ((number, line.split("\t")) for number, line in lines(table))
        return
    start = 1
    try:
        with open(table, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=separator, strict=True)
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield start, cells
                start = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{table}:{start}: the quotation marks of this row do not match ({error}).") from None
    except UnicodeDecodeError as error:
        raise not_utf8(table, error) from None
