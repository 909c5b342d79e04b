"""The reader of image files with text files beside them."""

import os

import pytest

from data_prep.datasets import folder
from data_prep.datasets.own_splits import Shares
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError
from tests.helpers import photo


def write(source, *names, text="A dog runs .\n"):
    """Writes images, and texts where the name ends in .txt."""
    for name in names:
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if name.endswith(".txt") else photo())


def read(source, **options):
    return list(folder.read(source, folder.Config(**options)))


def ids(source, **options):
    return [item.image_id for item in read(source, **options)]


def test_pairs_of_all_folders_come_in_the_order_of_names(tmp_path, capsys):
    write(
        tmp_path, "b/x.jpg", "b/x.txt", "a/c/z.png", "a/c/z.txt", "a/y.JPEG", "a/y.txt", "m.jpg", "a/d.webp", "a/d.txt"
    )
    write(tmp_path, "m.txt", text="A dog runs .\r\n\r\n The dog \u2028 is running . \n")
    assert ids(tmp_path) == ["m.jpg", "a/d.webp", "a/y.JPEG", "a/c/z.png", "b/x.jpg"]
    first, *_, last = read(tmp_path)
    captions = ("A dog runs .", "The dog \u2028 is running .")
    assert first == CaptionedImage("m.jpg", "train", captions, tmp_path / "m.jpg", where="m.txt")
    assert last == CaptionedImage("b/x.jpg", "train", ("A dog runs .",), tmp_path / "b" / "x.jpg", where="b/x.txt")
    assert capsys.readouterr().err == ""


def test_folders_may_be_the_splits(tmp_path):
    write(tmp_path, "train/dog.jpg", "train/dog.txt", "Validation/a/dog.jpg", "Validation/a/dog.txt")
    write(tmp_path, "test/dog.jpg", "test/dog.txt")
    assert {item.image_id: item.split for item in read(tmp_path)} == {
        "train/dog.jpg": "train",
        "Validation/a/dog.jpg": "val",
        "test/dog.jpg": "test",
    }


def test_what_is_in_no_folder_of_a_split_is_skipped(tmp_path):
    write(tmp_path, "train/dog.jpg", "train/dog.txt", "val/dog.jpg", "val/dog.txt", "valdation/x.jpg", "y.jpg", "y.txt")
    faults = [item for item in read(tmp_path) if isinstance(item, Skipped)]
    reason = "is in none of the folders of splits: train, val"
    assert faults == [Skipped(name, name, reason) for name in ("y.jpg", "y.txt", "valdation/x.jpg")]


def test_without_folders_shares_are_put_aside_by_the_id(tmp_path):
    names = [f"{number}.jpg" for number in range(20)]
    write(tmp_path, *names, *(f"{number}.txt" for number in range(20)))
    shares = Shares(val=0.3, test=0.4)
    assigned = {item.image_id: item.split for item in read(tmp_path, val=0.3, test=0.4)}
    assert assigned == {name: shares.split(name, "") for name in names}
    assert set(assigned.values()) == {"train", "val", "test"}


def test_shares_and_folders_contradict_each_other(tmp_path):
    write(tmp_path, "train/dog.jpg", "train/dog.txt")
    with pytest.raises(
        UserError, match=r"--option=val=0\.1 --option=test=0\.0: the folders train of .* are the splits"
    ):
        read(tmp_path, val=0.1)


def test_a_file_named_like_a_split_is_no_split(tmp_path):
    write(tmp_path, "dog.jpg", "dog.txt")
    (tmp_path / "train").write_bytes(b"")
    assert ids(tmp_path, val=1) == ["dog.jpg"]


# What is skipped or left alone


