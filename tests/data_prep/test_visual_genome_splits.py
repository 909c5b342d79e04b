"""The splits of Visual Genome: the lists of DenseCap, and the images that are left out because of COCO."""

import json

import pytest

from data_prep.datasets.visual_genome_splits import ImageSplits
from im2txt.errors import UserError

DENSECAP = {"test": [2342728], "train": [4, 5], "val": [6]}
KARPATHY = {
    "images": [
        {"filepath": "val2014", "imgid": 0, "split": "test", "cocoid": 391895},
        {"filepath": "val2014", "imgid": 1, "split": "val", "cocoid": 184613},
        {"filepath": "train2014", "imgid": 2, "split": "train", "cocoid": 57870},
        {"filepath": "val2014", "imgid": 3, "split": "restval", "cocoid": 522418},
    ],
    "dataset": "coco",
}


@pytest.fixture
def source(tmp_path):
    (tmp_path / "densecap_splits.json").write_text(json.dumps(DENSECAP))
    return tmp_path


def read_splits(source, choice="densecap", exclude_coco=""):
    return ImageSplits(source, choice, str(exclude_coco), "Get it somewhere.")


def coco_ids(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_an_image_is_in_the_split_that_names_it(source):
    splits = read_splits(source)
    ids = ("4", "5", "6", "2342728", "7")
    assert [splits.split_of(image_id, None) for image_id in ids] == ["train", "train", "val", "test", None]


def test_an_image_in_two_splits_is_held_out(tmp_path):
    splits = {"test": [1], "val": [2], "train": [1, 2, 3]}
    (tmp_path / "densecap_splits.json").write_text(json.dumps(splits))
    splits = read_splits(tmp_path)
    assert [splits.split_of(image_id, None) for image_id in ("1", "2", "3")] == ["test", "val", "train"]


def test_missing_images_are_named_in_the_order_of_the_splits(source):
    assert list(read_splits(source).missing({"5"})) == [("train", "4"), ("val", "6"), ("test", "2342728")]
    assert list(read_splits(source, "all_train").missing({"5"})) == []


def test_all_train_reads_no_file(tmp_path):
    assert read_splits(tmp_path, "all_train").split_of("17", None) == "train"


@pytest.mark.parametrize(
    ("name", "content"),
    [("ids.txt", "391895\n\n 184613 \r\n"), ("dataset_coco.json", KARPATHY)],
)
def test_held_out_coco_images_are_left_out_of_train(source, capsys, name, content):
    path = coco_ids(source / name, content)
    splits = read_splits(source, exclude_coco=path)
    assert splits.split_of("4", 391895) is None
    assert splits.split_of("5", 184613) is None
    assert [splits.split_of("4", coco_id) for coco_id in (None, 57870, 522418)] == ["train"] * 3
    assert [splits.split_of(image_id, 391895) for image_id in ("6", "2342728")] == ["val", "test"]
    splits.tell_left_out()
    reason = f"left out, because {path} names their COCO ids (training images only): 2 images"
    assert capsys.readouterr().err == f"note: {reason}\n"


def test_what_is_left_out_is_told(source, capsys):
    splits = read_splits(source, exclude_coco=coco_ids(source / "ids.txt", "1\n"))
    splits.split_of("8", None)
    splits.tell_left_out()
    notes = capsys.readouterr().err.splitlines()
    assert notes == [
        f"note: left out, because {source}/ids.txt names their COCO ids (training images only): 0 images",
        "note: left out, because densecap_splits.json does not name them: 1 images",
    ]


def test_unknown_choice(source):
    expected = r"--option=splits=all_trian: there are no such splits\. Did you mean `all_train`\?"
    with pytest.raises(UserError, match=expected):
        read_splits(source, "all_trian")


def test_absent_splits(tmp_path):
    expected = r"densecap_splits\.json is not there\. .*--option=splits=all_train\.\nGet it somewhere\."
    with pytest.raises(UserError, match=expected):
        read_splits(tmp_path)


@pytest.mark.parametrize("content", [{}, [1, 2], {"train": []}])
def test_splits_without_images(tmp_path, content):
    (tmp_path / "densecap_splits.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=r'densecap_splits\.json names no image\. Expected {"train": \[image ids\]'):
        read_splits(tmp_path)


def test_absent_coco_ids(source):
    with pytest.raises(UserError, match=r"--option=exclude_coco=.*ids\.txt: there is no such file"):
        read_splits(source, exclude_coco=source / "ids.txt")


@pytest.mark.parametrize(
    ("name", "content"),
    [("ids.txt", "\n"), ("captions_val2014.json", {"images": [{"id": 391895}]}), ("other.json", [391895])],
)
def test_a_file_without_coco_ids(source, name, content):
    expected = r"the file holds no COCO id\. Expected an id on each line, or Karpathy's dataset_coco\.json"
    with pytest.raises(UserError, match=expected):
        read_splits(source, exclude_coco=coco_ids(source / name, content))


def test_a_line_that_is_no_coco_id(source):
    with pytest.raises(UserError, match=r"ids\.txt:2: expected a COCO id, which is a number\. Found: 'b\.jpg'"):
        read_splits(source, exclude_coco=coco_ids(source / "ids.txt", "1\nb.jpg\n"))
