"""The reader of tables: tab-separated and CSV, with every fault that a line can have."""

import pytest

from data_prep.datasets import tsv
from data_prep.datasets.own_splits import Shares
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError
from tests.helpers import photo

HEADER = "image\tcaption\tsplit\n"
LINES = "photos/b.jpg\tA dog .\ttrain\nphotos/b.jpg\tDogs\ttrain\nphotos/a.jpg\tA cat .\tval\n"


@pytest.fixture
def source(tmp_path):
    (tmp_path / "photos").mkdir()
    for name in "abc":
        (tmp_path / "photos" / f"{name}.jpg").write_bytes(photo())
    (tmp_path / "captions.tsv").write_text(HEADER + LINES, encoding="utf-8")
    return tmp_path


def write(source, text, file="captions.tsv"):
    (source / file).write_bytes(text.encode())


def read(source, **options):
    return list(tsv.read(source, tsv.Config(**options)))


def skipped(source, **options):
    return [item for item in read(source, **options) if isinstance(item, Skipped)]


def captions(source, **options):
    return {item.image_id: item.captions for item in read(source, **options)}


def test_consecutive_lines_of_an_image_are_one_image(source, capsys):
    photos = source / "photos"
    assert read(source) == [
        CaptionedImage("photos/b.jpg", "train", ("A dog .", "Dogs"), photos / "b.jpg", where="captions.tsv:2"),
        CaptionedImage("photos/a.jpg", "val", ("A cat .",), photos / "a.jpg", where="captions.tsv:4"),
    ]
    assert capsys.readouterr().err == ""


def test_columns_come_in_any_order_and_may_give_ids(source):
    write(source, "image_id\tCaption\timage\nx7\tA dog .\tphotos/b.jpg\nx7\tDogs\tphotos/b.jpg\n")
    (item,) = read(source)
    assert (item.image_id, item.split, item.captions) == ("x7", "train", ("A dog .", "Dogs"))
    assert item.image == source / "photos" / "b.jpg"


def test_a_path_may_be_absolute(source):
    path = source / "photos" / "a.jpg"
    write(source, f"image\tcaption\n{path}\tA cat .\n")
    (item,) = read(source)
    assert (item.image, item.image_id) == (path, str(path))


def test_paths_may_start_from_another_folder(source):
    write(source, "image,caption\na.jpg,A cat .\n", "captions.txt")
    (item,) = read(source, file="captions.txt", delimiter=",", images="photos")
    assert (item.image_id, item.image) == ("a.jpg", source / "photos" / "a.jpg")


def test_tabs_quote_nothing(source):
    write(source, 'image\tcaption\nphotos/a.jpg\t"Stop" is on a sign\nphotos/a.jpg\tA "sign\n')
    assert captions(source) == {"photos/a.jpg": ('"Stop" is on a sign', 'A "sign')}


def test_csv_quotes(source):
    write(source, 'image,caption\r\nphotos/a.jpg,"A cat, ""Tom"",\r\nsits ."\r\n\r\nphotos/b.jpg,A dog .\r\n', "x.CSV")
    first, second = read(source, file="x.CSV")
    assert first.captions == ('A cat, "Tom",\r\nsits .',)
    assert (first.where, second.where) == ("x.CSV:2", "x.CSV:5")


@pytest.mark.parametrize(("delimiter", "separator"), [("|", "|"), ("tab", "\t"), ("\\t", "\t"), (";", ";")])
def test_other_delimiters(source, delimiter, separator):
    write(source, f"image{separator}caption\nphotos/a.jpg{separator} A cat, sitting . \n", "x.csv")
    assert captions(source, file="x.csv", delimiter=delimiter) == {"photos/a.jpg": ("A cat, sitting .",)}


def test_blank_lines_windows_line_ends_and_a_byte_order_mark_do_no_harm(source):
    write(source, "\ufeff" + (HEADER + LINES).replace("\n", "\r\n\r\n"))
    assert captions(source) == {"photos/b.jpg": ("A dog .", "Dogs"), "photos/a.jpg": ("A cat .",)}
    write(source, "\ufeffimage,caption\r\n , \r\nphotos/a.jpg,A cat .\r\n", "x.csv")
    assert captions(source, file="x.csv") == {"photos/a.jpg": ("A cat .",)}


