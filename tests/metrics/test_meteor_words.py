"""METEOR's normalisation: what meteor-1.5.jar makes of the same text with `-norm`, in lower case."""

import pytest

from im2txt.metrics.meteor_words import Prefixes, words_of

PREFIXES = Prefixes(frozenset({"Dr", "A", "vs"}), frozenset({"No"}))


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("a dog  runs", "a dog runs"),
        ("", ""),
        (" \u00a0 ", ""),
        ("the dog 's ball", "the dog ' s ball"),
        ("is n't", "is n 't"),
        ("it's the dogs' 'ball'", "it 's the dogs ' ' ball '"),
        ("a'b'c'd 1's 1't '90s 5'10", "a 'b'c 'd 1 's 1't ' 90s 5 ' 10"),
        ("``x'' \u201cx\u201d a\u2019s", '" x " " x " a \'s'),
        ("and/or <unk> $5.00 5%", "and / or < unk > $ 5.00 5 %"),
        ("well-known a-b-c-d -lrb- a- x--y 1\u20132", "well known a b-c d -lrb- a- x y 1 - 2"),
        ("1,000 a,b 1, ,2 ,,,,", "1,000 a , b 1 , , 2 , ,, ,"),
        ("a...b .. x....", "a ... b .. x ...."),
        ("U.S. p.m. a.b.c. x.y", "us pm abc x.y"),
        ("1.5. 3.a. .a.", "1.5 . 3a a"),
        ("Dr. X dr. X", "dr. x dr . x"),
        ("end. of the End. Of", "end. of the end . of"),
        ("No. 5 No. X No. x", "no. 5 no . x no. x"),
        ("no. 5 A. B I. B", "no . 5 a. b i . b"),
        ("1\u00a01/2 cup", "1 1 / 2 cup"),
        ("No.\u00a05", "no . 5"),  # a wide space is a word until the end
        ("caf\u00e9-\u00e9t\u00e9 d'\u00e9t\u00e9", "caf\u00e9 \u00e9t\u00e9 d '\u00e9t\u00e9"),
        ("\u72ac\u72ac", "\u72ac \u72ac"),
    ],
)
def test_words(caption, words):
    assert words_of(caption, PREFIXES) == words.split()
