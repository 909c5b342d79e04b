"""The Flickr30k reader on folders of a few photos: both forms of captions, both sources of splits."""

import json

import pytest

from data_prep.datasets import flickr30k
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError
from tests.helpers import photo

CAPTIONS = {
    "11.jpg": ("Two young guys .", "Two friends ."),
    "12.jpg": ("A dog .",),
    "13.jpg": ("A man .",),
    "14.jpg": ("A cat .",),
}
SPLITS = {"12.jpg": "val", "11.jpg": "train", "13.jpg": "test"}  # in no split: 14.jpg


@pytest.fixture
def source(tmp_path):
    """A folder without splits."""
    (tmp_path / "flickr30k-images").mkdir()
    lines = []
    for number, (name, captions) in enumerate(CAPTIONS.items()):
        (tmp_path / "flickr30k-images" / name).write_bytes(photo(number))
        lines += [f"{name}#{k}\t{caption}\n" for k, caption in enumerate(captions)]
    (tmp_path / "results_20130124.token").write_text("".join(lines), encoding="utf-8")
    return tmp_path


def write_karpathy(source, images):
    (source / "dataset_flickr30k.json").write_text(json.dumps({"images": images, "dataset": "flickr30k"}))


def write_split(source):
    write_karpathy(source, [{"filename": name, "split": split, "imgid": 0} for name, split in SPLITS.items()])


def write_lists(source, **lists):
    for split, names in lists.items():
        (source / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))


def read(source, **options):
    return list(flickr30k.read(source, flickr30k.Config(**options)))


def splits(items):
    return [(item.image_id, item.split) for item in items]


def test_karpathys_file_says_the_splits(source, capsys):
    write_split(source)
    images = source / "flickr30k-images"
    assert read(source) == [
        CaptionedImage("12.jpg", "val", ("A dog .",), images / "12.jpg", where="dataset_flickr30k.json:images[0]"),
        CaptionedImage(
            "11.jpg", "train", CAPTIONS["11.jpg"], images / "11.jpg", where="dataset_flickr30k.json:images[1]"
        ),
        CaptionedImage("13.jpg", "test", ("A man .",), images / "13.jpg", where="dataset_flickr30k.json:images[2]"),
    ]
    assert capsys.readouterr().err == "note: left out, because no list names them: 1 photos\n"


def test_lists_of_ids_say_the_splits(source):
    write_lists(source, train=["11", "14"], val=["12"], test=["13"])
    items = read(source)
    assert splits(items) == [("11.jpg", "train"), ("14.jpg", "train"), ("12.jpg", "val"), ("13.jpg", "test")]
    assert items[1].where == "train.txt:2"


def test_where_both_are_there_karpathys_goes_first_unless_the_lists_are_asked_for(source):
    write_split(source)
    write_lists(source, test=["11"])
    assert splits(read(source)) == list(SPLITS.items())
    assert splits(read(source, splits="karpathy")) == list(SPLITS.items())
    assert splits(read(source, splits="entities")) == [("11.jpg", "test")]


def test_all_photos_are_taken_for_training_if_that_is_asked_for(source):
    write_split(source)
    items = read(source, splits="all_train")
    assert splits(items) == [(name, "train") for name in CAPTIONS]
    assert [item.where for item in items][:2] == ["results_20130124.token:1", "results_20130124.token:3"]


def test_a_malformed_caption_is_skipped_once_where_all_photos_are_taken(source):
    with open(source / "results_20130124.token", "a") as file:
        file.write("15.jpg A bird .\n")
    skipped = [item for item in read(source, splits="all_train") if isinstance(item, Skipped)]
    assert [item.where for item in skipped] == ["results_20130124.token:6"]


def test_captions_as_kaggle_has_them(source):
    (source / "results_20130124.token").unlink()
    text = "image_name| comment_number| comment\n11.jpg| 0| Two young guys .\n11.jpg| 4   Two friends .\n"
    (source / "results.csv").write_text(text)
    (source / "flickr30k-images").rename(source / "flickr30k_images")
    (item,) = read(source, splits="all_train")
    assert (item.captions, item.where) == (CAPTIONS["11.jpg"], "results.csv:2")
    assert item.image == source / "flickr30k_images" / "11.jpg"


