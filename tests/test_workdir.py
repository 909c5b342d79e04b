"""The workdir of a run: who may go on in it, and what it takes to use its model."""

import dataclasses
import json
import shutil

import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.models.joint_encoder import JointEncoder
from im2txt.text.vocabulary import Vocabulary
from im2txt.workdir import (
    CONFIG,
    ENCODER,
    build_captioner,
    check_features,
    check_workdir,
    claim_workdir,
    load_ensemble,
    load_run,
    versions,
)
from tests.helpers import captioned_images, untrained_run, write_records

WORDS = Vocabulary.build([["a", "dog", "runs"]], min_count=1)
FROZEN = EncoderConfig("small_cnn", weights="random", image_size=32)
TRAINABLE = dataclasses.replace(FROZEN, trainable=True)


@pytest.fixture
def config(tmp_path):
    records = write_records(tmp_path / "records", {"train": captioned_images([["a dog"]], WORDS)}, WORDS)
    return ExperimentConfig(str(records), encoder=TRAINABLE, decoder=LSTMConfig(units=4, embedding=4))


@pytest.fixture
def frozen(config):
    return dataclasses.replace(config, encoder=FROZEN)


@pytest.fixture
def workdir(tmp_path):
    return tmp_path / "runs" / "first"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_workdir_is_checked_before_it_is_made(workdir, config):
    assert check_workdir(workdir, config) == config
    assert not workdir.exists()


def test_a_run_with_a_trainable_encoder_goes_on_with_the_same_config(workdir, config):
    untrained_run(workdir, config, WORDS)
    assert names(workdir) == ["best", "config.json", "versions.json", "vocabulary.txt"]
    assert check_workdir(workdir, config) == config
    versions = json.loads((workdir / "versions.json").read_text())
    assert versions["tensorflow"] == tf.__version__
    assert set(versions) == {"git", "im2txt", "keras", "numpy", "tensorflow", "vocabulary_sha256"}


def test_a_frozen_encoder_is_kept_and_taken_from_the_workdir(workdir, frozen):
    captioner = untrained_run(workdir, frozen, WORDS)
    going_on = check_workdir(workdir, frozen)
    assert going_on.encoder == dataclasses.replace(FROZEN, weights=str(workdir / ENCODER))
    assert dataclasses.replace(going_on, encoder=FROZEN) == frozen
    assert build_encoder(going_on.encoder).digest() == captioner.encoder.digest()


def test_another_config_is_refused_by_the_fields_that_differ(workdir, config):
    untrained_run(workdir, config, WORDS)
    other = dataclasses.replace(config, decoder=LSTMConfig(units=5, embedding=4), split="test")
    message = r"first holds a run of another config \(decoder\.units: 4 -> 5; split: 'train' -> 'test'\)\. Give the"
    with pytest.raises(UserError, match=message):
        check_workdir(workdir, other)


def test_records_with_other_words_are_refused(workdir, config, tmp_path):
    untrained_run(workdir, config, WORDS)
    others = Vocabulary.build([["a", "cat", "runs"]], min_count=1)
    write_records(tmp_path / "records", {"train": captioned_images([["a cat"]], others)}, others)
    message = r"The vocabulary of .*records \(7 words\) is not the one .*first was trained with \(7 words\)"
    with pytest.raises(UserError, match=message):
        check_workdir(workdir, config)


def test_a_folder_of_other_things_is_left_alone(tmp_path, config):
    (tmp_path / "diary.txt").touch()
    message = r"is not empty and holds no config\.json: it is no workdir\. Choose another folder"
    for path in (tmp_path, tmp_path / "diary.txt"):
        with pytest.raises(UserError, match=message):
            check_workdir(path, config)


def test_a_workdir_that_is_half_made_is_completed(workdir, frozen):
    captioner = untrained_run(workdir, frozen, WORDS)
    kept = (workdir / CONFIG).read_bytes()
    for name in ("vocabulary.txt", ENCODER):
        (workdir / name).unlink()
    assert check_workdir(workdir, frozen) == frozen
    claim_workdir(workdir, frozen, WORDS, captioner.encoder)
    assert names(workdir) == ["best", "config.json", ENCODER, "versions.json", "vocabulary.txt"]
    assert (workdir / CONFIG).read_bytes() == kept


