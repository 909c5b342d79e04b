"""Reads word vectors that were trained elsewhere: GloVe's text files, and word2vec's text and binary ones.

    the 0.418 0.24968 -0.41242 ...          GloVe (Pennington et al. 2014): a word a line
    3000000 300                             word2vec (Mikolov et al. 2013): the same behind a line with both sizes;
                                            binary: word, space, float32s little-endian, often a line feed

The kind is told from the file itself. Files are streamed: what is not in the vocabulary is never kept. Vocabularies are
in lower case; a word that is not there as such is looked for capitalised, as word2vec's news vectors have names.

Vectors are yielded as they are in the file; a decoder that scales its words makes up for it in `Decoder.set_words`.
"""

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from im2txt.errors import UserError
from im2txt.text.vocabulary import SPECIAL_WORDS, Vocabulary

_LONGEST_WORD = 1000  # bytes; more of them without a space means that this is no such file


@dataclass
class WordVectorsConfig:
    """Where the vectors of words begin.

    Attributes:
        path: a file of GloVe or word2vec; empty for random ones.
        frozen_epochs: the words' vectors do not change for so many epochs.
    """

    path: str = ""
    frozen_epochs: float = 0.0


class WordVectors(NamedTuple):
    """Vectors of a vocabulary.

    Attributes:
        vectors: float32 [vocab, depth]; words that were not found have random ones of the same mean and deviation.
        found: bool [vocab].
        token_share: how much of the training captions the found words are, 0 to 1.
    """

    vectors: np.ndarray
    found: np.ndarray
    token_share: float


def read_word_vectors(path: str | Path, vocabulary: Vocabulary, depth: int, seed: int = 0) -> WordVectors:
    """Reads the vectors of a vocabulary's words.

    Args:
        path: a text or binary file, or one of these gzipped.
        vocabulary: words in any order; special ones are never looked for.
        depth: what the vectors must have.
        seed: of the vectors of words that are not there.

    Raises:
        UserError: no such file, no vectors in it, others than `depth` wide, or none of the words.
    """
    wanted = {word: place for place, word in enumerate(vocabulary.words) if word not in SPECIAL_WORDS}
    exact: dict[int, np.ndarray] = {}
    capitalised: dict[int, np.ndarray] = {}
    for word, vector in _read(Path(path), depth):
        if word in wanted:
            exact.setdefault(wanted[word], vector)
        elif word.lower() in wanted:
            capitalised.setdefault(wanted[word.lower()], vector)
    places = capitalised | exact
    if not places:
        raise UserError(f"{path} has vectors for none of the {len(wanted):,} words. Give vectors of the same language.")
    known = np.stack(list(places.values()))
    vectors = np.random.default_rng(seed).normal(known.mean(), known.std(), (len(vocabulary), depth)).astype(np.float32)
    vectors[list(places)] = known
    found = np.zeros(len(vocabulary), bool)
    found[list(places)] = True
    counts = np.array(vocabulary.counts, np.float64)
    counts[: len(SPECIAL_WORDS)] = 0
    return WordVectors(vectors, found, float(counts[found].sum() / max(counts.sum(), 1)))


def _read(path: Path, depth: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yields the words of a file and their vectors, float32 [depth]."""
    try:
        with _open(path) as file:
            first = file.readline()
            header = _header(first)
            if header is None:
                file.seek(0)
                yield from _read_text(file, path, depth)
                return
            words, width = header
            _check_depth(path, width, depth)
            start = file.tell()
            binary = _is_binary(file.readline(), width)
            file.seek(start)
            yield from _read_binary(file, path, words, width) if binary else _read_text(file, path, depth, 2)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}. Give a file of GloVe or word2vec vectors.") from None


def _open(path: Path) -> BinaryIO:
    return io.BufferedReader(gzip.open(path)) if path.suffix == ".gz" else open(path, "rb")


def _header(line: bytes) -> tuple[int, int] | None:
    """Returns the number of words and their depth, if this is word2vec's first line."""
    fields = line.split()
    return (int(fields[0]), int(fields[1])) if len(fields) == 2 and all(map(bytes.isdigit, fields)) else None


def _is_binary(line: bytes, depth: int) -> bool:
    return len(_numbers(line.split()[-depth:])) != depth


def _numbers(fields: Sequence[bytes]) -> list[float]:
    try:
        return list(map(float, fields))
    except ValueError:
        return []


def _read_text(file: BinaryIO, path: Path, depth: int, first: int = 1) -> Iterator[tuple[str, np.ndarray]]:
    for number, line in enumerate(file, start=first):
        word, *fields = line.rstrip().split(b" ")
        if number == first and _numbers(fields):
            _check_depth(path, len(fields), depth)
        if len(fields) > depth:  # some words of GloVe have spaces in them
            word, fields = b" ".join([word, *fields[:-depth]]), fields[-depth:]
        values = _numbers(fields)
        if not values:
            raise UserError(f"{path}, line {number} is no word with its vector: {line[:60]!r}.")
        _check_depth(path, len(values), depth)
        yield word.decode("utf-8", "replace"), np.array(values, np.float32)


def _read_binary(file: BinaryIO, path: Path, words: int, depth: int) -> Iterator[tuple[str, np.ndarray]]:
    for number in range(words):
        word = bytearray()
        while (byte := file.read(1)) != b" ":
            if not byte or len(word) > _LONGEST_WORD:
                raise UserError(f"{path} is cut off or damaged: word {number + 1:,} of {words:,} cannot be read.")
            word += byte
        content = file.read(4 * depth)
        if len(content) < 4 * depth:
            raise UserError(f"{path} is cut off: it ends within word {number + 1:,} of {words:,}.")
        yield bytes(word).lstrip(b"\n").decode("utf-8", "replace"), np.frombuffer(content, "<f4")


def _check_depth(path: Path, found: int, depth: int) -> None:
    if found != depth:
        raise UserError(
            f"{path} has vectors of {found} numbers. Set the width of the decoder's words to {found}, decoder.units of "
            f"a Transformer and decoder.embedding of others; it is {depth}."
        )
