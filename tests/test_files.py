"""Files that are whole or absent, and files that users name."""

import hashlib

import pytest

from im2txt.errors import UserError
from im2txt.files import check_output_folder, read_user_json, sha256_file, write_whole


def test_text_and_bytes_replace_what_was_there(tmp_path):
    path = tmp_path / "file"
    write_whole(path, b"old")
    write_whole(path, "n\u00e9w\n")
    assert path.read_bytes() == "n\u00e9w\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, "old")

    def fail(self, target):
        raise OSError("full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="full"):
        write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_not_written_over_and_nothing_is_left_beside_it(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"Is a directory: .*folder"):
        write_whole(tmp_path / "folder", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_half_a_surrogate_pair_is_written_as_its_escape(tmp_path):
    write_whole(tmp_path / "file", '"caf\u00e9 \ud83d"')
    assert read_user_json(tmp_path / "file") == "caf\u00e9 \ud83d"


def test_the_checksum_is_that_of_the_bytes(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256_file(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()


def test_a_file_that_a_user_names_may_have_a_byte_order_mark(tmp_path):
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": "\xc3\xa9"}')
    assert read_user_json(tmp_path / "a.json") == {"a": "é"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Cannot read .*a.json: No such file or directory"),
        (b'{"a": "\xe9"}', "a.json is not UTF-8 text: byte 0xe9 at place 7 .* Save it as UTF-8"),
        (b"{", "a.json is not valid JSON: "),
        (b"[" * 100_000, "a.json is not valid JSON: "),
    ],
    ids=["absent", "latin-1", "cut off", "deep"],
)
def test_a_file_that_is_no_json_is_told(tmp_path, content, message):
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_user_json(tmp_path / "a.json")


def test_an_output_that_cannot_be_a_folder_is_told_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "new" / "folder"):
        check_output_folder(path)
    with pytest.raises(UserError, match=r"--output=.*file is a file; name a folder\."):
        check_output_folder(tmp_path / "file")
    with pytest.raises(UserError, match=r"--output=.*folder cannot be made in .*file: it is a file\."):
        check_output_folder(tmp_path / "file" / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]
