"""Finding photos; the captions themselves are tested with the command."""

import pytest

from im2txt.errors import UserError
from im2txt.serving.client import Photo, Service, find_photos, in_batches


def test_files_are_taken_as_they_are_and_folders_walked_in_order(tmp_path):
    for name in ("z/b.JPG", "z/a.png", "z/inner/c.webp", "z/notes.txt", "z/inner/.jpg/d.gif", "photo.bin"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = find_photos([tmp_path / "photo.bin", str(tmp_path / "z")])
    assert [photo.name for photo in found] == [
        "photo.bin",
        "a.png",
        "b.JPG",
        "inner/.jpg/d.gif",
        "inner/c.webp",
    ]
    assert found[1].path == tmp_path / "z" / "a.png"


def test_a_missing_path_and_an_empty_folder_are_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.jpg does not exist; give image files, or folders that hold some\."):
        find_photos([tmp_path / "none.jpg"])
    with pytest.raises(UserError, match=r"Folder .* holds no image: no file in or below it ends in \.bmp, \.gif"):
        find_photos([tmp_path])


def test_a_model_that_is_none_is_named(tmp_path):
    with pytest.raises(UserError, match=r"Model folder .*/gone does not exist\. Export one with: python -m im2txt"):
        Service(tmp_path / "gone")
    with pytest.raises(UserError, match=r"is no exported model: it lacks saved_model\.pb or metadata\.json"):
        Service(tmp_path)


def test_a_file_that_vanished_reads_as_no_image(tmp_path):
    assert Photo(tmp_path / "gone.jpg", "gone.jpg").read() == b""


def test_batches_hold_all_photos_in_order(tmp_path):
    photos = [Photo(tmp_path, str(number)) for number in range(5)]
    assert [[photo.name for photo in batch] for batch in in_batches(photos, 2)] == [
        ["0", "1"],
        ["2", "3"],
        ["4"],
    ]
