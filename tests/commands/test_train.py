"""The command that trains, run as users run it, on six images of noise."""

import dataclasses
import json
from functools import partial

import numpy as np
import pytest

from im2txt import train as command
from im2txt.data.pipeline import DataConfig, eval_dataset
from im2txt.data.records import MANIFEST
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.errors import UserError
from im2txt.evaluation.captions import read_split
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.models.decoders.transformer import TransformerConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.cross_entropy import CrossEntropyConfig
from im2txt.text.vocabulary import Vocabulary
from im2txt.text.word_vectors import WordVectorsConfig
from im2txt.train import train
from im2txt.training.loop import STOPPED, TrainingConfig, TrainingLoop
from im2txt.training.optimizers import OptimizerConfig
from im2txt.training.validation import Validation
from im2txt.workdir import build_captioner, load_run
from tests.helpers import captioned_images, run_command, write_records

WORDS = Vocabulary.build([["a", "dog", "runs"], ["two", "cats"]], min_count=1)
CAPTIONS = [("a dog runs", "a dog"), ("two cats",), ("dog",)] * 2
CONFIG = """
from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.models.decoders.transformer import TransformerConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.training.loop import TrainingConfig

def get_config():
    return ExperimentConfig(
        encoder=EncoderConfig("small_cnn", weights="random", image_size=32, trainable=True),
        decoder=LSTMConfig(units=4, embedding=4),
        data=DataConfig(images_per_batch=3, captions_per_image=1),
        training=TrainingConfig(epochs=2, validate_epochs=2, log_steps=1),
        decoding=DecodingConfig(beam_size=2, max_length=4),
    )
"""
SMALL = ExperimentConfig(
    encoder=EncoderConfig("small_cnn", weights="random", image_size=32, trainable=True),
    decoder=LSTMConfig(units=4, embedding=4),
    data=DataConfig(images_per_batch=3),
)
run = partial(run_command, command)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    images = captioned_images(CAPTIONS, WORDS)
    return write_records(tmp_path_factory.mktemp("records"), {"train": images, "val": images[:3]}, WORDS)


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    images = captioned_images(CAPTIONS, WORDS)
    folder = tmp_path_factory.mktemp("features")
    return write_records(folder, {"train": images, "val": images}, WORDS, regions=[np.zeros([4, 256], "f4")] * 6)


def test_a_run_ends_is_left_alone_and_can_be_loaded(records, tmp_path):
    (tmp_path / "small.py").write_text(CONFIG)
    arguments = (f"--config={tmp_path / 'small.py'}", f"--workdir={tmp_path / 'run'}", f"--config.records={records}")
    code, out, err = run(*arguments, "--config.decoder.units=5")
    assert code == 0, err
    first, second, third = out.splitlines()[-3:]
    assert first == "Training ended: all 4 steps are done."
    assert second.startswith("Best validation CIDEr-D ")
    assert third == f"  python -m im2txt.evaluate --workdir={tmp_path / 'run'} --records=DIR --split=val --output=DIR"
    assert "4/4" in err  # the progress bar
    written = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (written["decoder"]["units"], written["records"]) == (5, str(records))
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 4]
    loaded = load_run(tmp_path / "run")
    assert (loaded.step, loaded.config.decoder.units) == (4, 5)

    code, out, _ = run(*arguments, "--config.decoder.units=5")
    assert (code, out.splitlines()[0]) == (0, "Training ended: all 4 steps are done.")
    code, _, err = run(*arguments)
    assert code == 1
    assert "run holds a run of another config (decoder.units: 5 -> 4)" in err


