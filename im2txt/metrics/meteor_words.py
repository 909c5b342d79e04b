r"""The words of a caption as METEOR 1.5 sees them with `-norm`: normalised, in lower case, split at spaces.

The rules are those of the official program, found by experiment, quirks included. They run once over the caption in
the order of `words_of`, and a rule does not look again at what it has consumed (`a-b-c-d` becomes `a b-c d`).

    the dog 's ball is n't well-known  ->  the dog ' s ball is n 't well known
    and/or 1,000 U.S. p.m.             ->  and / or 1,000 us pm
"""

import re
from typing import NamedTuple

_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0400-\u0527\u1d00-\u1d7f\ua640-\ua66e\ua67e-\ua697"
_CONTROLS = "".join(map(chr, range(33)))
_SPACES = str.maketrans("\t\f", "  ")
_WIDE_SPACES = frozenset(f"\u00a0\u202f\u205f\u3000{''.join(map(chr, range(0x2000, 0x200B)))}")  # words until the end
_QUOTES = str.maketrans({"`": "'", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-"})

_PLAIN = re.compile("[a-z ]*")
_HAS_LETTER = re.compile(f"[{_LETTER}]")
_SYMBOLS = re.compile(f"([^{_LETTER}0-9 \v.,`'\u2018\u2019-]|\\.{{2,}})")
_RULES = tuple(
    (re.compile(pattern.replace("LETTER", _LETTER)), spelling)
    for pattern, spelling in (
        ("([^0-9]),([^0-9])", r"\1 , \2"),
        ("([0-9]),([^0-9])", r"\1 , \2"),
        ("([^0-9]),([0-9])", r"\1 , \2"),
        ("--", "-"),
        ("''", ' " '),
        ("([LETTER0-9.])-([LETTER0-9])", r"\1 \2"),
        ("([^LETTER])'([^LETTER])", r"\1 ' \2"),
        ("([^LETTER0-9])'([LETTER])", r"\1 ' \2"),
        ("([LETTER])'([^LETTER])", r"\1 ' \2"),
        ("([LETTER])'([LETTER])", r"\1 '\2"),
        ("([0-9])'s", r"\1 's"),
    )
)


class Prefixes(NamedTuple):
    """Words that keep a final dot: before any word, or only before a number."""

    always: frozenset[str]
    before_number: frozenset[str]


def words_of(caption: str, prefixes: Prefixes) -> list[str]:
    """Returns the words of a caption."""
    if _PLAIN.fullmatch(caption):
        return caption.split()
    line = f" {caption.strip(_CONTROLS).translate(_SPACES)} "
    line = _SYMBOLS.sub(r" \1 ", line).translate(_QUOTES)
    for pattern, spelling in _RULES:
        line = pattern.sub(spelling, line)
    words = [word for word in line.split(" ") if word]
    dotted = [_final_dot(word, following, prefixes) for word, following in zip(words, [*words[1:], ""])]
    return [word for word in " ".join(dotted).lower().split(" ") if word and word not in _WIDE_SPACES]


def _final_dot(word: str, following: str, prefixes: Prefixes) -> str:
    """Keeps, drops or splits off the dot at the end of a word; `following` is the next word or nothing."""
    stem = word[:-1]
    if word[-1] != "." or not stem.strip("."):
        return word
    if "." in stem and _HAS_LETTER.search(stem):
        return word.replace(".", "")
    if stem in prefixes.always or "a" <= following[:1] <= "z":
        return word
    if stem in prefixes.before_number and "0" <= following[:1] <= "9":
        return word
    return f"{stem} ."
