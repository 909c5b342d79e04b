import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from im2txt.data.images import decode_image
from im2txt.data.pipeline import eval_dataset
from im2txt.data.records import FEATURES, MANIFEST, VOCABULARY, parse_records, read_manifest, shard_paths
from im2txt.errors import UserError
from im2txt.evaluation.feature_extraction import IDENTITY, extract_features
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.models.features import ImageFeatures
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, encoded, photo, write_records

CONFIG = EncoderConfig(name="small_cnn", weights="random", image_size=32)
WORDS = Vocabulary.build([("a", "dog", "runs")], min_count=1)
SIDES = Vocabulary.build([("a", "dog", "leftmost", "right")], min_count=1)


class Looking:
    """An encoder that yields the pixels themselves."""

    image_size = 16
    grid = (16, 16)
    depth = 3

    def __call__(self, images):
        return ImageFeatures(pooled=tf.reduce_mean(images, axis=[1, 2]), regions=tf.reshape(images, [-1, 256, 3]))

    def digest(self):
        return "pixels"


@pytest.fixture(scope="module")
def encoder():
    return build_encoder(CONFIG)


@pytest.fixture
def photos(tmp_path):
    images = captioned_images([["a dog", "runs"], ["dog"], ["a"], ["runs"], ["a dog runs"]], WORDS)
    return write_records(tmp_path / "photos", {"train": images, "val": images[:1]}, WORDS, shards=2)


