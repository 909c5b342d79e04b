"""The two forms of caption files and the lists that Flickr8k and Flickr30k share."""

import pytest

from data_prep.datasets.flickr_captions import Caption, Listed, read_captions, read_lists
from data_prep.skipped import Skipped
from im2txt.errors import UserError


def captions_of(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return list(read_captions(path))


def test_a_token_file_has_a_tab_after_the_number(tmp_path):
    assert captions_of(tmp_path, "x.token", "a.jpg#0\tA dog .\n\nb#c.jpg#12\t A #1 cat \n") == [
        Caption("a.jpg", "A dog .", "x.token:1"),
        Caption("b#c.jpg", "A #1 cat", "x.token:3"),
    ]


def test_a_csv_file_has_a_header_and_bars(tmp_path):
    text = "image_name| comment_number| comment\na.jpg| 0| A dog .\na.jpg| 1| 2 dogs .\nb.jpg|0|A cat\n"
    assert captions_of(tmp_path, "results.csv", text) == [
        Caption("a.jpg", "A dog .", "results.csv:2"),
        Caption("a.jpg", "2 dogs .", "results.csv:3"),
        Caption("b.jpg", "A cat", "results.csv:4"),
    ]


def test_a_csv_file_may_lack_its_header(tmp_path):
    assert captions_of(tmp_path, "results.csv", "a.jpg| 0| A dog .\n") == [Caption("a.jpg", "A dog .", "results.csv:1")]


def test_the_line_of_kaggles_file_that_lacks_a_bar_is_read(tmp_path):
    line = "2199200615.jpg| 4   A dog runs across the grass ."
    expected = Caption("2199200615.jpg", "A dog runs across the grass .", "results.csv:1")
    assert captions_of(tmp_path, "results.csv", line) == [expected]


@pytest.mark.parametrize(
    "line", ["a.jpg| 0| ", "a.jpg| 0", "a.jpg| A dog", "| 0| A dog", "a.jpg 0 A dog", "a.jpg| 4dogs"]
)
def test_a_malformed_line_of_a_csv_file_is_skipped(tmp_path, line):
    (item,) = captions_of(tmp_path, "results.csv", line)
    reason = f"expected `name.jpg| k| caption`, found {line!r}"
    assert item == Skipped(line.partition("|")[0], "results.csv:1", reason)


def test_a_header_further_down_is_a_malformed_line(tmp_path):
    items = captions_of(tmp_path, "results.csv", "a.jpg| 0| A dog\nimage_name| comment_number| comment\n")
    assert [type(item) for item in items] == [Caption, Skipped]


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "results.csv").write_bytes(b"a.jpg| 0| caf\xe9\n")
    with pytest.raises(UserError, match=r"results\.csv is not UTF-8"):
        list(read_captions(tmp_path / "results.csv"))


def test_lists_name_photos_with_or_without_their_ending(tmp_path, capsys):
    (tmp_path / "train.txt").write_text("11\n12.jpg\n", encoding="utf-8")
    listed = read_lists(tmp_path, {"train": "train.txt", "val": "val.txt"}, ending=".jpg")
    assert list(listed) == [Listed("11.jpg", "train", "train.txt:1"), Listed("12.jpg", "train", "train.txt:2")]
    assert capsys.readouterr().err == f"note: split `val` is left out, {tmp_path / 'val.txt'} is absent\n"
