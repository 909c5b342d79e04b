"""Splits a caption into the words that models learn: lower case, Treebank word boundaries, no punctuation.

Word boundaries are those of `nltk.tokenize.NLTKWordTokenizer`, regular expressions without an nltk download.
It expects one sentence at a time (a full stop is punctuation only at the end), which nltk leaves to a trained
sentence splitter that is a download; here every `.`, `!` or `?` before a space ends a sentence.

These are the words of the model's vocabulary. Metrics bring their own tokenizer.
"""

import re
import unicodedata
from dataclasses import dataclass

from nltk.tokenize import NLTKWordTokenizer

_TREEBANK = NLTKWordTokenizer()
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Tokenizer:
    """Captions to words.

    Attributes:
        keep_punctuation: whether tokens without any letter or digit stay in the caption.
    """

    keep_punctuation: bool = False

    def tokenize(self, caption: str) -> list[str]:
        """Returns the words of a caption, e.g. `["a", "tri-colored", "dog", "is", "n't", "amused"]`."""
        text = unicodedata.normalize("NFC", caption).lower().strip()
        tokens = [token for sentence in _SENTENCE_END.split(text) for token in _TREEBANK.tokenize(sentence)]
        if self.keep_punctuation:
            return tokens
        return [token for token in tokens if any(map(str.isalnum, token))]
