"""The words a model knows, and their ids.

File format, UTF-8: `word<TAB>count` a line; the line number, from 0, is the id. The first four lines are

    <pad>     fills captions to the same length; its count is 0
    <start>   goes in before the first word; counted once a caption
    <end>     comes out after the last word; counted once a caption
    <unk>     stands for every word that is too rare; counted once for each word it replaced
"""

import hashlib
import itertools
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from im2txt.errors import UserError
from im2txt.files import write_whole

PAD, START, END, UNK = range(4)
SPECIAL_WORDS = ("<pad>", "<start>", "<end>", "<unk>")


@dataclass(frozen=True)
class Vocabulary:
    """Words and how often each occurs in the training captions; a word's place is its id.

    Attributes:
        words: the special words, then all others from frequent to rare; ties in the order of the alphabet.
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
        """Counts the words of tokenized captions, of the training split only.

        Args:
            captions: the tokens of each caption.
            min_count: words that occur less often become `<unk>`.
            max_size: at most so many words, special ones included; the rarest give way.
        """
        occurrences = Counter()
        number = 0
        for tokens in captions:
            occurrences.update(tokens)
            number += 1
        kept = [
            (word, count)
            for word, count in sorted(occurrences.items(), key=lambda item: (-item[1], item[0]))
            if count >= min_count and word not in SPECIAL_WORDS
        ]
        if max_size is not None:
            kept = kept[: max(0, max_size - len(SPECIAL_WORDS))]
        words, counts = zip(*kept) if kept else ((), ())
        unknown = occurrences.total() - sum(counts)
        return cls((*SPECIAL_WORDS, *words), (0, number, number, unknown, *counts))

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

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Returns the ids of the tokens, without `<start>` and `<end>`."""
        return [self.id(token) for token in tokens]

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the words up to the first `<end>`, joined by spaces; `<pad>` and `<start>` are left out."""
        until_end = itertools.takewhile(lambda word_id: word_id != END, map(int, ids))
        return " ".join(self.words[word_id] for word_id in until_end if word_id not in (PAD, START))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: word_id for word_id, word in enumerate(self.words)}


def _parse_line(line: str, where: str) -> tuple[str, int]:
    word, tab, count = line.partition("\t")
    if not word or not tab or not count.isdecimal():
        raise UserError(f"{where}: expected `word<TAB>count`, found {line!r}. Build the records again.")
    return word, int(count)
