"""The reader of Karpathy & Fei-Fei's JSON files, on files of a few images."""

import json

import pytest

from data_prep.datasets import dataset_module, karpathy_json
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.errors import UserError

FLICKR8K = "dataset_flickr8k.json"


def entry(number, split, captions, **fields):
    """An item of `images` with the keys of the original files."""
    sentences = [
        {"tokens": caption.lower().split(), "raw": caption, "imgid": number, "sentid": 5 * number + each}
        for each, caption in enumerate(captions)
    ]
    sentids = [sentence["sentid"] for sentence in sentences]
    return {"sentids": sentids, "imgid": number, "sentences": sentences, "split": split, **fields}


def coco_entry(number, split, folder, coco_id):
    filename = f"COCO_{folder}_{coco_id:012}.jpg"
    return entry(number, split, [f"Image {coco_id}. "], filepath=folder, filename=filename, cocoid=coco_id)


def write_json(path, images):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"images": images, "dataset": path.stem.removeprefix("dataset_")}), encoding="utf-8")


def write_photo(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a photo")


IMAGES = [
    entry(0, "train", ["A dog .", "Two dogs"], filename="b.jpg"),
    entry(1, "test", ["A cat ."], filename="a.jpg"),
    entry(2, "val", ["A bird ."], filename="c.jpg"),
]
COCO = [
    coco_entry(0, "test", "val2014", 391895),
    coco_entry(1, "restval", "val2014", 42),
    coco_entry(2, "train", "train2014", 9),
]


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "flickr8k"
    write_json(folder / FLICKR8K, IMAGES)
    for image in IMAGES:
        write_photo(folder / "Flicker8k_Dataset" / image["filename"])
    return folder


@pytest.fixture
def coco(tmp_path):
    folder = tmp_path / "coco"
    write_json(folder / "dataset_coco.json", COCO)
    for image in COCO:
        write_photo(folder / image["filepath"] / image["filename"])
    return folder


def read(source, **options):
    return list(karpathy_json.read(source, karpathy_json.Config(**options)))


def add(source, *images):
    write_json(source / FLICKR8K, [*IMAGES, *images])


def skipped(source):
    return [item for item in read(source) if isinstance(item, Skipped)]


def test_images_come_in_the_order_of_the_file_with_all_their_captions(source):
    photos = source / "Flicker8k_Dataset"
    assert read(source) == [
        CaptionedImage("b.jpg", "train", ("A dog .", "Two dogs"), photos / "b.jpg", where=f"{FLICKR8K}:images[0]"),
        CaptionedImage("a.jpg", "test", ("A cat .",), photos / "a.jpg", where=f"{FLICKR8K}:images[1]"),
        CaptionedImage("c.jpg", "val", ("A bird .",), photos / "c.jpg", where=f"{FLICKR8K}:images[2]"),
    ]


def test_coco_has_ids_and_folders_and_restval_joins_train(coco):
    image = coco / "val2014" / "COCO_val2014_000000391895.jpg"
    items = read(coco)
    assert items[0] == CaptionedImage("391895", "test", ("Image 391895.",), image, where="dataset_coco.json:images[0]")
    assert [(item.image_id, item.split) for item in items] == [("391895", "test"), ("42", "train"), ("9", "train")]


def test_restval_is_left_out_with_a_notice(coco, capsys):
    assert [(item.image_id, item.where) for item in read(coco, restval=False)] == [
        ("391895", "dataset_coco.json:images[0]"),
        ("9", "dataset_coco.json:images[2]"),
    ]
    assert capsys.readouterr().err == "note: left out, because of restval=False: 1 images of split `restval`\n"


def test_no_notice_where_there_is_no_restval(source, capsys):
    assert len(read(source, restval=False)) == 3
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("folder", [".", "images", *karpathy_json.FOLDERS])
def test_folders_of_photos(source, folder):
    for image in IMAGES:
        path = source / folder / image["filename"]
        path.parent.mkdir(parents=True, exist_ok=True)
        (source / "Flicker8k_Dataset" / image["filename"]).rename(path)
    assert [item.image for item in read(source)] == [source / folder / name for name in ("b.jpg", "a.jpg", "c.jpg")]


@pytest.mark.parametrize("folder", ["images/val2014", "images"])
def test_folders_of_photos_of_coco(coco, folder):
    name = "COCO_val2014_000000391895.jpg"
    (coco / folder).mkdir(parents=True)
    (coco / "val2014" / name).rename(coco / folder / name)
    assert read(coco)[0].image == coco / folder / name


def test_a_missing_photo_is_skipped(source, coco):
    (source / "Flicker8k_Dataset" / "a.jpg").unlink()
    reason = (
        "there is no file a.jpg in any of ./, images/, Flicker8k_Dataset/, Flickr8k_Dataset/, Images/, "
        "flickr30k-images/, flickr30k_images/, flickr30k_images/flickr30k_images/"
    )
    assert skipped(source) == [Skipped("a.jpg", f"{FLICKR8K}:images[1]", reason)]
    (coco / "train2014" / "COCO_train2014_000000000009.jpg").unlink()
    (missing,) = skipped(coco)
    assert (missing.image_id, missing.where) == ("9", "dataset_coco.json:images[2]")
    assert missing.reason.startswith("there is no file COCO_train2014_000000000009.jpg in any of train2014/, images/tr")


def test_no_photo_at_all(source):
    (source / "Flicker8k_Dataset").rename(source / "pictures")
    message = (
        r"not one of the photos is there\. The first: dataset_flickr8k\.json:images\[0\]: there is no file b\.jpg in "
        r"any of \./, images/, (.*)\.\nUnpack https://cs\.stanford"
    )
    with pytest.raises(UserError, match=message):
        read(source)


def test_faulty_entries_alone_are_not_taken_for_missing_photos(source):
    write_json(source / FLICKR8K, [entry(0, "dev", ["A dog"], filename="b.jpg")])
    assert len(skipped(source)) == 1


@pytest.mark.parametrize(
    ("image", "image_id", "reason"),
    [
        ("x.jpg", "", "expected an object, found 'x.jpg'"),
        (entry(3, "train", ["A"]), "", "`filename` is None, expected the name of a file"),
        (entry(3, "train", ["A"], filename=""), "", "`filename` is '', expected the name of a file"),
        (
            entry(3, "dev", ["A"], filename="b.jpg"),
            "b.jpg",
            "`split` is 'dev', expected one of train, restval, val, test",
        ),
        (entry(3, [], ["A"], filename="b.jpg"), "b.jpg", "`split` is [], expected one of train, restval, val, test"),
        ({"filename": "b.jpg", "split": "val"}, "b.jpg", "`sentences` is None, expected a list"),
        (
            entry(3, "val", ["A"], filename="b.jpg", filepath=1),
            "b.jpg",
            "`filepath` is 1, expected a folder, or nothing",
        ),
        (entry(3, "val", ["A"], filename="b.jpg", cocoid="x"), "x", "`cocoid` is 'x', expected an integer, or nothing"),
        (entry(3, "val", [], filename="b.jpg"), "b.jpg", "it has no caption"),
    ],
)
def test_a_broken_entry_is_skipped_with_its_reason(source, image, image_id, reason):
    add(source, image)
    assert skipped(source) == [Skipped(image_id, f"{FLICKR8K}:images[3]", reason)]


@pytest.mark.parametrize("sentence", ["A dog", {"tokens": ["a", "dog"]}, {"raw": None}])
def test_a_broken_caption_is_skipped_and_the_others_stay(source, sentence):
    write_photo(source / "images" / "d.jpg")
    image = entry(3, "train", ["One", "Two"], filename="d.jpg")
    image["sentences"].insert(1, sentence)
    add(source, image)
    reason = f"expected a caption as `raw`, found {sentence!r}"
    assert skipped(source) == [Skipped("d.jpg", f"{FLICKR8K}:images[3].sentences[1]", reason)]
    assert read(source)[-1].captions == ("One", "Two")


def test_an_image_whose_captions_are_all_broken_is_skipped(source):
    add(source, {**entry(3, "train", [], filename="b.jpg"), "sentences": [{}]})
    assert [item.reason for item in skipped(source)] == [
        "expected a caption as `raw`, found {}",
        "it has no caption",
    ]


def test_the_file_may_be_named(source):
    write_json(source / "dataset_flickr30k.json", [IMAGES[1]])
    assert [item.image_id for item in read(source, file="dataset_flickr30k.json")] == ["a.jpg"]


def test_several_files(source):
    write_json(source / "dataset_flickr30k.json", [IMAGES[1]])
    message = r"several files, dataset_flickr30k\.json, dataset_flickr8k\.json\. Choose one: --option=file=NAME"
    with pytest.raises(UserError, match=message):
        read(source)


def test_a_file_that_is_not_there(source):
    message = r"--option=file=dataset_coco\.json: there is no such file in .*flickr8k\.\nUnpack https://"
    with pytest.raises(UserError, match=message):
        read(source, file="dataset_coco.json")


def test_a_folder_without_files(tmp_path):
    with pytest.raises(UserError, match=r"no dataset_\*\.json is there\.\nUnpack https://"):
        read(tmp_path)


def test_no_source(tmp_path):
    with pytest.raises(UserError, match=r"--dataset=karpathy_json needs --source=DIR, .*\nUnpack https://"):
        read(None)
    with pytest.raises(UserError, match=r"nowhere: there is no such folder\.\nUnpack https://"):
        read(tmp_path / "nowhere")


def test_a_file_of_another_kind(source):
    (source / FLICKR8K).write_text('[{"filename": "b.jpg"}]', encoding="utf-8")
    with pytest.raises(UserError, match=r'flickr8k\.json has no images\. Expected .*, \{"images": \[\.\.\.\]\}\.'):
        read(source)


def test_a_byte_order_mark_does_no_harm(source):
    plain, path = list(read(source)), source / FLICKR8K
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert list(read(source)) == plain


def test_a_file_that_is_cut_off(source):
    path = source / FLICKR8K
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"dataset_flickr8k\.json is no whole JSON file"):
        read(source)


@pytest.mark.parametrize(
    ("file", "restval", "counts"),
    [
        ("", True, {}),
        ("dataset_mine.json", True, {}),
        ("dataset_flickr8k.json", True, {"train": 6000, "val": 1000, "test": 1000}),
        ("sub/dataset_flickr30k.json", False, {"train": 29000, "val": 1014, "test": 1000}),
        ("dataset_coco.json", True, {"train": 113287, "val": 5000, "test": 5000}),
        ("dataset_coco.json", False, {"train": 82783, "val": 5000, "test": 5000}),
    ],
)
def test_expected_counts(file, restval, counts):
    assert karpathy_json.expected(karpathy_json.Config(file, restval)) == counts


def test_it_is_in_the_table():
    assert dataset_module("karpathy_json") is karpathy_json
