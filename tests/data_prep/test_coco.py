"""The COCO reader on folders of a few images, and its three ways to divide them."""

import json

import pytest

from data_prep.datasets import coco, dataset_module
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError

VAL = "captions_val2014.json"


def file_name(part, image_id):
    return f"COCO_{part}_{image_id:012}.jpg" if part.endswith("2014") else f"{image_id:012}.jpg"


def write_part(folder, part, captions):
    """Writes a part such as val2014: image id -> captions; those of all images in turn, as in the original."""
    images = [{"license": 3, "file_name": file_name(part, image_id), "id": image_id} for image_id in captions]
    turns = range(max(map(len, captions.values())))
    pairs = [(image_id, texts[turn]) for turn in turns for image_id, texts in captions.items() if turn < len(texts)]
    annotations = [
        {"image_id": image_id, "id": number, "caption": text} for number, (image_id, text) in enumerate(pairs)
    ]
    write_json(folder, part, {"info": {}, "images": images, "licenses": [], "annotations": annotations})
    for image_id in captions:
        write_photo(folder / part / file_name(part, image_id))


def write_json(folder, part, content):
    path = folder / "annotations" / f"captions_{part}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def write_photo(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a photo")


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "coco"
    write_part(folder, "train2014", {57870: ["A restaurant.", "Wooden tables."], 9: ["Food."]})
    write_part(folder, "val2014", {391895: ["A man on a moped."]})
    return folder


@pytest.fixture
def karpathy(tmp_path):
    folder = tmp_path / "karpathy"
    images = [
        {
            "filepath": part,
            "sentids": [number],
            "filename": file_name(part, image_id),
            "imgid": number,
            "split": split,
            "sentences": [{"tokens": ["a"], "raw": "A man.\n", "imgid": number, "sentid": number}],
            "cocoid": image_id,
        }
        for number, (split, part, image_id) in enumerate(
            [("test", "val2014", 391895), ("restval", "val2014", 42), ("train", "train2014", 9), ("val", "val2014", 73)]
        )
    ]
    for image in images:
        write_photo(folder / image["filepath"] / image["filename"])
    (folder / "dataset_coco.json").write_text(json.dumps({"images": images, "dataset": "coco"}), encoding="utf-8")
    return folder


def read(source, **options):
    return list(coco.read(source, coco.Config(**options)))


def skipped(source, **options):
    return [item for item in read(source, **options) if isinstance(item, Skipped)]


def change(source, part, array, items):
    """Adds items to an array of a captions file."""
    content = json.loads((source / "annotations" / f"captions_{part}.json").read_text(encoding="utf-8"))
    content[array] += items
    write_json(source, part, content)


def test_official_parts_in_the_order_of_their_images(source):
    train, val = source / "train2014", source / "val2014"
    assert read(source) == [
        CaptionedImage(
            "57870",
            "train",
            ("A restaurant.", "Wooden tables."),
            train / "COCO_train2014_000000057870.jpg",
            where="captions_train2014.json:images[0]",
        ),
        CaptionedImage(
            "9",
            "train",
            ("Food.",),
            train / "COCO_train2014_000000000009.jpg",
            where="captions_train2014.json:images[1]",
        ),
        CaptionedImage(
            "391895",
            "val",
            ("A man on a moped.",),
            val / "COCO_val2014_000000391895.jpg",
            where="captions_val2014.json:images[0]",
        ),
    ]


def test_version_2017(tmp_path):
    write_part(tmp_path, "train2017", {9: ["Food."]})
    write_part(tmp_path, "val2017", {139: ["A room."]})
    assert [(item.image_id, item.split, item.image) for item in read(tmp_path, version="2017")] == [
        ("9", "train", tmp_path / "train2017" / "000000000009.jpg"),
        ("139", "val", tmp_path / "val2017" / "000000000139.jpg"),
    ]


def test_captions_lose_the_blanks_around_them_and_nothing_else(source):
    change(source, "val2014", "annotations", [{"image_id": 391895, "caption": "\n A man\n on  a road. \n"}])
    assert read(source)[-1].captions == ("A man on a moped.", "A man\n on  a road.")


@pytest.mark.parametrize("flat", [False, True])
def test_photos_under_images(source, flat):
    for part in ("train2014", "val2014"):
        for path in (source / part).iterdir():
            target = source / "images" / ("" if flat else part) / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        (source / part).rmdir()
    assert read(source)[-1].image == source / "images" / ("" if flat else "val2014") / "COCO_val2014_000000391895.jpg"
    assert not skipped(source)