@pytest.mark.parametrize("encoder", [FROZEN, TRAINABLE], ids=["frozen", "trainable"])
def test_a_run_is_loaded_as_it_was(workdir, config, encoder):
    captioner = untrained_run(workdir, dataclasses.replace(config, encoder=encoder), WORDS, step=12)
    loaded = load_run(workdir)
    assert (loaded.step, loaded.vocabulary) == (12, WORDS)
    assert loaded.config.encoder == encoder
    for ours, theirs in zip(loaded.captioner.variables, captioner.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_run_needs_nothing_outside_its_workdir(workdir, frozen, tmp_path):
    untrained_run(workdir, dataclasses.replace(frozen, records="gone"), WORDS)
    assert load_run(workdir).config.records == "gone"


@pytest.mark.parametrize("trainable", [False, True])
def test_a_run_with_an_encoder_of_keras_hub_needs_its_preset_no_more(workdir, config, tmp_path, trainable):
    preset = tmp_path / "vit"
    vit = {"patch_size": 16, "num_layers": 1, "num_heads": 1, "hidden_dim": 4, "mlp_dim": 4}
    keras_hub.models.ViTBackbone(image_shape=(32, 32, 3), **vit).save_to_preset(str(preset))
    keras_hub.layers.ViTImageConverter(image_size=(32, 32), scale=1 / 255.0).save_to_preset(str(preset))
    encoder = EncoderConfig("keras_hub", preset=str(preset), image_size=32, trainable=trainable)
    config = dataclasses.replace(config, encoder=encoder)
    captioner = untrained_run(workdir, config, WORDS)
    assert "network.json" in names(workdir)
    shutil.rmtree(preset)
    loaded = load_run(workdir)
    assert (loaded.config, loaded.captioner.encoder.digest()) == (config, captioner.encoder.digest())
    if not trainable:
        assert build_encoder(check_workdir(workdir, config).encoder).digest() == captioner.encoder.digest()


def test_an_encoder_of_another_run_keeps_its_statistics(workdir, config):
    images = tf.random.stateless_uniform([2, 32, 32, 3], [1, 2], -1.0, 1.0)
    config = dataclasses.replace(config, start_from="runs/another")
    fresh = build_captioner(dataclasses.replace(config, start_from=""), len(WORDS))
    assert not np.allclose(fresh.encode(images, training=True).pooled, fresh.encode(images).pooled)
    untrained_run(workdir, config, WORDS)
    for going_on in (build_captioner(check_workdir(workdir, config), len(WORDS)), load_run(workdir).captioner):
        np.testing.assert_array_equal(going_on.encode(images, training=True).pooled, going_on.encode(images).pooled)


def test_a_captioner_is_a_function_of_its_config(frozen):
    first, second = (build_captioner(frozen, len(WORDS)) for _ in range(2))
    for ours, theirs in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_features_of_another_encoder_are_refused(tmp_path, config):
    images = captioned_images([["a dog"]], WORDS)
    features = write_records(tmp_path / "f", {"train": images}, WORDS, regions=[np.zeros([4, 256])])
    message = r"The features in .*f were made by another encoder \(.*\), or by the same one with other weights"
    with pytest.raises(UserError, match=message):
        check_features(features, build_encoder(FROZEN))
    joint = JointEncoder([build_encoder(FROZEN), build_encoder(FROZEN)])
    with pytest.raises(UserError, match=r"this ensemble have different encoders, and .*f holds the features of one"):
        check_features(features, joint)
    for encoder in (build_encoder(FROZEN), joint):
        check_features(config.records, encoder)  # image records are anybody's


def test_a_name_that_tensorflow_takes_for_a_pattern_is_refused(tmp_path, config):
    with pytest.raises(UserError, match=r"run\[1\] has a \[ in it, .* Choose another name\."):
        check_workdir(tmp_path / "run[1]", config)


def test_versions_do_without_git(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert versions()["git"] == "unknown"


def test_a_folder_without_a_run_is_told(tmp_path):
    with pytest.raises(UserError, match=r"gone is no workdir: it has no config\.json\. Train first: "):
        load_run(tmp_path / "gone")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"config\.json is not valid JSON \("),
        ('{"decoder": {"name": "lstm"}, "encodr": {}}', r"The config has no field `encodr`\. Did you mean `encoder`"),
    ],
)
def test_a_damaged_config_is_told(tmp_path, content, message):
    (tmp_path / CONFIG).write_text(content)
    with pytest.raises(UserError, match=message):
        load_run(tmp_path)


