"""Vocabulary: counts by hand on four short captions, and every message of a bad file."""

import hashlib
import pickle
import random
from collections import Counter

import pytest

from im2txt.errors import UserError
from im2txt.text.vocabulary import BYTE_WORDS, END, PAD, SPECIAL_WORDS, START, UNK, Vocabulary

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


def test_words_may_be_counted_already():
    counts = Counter(word for caption in CAPTIONS for word in caption)
    for size in (None, 6):
        built = Vocabulary.build(CAPTIONS, min_count=2, max_size=size)
        assert Vocabulary.from_counts(counts, len(CAPTIONS), min_count=2, max_size=size) == built


def test_encode_and_decode():
    vocabulary = Vocabulary.build(CAPTIONS, min_count=2)
    assert vocabulary.encode(["a", "zebra", "dog"]) == [4, UNK, 6]
    assert vocabulary.decode([START, 4, UNK, 6, END, 5, PAD]) == "a <unk> dog"
    assert vocabulary.decode([]) == ""
    assert vocabulary.id("cat") == 5
    assert vocabulary.id("horse") == UNK


def vocabulary_of(*words):
    return Vocabulary((*SPECIAL_WORDS, *words), (0,) * (len(words) + 4))


PIECES = vocabulary_of("play", "##ing", "##in", "##g", "p", "##l", "dog", "##s", "#", "犬")


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("play", ["play"]),
        ("playing", ["play", "##ing"]),
        ("playingins", ["play", "##ing", "##in", "##s"]),
        ("dogs", ["dog", "##s"]),
        ("plg", ["p", "##l", "##g"]),
        ("doggy", ["<unk>"]),  # dog, ##g, and nothing fits y
        ("ing", ["<unk>"]),  # no word begins with it
        ("犬犬", ["<unk>"]),
        ("#", ["#"]),
        ("", []),
    ],
)
def test_unknown_words_are_spelled_in_the_longest_pieces(word, pieces):
    for _ in range(2):  # the second time from memory
        assert [PIECES.words[word_id] for word_id in PIECES.encode([word])] == pieces


def test_pieces_are_those_of_keras():
    import keras_nlp

    rng = random.Random(0)
    texts = sorted({"".join(rng.choices("abcé犬", k=rng.randint(1, 4))) for _ in range(60)})
    vocabulary = vocabulary_of(*(text if rng.random() < 0.4 else f"##{text}" for text in texts))
    words = ["".join(rng.choices("abcé犬", k=rng.randint(1, 14))) for _ in range(3000)]
    tokenizer = keras_nlp.tokenizers.WordPieceTokenizer(list(vocabulary.words), split=False, oov_token="<unk>")
    expected = [list(map(int, ids)) for ids in tokenizer([[word] for word in words])]
    assert [vocabulary.encode([word]) for word in words] == expected
    known = sum(UNK not in ids for ids in expected)
    assert 100 < known < 2900  # both cases are there, and often


def test_a_word_of_any_length_is_spelled():
    vocabulary = vocabulary_of("a", "##a")
    assert vocabulary.encode(["a" * 10_000]) == [4] + [5] * 9_999
    assert vocabulary.encode(["a" * 10_000 + "b"]) == [UNK]


def test_words_tell_what_they_contribute():
    vocabulary = vocabulary_of("dog", "##ing", "<0xE3>", "<0x00>", "<0xe3>", "#x")
    assert vocabulary.pieces == (b"", b"", b"", b" <unk>", b" dog", b"ing", b"\xe3", b"\x00", b" <0xe3>", b" #x")
    assert vocabulary.in_pieces
    assert not vocabulary_of("dog", "#x", "<0xe3>").in_pieces
    assert vocabulary.pieces_of([START, 4, 5, PAD, END, 6]) == [b"", b" dog", b"ing", b""]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["play", "##ing", "dog", "##s"], "playing dogs"),
        (["##ing", "dog"], "ing dog"),
        (["play", "<unk>", "##s"], "play <unk>s"),
        (["<0xE7>", "<0x8A>", "<0xAC>", "<0x20>", "<0x61>"], "犬 a"),
        (["<0x20>", "<0x0A>", "<0x61>", "<0x20>"], "a"),
        (["<0xE7>", "<0x8A>", "<0x61>"], "\ufffda"),  # cut inside a character
        (["<0xFF>", "<0xE7>"], "\ufffd\ufffd"),
        (["dog", "<0x21>", "<unk>"], "dog! <unk>"),
    ],
)
def test_pieces_and_bytes_join(words, text):
    vocabulary = vocabulary_of(*PIECES.words[4:], *BYTE_WORDS)
    assert vocabulary.decode(vocabulary.encode(words)) == text


def test_a_used_vocabulary_can_be_sent_to_another_process():
    PIECES.encode(["playing"])
    assert pickle.loads(pickle.dumps(PIECES)) == PIECES


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