def test_a_part_without_photos_is_left_out_with_a_notice(source, capsys):
    (source / "train2014").rename(source / "pictures")
    (source / "images" / "val2014").mkdir(parents=True)  # holds no photos itself
    assert [item.split for item in read(source)] == ["val"]
    assert capsys.readouterr().err == f"note: split `train` is left out, {source}/train2014 is absent\n"


def test_a_part_without_captions_is_left_out_with_a_notice(source, capsys):
    (source / "annotations" / VAL).unlink()
    assert [item.split for item in read(source)] == ["train", "train"]
    assert capsys.readouterr().err == f"note: split `val` is left out, {source}/annotations/{VAL} is absent\n"


def test_test_images_are_left_out_with_a_notice(source, capsys):
    for name in ("test2014", "test-dev2017"):
        (source / "annotations" / f"image_info_{name}.json").write_text("{}", encoding="utf-8")
    assert len(read(source)) == 3
    notices = capsys.readouterr().err
    assert notices == (
        "note: the images of image_info_test2014.json are left out: captions of COCO's test images are not public\n"
    )


def test_an_image_without_captions_is_skipped(source):
    change(source, "val2014", "images", [{"id": 42, "file_name": "COCO_val2014_000000000042.jpg"}])
    assert skipped(source) == [Skipped("42", f"{VAL}:images[1]", "`annotations` has no caption for it")]


def test_a_missing_photo_is_skipped(source):
    (source / "val2014" / "COCO_val2014_000000391895.jpg").unlink()
    reason = "there is no file COCO_val2014_000000391895.jpg in val2014/"
    assert skipped(source) == [Skipped("391895", f"{VAL}:images[0]", reason)]


def test_captions_of_an_unknown_image_are_skipped_once(source):
    change(source, "val2014", "annotations", [{"image_id": 5, "caption": text} for text in ("One", "Two")])
    reason = "2 captions of an image that `images` does not list"
    assert skipped(source) == [Skipped("5", f"{VAL}:annotations", reason)]


@pytest.mark.parametrize(
    ("item", "image_id"),
    [
        ({"image_id": 391895}, "391895"),
        ({"image_id": 391895, "caption": None}, "391895"),
        ({"image_id": "391895", "caption": "A"}, "391895"),
        ({"image_id": True, "caption": "A"}, "True"),
        ({"caption": "A"}, ""),
        ("A man", ""),
    ],
)
def test_a_broken_annotation_is_skipped_and_the_others_stay(source, item, image_id):
    change(source, "val2014", "annotations", [item])
    reason = f"expected an integer `image_id` and a text `caption`, found {item!r}"
    assert skipped(source) == [Skipped(image_id, f"{VAL}:annotations[1]", reason)]
    assert read(source)[-1].captions == ("A man on a moped.",)


@pytest.mark.parametrize(
    ("item", "image_id"),
    [({"id": 391895}, "391895"), ({"id": "7", "file_name": "a.jpg"}, "7"), ({"file_name": "a.jpg"}, ""), (7, "")],
)
def test_a_broken_image_is_skipped(source, item, image_id):
    change(source, "val2014", "images", [item])
    reason = f"expected an integer `id` and a text `file_name`, found {item!r}"
    assert skipped(source) == [Skipped(image_id, f"{VAL}:images[1]", reason)]


def test_an_image_that_is_listed_twice_comes_twice(source):
    change(source, "val2014", "images", [{"id": 391895, "file_name": "COCO_val2014_000000391895.jpg"}])
    first, second = read(source)[-2:]
    assert (first.image_id, first.captions) == (second.image_id, second.captions)
    assert (first.where, second.where) == (f"{VAL}:images[0]", f"{VAL}:images[1]")


def test_im2txt_counts_the_images_of_val2014_in_the_order_of_the_file(tmp_path):
    ids = [*range(139, 119, -1), 7]  # 21 images: borders at int(17.85) and int(18.9)
    write_part(tmp_path, "train2014", {9: ["Food."]})
    write_part(tmp_path, "val2014", {image_id: ["A room."] for image_id in ids})
    items = read(tmp_path, splits="im2txt")
    assert [item.image_id for item in items] == ["9", *map(str, ids)]
    assert [item.split for item in items] == ["train"] * 18 + ["val"] + ["test"] * 3


def test_im2txt_counts_images_that_are_skipped(tmp_path):
    write_part(tmp_path, "train2014", {9: ["Food."]})
    write_part(tmp_path, "val2014", {image_id: ["A room."] for image_id in range(1, 21)})
    (tmp_path / "val2014" / file_name("val2014", 1)).unlink()
    items = [item for item in read(tmp_path, splits="im2txt") if isinstance(item, CaptionedImage)]
    assert [item.image_id for item in items if item.split == "val"] == ["18"]
    assert [item.image_id for item in items if item.split == "test"] == ["19", "20"]


