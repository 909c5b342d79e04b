import numpy as np
import pytest
import tensorflow as tf

from im2txt.data.images import decode_image
from im2txt.data.pipeline import eval_dataset
from im2txt.data.records import MANIFEST, VOCABULARY, read_manifest
from im2txt.errors import UserError
from im2txt.evaluation.feature_extraction import extract_features
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, photo, write_records

CONFIG = EncoderConfig(name="small_cnn", weights="random", image_size=32)
WORDS = Vocabulary.build([("a", "dog", "runs")], min_count=1)


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
        "encoder": {
            "name": "small_cnn",
            "end_point": "",
            "weights": "random",
            "image_size": 32,
            "preset": "",
            "trainable": False,
        },
        "encoder_sha256": encoder.digest(),
        "grid": list(encoder.grid),
        "regions": encoder.grid[0] * encoder.grid[1],
        "depth": encoder.depth,
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


def test_splits_can_be_done_one_after_the_other(photos, encoder, tmp_path):
    first = extract_features(photos, tmp_path / "out", encoder, CONFIG, splits=["val"])
    assert list(first["splits"]) == ["val"]
    second = extract_features(photos, tmp_path / "out", encoder, CONFIG, splits=["train"])
    assert sorted(second["splits"]) == ["train", "val"]


def test_features_of_two_encoders_never_come_together(photos, encoder, tmp_path):
    extract_features(photos, tmp_path / "out", encoder, CONFIG, splits=["val"])
    with pytest.raises(UserError, match=r"another extraction: encoder_sha256 of .*encoder.json differ"):
        extract_features(photos, tmp_path / "out", build_encoder(CONFIG), CONFIG)


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


def test_an_image_that_cannot_be_decoded_names_its_shard(encoder, tmp_path):
    (image,) = captioned_images([["a dog"]], WORDS)
    photos = write_records(tmp_path / "bad", {"train": [image._replace(image_bytes=b"junk")]}, WORDS)
    with pytest.raises(
        UserError,
        match=r"train-00000-of-00001.tfrecord cannot be read: Unknown image file format[^\n]* Build the image",
    ):
        extract_features(photos, tmp_path / "out", encoder, CONFIG)
    assert not (tmp_path / "out" / MANIFEST).exists()
    assert shards_of(tmp_path / "out") == {}
