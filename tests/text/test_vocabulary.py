"""Vocabulary: counts by hand on four short captions, and every message of a bad file."""

import hashlib

import pytest

from im2txt.errors import UserError
from im2txt.text.vocabulary import END, PAD, SPECIAL_WORDS, START, UNK, Vocabulary

CAPTIONS = [["a", "dog", "runs"], ["a", "cat"], ["a", "cat", "and", "dog"], ["zebra"]]


def test_special_words_have_fixed_ids():
    assert (PAD, START, END, UNK) == (0, 1, 2, 3)
    assert Vocabulary.build(CAPTIONS).words[:4] == ("<pad>", "<start>", "<end>", "<unk>")


def test_counts_and_order_by_hand():
    vocabulary = Vocabulary.build(CAPTIONS, min_count=2)
    # a 3; cat and dog 2 each, in the order of the alphabet; and, runs, zebra once each: unknown
    assert vocabulary.words == (*SPECIAL_WORDS, "a", "cat", "dog")
    assert vocabulary.counts == (0, 4, 4, 3, 3, 2, 2)
    assert len(vocabulary) == 7


def test_max_size_counts_the_special_words_and_drops_the_rarest():
    vocabulary = Vocabulary.build(CAPTIONS, min_count=1, max_size=6)
    assert vocabulary.words == (*SPECIAL_WORDS, "a", "cat")
    assert vocabulary.counts[UNK] == 2 + 1 + 1 + 1  # dog twice, and, runs, zebra


def test_a_special_word_among_the_tokens_is_not_learned_twice():
    vocabulary = Vocabulary.build([["<unk>", "a"], ["<unk>", "a"]], min_count=1)
    assert vocabulary.words == (*SPECIAL_WORDS, "a")
    assert vocabulary.counts[UNK] == 2


def test_captions_may_come_from_a_generator():
    assert Vocabulary.build(iter(CAPTIONS), min_count=2) == Vocabulary.build(CAPTIONS, min_count=2)


def test_encode_and_decode():
    vocabulary = Vocabulary.build(CAPTIONS, min_count=2)
    assert vocabulary.encode(["a", "zebra", "dog"]) == [4, UNK, 6]
    assert vocabulary.decode([START, 4, UNK, 6, END, 5, PAD]) == "a <unk> dog"
    assert vocabulary.decode([]) == ""
    assert vocabulary.id("cat") == 5
    assert vocabulary.id("horse") == UNK


def test_a_saved_file_comes_back_and_has_the_digest(tmp_path):
    vocabulary = Vocabulary.build([["caf\u00e9", "it's"]], min_count=1)
    path = tmp_path / "vocabulary.txt"
    vocabulary.save(path)
    assert path.read_text(encoding="utf-8").splitlines()[:4] == [
        "<pad>\t0",
        "<start>\t1",
        "<end>\t1",
        "<unk>\t0",
    ]
    assert Vocabulary.load(path) == vocabulary
    assert hashlib.sha256(path.read_bytes()).hexdigest() == vocabulary.sha256()
    assert [file.name for file in tmp_path.iterdir()] == ["vocabulary.txt"]


SPECIAL_LINES = b"<pad>\t0\n<start>\t1\n<end>\t1\n<unk>\t0\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r":1: expected `word<TAB>count`, found ''"),
        (SPECIAL_LINES + b"dog 3\n", r":5: expected `word<TAB>count`, found 'dog 3'"),
        (SPECIAL_LINES + b"\ndog\t3\n", r":5: expected `word<TAB>count`, found ''"),
        (SPECIAL_LINES + b"dog\tthree\n", r":5: expected `word<TAB>count`, found 'dog\\tthree'"),
        (
            b"<start>\t1\n<pad>\t0\n",
            r"the first words are <start> <pad>; they must be <pad> <start> <end> <unk>",
        ),
        (SPECIAL_LINES + b"dog\t3\ncat\t2\ndog\t1\n", r"the word `dog` stands there twice"),
        (SPECIAL_LINES + b"\xff\t3\n", r"is not UTF-8"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path, content, message):
    path = tmp_path / "vocabulary.txt"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        Vocabulary.load(path)
    assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nothing\.txt does not exist\. data_prep\.build_records writes it"):
        Vocabulary.load(tmp_path / "nothing.txt")


def test_words_without_the_special_ones_are_refused():
    with pytest.raises(ValueError, match="Expected `words` to begin with"):
        Vocabulary(("a", "b"), (1, 2))
