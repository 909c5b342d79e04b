"""Words of captions. Expected tokens follow from the Treebank conventions, written down by hand."""

import pytest

from im2txt.text.tokenizer import Tokenizer


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("A man .", ["a", "man"]),
        ("A man.", ["a", "man"]),
        ("  Two\tdogs\n run ", ["two", "dogs", "run"]),
        ("a tri-colored dog's ball", ["a", "tri-colored", "dog", "'s", "ball"]),
        ("It isn't here", ["it", "is", "n't", "here"]),
        ('He said "stop", (twice)!', ["he", "said", "stop", "twice"]),
        ("A dog runs. A cat sleeps! Why? ok", ["a", "dog", "runs", "a", "cat", "sleeps", "why", "ok"]),
        ("St. Bernard at 10:30", ["st", "bernard", "at", "10:30"]),
        ("Cafe\u0301", ["caf\u00e9"]),
        ("кот и собака .", ["кот", "и", "собака"]),
        ("a\u00a0man", ["a", "man"]),
        ("<start> of <pad>", ["start", "of", "pad"]),
        ("", []),
        (" . , -- ... & ", []),
    ],
)
def test_words_of_a_caption(caption, words):
    assert Tokenizer().tokenize(caption) == words


def test_punctuation_is_kept_on_request():
    words = Tokenizer(keep_punctuation=True).tokenize("A man, a plan. Go !")
    assert words == ["a", "man", ",", "a", "plan", ".", "go", "!"]


def test_no_special_word_can_come_out_of_a_caption():
    words = Tokenizer(keep_punctuation=True).tokenize("<pad> <start> <end> <unk>")
    assert not set(words) & {"<pad>", "<start>", "<end>", "<unk>"}