# An image that comes again


def test_an_image_that_comes_again_is_another_one_and_is_told_once(source, capsys):
    again = "photos/b.jpg\tRunning dogs\ttrain\nphotos/a.jpg\tCats\tval\n"
    write(source, HEADER + LINES + again)
    items = read(source)
    assert [item.image_id for item in items] == ["photos/b.jpg", "photos/a.jpg"] * 2
    assert capsys.readouterr().err == (
        "note: captions.tsv:5: photos/b.jpg was there before, at captions.tsv:2; only its first lines count. "
        "Sort the table, or read it with --option=scattered=true\n"
    )


def test_only_so_many_ids_are_remembered(source, capsys, monkeypatch):
    monkeypatch.setattr(tsv, "_RECENT", 1)
    far = "photos/c.jpg\tA cow .\ttrain\nphotos/b.jpg\tDogs\ttrain\n"
    write(source, HEADER + LINES + far)
    assert len(read(source)) == 4
    assert capsys.readouterr().err == ""


def test_scattered_lines_are_gathered(source, capsys):
    write(source, HEADER + LINES + "photos/b.jpg\tRunning dogs\ttrain\nphotos/c.jpg\t\n")
    *items, fault = sorted(read(source, scattered=True), key=lambda item: isinstance(item, Skipped))
    assert [item.image_id for item in items] == ["photos/b.jpg", "photos/a.jpg"]
    assert items[0].captions == ("A dog .", "Dogs", "Running dogs")
    assert fault.where == "captions.tsv:6"
    assert capsys.readouterr().err == ""


# Splits


def test_without_splits_shares_are_put_aside_by_the_id(source):
    write(source, "image\tcaption\n" + "".join(f"photos/{name}.jpg\tA photo .\n" for name in "abc"))
    assert {item.split for item in read(source)} == {"train"}
    shares = Shares(val=0.3, test=0.4)
    assert [item.split for item in read(source, val=0.3, test=0.4)] == [
        shares.split(f"photos/{name}.jpg", "") for name in "abc"
    ]
    assert {item.split for item in read(source, test=1)} == {"test"}


def test_a_split_of_its_own_goes_before_shares(source):
    write(source, HEADER + LINES + "photos/c.jpg\tA cow .\t\n")
    assert [item.split for item in read(source, test=1)] == ["train", "val", "test"]


def test_an_unknown_split_is_skipped(source):
    write(source, HEADER + "photos/b.jpg\tA dog .\ttrian\nphotos/b.jpg\tDogs\ttrian\n")
    (item,) = skipped(source)
    assert item[:2] == ("photos/b.jpg", "captions.tsv:2")
    assert item.reason.startswith("there is no split 'trian'. Did you mean `train`?")


# Lines that are skipped


@pytest.mark.parametrize(
    ("line", "image_id", "reason"),
    [
        ("photos/a.jpg\tA cat .", "", "expected 3 cells, found 2: ['photos/a.jpg', 'A cat .']"),
        ("photos/a.jpg\tA\tcat\tval", "", "expected 3 cells, found 4: ['photos/a.jpg', 'A', 'cat', 'val']"),
        ("photos/c.jpg\t \tval", "photos/c.jpg", "`caption` is empty"),
        ("\tA cat .\tval", "", "`image` is empty"),
        ("photos/x.jpg\tA cat .\tval", "photos/x.jpg", "there is no such file: photos/x.jpg"),
        ("photos\tA cat .\tval", "photos", "there is no such file: photos"),
        ("A long text . " * 30 + "\tA cat .\tval", ("A long text . " * 30).strip(), "there is no such file: A long"),
        (
            "photos/a.jpg\tCats\ttest",
            "photos/a.jpg",
            "image 'photos/a.jpg', split 'test' differ from those of captions.tsv:4",
        ),
    ],
)
def test_a_faulty_line_is_skipped_with_its_number(source, line, image_id, reason):
    write(source, HEADER + LINES + line + "\n")
    (item,) = skipped(source)
    assert item[:2] == (image_id, "captions.tsv:5")
    assert item.reason.startswith(reason)
    whole = [item.captions for item in read(source) if isinstance(item, CaptionedImage)]
    assert whole == [("A dog .", "Dogs"), ("A cat .",)]