def test_im2txt_needs_both_parts(source):
    (source / "train2014").rename(source / "pictures")
    message = r"not there, but needed by splits=im2txt: train2014/\.\nUnpack into one folder"
    with pytest.raises(UserError, match=message):
        read(source, splits="im2txt")


def test_karpathy_takes_captions_and_splits_from_his_file(karpathy):
    items = read(karpathy, splits="karpathy")
    image = karpathy / "val2014" / "COCO_val2014_000000391895.jpg"
    assert items[0] == CaptionedImage("391895", "test", ("A man.",), image, where="dataset_coco.json:images[0]")
    assert [(item.image_id, item.split) for item in items[1:]] == [("42", "train"), ("9", "train"), ("73", "val")]


def test_karpathy_without_restval(karpathy, capsys):
    assert [item.image_id for item in read(karpathy, splits="karpathy", restval=False)] == ["391895", "9", "73"]
    assert "1 images of split `restval`" in capsys.readouterr().err


@pytest.mark.parametrize("prefix", ["", "images"])
def test_karpathy_with_the_photos_of_2017(karpathy, prefix):
    for number, path in enumerate(sorted(karpathy.glob("*2014/*.jpg"))):
        part = ("train2017", "val2017")[number % 2]
        target = karpathy / prefix / part / path.name[-16:]
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    items = read(karpathy, splits="karpathy", version="2017")
    assert [(item.image_id, item.split) for item in items][:2] == [("391895", "test"), ("42", "train")]
    assert [item.image.name for item in items][:2] == ["000000391895.jpg", "000000000042.jpg"]


def test_karpathy_names_faults_with_version_2017_too(karpathy):
    path = karpathy / "dataset_coco.json"
    path.write_text('{"images": [{"filename": "a.jpg"}]}', encoding="utf-8")
    (item,) = skipped(karpathy, splits="karpathy", version="2017")
    assert item.where == "dataset_coco.json:images[0]"


def test_karpathy_without_photos(karpathy):
    with pytest.raises(UserError, match=r"not one of the photos is there\. (.|\n)*000000391895\.jpg(.|\n)*Unpack into"):
        read(karpathy, splits="karpathy", version="2017")


def test_karpathy_without_his_file(source):
    with pytest.raises(
        UserError, match=r"file of splits=karpathy is not there \(one of: dataset_coco\.json\)\.\nUnpack"
    ):
        read(source, splits="karpathy")


def test_no_source(tmp_path):
    with pytest.raises(UserError, match=r"--dataset=coco needs --source=DIR, .*\nUnpack into"):
        read(None)
    with pytest.raises(UserError, match=r"nowhere: there is no such folder\.\nUnpack into"):
        read(tmp_path / "nowhere")


def test_a_folder_without_any_part(source):
    message = (
        r"needed by splits=official: annotations/captions_train2017\.json, annotations/captions_val2017\.json\.\nUnpack"
    )
    with pytest.raises(UserError, match=message):
        read(source, version="2017")


def test_a_captions_file_that_is_cut_off(source):
    path = source / "annotations" / VAL
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"captions_val2014\.json is no whole JSON file"):
        read(source)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "2015"}, r"--option=version=2015: there is no such value\. .*Known: 2014, 2017\."),
        ({"splits": "karpaty"}, r"splits=karpaty: there is no such value\. Did you mean `karpathy`\?"),
        ({"splits": "im2txt", "version": "2017"}, r"splits=im2txt divides val2014, so it needs --option=version=2014"),
        ({"restval": False}, r"--option=restval=False: only splits=karpathy has a `restval` to leave out"),
    ],
)
def test_options_that_make_no_sense(options, message):
    with pytest.raises(UserError, match=message):
        coco.Config(**options)


@pytest.mark.parametrize(
    ("options", "counts"),
    [
        ({}, {"train": 82783, "val": 40504}),
        ({"version": "2017"}, {"train": 118287, "val": 5000}),
        ({"splits": "im2txt"}, {"train": 117211, "val": 2025, "test": 4051}),
        ({"splits": "karpathy"}, {"train": 113287, "val": 5000, "test": 5000}),
        ({"splits": "karpathy", "version": "2017", "restval": False}, {"train": 82783, "val": 5000, "test": 5000}),
    ],
)
def test_expected_counts(options, counts):
    assert coco.expected(coco.Config(**options)) == counts


def test_it_is_in_the_table():
    assert dataset_module("coco") is coco
