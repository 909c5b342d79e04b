"""Vocabularies of words, pieces and bytes from counts, and grown ones; counts by hand."""

import random
from collections import Counter
from pathlib import Path

import pytest

from data_prep.vocabulary_building import build_vocabulary, check_vocabulary, grow_vocabulary
from im2txt.errors import UserError
from im2txt.text.tokenizer import Tokenizer
from im2txt.text.vocabulary import BYTE_WORDS, SPECIAL_WORDS, UNK, Vocabulary

VERBS = ("walk", "jump", "climb", "skate", "surf", "paint", "stand", "look", "play", "kick")
SUBJECTS = ("dog", "girl", "robot", "犬")
CAPTIONS = [f"a {subject} {verb}s, {verb}ing" for n, verb in enumerate(VERBS) for subject in SUBJECTS * (2 + n)]


def counted(captions, kind):
    tokenizer = Tokenizer(kind)
    return Counter(word for caption in captions for word in tokenizer.tokenize(caption)), len(captions), tokenizer


@pytest.mark.parametrize("kind", ["nltk", "unicode_words"])
def test_whole_words_are_those_of_the_counts(kind):
    counts, captions, tokenizer = counted(["a dog runs", "a dog sits"], kind)
    assert build_vocabulary(counts, captions, tokenizer, 2, None) == Vocabulary(
        (*SPECIAL_WORDS, "a", "dog"), (0, 2, 2, 2, 2, 2)
    )
    assert build_vocabulary(counts, captions, tokenizer, 1, 5).words == (*SPECIAL_WORDS, "a")


def test_bytes_are_all_there_in_their_order():
    vocabulary = build_vocabulary(*counted(["aa", "é"], "bytes"), 5, None)
    assert vocabulary.words == (*SPECIAL_WORDS, *BYTE_WORDS)
    assert vocabulary.counts[:4] == (0, 2, 2, 0)
    found = {vocabulary.words[i]: count for i, count in enumerate(vocabulary.counts) if i > UNK and count}
    assert found == {"<0x61>": 2, "<0xC3>": 1, "<0xA9>": 1}
    assert build_vocabulary(*counted(["aa"], "bytes"), 5, 260).words == vocabulary.words


def test_pieces_spell_every_word_and_are_counted():
    counts, captions, tokenizer = counted(CAPTIONS, "wordpiece")
    vocabulary = build_vocabulary(counts, captions, tokenizer, 5, 55)
    assert len(vocabulary) <= 55
    pieces = [vocabulary.words[i] for i in vocabulary.encode(["walking", "犬", "dog"])]
    assert pieces[-3:] == ["##ing", "犬", "dog"]
    assert "##犬" not in vocabulary.words  # no word goes on with it
    said = Counter(i for caption in CAPTIONS for i in vocabulary.encode(tokenizer.tokenize(caption)))
    assert vocabulary.counts == (0, captions, captions, 0, *(said[i] for i in range(4, len(vocabulary))))
    assert list(vocabulary.counts[4:]) == sorted(vocabulary.counts[4:], reverse=True)
    assert vocabulary.decode(vocabulary.encode(["climbing", "robots"])) == "climbing robots"


def test_all_characters_are_pieces_however_many_and_rare():
    han = [chr(0x4E00 + number) for number in range(1500)]
    counts = Counter(han) | Counter({"dog": 50, "q": 1, "zé": 1})
    vocabulary = build_vocabulary(counts, 50, Tokenizer("wordpiece"), 5, None)
    assert vocabulary.counts[UNK] == 0
    assert {"z", "##é", "q", *han} < set(vocabulary.words)


def test_pieces_are_the_same_in_whatever_order_words_were_counted():
    counts, captions, tokenizer = counted(CAPTIONS, "wordpiece")
    shuffled = random.Random(0).sample(sorted(counts.items()), len(counts))
    one, other = (build_vocabulary(each, captions, tokenizer, 5, 55) for each in (counts, Counter(dict(shuffled))))
    assert one == other


def test_no_piece_is_rarer_than_the_least_count_but_characters():
    counts = Counter({"walking": 9, "walked": 9, "jumped": 2, "jumping": 2})
    vocabulary = build_vocabulary(counts, 22, Tokenizer("wordpiece"), 4, None)
    assert {"walk", "##ed"} & set(vocabulary.words) or {"walking", "walked"} < set(vocabulary.words)
    assert not [word for word in vocabulary.words if word.startswith("ju")]
    assert vocabulary.counts[UNK] == 0


