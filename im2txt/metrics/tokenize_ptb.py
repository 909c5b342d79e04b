r"""Penn Treebank tokens of captions, as the official COCO caption scorer makes them.

The official scorer sends all captions, one a line, through Stanford's tokenizer (CoreNLP 3.4.1, `-preserveLines
-lowerCase`), then drops 17 punctuation tokens. This module gives the same tokens without Java: a table of rules
(`im2txt.metrics.ptb_rules`), of which at every place the longest match wins, and a short cut for the nineteen lines
in twenty that need no rules.

What surprises, and is kept because published scores contain it:

* Captions are one stream. A last single letter with a dot, or `No.`, is read with the beginning of the NEXT
  caption: `reads K.` gives `k` before `The dog`, but `k.` before `dogs`. So captions are tokenized as a list.
* Lower-casing comes before the dropping, so that brackets stay, as `-lrb-` and `-rrb-`; so do `!!!` and `?!`.
* `1 1/2` is one token with a no-break space inside.

One deviation: inside a caption the official program takes `\r`, `\v`, `\f`, U+2028 and U+2029 for the end of the
line, and from there on every caption gets the words of another. Here they are spaces.
"""

import re
from collections.abc import Iterator, Sequence

from im2txt.metrics.ptb_rules import MAY_KEEP_DOT, SPLIT_WORDS, compiled_rules

PUNCTUATION = frozenset("'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;".split())

LINE_BREAK = re.compile("[\n\r\v\f\u2028\u2029]")
_PLAIN = "(?:[A-Za-z]+(?:-[A-Za-z]+)*(?:'s)?|'s)"
_PLAIN_LINE = re.compile(f" *({_PLAIN}(?:(?: +| *, +){_PLAIN})*)(?:(\\.)\\.*| *[.,!?])? *")


def tokenize_captions(captions: Sequence[str]) -> list[str]:
    """Returns the tokens of each caption joined by single spaces; order and neighbours matter (see above)."""
    lines = [LINE_BREAK.sub(" ", caption) for caption in captions]
    stream = "\n".join(lines)
    tokenized, start = [], 0
    for line in lines:
        end = start + len(line)
        tokenized.append(" ".join(_plain_tokens(line) or _tokens(stream, start, end)))
        start = end + 1
    return tokenized


def _plain_tokens(line: str) -> list[str] | None:
    """Returns the tokens of a line of plain words, commas and `'s`; None where the rules must decide."""
    match = _PLAIN_LINE.fullmatch(line)
    if not match:
        return None
    words = match[1].lower().replace(",", " ").replace("'s", " 's").split()
    if not SPLIT_WORDS.keys().isdisjoint(words):
        return None
    if match[2] and (len(words[-1]) == 1 or words[-1] in MAY_KEEP_DOT):
        return None
    return words


def _tokens(stream: str, start: int, end: int) -> Iterator[str]:
    """Yields the tokens of the line stream[start:end] in lower case, without punctuation."""
    while start < end:
        longest, length, spell = None, 0, str
        for pattern, rewrite in compiled_rules():
            match = pattern.match(stream, start)
            if match and match.end() - start > length:
                longest, length, spell = match, match.end() - start, rewrite
        if longest is None:
            start += 1  # white space, or a character that the official tokenizer drops
            continue
        for token in spell(longest["token"]).lower().split(" "):
            if token not in PUNCTUATION:
                yield token
        start = longest.end("token")
