"""Records built from a small Flickr8k folder: what they hold, sources that cannot be built, what the user is told."""

import pytest

from im2txt.errors import UserError
from im2txt.text.tokenizer import Tokenizer
from im2txt.text.vocabulary import UNK, Vocabulary
from tests.data_prep.flickr8k_builds import TRAIN, VAL, build, read
from tests.helpers import write_flickr8k


def test_a_record_holds_the_photo_as_it_was_and_all_its_captions(source, output):
    build(source, output)
    vocabulary = Vocabulary.load(output / "vocabulary.txt")
    record = read(output, "val")[1]
    assert record.image_id == "v1.jpg"
    assert record.image_bytes == (source / "images" / "v1.jpg").read_bytes()
    assert record.captions == ("A dog .", "Dog", "The dog is here .")
    expected = [vocabulary.encode(Tokenizer().tokenize(caption)) for caption in record.captions]
    assert [list(ids) for ids in record.caption_ids] == expected
    assert record.caption_ids[2][3] == UNK  # `here` is no training word


def test_chosen_splits_are_written_with_the_vocabulary_of_train(source, tmp_path):
    manifest = build(source, tmp_path / "val", "--splits=val")
    assert list(manifest["splits"]) == ["val"]
    assert manifest["vocabulary_sha256"] == build(source, tmp_path / "all")["vocabulary_sha256"]


def test_an_unknown_split_is_refused(source, output):
    with pytest.raises(UserError, match=r"the source has no split `vla`\. Did you mean `val`\? Known: train, val"):
        build(source, output, "--splits=train,vla")


def test_a_source_without_usable_images_is_refused(source, output):
    (source / "Flickr8k.token.txt").write_text("", encoding="utf-8")
    message = r"The source has no image with captions\. The first of 7 reasons: Flickr_8k\.trainImages\.txt:1: "
    with pytest.raises(UserError, match=message):
        build(source, output)


def test_too_many_faults_of_the_source_stop_the_build_before_it_begins(source, output):
    (source / "Flickr8k.token.txt").write_text("a\nb\n" + f"t0.jpg#0\t{'A dog . ' * 5}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"had to be skipped, more than --max_skipped=0\.01 allows"):
        build(source, output)
    assert not output.exists()


def test_counts_that_are_not_those_of_the_whole_dataset_are_told(source, output, capsys):
    build(source, output)
    assert "note: train: 5 usable images were found, the whole dataset has 6,000" in capsys.readouterr().err


@pytest.fixture
def three_splits(tmp_path):
    return write_flickr8k(tmp_path / "three_splits", {"train": TRAIN, "val": VAL, "test": {"x0.jpg": ["A dog ."]}})


def test_held_out_splits_that_are_not_written_are_told_as_they_are_not_compared(three_splits, output, capsys):
    photos = three_splits / "images"
    (photos / "t2.jpg").write_bytes((photos / "v1.jpg").read_bytes())
    manifest = build(three_splits, output, "--splits=train")
    notice = "note: val, test: not written, so training images that are the same as theirs are not found\n"
    assert notice in capsys.readouterr().err
    assert (manifest["splits"]["train"]["images"], manifest["skipped"]["count"]) == (5, 0)


@pytest.mark.parametrize("splits", [[], ["--splits=test,train,val"], ["--splits=val"]], ids=["all", "named", "val"])
def test_there_is_no_such_notice_where_all_are_compared_or_nothing_is_trained_on(three_splits, output, capsys, splits):
    build(three_splits, output, *splits)
    assert "not written" not in capsys.readouterr().err
