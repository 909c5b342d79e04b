"""Inspection of small records folders: tables, one record, and every fault that --verify finds."""

import base64
import json

import numpy as np
import pytest

from data_prep import inspect_records
from data_prep.record_inspection import split_statistics
from im2txt.data.records import ImageRecord
from im2txt.data.regions import Region
from im2txt.errors import UserError
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, damage, photo, run_command, write_records

VOCABULARY = Vocabulary.build([["a", "dog", "runs"]], min_count=1)  # a=4 dog=5 runs=6
TRAIN = [["a dog", "a dog runs"], ["dog"]]
VAL = [["a zebra runs fast"]]


SHOW_ALONE = "--show prints one record and does nothing else. Leave out --verify and --html, or --show."


@pytest.fixture
def folder(tmp_path):
    splits = {
        "train": captioned_images(TRAIN, VOCABULARY),
        "val": _renamed(captioned_images(VAL, VOCABULARY)),
    }
    write_records(tmp_path / "records", splits, VOCABULARY, shards=2)
    return tmp_path / "records"


def _renamed(images):
    return [image._replace(image_id=f"val-{image.image_id}") for image in images]


def inspect(folder, *arguments):
    inspect_records.FLAGS.unparse_flags()
    inspect_records.FLAGS(["inspect_records", f"--records={folder}", *arguments])
    inspect_records.main([])


