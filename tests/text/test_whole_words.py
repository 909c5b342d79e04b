"""Pieces become words: parted by hand."""

import numpy as np
import pytest

from im2txt.text.whole_words import whole_words, word_maps


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        ([b" a", b" dog", b" <unk>"], [("a", [0]), ("dog", [1]), ("<unk>", [2])]),
        ([b" skate", b"board", b"ing", b" dog", b"s"], [("skateboarding", [0, 1, 2]), ("dogs", [3, 4])]),
        ([b"ing", b" a"], [("ing", [0]), ("a", [1])]),  # a model may begin as it likes
        ([b"a", b" ", b"\xc3", b"\xa9", b" ", b" ", b"b"], [("a", [0]), ("é", [2, 3]), ("b", [6])]),
        ([b" ", b"\xe3", b"\x81"], [("\ufffd", [1, 2])]),
        ([b" a", b"", b" b", b""], [("a", [0]), ("b", [2])]),
        ([], []),
    ],
)
def test_words_and_their_places(pieces, words):
    assert whole_words(pieces) == words


def test_the_map_of_a_word_is_the_mean_over_its_pieces():
    maps = np.float32([[1, 0], [0, 1], [0.1, 0.9], [9, 9]])
    found = word_maps(whole_words([b" play", b"ing", b" dog"]), maps)
    np.testing.assert_array_equal(found, np.float32([[0.5, 0.5], [0.1, 0.9]]))
    assert found.dtype == np.float32


def test_no_words_have_no_maps():
    assert word_maps([], np.zeros([5, 36])).shape == (0, 36)
