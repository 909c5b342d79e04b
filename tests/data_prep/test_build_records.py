"""Records built from a small Flickr8k folder: their content, what is skipped, and every message."""

import hashlib
import json

import pytest

from data_prep import build_records, inspect_records, local_building
from data_prep.output_folder import OutputFolder
from im2txt.data.records import read_image_records
from im2txt.errors import UserError
from im2txt.files import sha256_file
from im2txt.text.tokenizer import KINDS, Tokenizer
from im2txt.text.vocabulary import SPECIAL_WORDS, UNK, Vocabulary
from tests.helpers import photo, run_command, write_flickr8k

TRAIN = {f"t{number}.jpg": ["A dog runs .", "The dog is running ."] for number in range(5)}
VAL = {"v0.jpg": ["A zebra runs ."], "v1.jpg": ["A dog .", "Dog", "The dog is here ."]}


@pytest.fixture
def source(tmp_path):
    return write_flickr8k(tmp_path / "flickr8k", {"train": TRAIN, "val": VAL})


@pytest.fixture
def output(tmp_path):
    return tmp_path / "records"


def build(source, output, *arguments, dataset="flickr8k", workers=1):
    """Runs the command; returns the manifest."""
    places = [f"--source={source}", f"--output={output}", f"--workers={workers}"]
    build_records.FLAGS.unparse_flags()
    build_records.FLAGS(["build_records", f"--dataset={dataset}", *places, *arguments])
    build_records.main([])
    return json.loads((output / "manifest.json").read_text(encoding="utf-8"))


def read(output, split):
    return list(read_image_records(output, split))


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_record_holds_the_photo_as_it_was_and_all_its_captions(source, output):
    build(source, output)
    vocabulary = Vocabulary.load(output / "vocabulary.txt")
    record = read(output, "val")[1]
    assert record.image_id == "v1.jpg"
    assert record.image_bytes == (source / "images" / "v1.jpg").read_bytes()
    assert record.captions == ("A dog .", "Dog", "The dog is here .")
    expected = [vocabulary.encode(Tokenizer().tokenize(caption)) for caption in record.captions]
    assert [list(ids) for ids in record.caption_ids] == expected
    assert record.caption_ids[2][3] == UNK  # `here` is no training word


def test_the_vocabulary_comes_from_the_training_captions_alone(source, output):
    build(source, output, "--min_word_count=1")
    vocabulary = Vocabulary.load(output / "vocabulary.txt")
    counts = dict(zip(vocabulary.words, vocabulary.counts))
    # five photos with the two captions of TRAIN; `zebra` and `here` stand in the validation captions only
    assert counts == {
        **{"<pad>": 0, "<start>": 10, "<end>": 10, "<unk>": 0},
        **{"dog": 10, "a": 5, "is": 5, "running": 5, "runs": 5, "the": 5},
    }


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