def test_a_vocabulary_put_in_its_place_is_noticed(tmp_path):
    vocabulary = Vocabulary.build([["dog", "cat"]], min_count=1)
    other = Vocabulary.build([["dog", "cow"]], min_count=1)
    config = ExperimentConfig(encoder=EncoderConfig("small_cnn", "stage0_relu", "random", 32, trainable=True))
    claim_workdir(tmp_path, config, vocabulary, build_encoder(config.encoder))
    other.save(tmp_path / "vocabulary.txt")
    with pytest.raises(UserError, match=r"vocabulary\.txt is not the vocabulary that .* was trained with\. Put back"):
        load_run(tmp_path)


def test_an_ensemble_is_the_mean_of_its_runs(tmp_path, frozen):
    runs = [tmp_path / "a", tmp_path / "b"]
    members = [untrained_run(path, with_seed(frozen, seed), WORDS, step=seed) for seed, path in enumerate(runs, 1)]
    (runs[1] / ENCODER).write_bytes((runs[0] / ENCODER).read_bytes())
    both = load_ensemble(runs)
    batch = {"image": tf.ones([1, 32, 32, 3]), "input_ids": tf.constant([[[1, 4, 5]]])}
    batch = {**members[0].features(batch)._asdict(), "input_ids": batch["input_ids"]}
    expected = np.mean([tf.nn.softmax(each(batch).logits) for each in members], axis=0)
    np.testing.assert_allclose(tf.exp(both.captioner(batch).logits), expected, atol=1e-6)
    assert both.step == 1
    assert load_ensemble(runs[:1]).captioner.decoder.vocab_size == len(WORDS)


def test_an_ensemble_of_different_encoders_is_the_mean_of_its_runs(tmp_path, frozen):
    smaller = dataclasses.replace(frozen, encoder=dataclasses.replace(frozen.encoder, image_size=16))
    configs = {"a": with_seed(frozen, 1), "b": with_seed(frozen, 2), "c": with_seed(smaller, 3)}
    members = [untrained_run(tmp_path / name, config, WORDS) for name, config in configs.items()]
    captioner = load_ensemble([tmp_path / name for name in configs]).captioner
    image, ids = tf.random.stateless_uniform([2, 32, 32, 3], [1, 2], -1), tf.constant([[[1, 4, 5]], [[1, 6, 4]]])
    images = [image, image, tf.image.resize(image, [16, 16])]
    expected = [tf.nn.softmax(each({"image": own, "input_ids": ids}).logits) for each, own in zip(members, images)]
    found = tf.exp(captioner({"image": image, "input_ids": ids}).logits)
    np.testing.assert_allclose(found, np.mean(expected, axis=0), atol=1e-6)
    assert np.abs(expected[0] - expected[1]).max() > 1e-4
    assert captioner.encoder.image_size == 32


def test_an_ensemble_shares_words(tmp_path, frozen):
    untrained_run(tmp_path / "a", with_seed(frozen, 1), WORDS)
    untrained_run(tmp_path / "b", with_seed(frozen, 1), Vocabulary.build([["two", "cats"]], min_count=1))
    with pytest.raises(UserError, match=r"b has another vocabulary than .*a\. Runs of an ensemble share their words"):
        load_ensemble([tmp_path / "a", tmp_path / "b"])


def with_seed(config, seed):
    return dataclasses.replace(config, training=dataclasses.replace(config.training, seed=seed))
