"""The reader of Pascal Sentences on folders of three photos."""

import pytest

from data_prep.datasets import pascal_sentences
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError
from tests.helpers import photo

SENTENCES = {
    "aeroplane/2008_000716": "One jet lands at an airport .\n\nTwo jets taxi . \r\n",
    "aeroplane/2008_001227": "A white plane .",
    "cat/2008_000716": "A cat .\n",
}


@pytest.fixture
def source(tmp_path):
    for number, (name, text) in enumerate(SENTENCES.items()):
        for folder, ending in (("dataset", "jpg"), ("sentence", "txt")):
            path = tmp_path / folder / f"{name}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(photo(number, kind="JPEG") if ending == "jpg" else text.encode())
    return tmp_path


def read(source, **options):
    return list(pascal_sentences.read(source, pascal_sentences.Config(**options)))


def test_photos_come_class_by_class_with_a_caption_a_line(source):
    first, *others = read(source)
    assert first == CaptionedImage(
        image_id="aeroplane/2008_000716.jpg",
        split="test",
        captions=("One jet lands at an airport .", "Two jets taxi ."),
        image=source / "dataset" / "aeroplane" / "2008_000716.jpg",
        metadata={"class": "aeroplane"},
        where="sentence/aeroplane/2008_000716.txt",
    )
    assert [item.image_id for item in others] == ["aeroplane/2008_001227.jpg", "cat/2008_000716.jpg"]


def test_all_go_to_the_split_that_is_asked_for(source):
    assert [item.split for item in read(source, split="train")] == ["train"] * 3
    assert pascal_sentences.expected(pascal_sentences.Config(split="train")) == {"train": 1000}
    assert pascal_sentences.expected(pascal_sentences.Config()) == {"test": 1000}


def test_other_files_do_no_harm(source):
    (source / "dataset" / ".DS_Store").touch()
    (source / "dataset" / "cat" / "Thumbs.db").touch()
    (source / "sentence" / "README.txt").touch()
    assert len(read(source)) == 3


def test_a_photo_without_a_file_of_captions_is_skipped(source):
    (source / "sentence" / "cat" / "2008_000716.txt").unlink()
    where = "dataset/cat/2008_000716.jpg"
    assert read(source)[2] == Skipped("cat/2008_000716.jpg", where, "there is no sentence/cat/2008_000716.txt")


def test_captions_without_a_photo_are_skipped(source):
    (source / "dataset" / "cat" / "2008_000716.jpg").unlink()
    where = "sentence/cat/2008_000716.txt"
    assert read(source)[2] == Skipped("cat/2008_000716.jpg", where, "there is no dataset/cat/2008_000716.jpg")


def test_a_file_without_captions_is_skipped(source):
    (source / "sentence" / "cat" / "2008_000716.txt").write_text("\n \n")
    where = "sentence/cat/2008_000716.txt"
    assert read(source)[2] == Skipped("cat/2008_000716.jpg", where, "the file has no captions")


def test_an_unknown_split_is_refused(source):
    with pytest.raises(UserError, match=r"Option split=tset: there is no such split\. Did you mean `test`\?"):
        read(source, split="tset")


def test_a_missing_source_is_refused(tmp_path):
    with pytest.raises(
        UserError, match=r"--dataset=pascal_sentences needs --source=DIR, .*\nPascal Sentences is a web"
    ):
        read(None)
    with pytest.raises(UserError, match=r"the folder of photos is not there \(one of: dataset\)\.\nPascal"):
        read(tmp_path)
    (tmp_path / "dataset").mkdir()
    with pytest.raises(UserError, match=r"the folder of captions is not there \(one of: sentence\)\.\nPascal"):
        read(tmp_path)