def test_a_frozen_random_encoder_is_the_one_that_was_trained_on(records, tmp_path):
    """The workdir's encoder sees what the decoder saw, also after the run went on."""
    frozen = dataclasses.replace(SMALL.encoder, trainable=False)
    training = TrainingConfig(epochs=1, validate_epochs=1, log_steps=1)
    config = dataclasses.replace(SMALL, records=str(records), encoder=frozen, training=training)
    train(tmp_path, config)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    loaded = load_run(tmp_path)
    batches = eval_dataset(records, "val", 3, ("image",), 32)
    validation = Validation(loaded.captioner, WORDS, read_split(records, "val"), batches, config.decoding)
    assert validation()["val/cross_entropy"] == pytest.approx(lines[-1]["val/cross_entropy"], rel=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"records": ""}, r"No records to train on\. Give them with: --config\.records=DIR"),
        ({"records": "gone"}, r"Records folder gone does not exist\. Build the records with: "),
        ({"split": "trian"}, r"has no split `trian`\. Did you mean `train`\? Known: train, val\."),
        ({"validation_split": "test"}, r"has no split `test`\. Known: train, val\."),
        ({"decoder": LSTMConfig(name="lstn")}, r"decoder\.name `lstn` is unknown\. Did you mean `lstm`"),
        ({"decoder": LSTMConfig(name="soft_attention")}, r"needs a SoftAttentionConfig, not LSTMConfig"),
        ({"encoder": EncoderConfig("smal_cnn")}, r"encoder\.name `smal_cnn` is unknown\. Did you mean `small_cnn`"),
        (
            {"objective": CrossEntropyConfig("entropy")},
            r"objective\.name `entropy` is unknown\. Did you mean `cross",
        ),
        ({"optimizer": OptimizerConfig("adma")}, r"optimizer\.name `adma` is unknown\. Did you mean `adam`"),
        ({"training": TrainingConfig(strategy="miror")}, r"training\.strategy `miror` is unknown"),
        ({"training": TrainingConfig(epochs=-1)}, r"training\.epochs is -1; it must be more than 0"),
        ({"training": TrainingConfig(seed=-1)}, r"training\.seed is -1; it must be from 0 to 2\^32 - 1"),
        (
            {"training": TrainingConfig(average_decay=1.0)},
            r"training\.average_decay is 1\.0; it must be from 0 to below",
        ),
        ({"word_vectors": WordVectorsConfig(frozen_epochs=-1)}, r"word_vectors\.frozen_epochs is -1; it must be 0 or"),
        (
            {
                "encoder": dataclasses.replace(SMALL.encoder, trainable=False),
                "optimizer": OptimizerConfig(encoder_factor=0.1),
            },
            r"optimizer\.encoder_factor is of encoder\.trainable=True, and that is False\. Change one\.",
        ),
        ({"decoding": DecodingConfig(beam_size=0)}, r"beam_size is 0; it must be 1 or more"),
        (
            {"data": DataConfig(images_per_batch=0)},
            r"data\.images_per_batch is 0; it must be a positive multiple of 1",
        ),
        ({"data": DataConfig(shuffle_buffer=0)}, r"data\.shuffle_buffer is 0; it must be at least 1"),
    ],
)
def test_a_mistake_is_told_before_anything_is_written(records, tmp_path, change, message):
    config = dataclasses.replace(SMALL, **{"records": str(records), **change})
    with pytest.raises(UserError, match=message):
        train(tmp_path / "run", config)
    assert not (tmp_path / "run").exists()


def test_replicas_share_a_batch_evenly(records, tmp_path):
    config = dataclasses.replace(SMALL, records=str(records), training=TrainingConfig(strategy="mirrored"))
    with pytest.raises(UserError, match=r"images_per_batch is 3; it must be a positive multiple of 2, the number of r"):
        train(tmp_path / "run", config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, r"holds features of a frozen encoder; encoder\.trainable needs image records"),
        (
            {"encoder": dataclasses.replace(SMALL.encoder, trainable=False)},
            r"The features in .* were made by another encoder .* Make them anew with: python -m im2txt\.extract_featur",
        ),
    ],
)
def test_features_want_the_encoder_that_made_them(features, tmp_path, change, message):
    config = dataclasses.replace(SMALL, records=str(features), **change)
    with pytest.raises(UserError, match=message):
        train(tmp_path / "run", config)
    assert not (tmp_path / "run").exists()