def shards_of(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.tfrecord")}


def test_features_are_what_the_encoder_makes_of_the_images(photos, encoder, tmp_path):
    manifest = extract_features(photos, tmp_path / "out", encoder, CONFIG, batch_size=2)
    images = tf.stack([decode_image(tf.constant(photo(number)), 32) for number in range(5)])
    expected = encoder(images)
    (batch,) = eval_dataset(tmp_path / "out", "train", 5, ("regions", "pooled"))
    np.testing.assert_allclose(batch["regions"], expected.regions, rtol=2e-3, atol=1e-3)
    np.testing.assert_allclose(batch["pooled"], expected.pooled, rtol=2e-3, atol=1e-3)
    (with_images,) = eval_dataset(photos, "train", 5, ("image",), image_size=32)
    for name in ("input_ids", "target_ids", "weights", "index"):
        np.testing.assert_array_equal(batch[name], with_images[name])
    assert manifest["features"] == {
        "encoder": dataclasses.asdict(CONFIG),
        "encoder_sha256": encoder.digest(),
        "grid": list(encoder.grid),
        "regions": encoder.grid[0] * encoder.grid[1],
        "depth": encoder.depth,
        "views": 1,
    }
    source = read_manifest(photos)
    assert manifest["dataset"] == source["dataset"]
    assert {name: split["captions"] for name, split in manifest["splits"].items()} == {"train": 6, "val": 2}
    assert (tmp_path / "out" / VOCABULARY).read_bytes() == (photos / VOCABULARY).read_bytes()


def test_an_interrupted_extraction_goes_on_where_it_was(photos, encoder, tmp_path):
    out = tmp_path / "out"
    extract_features(photos, out, encoder, CONFIG)
    whole = shards_of(out)
    (out / MANIFEST).unlink()
    (out / "train-00001-of-00002.tfrecord").unlink()
    (out / "train-00001-of-00002.tfrecord.part").write_bytes(b"half a record")
    kept = (out / "train-00000-of-00002.tfrecord").stat().st_mtime_ns
    extract_features(photos, out, encoder, CONFIG)
    assert shards_of(out) == whole
    assert (out / "train-00000-of-00002.tfrecord").stat().st_mtime_ns == kept
    assert list(out.glob("*.part*")) == []


def views_of(folder, split):
    """The cached bytes of each view: field -> [images, views]."""
    records = list(tf.data.TFRecordDataset(shard_paths(folder, split)))
    return {name: value.numpy() for name, value in parse_records(tf.stack(records), FEATURES).items()}


def test_the_first_view_is_what_there_was_without_views(photos, encoder, tmp_path):
    extract_features(photos, tmp_path / "one", encoder, CONFIG, batch_size=2)
    manifest = extract_features(photos, tmp_path / "three", encoder, CONFIG, batch_size=2, views=3)
    assert manifest["features"]["views"] == 3
    one, three = (views_of(folder, "train") for folder in (tmp_path / "one", tmp_path / "three"))
    for name in FEATURES:
        assert three[name].shape == (5, 3)
        np.testing.assert_array_equal(three[name][:, :1], one[name])
        assert all(whole not in crops for whole, *crops in three[name])
    for path in tmp_path.glob("one/val-*.tfrecord"):
        assert path.read_bytes() == (tmp_path / "three" / path.name).read_bytes()


def test_views_are_the_same_after_an_interruption(photos, encoder, tmp_path):
    out = tmp_path / "out"
    extract_features(photos, out, encoder, CONFIG, views=3)
    whole = shards_of(out)
    (out / "train-00001-of-00002.tfrecord").unlink()
    extract_features(photos, out, encoder, CONFIG, views=3)
    assert shards_of(out) == whole


def test_views_of_equal_images_differ_over_shards(tmp_path):
    (image,) = captioned_images([["a dog"]], SIDES)
    photos = write_records(tmp_path / "equal", {"train": [image] * 4}, SIDES, shards=2)
    extract_features(photos, tmp_path / "out", Looking(), CONFIG, views=2)
    whole, crops = views_of(tmp_path / "out", "train")["features/regions"].T
    assert len(set(whole)) == 1
    assert len(set(crops)) > 1
    assert list(crops[:2]) != list(crops[2:])  # positions are counted through the split, not the shard


def test_no_view_is_mirrored_where_a_caption_tells_sides(tmp_path):
    brighter_to_the_right = Image.fromarray(np.tile(np.arange(0, 240, 8, np.uint8)[None, :, None], (30, 1, 3)))
    captions = [["a dog", "leftmost dog"], ["a dog"], ["right"], ["a dog"]]
    images = [image._replace(image_bytes=encoded(brighter_to_the_right)) for image in captioned_images(captions, SIDES)]
    photos = write_records(tmp_path / "photos", {"train": images}, SIDES)
    extract_features(photos, tmp_path / "out", Looking(), CONFIG, views=9)
    regions = tf.io.decode_raw(views_of(tmp_path / "out", "train")["features/regions"], tf.float16)
    pixels = tf.reshape(regions, [4, 9, 16, 16, 3]).numpy()
    mirrored = pixels[:, :, 0, 0, 0] > pixels[:, :, 0, -1, 0]
    assert not mirrored[[0, 2]].any()
    assert not mirrored[:, 0].any()
    assert 2 <= mirrored[[1, 3]].sum() <= 14  # of 16 crops


def test_splits_can_be_done_one_after_the_other(photos, encoder, tmp_path):
    first = extract_features(photos, tmp_path / "out", encoder, CONFIG, splits=["val"])
    assert list(first["splits"]) == ["val"]
    second = extract_features(photos, tmp_path / "out", encoder, CONFIG, splits=["train"])
    assert sorted(second["splits"]) == ["train", "val"]


def test_features_of_two_encoders_never_come_together(photos, encoder, tmp_path):
    extract_features(photos, tmp_path / "out", encoder, CONFIG, splits=["val"])
    with pytest.raises(UserError, match=r"another extraction: encoder_sha256 of .*encoder.json differ"):
        extract_features(photos, tmp_path / "out", build_encoder(CONFIG), CONFIG)


def test_other_numbers_of_views_never_come_together(photos, encoder, tmp_path):
    extract_features(photos, tmp_path / "out", encoder, CONFIG, splits=["val"], views=2)
    with pytest.raises(UserError, match=r"another extraction: views of .*encoder.json differ"):
        extract_features(photos, tmp_path / "out", encoder, CONFIG)


def test_a_folder_from_before_there_were_views_has_one(photos, encoder, tmp_path):
    extract_features(photos, tmp_path / "out", encoder, CONFIG, splits=["val"])
    claim = tmp_path / "out" / IDENTITY
    older = {name: value for name, value in json.loads(claim.read_text()).items() if name != "views"}
    claim.write_text(json.dumps(older))
    manifest = extract_features(photos, tmp_path / "out", encoder, CONFIG)
    assert sorted(manifest["splits"]) == ["train", "val"]
    with pytest.raises(UserError, match=r"another extraction: views of .*encoder.json differ"):
        extract_features(photos, tmp_path / "out", encoder, CONFIG, views=2)


def test_views_that_cannot_be_made_are_refused(encoder, tmp_path):
    pieces = Vocabulary.build([["do", "##g"]], min_count=1)
    images = captioned_images([["do"]], pieces)
    for split, message in (
        ("train", r"--views must know which captions tell left"),
        ("val", r"Only images of split `tr"),
    ):
        photos = write_records(tmp_path / split, {split: images}, pieces)
        with pytest.raises(UserError, match=message):
            extract_features(photos, tmp_path / "out", encoder, CONFIG, views=2)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_other_things_is_left_alone(photos, encoder, tmp_path):
    with pytest.raises(UserError, match=r"photos is not empty and holds no features. Choose another"):
        extract_features(photos, photos, encoder, CONFIG)


def test_features_have_no_images_to_extract_from(photos, encoder, tmp_path):
    extract_features(photos, tmp_path / "out", encoder, CONFIG, splits=["val"])
    with pytest.raises(UserError, match=r"holds features already. Give the folder of image records"):
        extract_features(tmp_path / "out", tmp_path / "again", encoder, CONFIG)


def test_an_encoder_in_training_has_no_lasting_features(photos, encoder, tmp_path):
    trainable = EncoderConfig(name="small_cnn", weights="random", image_size=32, trainable=True)
    with pytest.raises(UserError, match=r"encoder.trainable is True"):
        extract_features(photos, tmp_path / "out", encoder, trainable)


def test_an_unknown_split_writes_nothing(photos, encoder, tmp_path):
    with pytest.raises(UserError, match=r"no split `test`"):
        extract_features(photos, tmp_path / "out", encoder, CONFIG, splits=["test"])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("views", [1, 3])
def test_an_image_that_cannot_be_decoded_names_its_shard(encoder, tmp_path, views):
    (image,) = captioned_images([["a dog"]], WORDS)
    photos = write_records(tmp_path / "bad", {"train": [image._replace(image_bytes=b"junk")]}, WORDS)
    with pytest.raises(
        UserError,
        match=r"train-00000-of-00001.tfrecord cannot be read: Unknown image file format[^\n]* Build the image",
    ):
        extract_features(photos, tmp_path / "out", encoder, CONFIG, views=views)
    assert not (tmp_path / "out" / MANIFEST).exists()
    assert shards_of(tmp_path / "out") == {}