def edit_manifest(folder, edit):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    edit(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def rewrite(folder, images):
    """Puts other images into the first training shard, with a checksum that fits."""
    other = write_records(folder.parent / "other", {"train": images}, VOCABULARY)
    first = folder / "train-00000-of-00002.tfrecord"
    first.write_bytes((other / "train-00000-of-00001.tfrecord").read_bytes())
    digest = json.loads((other / "manifest.json").read_text())["splits"]["train"]["shards"][0]["sha256"]
    edit_manifest(folder, lambda manifest: manifest["splits"]["train"]["shards"][0].update(sha256=digest))


def test_statistics_by_hand(folder):
    train = split_statistics(folder, "train")
    captions = train.captions
    assert (train.images, captions.texts, captions.words, captions.unknown, train.phrases.texts) == (2, 3, 6, 0, 0)
    assert captions.lengths == {2: 1, 3: 1, 1: 1}
    assert [captions.length_quantile(share) for share in (0.0, 0.5, 0.95, 1.0)] == [1, 2, 3, 3]
    val = split_statistics(folder, "val")
    assert (val.images, val.captions.words, val.captions.unknown) == (1, 4, 2)  # zebra and fast are unknown


def test_phrases_have_a_row_of_their_own(tmp_path, capsys):
    whole = (0.0, 0.0, 1.0, 1.0)
    regions = (Region(whole, "a dog"), Region(whole, "zebra"))
    record = ImageRecord("x", photo(), (), (), regions, ((4, 5), (3,)))
    inspect(write_records(tmp_path, {"train": [record]}, VOCABULARY))
    assert capsys.readouterr().out.splitlines()[3:6] == [
        "split            images  shards  texts  min  median  95 %  max  words  unknown",
        "train, captions       1       1      0    0       0     0    0      0    0.00%",
        "train, phrases        1       1      2    1       2     2    2      3   33.33%",
    ]


def test_the_table(folder, capsys):
    skipped = [{"image_id": "x", "where": "list:3", "reason": "no file"}]
    same = [{"image_id": "y", "split": "test", "same_as": "x", "of_split": "val"}]
    parts = {"skipped": {"count": 1, "items": skipped}, "duplicates": {"count": 1, "items": same}}
    edit_manifest(folder, lambda manifest: manifest.update(parts))
    inspect(folder)
    assert capsys.readouterr().out == (
        f"{folder}: image records of test, schema 1\n"
        "vocabulary: 3 words and 4 special ones\n"
        "\n"
        "split            images  shards  texts  min  median  95 %  max  words  unknown\n"
        "train, captions       2       2      3    1       2     3    3      6    0.00%\n"
        "val, captions         1       2      1    4       4     4    4      4   50.00%\n"
        "\n"
        "skipped: 1\n"
        "  list:3: x: no file\n"
        "images that two held-out splits share: 1\n"
        "  y of test: x of val\n"
    )


def test_only_the_first_skipped_items_are_listed(folder, capsys):
    items = [{"image_id": str(number), "where": "list", "reason": "no file"} for number in range(12)]
    edit_manifest(folder, lambda manifest: manifest.update(skipped={"count": 12, "items": items}))
    inspect(folder)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == ["  list: 9: no file", "  and 2 more"]


def test_one_record(tmp_path, capsys):
    record = ImageRecord(
        "x",
        photo(0, 16),
        ("A dog jumps",),
        ((4, 5, 3),),
        (Region((0.0, 0.25, 0.5, 1.0), "a dog"),),
        ((4, 5),),
        {"sky": "blue"},
    )
    inspect(write_records(tmp_path, {"train": [record]}, VOCABULARY), "--show=x")
    assert capsys.readouterr().out == (
        "image    x\n"
        "split    train (train-00000-of-00001.tfrecord)\n"
        f"pixels   PNG 16 x 16, {len(record.image_bytes)} bytes\n"
        "caption  A dog jumps\n"
        "         a dog <unk>\n"
        "region   [0.000, 0.250, 0.500, 1.000] a dog\n"
        'metadata {\n  "sky": "blue"\n}\n'
    )


def test_feature_records(tmp_path, capsys):
    images = captioned_images(TRAIN, VOCABULARY)
    regions = [np.ones([4, 8], np.float32)] * 2
    folder = write_records(tmp_path, {"train": images}, VOCABULARY, regions=regions)
    inspect(folder, "--verify")
    assert "feature records of test" in capsys.readouterr().out
    inspect(folder, "--show=image1")
    assert capsys.readouterr().out == (
        "image    image1\n"
        "split    train (train-00000-of-00001.tfrecord)\n"
        "features 64 bytes\n"  # 4 regions * 8 depth * 2 bytes
        "caption  dog\n"
        "         dog\n"
    )


def test_an_unknown_id_is_named_with_one_that_is_there(folder):
    with pytest.raises(UserError, match=r"has no image with the id `image7`\. Ids look like `image0`"):
        inspect(folder, "--show=image7")


def test_a_sound_folder_is_verified(folder, capsys):
    inspect(folder, "--verify")
    assert capsys.readouterr().out.startswith("verified: checksums, counts, images, image ids and word ids are right\n")


def test_a_changed_shard_is_found(folder):
    damage(folder / "train-00000-of-00002.tfrecord")
    fault = r"\n  train-00000-of-00002\.tfrecord: the checksum is not that of the manifest"
    with pytest.raises(
        UserError, match=rf"is not what its manifest says\. Delete what is damaged, and .*missing\.{fault}"
    ):
        inspect(folder, "--verify")
    with pytest.raises(UserError, match=r"train-00000-of-00002\.tfrecord is damaged\. Delete it, and give the command"):
        inspect(folder)


def test_another_vocabulary_is_found(folder):
    Vocabulary.build([["a", "dog", "runs", "fast"]], min_count=1).save(folder / "vocabulary.txt")
    with pytest.raises(UserError, match=r"vocabulary\.txt is not the one that the manifest names"):
        inspect(folder, "--verify")


@pytest.mark.parametrize("word_id", [0, 2, 7])
def test_word_ids_out_of_range_are_found(folder, word_id):
    rewrite(folder, [ImageRecord("x", photo(), ("a b",), ((4, word_id),))])
    with pytest.raises(UserError, match=f"the captions of x have the word id {word_id}, which vocabulary.txt has not"):
        inspect(folder, "--verify")
    region = Region((0.0, 0.0, 1.0, 1.0), "b")
    rewrite(folder, [ImageRecord("x", photo(), ("a",), ((4,),), (region,), ((word_id,),))])
    with pytest.raises(UserError, match=f"the regions of x have the word id {word_id}, which vocabulary.txt has not"):
        inspect(folder, "--verify")


def test_an_image_that_cannot_be_decoded_is_found(folder):
    rewrite(folder, [ImageRecord("x", b"no photo", ("a",), ((4,),))])
    with pytest.raises(UserError, match=r"train-00000-of-00002\.tfrecord: the image of x cannot be decoded"):
        inspect(folder, "--verify")


def test_an_image_that_is_there_twice_is_found(folder):
    rewrite(folder, [ImageRecord("val-image0", photo(), ("a",), ((4,),))])
    message = r"val-00001-of-00002\.tfrecord: the image id val-image0 is also in train-00000-of-00002\.tfr"
    with pytest.raises(UserError, match=message):
        inspect(folder, "--verify")


def test_a_wrong_number_of_records_is_found(folder):
    edit_manifest(folder, lambda manifest: manifest["splits"]["train"]["shards"][1].update(records=5))
    with pytest.raises(UserError, match=r"train-00001-of-00002\.tfrecord: 1 records where the manifest says 5"):
        inspect(folder, "--verify")


@pytest.mark.parametrize("what", ["images", "captions"])
def test_a_wrong_total_is_found(folder, what):
    edit_manifest(folder, lambda manifest: manifest["splits"]["train"].update({what: 99}))
    with pytest.raises(UserError, match=rf"split train has \d {what} where the manifest says 99"):
        inspect(folder, "--verify")


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"is unfinished: it has no manifest\.json"):
        inspect(tmp_path)


