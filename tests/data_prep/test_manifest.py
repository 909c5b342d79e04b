"""What the manifest of a build tells: what was written, what was skipped and why, what is there twice."""

import hashlib

import pytest

from data_prep import inspect_records
from im2txt.errors import UserError
from im2txt.files import sha256_file
from tests.data_prep.flickr8k_builds import TRAIN, VAL, build, read
from tests.helpers import photo


def test_the_manifest_tells_what_is_there(source, output):
    manifest = build(source, output, "--images_per_shard=2", "--min_word_count=2")
    told = {"splits", "skipped", "duplicates", "re_encoded"}
    assert set(manifest) == {"schema", "dataset", "config", "vocabulary_sha256", "features", *told}
    assert (manifest["schema"], manifest["dataset"], manifest["features"]) == (1, "flickr8k", None)
    assert manifest["skipped"] == {"count": 0, "items": []}
    assert manifest["config"]["min_word_count"] == 2
    assert manifest["config"]["splits"] is None
    assert manifest["config"]["tokenizer"] == {"kind": "nltk", "keep_punctuation": False}
    assert manifest["vocabulary_sha256"] == sha256_file(output / "vocabulary.txt")
    train, val = manifest["splits"]["train"], manifest["splits"]["val"]
    assert (train["images"], train["captions"]) == (5, 10)
    assert (val["images"], val["captions"]) == (2, 4)
    assert [shard["records"] for shard in train["shards"]] == [2, 2, 1]
    assert train["shards"][2]["name"] == "train-00002-of-00003.tfrecord"
    files = {shard["name"]: shard["sha256"] for split in (train, val) for shard in split["shards"]}
    on_disk = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in output.glob("*.tfrecord")}
    assert files == on_disk
    assert [record.image_id for record in read(output, "train")] == list(TRAIN)


def test_photos_that_are_not_kept_byte_for_byte_are_counted(source, output, capsys):
    (source / "images" / "t1.jpg").write_bytes(photo(1, mode="L"))
    (source / "images" / "v1.jpg").write_bytes(photo(2, mode="L"))
    (kind,) = (manifest := build(source, output))["re_encoded"]
    assert manifest["re_encoded"] == {kind: 2}
    inspect_records.FLAGS.unparse_flags()
    inspect_records.FLAGS(["inspect_records", f"--records={output}"])
    inspect_records.main([])
    assert f"re-encoded: 2 {kind}\n" in capsys.readouterr().out


def test_a_split_of_which_nothing_is_left_stops_the_build(source, output):
    for name in VAL:
        (source / "images" / name).write_bytes(b"")
    message = r"No image of split `val` could be used: Flickr_8k\.devImages\.txt:1: the image is an empty file; "
    with pytest.raises(UserError, match=message):
        build(source, output, "--max_skipped=1")


# What is skipped


def test_a_bad_photo_among_good_ones_is_named(source, output):
    whole = photo(7, size=64)
    (source / "images" / "t1.jpg").write_bytes(b"")
    (source / "images" / "t2.jpg").write_bytes(whole[: len(whole) // 2])
    manifest = build(source, output, "--max_skipped=0.5")
    first, second = manifest["skipped"]["items"]
    assert manifest["skipped"]["count"] == 2
    assert first == {
        "image_id": "t1.jpg",
        "where": "Flickr_8k.trainImages.txt:2",
        "reason": "the image is an empty file",
    }
    assert second["image_id"] == "t2.jpg"
    assert second["reason"].startswith("the image is cut off: ")
    assert [record.image_id for record in read(output, "train")] == ["t0.jpg", "t3.jpg", "t4.jpg"]
    assert manifest["splits"]["train"]["images"] == 3


def test_faults_of_the_source_are_named_too(source, output):
    with open(source / "Flickr8k.token.txt", "a", encoding="utf-8") as file:
        file.write("not a caption\nv0.jpg#1\t. .\n")
    items = build(source, output, "--max_skipped=0.5")["skipped"]["items"]
    assert [(item["where"], item["reason"]) for item in items] == [
        ("Flickr8k.token.txt:15", "expected `name.jpg#k<TAB>caption`, found 'not a caption'"),
        ("Flickr_8k.devImages.txt:1", "the caption '. .' has no words"),
    ]
    assert read(output, "val")[0].captions == ("A zebra runs .",)


def test_more_skipped_than_allowed_stops_the_build_and_more_patience_goes_on_with_it(source, output):
    for number in range(4):
        (source / "images" / f"t{number}.jpg").write_bytes(b"no photo")
    message = (
        r"4 images or captions of 7 images had to be skipped, more than --max_skipped=0\.5 allows: "
        r"Flickr_8k\.trainImages\.txt:1: .*; and 1 more\. Mend the source, or raise --max_skipped"
    )
    with pytest.raises(UserError, match=message):
        build(source, output, "--max_skipped=0.5")
    assert not (output / "manifest.json").exists()
    assert build(source, output, "--max_skipped=0.6")["skipped"]["count"] == 4


def test_missing_photos_count_among_the_images_of_the_source(source, output):
    for number in range(4):
        (source / "images" / f"t{number}.jpg").unlink()
    with pytest.raises(UserError, match=r"^4 images or captions of 7 images had to be skipped"):
        build(source, output)


# Images that are there twice


def test_an_image_in_two_splits_stays_in_the_held_out_one(source, output):
    with open(source / "Flickr_8k.trainImages.txt", "a", encoding="utf-8") as file:
        file.write("v0.jpg\nt0.jpg\n")
    manifest = build(source, output, "--max_skipped=0.5")
    assert [(item["image_id"], item["where"], item["reason"]) for item in manifest["skipped"]["items"]] == [
        (
            "v0.jpg",
            "Flickr_8k.trainImages.txt:6",
            "v0.jpg is already in split val (Flickr_8k.devImages.txt:1)",
        ),
        (
            "t0.jpg",
            "Flickr_8k.trainImages.txt:7",
            "t0.jpg is already in split train (Flickr_8k.trainImages.txt:1)",
        ),
    ]
    assert (manifest["splits"]["train"]["images"], manifest["splits"]["val"]["images"]) == (5, 2)


def test_a_training_photo_equal_to_a_held_out_one_is_skipped(source, output):
    (source / "images" / "t2.jpg").write_bytes((source / "images" / "v1.jpg").read_bytes())
    (item,) = build(source, output, "--max_skipped=0.5")["skipped"]["items"]
    assert item["image_id"] == "t2.jpg"
    assert item["reason"] == "the image is the same as v1.jpg of split val, which must not be trained on"


def test_a_photo_that_two_held_out_splits_share_is_told(source, output, capsys):
    (source / "Flickr_8k.testImages.txt").write_text("x.jpg\n", encoding="utf-8")
    (source / "images" / "x.jpg").write_bytes((source / "images" / "v1.jpg").read_bytes())
    with open(source / "Flickr8k.token.txt", "a", encoding="utf-8") as file:
        file.write("x.jpg#0\tA dog .\n")
    manifest = build(source, output)
    shared = {"image_id": "x.jpg", "split": "test", "same_as": "v1.jpg", "of_split": "val"}
    assert manifest["duplicates"] == {"count": 1, "items": [shared]}
    assert manifest["splits"]["test"]["images"] == 1
    assert "note: 1 images are the same in two held-out splits" in capsys.readouterr().err
