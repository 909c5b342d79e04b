"""Splits a caption into the words that models learn: the words of the vocabulary. Metrics bring their own tokenizer.

    nltk           English: lower case, Treebank word boundaries ("is", "n't"), no punctuation
    unicode_words  any language: lower case, words by Unicode properties; in scripts that write no spaces (Chinese,
                   Japanese, Thai ...) each character is a word: see `im2txt.text.unicode_words`
    wordpiece      the same words, which a vocabulary of pieces splits further ("play" "##ing")
    bytes          any text: each byte of its UTF-8 is a word, <0x41>; case and punctuation stay

Treebank boundaries are those of `nltk.tokenize.NLTKWordTokenizer`, regular expressions without an nltk download.
It expects one sentence at a time (a full stop is punctuation only at the end), which nltk leaves to a trained
sentence splitter that is a download; here every `.`, `!` or `?` before a space ends a sentence.

A model's captions are such words joined by spaces again, so those of Chinese or Thai come with a space between
characters; BLEU and the like need that, as they compare words. Of pieces and bytes whole text is made again.
"""

import re
import unicodedata
from dataclasses import dataclass

from nltk.tokenize import NLTKWordTokenizer

from im2txt.text.unicode_words import unicode_words
from im2txt.text.vocabulary import BYTE_WORDS

KINDS = ("nltk", "unicode_words", "wordpiece", "bytes")

_TREEBANK = NLTKWordTokenizer()
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_PLAIN = re.compile(r"[a-z0-9]+(?:[ -][a-z0-9]+)* ?\.?")
_QUOTES = ("``", "''")  # what Treebank makes of "
_CONTRACTIONS = re.compile(r"\b(?:cannot|gimme|gonna|gotta|lemme|wanna)\b")  # those without an apostrophe


@dataclass(frozen=True)
class Tokenizer:
    """Captions to words.

    Attributes:
        kind: one of `KINDS`; see the module's docstring.
        keep_punctuation: whether tokens without any letter or digit, nor but for `nltk` an emoji, stay in the caption.
            Bytes keep all.
    """

    kind: str = "nltk"
    keep_punctuation: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"Expected `kind` to be one of {', '.join(KINDS)}. Received: {self.kind!r}.")

    def tokenize(self, caption: str) -> list[str]:
        """Returns the words of a caption, e.g. `["a", "tri-colored", "dog", "is", "n't", "amused"]`.

        None of them is a special word of the vocabulary, and only `bytes` makes words like <0x41>; none begins with
        ##. So what a word contributes to a caption can be told by its looks.
        """
        if self.kind == "nltk":
            return self._treebank_words(caption)
        if self.kind == "bytes":
            return _bytes(caption)
        return unicode_words(caption, self.keep_punctuation)

    def _treebank_words(self, caption: str) -> list[str]:
        text = unicodedata.normalize("NFC", caption).replace("\u2019", "'").lower().strip()
        if _PLAIN.fullmatch(text) and not _CONTRACTIONS.search(text):  # the same words, in a twentieth of the time
            return text.removesuffix(".").split() + ["."] * (self.keep_punctuation and text.endswith("."))
        tokens = [token for sentence in _SENTENCE_END.split(text) for token in _TREEBANK.tokenize(sentence)]
        if self.keep_punctuation:
            return ['"' if token in _QUOTES else token for token in tokens]
        return [token for token in tokens if any(map(str.isalnum, token))]


def _bytes(caption: str) -> list[str]:
    text = " ".join(unicodedata.normalize("NFC", caption).split())
    return [BYTE_WORDS[byte] for byte in text.encode(errors="replace")]  # half a surrogate pair becomes ?