def test_two_workers_write_the_bytes_that_one_writes(source, tmp_path):
    (source / "images" / "t3.jpg").write_bytes(b"no photo")
    build(source, tmp_path / "one", "--images_per_shard=2", "--max_skipped=1", workers=1)
    build(source, tmp_path / "two", "--images_per_shard=2", "--max_skipped=1", workers=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_the_command_prints_counts(source, output, capsys):
    build(source, output)
    assert capsys.readouterr().out == (
        f"train: 5 images, 10 captions\nval: 2 images, 4 captions\nskipped: 0\nrecords: {output}\n"
    )


def test_chosen_splits_are_written_with_the_vocabulary_of_train(source, tmp_path):
    manifest = build(source, tmp_path / "val", "--splits=val")
    assert list(manifest["splits"]) == ["val"]
    assert manifest["vocabulary_sha256"] == build(source, tmp_path / "all")["vocabulary_sha256"]


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


def test_too_many_faults_of_the_source_stop_the_build_before_it_begins(source, output):
    (source / "Flickr8k.token.txt").write_text("a\nb\n" + f"t0.jpg#0\t{'A dog . ' * 5}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"had to be skipped, more than --max_skipped=0\.01 allows"):
        build(source, output)
    assert not output.exists()


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


def test_counts_that_are_not_those_of_the_whole_dataset_are_told(source, output, capsys):
    build(source, output)
    assert "note: train: 5 usable images were found, the whole dataset has 6,000" in capsys.readouterr().err


def test_photos_that_are_not_kept_byte_for_byte_are_counted(source, output, capsys):
    (source / "images" / "t1.jpg").write_bytes(photo(1, mode="L"))
    (source / "images" / "v1.jpg").write_bytes(photo(2, mode="L"))
    (kind,) = (manifest := build(source, output))["re_encoded"]
    assert manifest["re_encoded"] == {kind: 2}
    inspect_records.FLAGS.unparse_flags()
    inspect_records.FLAGS(["inspect_records", f"--records={output}"])
    inspect_records.main([])
    assert f"re-encoded: 2 {kind}\n" in capsys.readouterr().out


# The output folder


def test_a_finished_folder_is_left_alone(source, output, capsys):
    manifest = build(source, output)
    before = {path.name: path.stat().st_mtime_ns for path in output.iterdir()}
    assert build(source, output) == manifest
    assert {path.name: path.stat().st_mtime_ns for path in output.iterdir()} == before
    assert f"note: {output} is built already and left as it is" in capsys.readouterr().err


def test_records_of_another_configuration_are_refused(source, output):
    build(source, output, "--min_word_count=2")
    before = content(output)
    message = (
        r"holds records of another configuration: config\.min_word_count is 2 there and 3 here\. "
        r"Choose another --output, or delete that folder first"
    )
    with pytest.raises(UserError, match=message):
        build(source, output, "--min_word_count=3")
    assert content(output) == before


def test_feature_records_are_never_built_over(source, output):
    manifest = build(source, output)
    (output / "manifest.json").write_text(json.dumps({**manifest, "features": {"depth": 8}}), encoding="utf-8")
    before = content(output)
    with pytest.raises(UserError, match=r"holds feature records\. Choose another --output"):
        build(source, output)
    assert content(output) == before


def test_records_of_a_changed_source_are_refused(source, output):
    build(source, output)
    (source / "images" / "t0.jpg").write_bytes(photo(99, size=20))
    with pytest.raises(UserError, match=r"config\.source_sha256 is '\w+' there and '\w+' here"):
        build(source, output)


@pytest.mark.parametrize("name", ["vocabulary.txt", "train-00000-of-00256.tfrecord"])
def test_files_in_a_folder_without_a_build_are_not_touched(source, output, name):
    output.mkdir()
    (output / name).write_bytes(b"of another program")
    with pytest.raises(UserError, match=rf"holds {name}, which is no part of a build\. Choose a new or empty folder"):
        build(source, output)
    assert content(output) == {name: b"of another program"}


def test_a_finished_folder_that_lost_a_shard_is_built_anew(source, output):
    build(source, output)
    complete = content(output)
    (output / "val-00000-of-00001.tfrecord").unlink()
    build(source, output)
    assert content(output) == complete


def test_a_folder_of_other_files_is_refused_and_not_touched(source, output):
    output.mkdir()
    (output / "thesis.tex").write_text("precious", encoding="utf-8")
    with pytest.raises(UserError, match=r"holds thesis\.tex, which is no part of a build\. Choose a new or empty"):
        build(source, output)
    assert content(output) == {"thesis.tex": b"precious"}


def test_a_finished_folder_with_a_damaged_shard_is_built_anew(source, output, capsys):
    build(source, output)
    complete = content(output)
    with open(output / "val-00000-of-00001.tfrecord", "r+b") as file:
        file.truncate(100)
    build(source, output)
    assert content(output) == complete
    assert "is built anew, for val-00000-of-00001.tfrecord has 100 bytes in place of" in capsys.readouterr().err


def test_a_folder_that_the_user_made_stays(source, output, tmp_path):
    output.mkdir(mode=0o750)
    with pytest.raises(UserError, match="there is no such dataset"):
        build(source, output, dataset="x")
    with pytest.raises(UserError, match="No word occurs 99 times"):
        build(source, output, "--min_word_count=99")
    assert content(output) == {}
    (tmp_path / "link").symlink_to(output)
    build(source, tmp_path / "link")
    assert (output / "manifest.json").exists()


def test_two_builds_in_one_folder_do_not_disturb_each_other(source, output):
    with OutputFolder(output), pytest.raises(UserError, match="Another build is writing to --output="):
        build(source, output)
    assert not output.exists() or not list(output.iterdir())


def test_an_output_that_cannot_be_written_is_refused(source, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match=r"--output=.*records cannot be written: Not a directory"):
        build(source, tmp_path / "file" / "records")


def test_an_output_inside_the_source_is_refused(source):
    with pytest.raises(UserError, match=r"lies inside --source=.* Choose a folder outside of it"):
        build(source, source / "records")


def test_a_vocabulary_inside_the_output_is_refused(source, output):
    build(source, output)
    with pytest.raises(UserError, match=r"--vocabulary=.* lies inside --output=.* Choose another --output"):
        build(source, output, f"--vocabulary={output / 'vocabulary.txt'}")


def test_a_split_of_which_nothing_is_left_stops_the_build(source, output):
    for name in VAL:
        (source / "images" / name).write_bytes(b"")
    message = r"No image of split `val` could be used: Flickr_8k\.devImages\.txt:1: the image is an empty file; "
    with pytest.raises(UserError, match=message):
        build(source, output, "--max_skipped=1")


def test_an_output_that_is_a_file_is_refused(source, output):
    output.write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="is a file; it must be a folder"):
        build(source, output)


# Going on with a build that was stopped


class StoppedError(Exception):
    """Stands for a build that ends in the middle."""


@pytest.fixture
def stopped(source, output, monkeypatch):
    """A build of four shards that was stopped when two were there; returns what their files were."""
    real = local_building.write_shard

    def write_shard(path, *arguments):
        if path.name.startswith("train-00001"):
            (output / f"{path.name}.part-1").write_bytes(b"half a shard")
            raise StoppedError
        return real(path, *arguments)

    monkeypatch.setattr(local_building, "write_shard", write_shard)
    with pytest.raises(StoppedError):
        build(source, output, "--images_per_shard=2")
    monkeypatch.setattr(local_building, "write_shard", real)
    return {path.name: path.stat().st_mtime_ns for path in output.glob("*.tfrecord")}


def test_a_stopped_build_goes_on_and_ends_with_the_same_bytes(stopped, source, output, tmp_path):
    build(source, output, "--images_per_shard=2")
    build(source, tmp_path / "whole", "--images_per_shard=2")
    assert content(output) == content(tmp_path / "whole")
    assert set(stopped) == {"val-00000-of-00001.tfrecord", "train-00000-of-00003.tfrecord"}
    assert {name: (output / name).stat().st_mtime_ns for name in stopped} == stopped


def test_a_finished_shard_that_was_changed_is_written_again(stopped, source, output, tmp_path):
    (output / "train-00000-of-00003.tfrecord").write_bytes(b"damaged")
    build(source, output, "--images_per_shard=2")
    build(source, tmp_path / "whole", "--images_per_shard=2")
    assert content(output) == content(tmp_path / "whole")


def test_an_unfinished_build_of_another_configuration_is_refused(stopped, source, output):
    before = content(output)
    message = r"holds an unfinished build of another configuration: config\.images_per_shard is 2 there and 3 here"
    with pytest.raises(UserError, match=message):
        build(source, output, "--images_per_shard=3")
    assert content(output) == before


def test_an_unfinished_build_of_a_changed_source_begins_anew(stopped, source, output, tmp_path, capsys):
    (source / "images" / "t0.jpg").write_bytes(photo(99, size=20))
    build(source, output, "--images_per_shard=2")
    assert f"note: the source has changed since the unfinished build in {output}" in capsys.readouterr().err
    build(source, tmp_path / "whole", "--images_per_shard=2")
    assert content(output) == content(tmp_path / "whole")


def test_a_build_stopped_between_its_manifest_and_its_end_is_tidied(source, output):
    build(source, output)
    complete = content(output)
    (output / "plan.sqlite").write_bytes(b"")
    (output / "build.lock").write_bytes(b"")
    (output / "val-00000-of-00001.tfrecord.json").write_text("{}", encoding="utf-8")
    build(source, output)
    assert content(output) == complete


# Other messages


def test_an_unknown_split_is_refused(source, output):
    with pytest.raises(UserError, match=r"the source has no split `vla`\. Did you mean `val`\? Known: train, val"):
        build(source, output, "--splits=train,vla")


def test_an_unknown_dataset_is_refused(source, output):
    with pytest.raises(UserError, match=r"--dataset=flikr8k: there is no such dataset\. Did you mean `flickr8k`"):
        build(source, output, dataset="flikr8k")


def test_words_that_are_all_too_rare_are_refused(source, output):
    with pytest.raises(UserError, match=r"No word occurs 11 times in the training captions\. Lower --min_word"):
        build(source, output, "--min_word_count=11")


def test_a_source_without_usable_images_is_refused(source, output):
    (source / "Flickr8k.token.txt").write_text("", encoding="utf-8")
    message = r"The source has no image with captions\. The first of 7 reasons: Flickr_8k\.trainImages\.txt:1: "
    with pytest.raises(UserError, match=message):
        build(source, output)


def test_without_a_training_split_a_vocabulary_file_is_needed(source, tmp_path):
    build(source, tmp_path / "all")
    (source / "Flickr_8k.trainImages.txt").unlink()
    with pytest.raises(UserError, match=r"no split `train` to take the vocabulary from\. .* --vocabulary="):
        build(source, tmp_path / "val")
    vocabulary = tmp_path / "all" / "vocabulary.txt"
    manifest = build(source, tmp_path / "val", f"--vocabulary={vocabulary}")
    assert manifest["vocabulary_sha256"] == sha256_file(vocabulary)
    assert read(tmp_path / "val", "val") == read(tmp_path / "all", "val")


def test_a_stray_argument_is_refused():
    done = run_command(build_records, "--dataset=flickr8k", "--output=x", "false")
    assert done == (1, "", "error: Unexpected argument 'false': everything is given as --flag=value.\n")


def test_help_shows_the_datasets_and_the_flags():
    done = run_command(build_records, "--help")
    assert done.code == 0
    assert "flickr8k (" in done.out
    assert "--min_word_count" in done.out


def test_where_to_get_a_dataset_is_told():
    done = run_command(build_records, "--dataset=flickr8k", "--download")
    assert done.code == 0
    assert "Flickr8k.token.txt" in done.out


def test_the_output_must_be_given():
    done = run_command(build_records, "--dataset=scenes")
    assert done == (1, "", "error: Say where the records shall go: --output=DIR.\n")


def test_a_vocabulary_to_grow_must_be_given():
    done = run_command(build_records, "--dataset=scenes", "--output=x", "--grow_vocabulary")
    assert (done.code, done.err) == (
        1,
        "error: --grow_vocabulary needs the vocabulary to grow: --vocabulary=RECORDS/vocabulary.txt.\n",
    )


def test_every_tokenizer_can_be_asked_for():
    assert tuple(build_records.TOKENIZERS) == KINDS


@pytest.mark.parametrize(
    ("kind", "decoded"),
    [
        ("nltk", ["a <unk> runs .", "a dog .", "dog", "the dog is <unk> ."]),
        ("unicode_words", ["a <unk> runs .", "a dog .", "dog", "the dog is <unk> ."]),
        ("bytes", ["A zebra runs .", "A dog .", "Dog", "The dog is here ."]),
    ],
)
def test_records_of_every_tokenizer_can_be_read_back(source, output, kind, decoded):
    build(source, output, f"--tokenizer={kind}", "--keep_punctuation")
    vocabulary = Vocabulary.load(output / "vocabulary.txt")
    captions = [ids for record in read(output, "val") for ids in record.caption_ids]
    assert [vocabulary.decode(ids) for ids in captions] == decoded


def test_records_of_word_pieces_spell_training_captions(source, output):
    build(source, output, "--tokenizer=wordpiece", "--min_word_count=1", "--vocabulary_size=24")
    vocabulary = Vocabulary.load(output / "vocabulary.txt")
    assert vocabulary.in_pieces
    assert len(vocabulary) <= 24
    ids = read(output, "train")[0].caption_ids
    assert [vocabulary.decode(caption) for caption in ids] == ["a dog runs", "the dog is running"]


def test_a_vocabulary_can_be_limited_in_size(source, output):
    build(source, output, "--min_word_count=1", "--vocabulary_size=5")
    assert Vocabulary.load(output / "vocabulary.txt").words == (*SPECIAL_WORDS, "dog")


def test_a_vocabulary_of_another_kind_is_refused(source, tmp_path):
    build(source, tmp_path / "bytes", "--tokenizer=bytes")
    with pytest.raises(UserError, match=r"is made of bytes, --tokenizer=nltk makes something else"):
        build(source, tmp_path / "words", f"--vocabulary={tmp_path / 'bytes' / 'vocabulary.txt'}")


def test_a_vocabulary_grows_without_moving_an_id(source, tmp_path):
    build(source, tmp_path / "old", "--min_word_count=6")
    old = Vocabulary.load(tmp_path / "old" / "vocabulary.txt")
    given = f"--vocabulary={tmp_path / 'old' / 'vocabulary.txt'}"
    build(source, tmp_path / "new", given, "--grow_vocabulary", "--min_word_count=5")
    new = Vocabulary.load(tmp_path / "new" / "vocabulary.txt")
    assert old.words == (*SPECIAL_WORDS, "dog")
    assert new.words == (*SPECIAL_WORDS, "dog", "a", "is", "running", "runs", "the")
    assert new.counts[new.id("dog")] == 20