def test_an_id_stands_for_one_image(source):
    write(source, "image\timage_id\tcaption\nphotos/a.jpg\t1\tA cat .\nphotos/b.jpg\t1\tA dog .\nphotos/b.jpg\t\tA .\n")
    assert skipped(source) == [
        Skipped("photos/b.jpg", "captions.tsv:4", "`image_id` is empty"),
        Skipped("1", "captions.tsv:3", "image 'photos/b.jpg', split '' differ from those of captions.tsv:2"),
    ]


# What stops a build


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("image\tcaptoin", r"captions\.tsv:1: .* 'captoin' is none\. Did you mean `caption`\? Known: caption, image, "),
        ("image\tcaption\turl", r"with '\\t' between them, and 'url' is none\. .*--option=ignore=NAME"),
        ("photos/a.jpg\tA cat .", r"the first line names the columns, .*, and 'photos/a\.jpg' is none"),
        ("image,caption", r"'image,caption' is one cell where '\\t' .* Is it ',' here\? --option=delimiter=','"),
        ("image;caption", r"Is it ';' here\? --option=delimiter=';'"),
        ("image\tsplit", r"captions\.tsv:1: there is no column `caption`, only image, split"),
        ("caption", r"there is no column `image`, only caption"),
        ("image\tcaption\tcaption", r"there are 2 columns `caption`\. Rename all but one"),
        ("", r"captions\.tsv is empty\.\nNothing to download"),
    ],
)
def test_the_first_line_must_name_the_columns(source, header, message):
    write(source, header + "\n")
    with pytest.raises(UserError, match=message):
        read(source)


def test_other_columns_can_be_ignored(source):
    write(source, "image\turl\tcaption\tURL\tby\nphotos/a.jpg\thttp\tA cat .\thttps\tme\n")
    assert captions(source, ignore="by, url") == {"photos/a.jpg": ("A cat .",)}


def test_a_column_that_is_read_cannot_be_ignored(source):
    write(source, "image\tcaption\tsplit\nphotos/a.jpg\tA cat .\ttest\n")
    with pytest.raises(UserError, match=r"--option=ignore=url,split: `split` is a column that is read\. Rename it"):
        read(source, ignore="url,split")


@pytest.mark.parametrize("row", ['photos/a.jpg,"A "cat', 'photos/a.jpg,"A cat\nphotos/b.jpg,A dog\n'])
def test_quotes_that_do_not_match(source, row):
    write(source, f"image,caption\nphotos/c.jpg,A cow .\n{row}\n", "x.csv")
    with pytest.raises(UserError, match=r"x\.csv:3: the quotation marks of this row do not match"):
        read(source, file="x.csv")


@pytest.mark.parametrize("file", ["captions.tsv", "x.csv"])
def test_a_file_that_is_not_utf8(source, file):
    (source / file).write_bytes(b"image,caption\na.jpg,caf\xe9\n")
    with pytest.raises(UserError, match=rf"{file} is not UTF-8 .* iconv -f ENCODING -t UTF-8"):
        read(source, file=file, delimiter=",")


@pytest.mark.parametrize("delimiter", ["ab", '"', "\n"])
def test_a_delimiter_is_one_character(delimiter):
    with pytest.raises(UserError, match=r"--option=delimiter=.*: expected one character, or `tab`"):
        tsv.Config(delimiter=delimiter)


def test_shares_are_checked():
    with pytest.raises(UserError, match=r"--option=val=2\.0 --option=test=0\.0: expected two shares"):
        tsv.Config(val=2.0)


def test_no_source():
    with pytest.raises(UserError, match=r"--dataset=tsv needs --source=DIR, .*\nNothing to download"):
        read(None)


def test_no_table(tmp_path):
    with pytest.raises(UserError, match=r"the table of captions is not there \(one of: x\.csv\)\.\nNothing to"):
        read(tmp_path, file="x.csv")


def test_nobody_else_knows_how_many_images_there_should_be():
    assert tsv.expected(tsv.Config()) == {}
