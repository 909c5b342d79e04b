"""The reader of the SBU Captioned Photo Dataset on a list of forty addresses."""

import pytest

from data_prep.datasets import sbu
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError
from tests.helpers import photo

COUNT = 40
NAMES = [f"{4385058960 + number}_b0f291553e.jpg" for number in range(COUNT)]


@pytest.fixture
def source(tmp_path):
    """All photos are there."""
    write_lines(tmp_path / sbu.URLS, [f"http://static.flickr.com/2723/{name}" for name in NAMES])
    write_lines(tmp_path / sbu.CAPTIONS, [f"A wooden chair {number}" for number in range(COUNT)])
    (tmp_path / "images").mkdir()
    for name in NAMES:
        (tmp_path / "images" / name).write_bytes(photo(kind="JPEG"))
    return tmp_path


def write_lines(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def change_line(path, index, line):
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[index] = line
    write_lines(path, lines)


def read(source, val=4, test=6):
    return list(sbu.read(source, sbu.Config(val=val, test=test)))


def splits(source, **options):
    return {item.image_id: item.split for item in read(source, **options)}


def test_photos_come_in_the_order_of_the_list(source, capsys):
    items = read(source, val=0, test=0)
    assert items[2] == CaptionedImage(
        NAMES[2], "train", ("A wooden chair 2",), source / "images" / NAMES[2], where=f"{sbu.URLS}:3"
    )
    assert [item.image_id for item in items] == NAMES
    assert capsys.readouterr().err == ""


def test_so_many_addresses_are_put_aside(source):
    found = list(splits(source).values())
    assert [found.count(split) for split in ("train", "val", "test")] == [30, 4, 6]
    assert set(splits(source, val=0, test=COUNT).values()) == {"test"}
    assert set(splits(source, val=COUNT, test=0).values()) == {"val"}


def test_the_first_addresses_are_not_the_ones_put_aside(source):
    found = list(splits(source).values())
    assert "train" in found[:6]
    assert {"val", "test"} <= set(found[10:])


def test_a_photo_keeps_its_split_when_others_vanish_and_when_addresses_move(source):
    before = splits(source)
    for name in NAMES[::3]:
        (source / "images" / name).unlink()
    lines = [f"https://live.staticflickr.com/2723/{name}" for name in reversed(NAMES)]
    write_lines(source / sbu.URLS, lines)
    after = splits(source)
    assert after == {name: before[name] for number, name in enumerate(NAMES) if number % 3}


def test_a_larger_test_split_holds_the_smaller_one(source):
    small, large = ({name for name, split in splits(source, test=test).items() if split == "test"} for test in (3, 9))
    assert small < large


def test_photos_that_are_gone_are_told_and_are_no_faults(source, capsys):
    images = source / "images"
    (images / NAMES[0]).unlink()
    (images / NAMES[1]).unlink()
    (images / NAMES[2]).write_bytes(b"")
    (images / NAMES[3]).write_bytes(photo(kind="PNG"))
    (images / NAMES[4]).write_bytes(photo(kind="GIF"))
    assert [item.image_id for item in read(source)] == NAMES[5:]
    counts = "2 `photo unavailable`, 1 empty files, 2 not in images/"
    assert capsys.readouterr().err == f"note: left out: 5 of 40 photos, which are gone ({counts})\n"


def test_a_broken_photo_is_not_gone(source):
    (source / "images" / NAMES[0]).write_bytes(b"<html>")
    assert read(source)[0].image_id == NAMES[0]


def test_a_line_that_is_no_address_is_skipped(source):
    change_line(source / sbu.URLS, 1, "4385058961_b0f291553e.jpg")
    change_line(source / sbu.URLS, 2, "http://static.flickr.com/2723/")
    change_line(source / sbu.URLS, 3, "")
    skipped = [item for item in read(source) if isinstance(item, Skipped)]
    example = "expected an address such as http://static.flickr.com/1/2_3.jpg"
    assert skipped == [
        Skipped(NAMES[1], f"{sbu.URLS}:2", f"{example}, found {NAMES[1]!r}"),
        Skipped("", f"{sbu.URLS}:3", f"{example}, found 'http://static.flickr.com/2723/'"),
        Skipped("", f"{sbu.URLS}:4", f"{example}, found ''"),
    ]


def test_a_blank_caption_is_skipped_and_moves_no_other(source):
    change_line(source / sbu.CAPTIONS, 1, " ")
    items = read(source)
    assert items[1] == Skipped(NAMES[1], f"{sbu.URLS}:2", f"{sbu.CAPTIONS}:2 is blank")
    assert items[2].captions == ("A wooden chair 2",)


@pytest.mark.parametrize(("file", "other"), [(sbu.URLS, "39 lines and .* 40:"), (sbu.CAPTIONS, "40 lines and .* 39:")])
def test_files_of_different_lengths_are_refused_before_anything_is_read(source, file, other):
    path = source / file
    write_lines(path, path.read_text().splitlines()[:-1])
    with pytest.raises(UserError, match=rf"urls\.txt has {other} expected as many captions as addresses"):
        next(sbu.read(source, sbu.Config(val=1, test=1)))


def test_empty_files_are_refused(source):
    for file in (sbu.URLS, sbu.CAPTIONS):
        (source / file).write_text("")
    with pytest.raises(UserError, match=r"has 0 lines and .* 0: expected as many captions as addresses, at least one"):
        read(source)


def test_no_photo_at_all_is_refused(source):
    for name in NAMES:
        (source / "images" / name).unlink()
    with pytest.raises(UserError, match=r"images: none of the 40 photos is there\.\nSBU"):
        read(source)


@pytest.mark.parametrize(("val", "test"), [(-1, 2), (2, -1), (21, 20)])
def test_options_that_make_no_sense_are_refused(source, val, test):
    with pytest.raises(UserError, match=rf"Options val={val}, test={test}: there are 40 photos to take them from"):
        read(source, val=val, test=test)


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        (sbu.URLS, r"the list of addresses is not there"),
        (sbu.CAPTIONS, r"the file of captions is not there"),
        ("images", r"the folder of photos is not there"),
    ],
)
def test_what_is_missing_is_named(source, absent, message):
    (source / absent).rename(source / "elsewhere")
    with pytest.raises(UserError, match=rf"{message} \(one of: {absent}\)\.\nSBU Captioned Photo Dataset: https"):
        read(source)


def test_no_source():
    with pytest.raises(UserError, match=r"--dataset=sbu needs --source=DIR, the folder of the raw dataset\.\nSBU"):
        read(None)


def test_no_count_is_official():
    assert sbu.expected(sbu.Config()) == {}
