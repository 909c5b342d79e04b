"""The Flickr8k reader on folders of a few photos, and its counts on the real one."""

import os
from pathlib import Path

import pytest

from data_prep.datasets import flickr
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError
from tests.helpers import write_flickr8k

TRAIN = {"b.jpg": ["A dog .", "Dogs"], "a.jpg": ["A cat ."]}
VAL = {"c.jpg": ["A bird ."]}


@pytest.fixture
def source(tmp_path):
    return write_flickr8k(tmp_path / "flickr8k", {"train": TRAIN, "val": VAL, "test": {"d.jpg": ["A cow ."]}})


def read(source):
    return list(flickr.read(source, flickr.Config()))


def skipped(source):
    return [item for item in read(source) if isinstance(item, Skipped)]


def append(path, text):
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def test_photos_come_in_the_order_of_the_lists_with_all_their_captions(source):
    images = source / "images"
    assert read(source) == [
        CaptionedImage("b.jpg", "train", ("A dog .", "Dogs"), images / "b.jpg", where="Flickr_8k.trainImages.txt:1"),
        CaptionedImage("a.jpg", "train", ("A cat .",), images / "a.jpg", where="Flickr_8k.trainImages.txt:2"),
        CaptionedImage("c.jpg", "val", ("A bird .",), images / "c.jpg", where="Flickr_8k.devImages.txt:1"),
        CaptionedImage("d.jpg", "test", ("A cow .",), images / "d.jpg", where="Flickr_8k.testImages.txt:1"),
    ]


@pytest.mark.parametrize("folder", ["Flicker8k_Dataset", "Flickr8k_Dataset"])
def test_the_folder_of_photos_has_three_names(source, folder):
    (source / "images").rename(source / folder)
    assert read(source)[0].image == source / folder / "b.jpg"


def test_a_split_without_a_list_is_left_out_with_a_notice(source, capsys):
    (source / "Flickr_8k.testImages.txt").unlink()
    assert [item.split for item in read(source)] == ["train", "train", "val"]
    notices = capsys.readouterr().err
    assert "note: split `test` is left out" in notices
    assert "note: left out, because no list names them: 1 photos" in notices  # d.jpg is still there


@pytest.mark.parametrize("line", ["a.jpg A cat", "a.jpg#x\tA cat", "a.jpg#0\t", "#0\tA cat", "a.jpg#0\t  "])
def test_a_malformed_line_is_skipped_with_its_number(source, line):
    append(source / "Flickr8k.token.txt", f"{line}\n")
    (item,) = skipped(source)
    assert item.where == "Flickr8k.token.txt:6"
    assert item.reason == f"expected `name.jpg#k<TAB>caption`, found {line!r}"


def test_a_listed_photo_without_captions_is_skipped(source):
    append(source / "Flickr_8k.trainImages.txt", "e.jpg\n")
    reason = "Flickr8k.token.txt has no caption for it"
    assert skipped(source) == [Skipped("e.jpg", "Flickr_8k.trainImages.txt:3", reason)]


def test_a_missing_photo_is_skipped(source):
    (source / "images" / "a.jpg").unlink()
    reason = "there is no such file in images/"
    assert skipped(source) == [Skipped("a.jpg", "Flickr_8k.trainImages.txt:2", reason)]


def test_captions_of_an_unknown_image_are_skipped_once(source):
    append(source / "Flickr8k.token.txt", "x.jpg.1#0\tA man .\nx.jpg.1#1\tA man .\n")
    reason = "captions of an image that is in no list and not in images/"
    assert skipped(source) == [Skipped("x.jpg.1", "Flickr8k.token.txt", reason)]


def test_blank_lines_and_windows_line_ends_do_no_harm(source):
    path = source / "Flickr_8k.trainImages.txt"
    path.write_bytes(b"b.jpg\r\n\r\na.jpg \r\n")
    assert [item.where for item in read(source)][:2] == [
        "Flickr_8k.trainImages.txt:1",
        "Flickr_8k.trainImages.txt:3",
    ]
    assert not skipped(source)


def test_no_source():
    with pytest.raises(UserError, match=r"--dataset=flickr8k needs --source=DIR, the folder .*\n.*forms\.illinois"):
        read(None)


def test_source_does_not_exist(tmp_path):
    with pytest.raises(UserError, match=r"nowhere: there is no such folder\.\nFlickr8k: ask its authors"):
        read(tmp_path / "nowhere")


def test_source_without_captions(tmp_path):
    with pytest.raises(
        UserError, match=r"the file of captions is not there \(one of: Flickr8k\.token\.txt\)\.\nFlickr8k"
    ):
        read(tmp_path)


def test_source_without_lists(source):
    for path in source.glob("*Images.txt"):
        path.unlink()
    with pytest.raises(
        UserError, match=r"none of the split lists Flickr_8k\.trainImages\.txt, .* is there\.\nFlickr8k"
    ):
        read(source)


def test_source_without_photos(source):
    (source / "images").rename(source / "pictures")
    with pytest.raises(UserError, match=r"folder of photos is not there \(one of: Flicker8k_Dataset, .*images\)\.\nFl"):
        read(source)


def test_a_file_that_is_not_utf8(source):
    (source / "Flickr8k.token.txt").write_bytes(b"a.jpg#0\tcaf\xe9\n")
    with pytest.raises(UserError, match=r"Flickr8k\.token\.txt is not UTF-8"):
        read(source)


def test_the_official_counts():
    assert flickr.expected(flickr.Config()) == {"train": 6000, "val": 1000, "test": 1000}


def test_counts_of_the_real_flickr8k():
    real = Path(os.environ.get("IM2TXT_SHARED", "../shared")) / "flickr8k"
    if not real.is_dir():
        pytest.skip(f"no Flickr8k at {real} (set IM2TXT_SHARED)")
    items = read(real)
    splits = [item.split for item in items]
    assert (splits.count("train"), splits.count("val")) == (6000, 1000)
    assert {len(item.captions) for item in items} == {5}
