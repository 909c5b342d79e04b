"""The words that people see, gathered from the pieces that a model says, and the attention behind them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from im2txt.text.vocabulary import spelled


class WholeWord(NamedTuple):
    """A word between spaces, and the places of its pieces among those of the caption."""

    text: str
    places: list[int]


def whole_words(pieces: Sequence[bytes]) -> list[WholeWord]:
    """Returns the words of a caption, given what each step contributed to it (see `Vocabulary.pieces`)."""
    words: list[list[int]] = []
    open_word = False
    for place, piece in enumerate(pieces):
        if not piece.strip():
            open_word = False
            continue
        if not open_word or piece[:1].isspace():
            words.append([])
        words[-1].append(place)
        open_word = True
    return [WholeWord(spelled(pieces[place] for place in places), places) for places in words]


def word_maps(words: Sequence[WholeWord], maps: np.ndarray) -> np.ndarray:
    """Returns a map a word [words, ...] of the maps of all pieces [pieces, ...]: the mean over those of the word."""
    means = [maps[word.places].mean(axis=0) for word in words]
    return np.stack(means) if means else maps[:0]
