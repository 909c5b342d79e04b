"""Vocabularies of builds: counted, given or grown, for every tokenizer; `vocabulary_building` makes them."""

import pytest

from im2txt.errors import UserError
from im2txt.files import sha256_file
from im2txt.text.vocabulary import SPECIAL_WORDS, Vocabulary
from tests.data_prep.flickr8k_builds import build, read


def test_the_vocabulary_comes_from_the_training_captions_alone(source, output):
    build(source, output, "--min_word_count=1")
    vocabulary = Vocabulary.load(output / "vocabulary.txt")
    counts = dict(zip(vocabulary.words, vocabulary.counts))
    # five photos with the two captions of TRAIN; `zebra` and `here` stand in the validation captions only
    assert counts == {
        **{"<pad>": 0, "<start>": 10, "<end>": 10, "<unk>": 0},
        **{"dog": 10, "a": 5, "is": 5, "running": 5, "runs": 5, "the": 5},
    }


def test_words_that_are_all_too_rare_are_refused(source, output):
    with pytest.raises(UserError, match=r"No word occurs 11 times in the training captions\. Lower --min_word"):
        build(source, output, "--min_word_count=11")


def test_a_vocabulary_can_be_limited_in_size(source, output):
    build(source, output, "--min_word_count=1", "--vocabulary_size=5")
    assert Vocabulary.load(output / "vocabulary.txt").words == (*SPECIAL_WORDS, "dog")


@pytest.mark.parametrize(
    ("kind", "decoded"),
    [
        ("nltk", ["a <unk> runs .", "a dog .", "dog", "the dog is <unk> ."]),
        ("unicode_words", ["a <unk> runs .", "a dog .", "dog", "the dog is <unk> ."]),
        ("bytes", ["A zebra runs .", "A dog .", "Dog", "The dog is here ."]),
    ],
)
def test_records_of_every_tokenizer_can_be_read_back(source, output, kind, decoded):
    build(source, output, f"--tokenizer={kind}", "--keep_punctuation")
    vocabulary = Vocabulary.load(output / "vocabulary.txt")
    captions = [ids for record in read(output, "val") for ids in record.caption_ids]
    assert [vocabulary.decode(ids) for ids in captions] == decoded


def test_records_of_word_pieces_spell_training_captions(source, output):
    build(source, output, "--tokenizer=wordpiece", "--min_word_count=1", "--vocabulary_size=24")
    vocabulary = Vocabulary.load(output / "vocabulary.txt")
    assert vocabulary.in_pieces
    assert len(vocabulary) <= 24
    ids = read(output, "train")[0].caption_ids
    assert [vocabulary.decode(caption) for caption in ids] == ["a dog runs", "the dog is running"]


def test_without_a_training_split_a_vocabulary_file_is_needed(source, tmp_path):
    build(source, tmp_path / "all")
    (source / "Flickr_8k.trainImages.txt").unlink()
    with pytest.raises(UserError, match=r"no split `train` to take the vocabulary from\. .* --vocabulary="):
        build(source, tmp_path / "val")
    vocabulary = tmp_path / "all" / "vocabulary.txt"
    manifest = build(source, tmp_path / "val", f"--vocabulary={vocabulary}")
    assert manifest["vocabulary_sha256"] == sha256_file(vocabulary)
    assert read(tmp_path / "val", "val") == read(tmp_path / "all", "val")


def test_a_vocabulary_of_another_kind_is_refused(source, tmp_path):
    build(source, tmp_path / "bytes", "--tokenizer=bytes")
    with pytest.raises(UserError, match=r"is made of bytes, --tokenizer=nltk makes something else"):
        build(source, tmp_path / "words", f"--vocabulary={tmp_path / 'bytes' / 'vocabulary.txt'}")


def test_a_vocabulary_grows_without_moving_an_id(source, tmp_path):
    build(source, tmp_path / "old", "--min_word_count=6")
    old = Vocabulary.load(tmp_path / "old" / "vocabulary.txt")
    given = f"--vocabulary={tmp_path / 'old' / 'vocabulary.txt'}"
    build(source, tmp_path / "new", given, "--grow_vocabulary", "--min_word_count=5")
    new = Vocabulary.load(tmp_path / "new" / "vocabulary.txt")
    assert old.words == (*SPECIAL_WORDS, "dog")
    assert new.words == (*SPECIAL_WORDS, "dog", "a", "is", "running", "runs", "the")
    assert new.counts[new.id("dog")] == 20
