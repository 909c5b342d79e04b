"""The plan of a build: all that happens to a dataset before its images are touched, kept on disk.

The source is read once, tokenized, and laid into an SQLite file, so that memory does not grow with the dataset and a
build that was stopped finds its work list again. A plan is immutable once it lies under its name.

An image id stands for one record. Where an id comes again, the first one stays, and held-out splits go before
`train`: what is evaluated on is not trained on.
"""

import array
import dataclasses
import hashlib
import itertools
import json
import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.data.records import shard_name
from im2txt.errors import UserError
from im2txt.text.tokenizer import Tokenizer

PLAN = "plan.sqlite"

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE images (position INTEGER PRIMARY KEY, split TEXT, image_id TEXT, example BLOB, tokens TEXT);
CREATE TABLE skipped (position INTEGER PRIMARY KEY, image_id TEXT, place TEXT, reason TEXT);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT);
"""
_INDICES = """
CREATE INDEX by_id ON images (image_id, split = 'train', position);
CREATE INDEX by_split ON images (split, position);
"""
# Every later image of an id, with the first one; the blobs are fetched for these few alone.
_DUPLICATES = """
SELECT later.position, first.position FROM
  (SELECT position, image_id, row_number() OVER same AS number, first_value(position) OVER same AS first
   FROM images WINDOW same AS (PARTITION BY image_id ORDER BY split = 'train', position)) AS later
  JOIN images AS first ON first.position = later.first
WHERE number > 1 ORDER BY later.position
"""


class PlannedImage(NamedTuple):
    """An example that becomes a record: every caption has words.

    Attributes:
        example: what the reader found, without captions that have no words.
        tokens: the words of each caption.
        phrase_tokens: the words of the phrase of each region.
    """

    example: CaptionedImage
    tokens: tuple[tuple[str, ...], ...]
    phrase_tokens: tuple[tuple[str, ...], ...] = ()


class PlannedShard(NamedTuple):
    """One shard to be: the images of `split` whose positions lie in [first, stop).

    Attributes:
        name: of its file.
        split: of its images.
        first: position of its first image.
        stop: position of the first image after it.
        images: number of images; those that turn out broken are left out, so it may get fewer records.
    """

    name: str
    split: str
    first: int
    stop: int
    images: int


class SourceDigest:
    """A digest of all that a reader yields but the pixels, taken while it passes by."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def watch(self, items: Iterable[CaptionedImage | Skipped]) -> Iterator[CaptionedImage | Skipped]:
        """Passes the items on."""
        for item in items:
            self._digest.update(json.dumps(_fingerprint(item), sort_keys=True).encode())
            yield item

    def sha256(self) -> str:
        """Returns the hexadecimal digest of what has passed so far."""
        return self._digest.hexdigest()


