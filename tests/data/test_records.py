import json

import numpy as np
import pytest
import tensorflow as tf

from im2txt.data import records
from im2txt.data.regions import Region
from im2txt.errors import UserError

RECORD = records.ImageRecord(
    image_id="dög.jpg",
    image_bytes=b"\xff\xd8 bytes",
    captions=("a dog runs", "", "un café"),
    caption_ids=((4, 5, 6), (), (4, 3)),
    regions=(Region((0.0, 0.25, 0.5, 1.0), "the dog"), Region((0.0, 0.0, 1.0, 1.0), "?")),
    region_ids=((6, 4), ()),
    metadata={"scene": [1, 2]},
)
OTHER = records.ImageRecord("other", b"x", ("a cat",), ((4, 9),))


def test_an_image_record_comes_back_as_it_was():
    assert records.decode_image_record(records.encode_image_record(RECORD)) == RECORD
    assert records.decode_image_record(records.encode_image_record(OTHER)) == OTHER


def test_equal_records_have_equal_bytes():
    again = records.ImageRecord(*RECORD)
    assert records.encode_image_record(RECORD) == records.encode_image_record(again)


def test_a_batch_parses_in_the_graph():
    serialized = tf.constant([records.encode_image_record(record) for record in (RECORD, OTHER)])
    fields = ("image/id", "image/bytes", "metadata", "captions/ids", "captions/text")
    parsed = tf.function(lambda batch: records.parse_records(batch, fields))(serialized)
    assert set(parsed) == set(fields)
    assert [name.decode() for name in parsed["image/id"].numpy()] == ["dög.jpg", "other"]
    assert parsed["image/bytes"].numpy().tolist() == [RECORD.image_bytes, b"x"]
    assert json.loads(parsed["metadata"][0].numpy()) == {"scene": [1, 2]}
    assert parsed["captions/ids"].to_list() == [[[4, 5, 6], [], [4, 3]], [[4, 9]]]
    assert parsed["captions/text"].to_list() == [[text.encode() for text in RECORD.captions], [b"a cat"]]


def test_features_come_back_in_half_precision():
    views = np.random.default_rng(0).normal(size=(3, 6, 4)).astype(np.float32)
    serialized = tf.constant([records.encode_feature_record(OTHER, views)] * 2)
    parsed = records.parse_records(serialized, ("features/regions", "features/pooled", "captions/ids"))
    assert parsed["features/regions"].shape == parsed["features/pooled"].shape == (2, 3)
    back = records.decode_features(parsed["features/regions"][1], (6, 4))
    np.testing.assert_array_equal(back, views.astype(np.float16).astype(np.float32))
    pooled = records.decode_features(parsed["features/pooled"][1], (4,))
    np.testing.assert_allclose(pooled, views.mean(axis=1), rtol=1e-3, atol=1e-4)
    assert parsed["captions/ids"].to_list() == [[[4, 9]]] * 2


def test_a_record_of_one_view_is_as_it_was_before_there_were_several():
    regions = np.arange(24, dtype=np.float32).reshape(6, 4)
    example = tf.train.Example.FromString(records.encode_feature_record(OTHER, regions[None]))
    fields = {name: list(example.features.feature[name].bytes_list.value) for name in records.FEATURES}
    assert fields == {
        "features/regions": [regions.astype("<f2").tobytes()],
        "features/pooled": [np.array([10, 11, 12, 13], "<f2").tobytes()],
    }


def test_a_feature_record_keeps_all_but_the_pixels():
    serialized = records.encode_feature_record(RECORD, np.ones((1, 6, 4), np.float32))
    assert "image/bytes" not in tf.train.Example.FromString(serialized).features.feature
    with_pixels = tf.train.Example.FromString(serialized)
    with_pixels.features.feature["image/bytes"].bytes_list.value.append(RECORD.image_bytes)
    assert records.decode_image_record(with_pixels.SerializeToString()) == RECORD


def test_feature_records_of_before_metadata_still_read():
    example = tf.train.Example.FromString(records.encode_feature_record(RECORD, np.ones((1, 6, 4), np.float32)))
    del example.features.feature["metadata"]
    parsed = records.parse_records(tf.constant([example.SerializeToString()]), ("metadata",))
    assert parsed["metadata"].numpy().tolist() == [b"{}"]


def test_every_caption_needs_its_ids():
    with pytest.raises(ValueError, match=r"Expected ids for each of 2 texts. Received: 1"):
        records.encode_image_record(OTHER._replace(captions=("one", "two")))


def manifest(folder, **changes):
    shard = {"name": "train-00000-of-00001.tfrecord", "sha256": "", "records": 1}
    splits = {"train": {"images": 1, "captions": 1, "shards": [shard]}}
    records.write_manifest(folder, {"splits": splits} | changes)


def test_shards_are_found_by_the_manifest(tmp_path):
    manifest(tmp_path)
    (tmp_path / records.shard_name("train", 0, 1)).touch()
    assert records.shard_paths(tmp_path, "train") == [str(tmp_path / "train-00000-of-00001.tfrecord")]
    assert list(tmp_path.glob("*.part*")) == []


def test_a_missing_folder_says_how_to_build_it(tmp_path):
    with pytest.raises(UserError, match=r"absent does not exist. Build the records with: python -m data_prep"):
        records.read_manifest(tmp_path / "absent")


def test_an_unfinished_folder_is_no_records_folder(tmp_path):
    (tmp_path / records.shard_name("train", 0, 1)).touch()
    with pytest.raises(UserError, match=r"is unfinished: it has no manifest.json"):
        records.shard_paths(tmp_path, "train")


@pytest.mark.parametrize("content", ["[1]", '{"schema": 99}'])
def test_another_schema_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    message = r"is of schema version (None|99); this im2txt reads version 1\. Build the records anew, in another"
    with pytest.raises(UserError, match=message):
        records.read_manifest(tmp_path)


def test_a_broken_manifest_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"schema": 1')
    with pytest.raises(UserError, match=r"manifest.json is not valid JSON"):
        records.read_manifest(tmp_path)


def test_a_full_disk_is_told():
    told = r"^/dev/full cannot be written: .*With room on the disk, the same command"
    with pytest.raises(UserError, match=told), records.shard_writer("/dev/full") as writer:
        writer.write(b"record")


def test_an_unknown_split_gets_a_suggestion(tmp_path):
    manifest(tmp_path)
    with pytest.raises(UserError, match=r"has no split `trian`. Did you mean `train`\? Known: train"):
        records.shard_paths(tmp_path, "trian")


def test_a_missing_shard_is_named(tmp_path):
    manifest(tmp_path)
    with pytest.raises(UserError, match=r"the manifest names train-00000-of-00001.tfrecord, which is not there"):
        records.shard_paths(tmp_path, "train")