@pytest.mark.parametrize(
    ("names", "item"),
    [
        (["a/b.jpg"], Skipped("a/b.jpg", "a/b.jpg", "there is no b.txt beside it")),
        (["a/b.jpg", "b.txt"], Skipped("b.txt", "b.txt", "there is no image of this name beside it")),
        (["a/b.txt"], Skipped("a/b.txt", "a/b.txt", "there is no image of this name beside it")),
        (["a/b.jpg", "a/b.png", "a/b.txt"], Skipped("a/b.png", "a/b.png", "b.txt is the text of b.jpg already")),
    ],
)
def test_halves_of_pairs_are_skipped(tmp_path, names, item):
    write(tmp_path, "m.jpg", "m.txt", *names)
    assert item in read(tmp_path)
    assert "m.jpg" in ids(tmp_path)


def test_a_text_without_captions_is_skipped(tmp_path):
    write(tmp_path, "a.jpg", "a.txt", text=" \n\n")
    assert read(tmp_path) == [Skipped("a.jpg", "a.txt", "there is no caption in it")]


def test_a_text_that_is_not_utf8_is_skipped(tmp_path):
    write(tmp_path, "a.jpg")
    (tmp_path / "a.txt").write_bytes(b"caf\xe9\n")
    (item,) = read(tmp_path)
    assert item[:2] == ("a.jpg", "a.txt")
    assert item.reason.startswith(f"cannot be read: {tmp_path / 'a.txt'} is not UTF-8")


def test_links_that_lead_nowhere_are_skipped(tmp_path):
    write(tmp_path, "a.txt", "b.jpg")
    (tmp_path / "a.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "b.txt").symlink_to(tmp_path / "nowhere.txt")
    first, second = read(tmp_path)
    assert first == Skipped("a.jpg", "a.jpg", "is a link to a file that is not there")
    assert second[:2] == ("b.jpg", "b.txt")
    assert second.reason.startswith("cannot be read: [Errno 2] No such file")


def test_names_that_are_not_utf8_are_skipped(tmp_path):
    write(tmp_path, os.fsdecode(b"caf\xe9.jpg"), os.fsdecode(b"caf\xe9/b.txt"))
    reason = "its name is not UTF-8; rename it"
    assert read(tmp_path) == [
        Skipped("caf\ufffd.jpg", "caf\ufffd.jpg", reason),
        Skipped("caf\ufffd/b.txt", "caf\ufffd/b.txt", reason),
    ]


def test_hidden_and_other_files_are_left_alone(tmp_path, capsys):
    write(tmp_path, "a.jpg", "a.txt", "._a.jpg", ".cache/b.jpg", "a.json", "notes.md", "c/a.TXT", "plan.pdf")
    assert ids(tmp_path) == ["a.jpg"]
    assert capsys.readouterr().err == (
        f"note: left alone, because they are neither images nor texts: 4 files of {tmp_path}\n"
    )


def test_linked_folders_are_read_and_loops_are_not_followed(tmp_path):
    write(tmp_path, "real/a/b.jpg", "real/a/b.txt")
    source = tmp_path / "source"
    source.mkdir()
    (source / "train").symlink_to(tmp_path / "real")
    (source / "train" / "a" / "loop").symlink_to(tmp_path / "real")
    (source / "train" / "a" / "self").symlink_to(tmp_path / "real" / "a")
    assert ids(source) == ["train/a/b.jpg"]


def test_a_folder_that_cannot_be_listed_stops_the_build(tmp_path, monkeypatch):
    write(tmp_path, "a.jpg", "a.txt", "closed/b.jpg")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(PermissionError, match=r"Permission denied: '.*closed'"):
        read(tmp_path)


def test_no_source():
    with pytest.raises(UserError, match=r"--dataset=folder needs --source=DIR, .*\nNothing to download"):
        read(None)


def test_source_does_not_exist(tmp_path):
    with pytest.raises(UserError, match=r"nowhere: there is no such folder\.\nNothing to download"):
        read(tmp_path / "nowhere")


def test_shares_are_checked():
    with pytest.raises(UserError, match="expected two shares of the images"):
        folder.Config(test=-1.0)


def test_nobody_else_knows_how_many_images_there_should_be():
    assert folder.expected(folder.Config()) == {}
