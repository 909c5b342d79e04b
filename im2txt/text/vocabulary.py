"""The words a model knows, and their ids.

File format, UTF-8: `word<TAB>count` a line; the line number, from 0, is the id. The first four lines are

    <pad>     fills captions to the same length; its count is 0
    <start>   goes in before the first word; counted once a caption
    <end>     comes out after the last word; counted once a caption
    <unk>     stands for every word that is too rare; counted once for each word it replaced

How a word joins the others of a caption is told by its looks, so a vocabulary needs no description beside it:

    ##ing     continues the word before it (WordPiece, https://arxiv.org/abs/1609.08144)
    <0xE3>    is a byte of UTF-8, raw
    dog       any other: a space goes before it

Bytes that make no character, as where a caption was cut inside one, come out as U+FFFD, the replacement character.
"""

import hashlib
import itertools
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from im2txt.errors import UserError
from im2txt.files import write_whole

PAD, START, END, UNK = range(4)
SPECIAL_WORDS = ("<pad>", "<start>", "<end>", "<unk>")
CONTINUES = "##"
BYTE_WORDS = tuple(f"<0x{byte:02X}>" for byte in range(256))

_BYTE_WORD = re.compile("<0x([0-9A-F]{2})>")


@dataclass(frozen=True)
class Vocabulary:
    """Words and how often each occurs in the training captions; a word's place is its id.

    Attributes:
        words: the special words, then all others; as built, from frequent to rare, ties in the order of the
            alphabet. Bytes are in their own order, and words that a vocabulary has grown come after the old ones.
        counts: occurrences of each word.
    """

    words: tuple[str, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.words[:4] != SPECIAL_WORDS or len(self.words) != len(self.counts):
            raise ValueError(
                f"Expected `words` to begin with {SPECIAL_WORDS} and a count for each. "
                f"Received: {self.words[:4]}, {len(self.words)} words and {len(self.counts)} counts."
            )

    @classmethod
    def build(cls, captions: Iterable[Sequence[str]], min_count: int = 5, max_size: int | None = None) -> "Vocabulary":
        """Counts the words of tokenized captions, of the training split only; see `from_counts`."""
        counts: Counter[str] = Counter()
        number = 0
        for tokens in captions:
            counts.update(tokens)
            number += 1
        return cls.from_counts(counts, number, min_count, max_size)

    @classmethod
    def from_counts(
        cls, counts: Counter[str], captions: int, min_count: int, max_size: int | None = None
    ) -> "Vocabulary":
        """Makes a vocabulary of the words that are frequent enough.

        Args:
            counts: occurrences of every word of the training captions.
            captions: number of those captions.
            min_count: words that occur less often become `<unk>`.
            max_size: at most so many words, special ones included; the rarest give way.
        """
        kept = [word for word in frequent_first(counts) if counts[word] >= min_count and word not in SPECIAL_WORDS]
        if max_size is not None:
            kept = kept[: max(0, max_size - len(SPECIAL_WORDS))]
        unknown = counts.total() - sum(counts[word] for word in kept)
        return cls((*SPECIAL_WORDS, *kept), (0, captions, captions, unknown, *(counts[word] for word in kept)))

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Vocabulary":
        """Reads a vocabulary file.

        Raises:
            UserError: the file is missing, or a line of it is no vocabulary line.
        """
        path = Path(path)
        if not path.is_file():
            raise UserError(f"Vocabulary file {path} does not exist. data_prep.build_records writes it.")
        try:
            lines = path.read_bytes().decode().removesuffix("\n").split("\n")
        except UnicodeDecodeError as error:
            raise UserError(f"{path} is not UTF-8 ({error}). Build the records again.") from None
        entries = [_parse_line(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)]
        words, counts = zip(*entries)
        if words[:4] != SPECIAL_WORDS:
            raise UserError(
                f"{path}: the first words are {' '.join(words[:4])}; they must be {' '.join(SPECIAL_WORDS)}. "
                "Build the records again."
            )
        if len(set(words)) < len(words):
            twice, _ = Counter(words).most_common(1)[0]
            raise UserError(f"{path}: the word `{twice}` stands there twice. Build the records again.")
        return cls(words, counts)

    def save(self, path: str | os.PathLike) -> None:
        """Writes the vocabulary file, whole or not at all."""
        write_whole(path, self.content)

    @cached_property
    def content(self) -> bytes:
        """The bytes of the vocabulary file."""
        return "".join(f"{word}\t{count}\n" for word, count in zip(self.words, self.counts)).encode()

    def sha256(self) -> str:
        """Returns the hexadecimal SHA-256 of the vocabulary file: equal digests, equal ids."""
        return hashlib.sha256(self.content).hexdigest()

    def __len__(self) -> int:
        return len(self.words)

    def id(self, word: str) -> int:
        """Returns the id of a word, that of `<unk>` for one that is not known."""
        return self._ids.get(word, UNK)

    def encode(self, words: Iterable[str]) -> list[int]:
        """Returns the ids of words, without `<start>` and `<end>`.

        A word that is not known is spelled in pieces where the vocabulary has them: from its beginning on, always
        the longest piece that fits. Where none fits, or there are no pieces, it is `<unk>`.
        """
        ids: list[int] = []
        for word in words:
            if word not in self._spellings:
                self._spellings[word] = self._spell(word)
            ids += self._spellings[word]
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the caption up to the first `<end>`; `<pad>` and `<start>` are left out."""
        return spelled(self.pieces_of(ids))

    def pieces_of(self, ids: Iterable[int]) -> list[bytes]:
        """Returns what each id up to the first `<end>` contributes to the caption; see `pieces`."""
        until_end = itertools.takewhile(lambda word_id: word_id != END, map(int, ids))
        return [self.pieces[word_id] for word_id in until_end]

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        r"""What each id contributes to the bytes of a caption: b" dog", b"ing", b"\xe3"; see `spelled`."""
        return (b"", b"", b"", *map(_piece, self.words[UNK:]))

    @cached_property
    def in_pieces(self) -> bool:
        """Whether it takes several ids to say some words: there are ids that no space goes before."""
        return not all(piece.startswith(b" ") for piece in self.pieces[UNK:])

    def _spell(self, word: str) -> tuple[int, ...]:
        ids: list[int] = []
        start = 0
        while start < len(word):
            begin = CONTINUES if start else ""
            ends = range(min(len(word), start + self._longest), start, -1)
            fitting = (end for end in ends if begin + word[start:end] in self._ids)
            end = next(fitting, None)
            if end is None:
                return (UNK,)
            ids.append(self._ids[begin + word[start:end]])
            start = end
        return tuple(ids)

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.words))

    @cached_property
    def _spellings(self) -> dict[str, tuple[int, ...]]:
        """The ids of every word met so far; as many as were counted when the vocabulary was built, so no limit."""
        return {word: (word_id,) for word, word_id in self._ids.items()}

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: word_id for word_id, word in enumerate(self.words)}


def frequent_first(counts: Mapping[str, int]) -> list[str]:
    """Returns words from frequent to rare; ties in the order of the alphabet."""
    return sorted(counts, key=lambda word: (-counts[word], word))


def spelled(pieces: Iterable[bytes]) -> str:
    """Returns the caption that pieces make together."""
    return b"".join(pieces).strip().decode(errors="replace")


def _piece(word: str) -> bytes:
    if byte := _BYTE_WORD.fullmatch(word):
        return bytes.fromhex(byte[1])
    return (word.removeprefix(CONTINUES) if word.startswith(CONTINUES) else f" {word}").encode()


def _parse_line(line: str, where: str) -> tuple[str, int]:
    word, tab, count = line.partition("\t")
    if not word or not tab or not count.isdecimal():
        raise UserError(f"{where}: expected `word<TAB>count`, found {line!r}. Build the records again.")
    return word, int(count)