def test_faulty_items_of_karpathys_file_are_skipped(source):
    good = {"filename": "11.jpg", "split": "train"}
    write_karpathy(
        source, [{"filename": "12.jpg", "split": "restval"}, {"filename": "13.jpg"}, {"split": "val"}, 7, good]
    )
    *skipped, image = [item for item in read(source) if item.image_id != "14.jpg"]
    assert image.image_id == "11.jpg"
    assert [tuple(item) for item in skipped] == [
        ("12.jpg", "dataset_flickr30k.json:images[0]", "expected split train, val or test, found 'restval'"),
        ("13.jpg", "dataset_flickr30k.json:images[1]", "expected split train, val or test, found None"),
        (
            "",
            "dataset_flickr30k.json:images[2]",
            "expected an object with `filename` and `split`, found {'split': 'val'}",
        ),
        ("", "dataset_flickr30k.json:images[3]", "expected an object with `filename` and `split`, found 7"),
    ]


def test_a_listed_photo_that_is_missing_is_skipped(source):
    write_split(source)
    (source / "flickr30k-images" / "11.jpg").unlink()
    reason = "there is no such file in flickr30k-images/"
    assert Skipped("11.jpg", "dataset_flickr30k.json:images[1]", reason) in read(source)


def test_a_listed_photo_without_captions_is_skipped(source):
    write_lists(source, train=["15"])
    assert read(source) == [Skipped("15.jpg", "train.txt:1", "results_20130124.token has no caption for it")]


@pytest.mark.parametrize(
    ("option", "files"),
    [
        ("auto", r"dataset_flickr30k\.json, train\.txt, val\.txt, test\.txt"),
        ("karpathy", r"dataset_flickr30k\.json"),
        ("entities", r"train\.txt, val\.txt, test\.txt"),
    ],
)
def test_without_splits_everything_is_refused(source, option, files):
    message = rf"what says the splits is not there \({files}\)\. .* --option=splits=all_train .*\nFlickr30k: fill in"
    with pytest.raises(UserError, match=message):
        read(source, splits=option)


def test_a_file_that_names_no_photos_is_refused(source):
    (source / "dataset_flickr30k.json").write_text('{"annotations": []}')
    with pytest.raises(UserError, match=r'dataset_flickr30k\.json names no photos: expected \{"images": \[\.\.\.\]\}'):
        read(source)


def test_a_file_that_is_cut_off_is_refused(source):
    (source / "dataset_flickr30k.json").write_text('{"images": [{"filename": "11.jpg", "split": "tr')
    with pytest.raises(UserError, match=r"dataset_flickr30k\.json is no whole JSON file"):
        read(source)


def test_an_unknown_option_is_refused(source):
    with pytest.raises(UserError, match=r"Option splits=karpaty: unknown\. Did you mean `karpathy`\? Known: all_train"):
        read(source, splits="karpaty")


def test_no_source(tmp_path):
    with pytest.raises(UserError, match=r"--dataset=flickr30k needs --source=DIR, .*\nFlickr30k: fill in"):
        read(None)
    with pytest.raises(
        UserError, match=r"file of captions is not there \(one of: results_20130124\.token, results\.csv"
    ):
        read(tmp_path)
    (tmp_path / "results.csv").touch()
    with pytest.raises(
        UserError, match=r"folder of photos is not there \(one of: flickr30k-images, .*images\)\.\nFlickr"
    ):
        read(tmp_path)


@pytest.mark.parametrize(
    ("option", "counts"),
    [
        ("karpathy", {"train": 29000, "val": 1014, "test": 1000}),
        ("entities", {"train": 29783, "val": 1000, "test": 1000}),
        ("all_train", {"train": 31783}),
        ("auto", {"test": 1000}),
    ],
)
def test_the_official_counts(option, counts):
    assert flickr30k.expected(flickr30k.Config(splits=option)) == counts