def test_captions_of_single_characters_need_no_pieces():
    vocabulary = build_vocabulary(Counter("犬猫犬"), 2, Tokenizer("wordpiece"), 5, None)
    assert vocabulary == Vocabulary((*SPECIAL_WORDS, "犬", "猫"), (0, 2, 2, 0, 2, 1))
    assert build_vocabulary(Counter(), 0, Tokenizer("wordpiece"), 5, None).words == SPECIAL_WORDS


def test_a_size_without_room_for_characters_or_bytes_is_an_error():
    message = (
        r"--vocabulary_size=6: 3 characters .* and 4 special words must be .* Give 7 or more, or --tokenizer=bytes"
    )
    with pytest.raises(UserError, match=message):
        build_vocabulary(Counter({"ab": 9, "c": 1}), 9, Tokenizer("wordpiece"), 1, 6)
    with pytest.raises(UserError, match=r"--vocabulary_size=259: 256 bytes and 4 special words .* Give 260 or more\.$"):
        build_vocabulary(Counter(), 0, Tokenizer("bytes"), 1, 259)


OLD = Vocabulary((*SPECIAL_WORDS, "dog", "a"), (0, 3, 3, 2, 4, 3))


def test_a_grown_vocabulary_keeps_its_ids_and_adds_up_counts(tmp_path):
    counts = Counter({"a": 5, "zebra": 3, "cat": 3, "ant": 7, "rare": 1, "<unk>": 4})
    grown = grow_vocabulary(OLD, counts, captions=6, min_count=3, max_size=None)
    assert grown.words == (*OLD.words, "ant", "cat", "zebra")
    assert grown.counts == (0, 9, 9, 2 + 1 + 4, 4, 8, 7, 3, 3)
    grown.save(tmp_path / "vocabulary.txt")
    assert Vocabulary.load(tmp_path / "vocabulary.txt") == grown


def test_a_grown_vocabulary_has_a_limit_that_takes_nothing_away():
    counts = Counter({"cat": 9, "ant": 8})
    assert grow_vocabulary(OLD, counts, 9, 1, max_size=7).words == (*OLD.words, "cat")
    small = grow_vocabulary(OLD, counts, 9, 1, max_size=5)
    assert small.words == OLD.words
    assert small.counts[UNK] == 2 + 17


def test_grown_pieces_learn_the_characters_they_lack():
    old = Vocabulary((*SPECIAL_WORDS, "a", "##a"), (0, 1, 1, 0, 2, 1))
    counts = Counter({"aaa": 4, "ab": 5, "ba": 1})
    grown = grow_vocabulary(old, counts, captions=3, min_count=5, max_size=None)
    # aaa is spelled as before; ab is frequent enough to be a word; ba is spelled with the new character
    assert grown.words == (*old.words, "ab", "b", "##b")
    assert grown.counts == (0, 4, 4, 0, 2 + 4, 1 + 8 + 1, 5, 1, 0)
    assert grow_vocabulary(old, counts, 3, 5, max_size=7).words == (*old.words, "##b")  # characters go first


def test_all_bytes_are_known_already():
    counts, captions, tokenizer = counted(["日本"], "bytes")
    old = build_vocabulary(counts, captions, tokenizer, 1, None)
    grown = grow_vocabulary(old, counts, captions, 1, None)
    assert grown.words == old.words
    assert sum(grown.counts[4:]) == 12


WHOLE, PIECES, BYTES = (
    Vocabulary((*SPECIAL_WORDS, *w), (0,) * (4 + len(w))) for w in (["a"], ["a", "##b"], BYTE_WORDS)
)


@pytest.mark.parametrize(
    ("vocabulary", "kind"),
    [(WHOLE, "nltk"), (WHOLE, "unicode_words"), (WHOLE, "wordpiece"), (PIECES, "wordpiece"), (BYTES, "bytes")],
)
def test_a_vocabulary_fits_its_tokenizer(vocabulary, kind):
    check_vocabulary(Path("v.txt"), vocabulary, Tokenizer(kind))


@pytest.mark.parametrize(
    ("vocabulary", "kind", "made_of"),
    [
        (WHOLE, "bytes", "whole words"),
        (PIECES, "nltk", "pieces of words"),
        (PIECES, "bytes", "pieces of words"),
        (BYTES, "unicode_words", "bytes"),
    ],
)
def test_a_vocabulary_of_another_kind_is_refused(vocabulary, kind, made_of):
    message = rf"--vocabulary=v\.txt is made of {made_of}, --tokenizer={kind} makes something else\. Give the tokenizer"
    with pytest.raises(UserError, match=message):
        check_vocabulary(Path("v.txt"), vocabulary, Tokenizer(kind))