class Plan:
    """An SQLite file of planned images. Writable, it is to be filled; it is never changed afterwards."""

    def __init__(self, path: Path, writable: bool = False) -> None:
        mode = "rwc" if writable else "ro&immutable=1"
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    @property
    def facts(self) -> dict:
        """What was written down beside the images: JSON values by name."""
        return {name: json.loads(value) for name, value in self._connection.execute("SELECT name, value FROM facts")}

    @property
    def found(self) -> int:
        """Number of images that the source names, skipped ones included."""
        query = "SELECT count(*) FROM (SELECT image_id FROM images UNION SELECT image_id FROM skipped)"
        return self._connection.execute(query).fetchone()[0]

    def skipped(self) -> list[Skipped]:
        """Returns what had to be left out of the plan."""
        query = "SELECT image_id, place, reason FROM skipped ORDER BY position"
        return list(itertools.starmap(Skipped, self._connection.execute(query)))

    def splits(self) -> dict[str, int]:
        """Returns the number of images of each split; held-out splits in the order of the source, `train` last."""
        query = "SELECT split, count(*) FROM images GROUP BY split ORDER BY split = 'train', min(position)"
        return dict(self._connection.execute(query))

    def images(self, shard: PlannedShard) -> Iterator[PlannedImage]:
        """Yields the images of a shard, in the order of the source."""
        query = (
            "SELECT example, tokens FROM images WHERE split = ? AND position >= ? AND position < ? ORDER BY position"
        )
        for example, tokens in self._connection.execute(query, (shard.split, shard.first, shard.stop)):
            captions, phrases = json.loads(tokens)
            yield PlannedImage(pickle.loads(example), tuple(map(tuple, captions)), tuple(map(tuple, phrases)))

    def tokens(self, split: str) -> Iterator[list[str]]:
        """Yields the words of every caption of a split; where it has none, of every phrase of its regions."""
        query = "SELECT tokens FROM images WHERE split = ? ORDER BY position"
        for (tokens,) in self._connection.execute(query, (split,)):
            captions, phrases = json.loads(tokens)
            yield from captions or phrases

    def shards(self, split: str, images_per_shard: int) -> list[PlannedShard]:
        """Returns the shards of a split."""
        query = "SELECT position FROM images WHERE split = ? ORDER BY position"
        positions = array.array("q", (position for (position,) in self._connection.execute(query, (split,))))
        bounds = [*range(0, len(positions), images_per_shard), len(positions)]
        shards = []
        for number, (first, stop) in enumerate(itertools.pairwise(bounds)):
            name = shard_name(split, number, len(bounds) - 1)
            shards.append(PlannedShard(name, split, positions[first], positions[stop - 1] + 1, stop - first))
        return shards

    def fill(self, items: Iterable[CaptionedImage | Skipped], tokenizer: Tokenizer) -> None:
        """Lays what a reader yields into an empty plan: tokenized, without duplicates and empty captions."""
        try:
            self._connection.executescript(_SCHEMA)
            for position, item in enumerate(items):
                if isinstance(item, Skipped):
                    self._skip(item)
                else:
                    self._add(position, item, tokenizer)
            self._connection.executescript(_INDICES)
            for later, first in self._connection.execute(_DUPLICATES).fetchall():
                self._drop(self._example(later), later, self._example(first))
        except sqlite3.OperationalError as error:
            raise UserError(f"The plan of the build cannot be written: {error}. Is the disk full?") from None

    def note(self, facts: dict) -> None:
        """Writes facts down, JSON values by name."""
        rows = [(name, json.dumps(value)) for name, value in facts.items()]
        self._connection.executemany("INSERT INTO facts VALUES (?, ?)", rows)
        self._connection.commit()

    def _add(self, position: int, example: CaptionedImage, tokenizer: Tokenizer) -> None:
        captions, tokens = [], []
        for caption in example.captions:
            words = tokenizer.tokenize(caption)
            if words:
                captions.append(caption)
                tokens.append(words)
            else:
                self._skip(Skipped(example.image_id, example.where, f"the caption {caption!r} has no words"))
        regions, phrases = [], []
        for region in example.regions:
            words = tokenizer.tokenize(region.phrase)
            if words:
                regions.append(region)
                phrases.append(words)
            else:
                self._skip(Skipped(example.image_id, example.where, f"the phrase {region.phrase!r} has no words"))
        if not (tokens or phrases):
            self._skip(Skipped(example.image_id, example.where, "it has no caption with words"))
            return
        blob = pickle.dumps(dataclasses.replace(example, captions=tuple(captions), regions=tuple(regions)))
        row = (position, example.split, example.image_id, blob, json.dumps([tokens, phrases]))
        self._connection.execute("INSERT INTO images VALUES (?, ?, ?, ?, ?)", row)

    def _drop(self, later: CaptionedImage, position: int, first: CaptionedImage) -> None:
        reason = f"{later.image_id} is already in split {first.split} ({first.where})"
        self._skip(Skipped(later.image_id, later.where, reason))
        self._connection.execute("DELETE FROM images WHERE position = ?", (position,))

    def _skip(self, item: Skipped) -> None:
        self._connection.execute("INSERT INTO skipped (image_id, place, reason) VALUES (?, ?, ?)", item)

    def _example(self, position: int) -> CaptionedImage:
        query = "SELECT example FROM images WHERE position = ?"
        return pickle.loads(self._connection.execute(query, (position,)).fetchone()[0])


def _fingerprint(item: CaptionedImage | Skipped) -> list:
    if isinstance(item, Skipped):
        return list(item)
    image = item.image.stat().st_size if isinstance(item.image, Path) else None
    if isinstance(item.image, bytes):
        image = hashlib.sha256(item.image).hexdigest()
    return [item.split, item.image_id, item.captions, item.regions, item.metadata, image]
