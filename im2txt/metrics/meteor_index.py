r"""The index that METEOR looks words and phrases up in: one SQLite file, built from the files of `pycocoevalcap`.

| table | key | value |
|---|---|---|
| lists | `function`, `prefixes`, `number_prefixes`, `longest` | words; `longest` is the words of the longest phrase |
| synsets | word | WordNet synset ids |
| bases | inflected word | its base forms |
| signs | word of a phrase | one character |
| paraphrases | phrase, in signs | its paraphrases, in signs, in the order of the table |

Items of a value are separated by a line feed. A sign is one character, so that a phrase is a short string and a part
of a caption in signs is a phrase. The beginning of a phrase is a key too (with an empty value where it is no phrase
itself): who reads a caption word by word may stop where there is no key.

The sources: `synonym/english.synsets` (a line with a word, then one with its ids), `synonym/english.exceptions` (a
base form, then its inflected forms), `function/english.words`, `nonbreaking/english.prefixes` (`No #NUMERIC_ONLY#`)
in the jar, and the paraphrase table in gzip (a line each for the probability, a phrase and its paraphrase).
"""

import gzip
import itertools
import os
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

FORMAT = 1  # counts up when the content of the index changes
_FIRST_SIGN, _SURROGATES, _SURROGATES_END = 32, 0xD800, 0xE000
_TABLES = ("lists", "synsets", "bases", "signs", "paraphrases")


def build_index(jar: Path, paraphrases: Path, path: Path) -> None:
    """Writes the index under a temporary name beside its place, then renames it: it is whole or it is absent.

    Raises:
        OSError, ValueError, EOFError, zlib.error, KeyError, zipfile.BadZipFile, sqlite3.Error: a source is damaged, or
            the index cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part-{os.getpid()}")
    part.unlink(missing_ok=True)
    try:
        connection = sqlite3.connect(part, isolation_level=None)
        try:
            _fill(connection, jar, paraphrases)
        finally:
            connection.close()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _fill(connection: sqlite3.Connection, jar: Path, paraphrases: Path) -> None:
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    for table in _TABLES:
        connection.execute(f"CREATE TABLE {table} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    signs: dict[str, str] = {}
    _insert(connection, "paraphrases", _paraphrases(paraphrases, signs))
    longest = _insert_beginnings(connection)
    _insert(connection, "signs", signs.items())
    with zipfile.ZipFile(jar) as archive:
        _insert(connection, "synsets", _pairs(archive, "synonym/english.synsets"))
        _insert(connection, "bases", _bases(archive))
        _insert(connection, "lists", _lists(archive, longest))
    connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[tuple[str, str]]) -> None:
    """Inserts rows; the values of a key that comes again are put one after the other."""
    again = "ON CONFLICT (key) DO UPDATE SET value = value || char(10) || excluded.value"
    connection.executemany(f"INSERT INTO {table} VALUES (?, ?) {again}", rows)


def _insert_beginnings(connection: sqlite3.Connection) -> int:
    """Makes the beginnings of phrases keys; returns the length in words of the longest phrase."""
    phrases = [key for (key,) in connection.execute("SELECT key FROM paraphrases")]
    beginnings = {phrase[:end] for phrase in phrases for end in range(1, len(phrase))}
    connection.executemany("INSERT OR IGNORE INTO paraphrases VALUES (?, '')", zip(sorted(beginnings)))
    return max(map(len, phrases), default=0)


def _paraphrases(path: Path, signs: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yields each phrase with its paraphrases; new words get a sign."""
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        lines = (line.rstrip("\n") for line in file)
        rows = zip(lines, lines, lines, strict=True)
        for phrase, group in itertools.groupby(rows, key=lambda row: row[1]):
            yield _in_signs(phrase, signs), "\n".join(_in_signs(row[2], signs) for row in group)


def _in_signs(phrase: str, signs: dict[str, str]) -> str:
    words = phrase.split()
    try:
        return "".join([signs[word] for word in words])
    except KeyError:
        return "".join([signs.setdefault(word, _sign(len(signs))) for word in words])


def _sign(number: int) -> str:
    code = number + _FIRST_SIGN
    return chr(code if code < _SURROGATES else code + _SURROGATES_END - _SURROGATES)


def _lines(archive: zipfile.ZipFile, name: str) -> list[str]:
    return archive.read(name).decode("utf-8").removesuffix("\n").split("\n")


def _pairs(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, str]]:
    """Yields the pairs of a file in which every second line belongs to the one before, with line feeds for spaces."""
    lines = iter(_lines(archive, name))
    return ((key, "\n".join(values.split())) for key, values in zip(lines, lines, strict=True))


def _bases(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    for base, forms in _pairs(archive, "synonym/english.exceptions"):
        yield from ((form, base) for form in forms.split("\n") if form)


def _lists(archive: zipfile.ZipFile, longest: int) -> Iterator[tuple[str, str]]:
    entries = [
        line.split() for line in _lines(archive, "nonbreaking/english.prefixes") if line.strip() and line[0] != "#"
    ]
    yield "prefixes", "\n".join(entry[0] for entry in entries if len(entry) == 1)
    yield "number_prefixes", "\n".join(entry[0] for entry in entries if entry[1:2] == ["#NUMERIC_ONLY#"])
    yield "function", "\n".join(word.strip() for word in _lines(archive, "function/english.words"))
    yield "longest", str(longest)