def test_a_stray_argument_is_refused(folder):
    done = run_command(inspect_records, f"--records={folder}", "x")
    assert done == (1, "", "error: Unexpected argument 'x': everything is given as --flag=value.\n")


@pytest.mark.parametrize("other", ["--verify", "--html=sheet.html"])
def test_what_showing_a_record_leaves_out_is_refused(folder, other):
    done = run_command(inspect_records, f"--records={folder}", "--show=x", other)
    assert done == (1, "", f"error: {SHOW_ALONE}\n")


def test_faults_end_the_command_with_exit_code_1(folder):
    (folder / "val-00000-of-00002.tfrecord").unlink()
    done = run_command(inspect_records, f"--records={folder}", "--verify")
    assert done.code == 1
    assert "the manifest names val-00000-of-00002.tfrecord, which is not there" in done.err


def test_the_page_shows_photos_captions_and_boxes(tmp_path, capsys):
    region = Region((0.0, 0.25, 0.5, 1.0), 'a "big" dog')
    record = ImageRecord("x<y", photo(0, 16), ("A <b>dog</b>",), ((4, 5),), (region,), ((4, 5),))
    folder = write_records(tmp_path / "records", {"train": [record]}, VOCABULARY)
    inspect(folder, f"--html={tmp_path / 'sheet.html'}")
    page = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert f'src="data:image/png;base64,{base64.b64encode(record.image_bytes).decode()}"' in page
    assert "<li>A &lt;b&gt;dog&lt;/b&gt;</li>" in page
    assert "<b>x&lt;y</b>" in page
    assert 'style="top:0.00%;left:25.00%;height:50.00%;width:75.00%" title="a &quot;big&quot; dog"' in page
    assert "<h2>train: 1 images, 1 captions</h2>" in page


def test_the_page_shows_so_many_images_of_each_split(folder, tmp_path):
    inspect(folder, f"--html={tmp_path / 'sheet.html'}", "--html_images=1")
    assert (tmp_path / "sheet.html").read_text(encoding="utf-8").count("<figure>") == 2


def test_feature_records_have_no_page(tmp_path):
    images = captioned_images(TRAIN, VOCABULARY)
    regions = [np.ones([4, 8], np.float32)] * 2
    folder = write_records(tmp_path / "features", {"train": images}, VOCABULARY, regions=regions)
    with pytest.raises(UserError, match=r"holds features, not images\. Give the image records"):
        inspect(folder, f"--html={tmp_path / 'sheet.html'}")
    assert not (tmp_path / "sheet.html").exists()