def test_records_of_another_schema_are_refused(records, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    manifest = json.loads((records / MANIFEST).read_text())
    (other / MANIFEST).write_text(json.dumps({**manifest, "schema": 99}))
    with pytest.raises(UserError, match=r"manifest\.json is of schema version 99; this im2txt reads version 1\. Build"):
        train(tmp_path / "run", dataclasses.replace(SMALL, records=str(other)))


def test_a_split_that_nobody_captioned_cannot_validate(tmp_path):
    images = captioned_images(CAPTIONS, WORDS)
    bare = [image._replace(captions=(), caption_ids=()) for image in images]
    records = write_records(tmp_path / "records", {"train": images, "val": bare}, WORDS)
    with pytest.raises(UserError, match=r"The split `val` of .*records has no captions to compare with"):
        train(tmp_path / "run", dataclasses.replace(SMALL, records=str(records)))
    assert not (tmp_path / "run").exists()


def test_a_run_stopped_by_hand_stops_a_script_too(monkeypatch, records, tmp_path):
    experiment = tmp_path / "experiment.py"
    experiment.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setattr(TrainingLoop, "run", lambda *_: STOPPED)
    done = run(f"--config={experiment}", f"--config.records={records}", f"--workdir={tmp_path / 'run'}")
    assert done.code == 130
    assert "the same command goes on from here" in done.out


def test_a_run_can_start_from_another_one(records, tmp_path):
    training = TrainingConfig(epochs=1, validate_epochs=1, log_steps=1)
    first = dataclasses.replace(SMALL, records=str(records), training=training)
    train(tmp_path / "first", first)
    still = dataclasses.replace(SMALL.optimizer, learning_rate=0.0)
    second = dataclasses.replace(first, start_from=str(tmp_path / "first"), optimizer=still)
    train(tmp_path / "second", second)
    before, after = (load_run(tmp_path / name).captioner.decoder.variables for name in ("first", "second"))
    for old, new in zip(before, after, strict=True):
        np.testing.assert_allclose(new, old, atol=1e-6)


def test_a_decoder_that_adapts_sees_the_training_images_before_the_first_step(records, tmp_path):
    training = TrainingConfig(epochs=1, validate_epochs=1, log_steps=1)
    still = dataclasses.replace(SMALL.optimizer, learning_rate=0.0)
    frozen = dataclasses.replace(SMALL.encoder, trainable=False)
    data = dataclasses.replace(SMALL.data, images_per_batch=6)
    config = dataclasses.replace(
        SMALL, records=str(records), training=training, optimizer=still, encoder=frozen, data=data
    )
    train(tmp_path, config)
    captioner = load_run(tmp_path).captioner
    (batch,) = eval_dataset(records, "train", 6, ("image",), 32)
    pooled = captioner.features(batch).pooled.numpy()
    np.testing.assert_allclose(captioner.decoder.standardize.mean, pooled.mean(0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("factor", [0.0, 1.0])
def test_an_encoder_can_take_smaller_steps(records, tmp_path, factor):
    training = TrainingConfig(epochs=2, validate_epochs=2, average_decay=0.0)
    optimizer = dataclasses.replace(SMALL.optimizer, learning_rate=0.1, encoder_factor=factor)
    config = dataclasses.replace(SMALL, records=str(records), training=training, optimizer=optimizer)
    start = build_captioner(config, len(WORDS))
    train(tmp_path, config)
    trained = load_run(tmp_path).captioner
    encoders, decoders = zip(*((each.encoder.trainable_variables, each.decoder.variables) for each in (start, trained)))
    assert any(np.abs(old - new).max() > 0.01 for old, new in zip(*decoders, strict=True))
    moved = max(np.abs(old - new).max() for old, new in zip(*encoders, strict=True))
    assert (moved == 0) == (factor == 0)


def test_a_run_to_start_from_must_be_there(records, tmp_path):
    config = dataclasses.replace(SMALL, records=str(records), start_from=str(tmp_path / "gone"))
    with pytest.raises(UserError, match="gone is no workdir"):
        train(tmp_path / "run", config)
    assert not (tmp_path / "run").exists()


def test_words_can_begin_with_vectors_and_stay_frozen(records, tmp_path, capsys):
    path = tmp_path / "vectors.txt"
    path.write_text("dog 1 2 3 4\nthe 9 9 9 9\nruns 5 6 7 8\n")
    training = TrainingConfig(epochs=2, validate_epochs=1, log_steps=1, average_decay=0.0)
    config = dataclasses.replace(SMALL, records=str(records), training=training)
    train(tmp_path / "run", dataclasses.replace(config, word_vectors=WordVectorsConfig(str(path), frozen_epochs=2)))
    assert "has vectors for 2 of 5 words, 40.0% of the training captions" in capsys.readouterr().err
    vectors = load_run(tmp_path / "run").captioner.decoder.words.embeddings.numpy()
    np.testing.assert_array_equal(vectors[WORDS.encode(["dog", "runs"])], [[1, 2, 3, 4], [5, 6, 7, 8]])
    train(tmp_path / "free", dataclasses.replace(config, word_vectors=WordVectorsConfig(str(path), frozen_epochs=1)))
    moved = load_run(tmp_path / "free", "latest").captioner.decoder.words.embeddings.numpy()
    assert not np.array_equal(moved[WORDS.encode(["dog"])], [[1, 2, 3, 4]])


def test_vectors_and_another_run_cannot_both_be_the_beginning(records, tmp_path):
    config = dataclasses.replace(
        SMALL, records=str(records), start_from="run", word_vectors=WordVectorsConfig("vectors.txt")
    )
    with pytest.raises(UserError, match=r"Leave word_vectors\.path or start_from empty"):
        train(tmp_path, config)


def test_captions_longer_than_the_decoder_can_say_are_refused(records, tmp_path):
    decoder = TransformerConfig(units=8, heads=2, feed_forward=8, layers=1, max_length=10)
    config = dataclasses.replace(SMALL, records=str(records), decoder=decoder)
    with pytest.raises(UserError, match="max_length is 20, but this decoder goes through 10 words at most"):
        train(tmp_path / "run", config)
    assert not (tmp_path / "run").exists()
