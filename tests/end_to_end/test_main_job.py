"""The main job on a handful of scenes: records, training, evaluation, export, and captions by TensorFlow alone."""

import dataclasses
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from data_prep import build_records
from im2txt import evaluate, export, extract_features
from im2txt.data.pipeline import DataConfig
from im2txt.data.records import read_manifest
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.evaluation.split_evaluation import evaluate_split, read_photos
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.models.decoders.soft_attention import SoftAttentionConfig
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.train import train
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig
from im2txt.workdir import load_run
from tests.helpers import run_command

SIZE, VAL = 48, 5
CAPTION = """
import json, pathlib, sys
import tensorflow as tf

photos = [path.read_bytes() for path in sorted(pathlib.Path(sys.argv[2]).iterdir())]
model = tf.saved_model.load(sys.argv[1])
found = model.signatures["serving_default"](image_bytes=tf.constant(photos))
assert not any(name.startswith(("im2txt", "data_prep")) for name in sys.modules)
captions = [[caption.decode() for caption in beams] for beams in found["captions"].numpy()]
print(json.dumps({"captions": captions, "scores": found["scores"].numpy().tolist()}))
"""
CONFIG = ExperimentConfig(
    encoder=EncoderConfig("small_cnn", weights="random", image_size=SIZE, trainable=True),
    decoder=SoftAttentionConfig(units=16, embedding=16, attention_units=16, dropout=0.0, embedding_dropout=0.0),
    data=DataConfig(images_per_batch=8, captions_per_image=2),
    optimizer=OptimizerConfig(learning_rate=0.02, schedule="constant"),
    training=TrainingConfig(epochs=6.0, validate_epochs=6.0, average_decay=0.5),
    decoding=DecodingConfig(beam_size=2, max_length=8),
)


def done(module, *arguments):
    code, out, err = run_command(module, *arguments)
    assert code == 0, err
    return out


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes") / "records"
    sizes = {"train": 16, "val": VAL, "test": 0, "heldout": 0, "size": SIZE}
    options = [f"--option={name}={value}" for name, value in sizes.items()]
    done(build_records, "--dataset=scenes", f"--output={folder}", "--workers=1", "--min_word_count=1", *options)
    return folder


def assert_exported_as_trained(workdir, records, folder):
    """Exports a run; TensorFlow alone then finds the captions and scores that the run's own model finds."""
    done(export, f"--workdir={workdir}", f"--output={folder / 'model'}")
    photos = folder / "photos"
    photos.mkdir()
    for number, photo in enumerate(read_photos(records, "val")):
        (photos / f"{number:03d}.png").write_bytes(photo)
    command = [sys.executable, "-I", "-c", CAPTION, str(folder / "model"), str(photos)]
    alone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert alone.returncode == 0, alone.stderr
    found = json.loads(alone.stdout)
    run = load_run(workdir)
    evaluation = evaluate_split(run.captioner, run.vocabulary, records, "val", run.config.decoding)
    captions = [[caption.text for caption in beams] for beams in evaluation.captions]
    assert found["captions"] == captions
    scores = [[caption.log_probability for caption in beams] for beams in evaluation.captions]
    np.testing.assert_allclose(found["scores"], scores, rtol=1e-4)
    return evaluation


def test_scenes_from_records_to_an_exported_model(records, tmp_path):
    workdir = tmp_path / "run"
    reason, _ = train(workdir, dataclasses.replace(CONFIG, records=str(records)))
    assert reason == "all 12 steps are done"
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["val/cross_entropy"] < np.log(len(load_run(workdir).vocabulary))  # it has learned something
    done(evaluate, f"--workdir={workdir}", f"--records={records}", f"--output={tmp_path / 'val'}")
    metrics = json.loads((tmp_path / "val" / "metrics.json").read_text())
    evaluation = assert_exported_as_trained(workdir, records, tmp_path)
    predictions = json.loads((tmp_path / "val" / "predictions.json").read_text())
    assert [line["caption"] for line in predictions] == [beams[0].text for beams in evaluation.captions]
    assert metrics["corpus"] == evaluation.scores.corpus
    assert "truth" in metrics["corpus"]


def test_cached_features_from_extraction_to_an_exported_model(records, tmp_path):
    keras.utils.set_random_seed(1)
    weights = tmp_path / "encoder.weights.h5"
    frozen = EncoderConfig("small_cnn", weights=str(weights), image_size=SIZE)
    build_encoder(dataclasses.replace(frozen, weights="random")).network.save_weights(weights)
    features, workdir = tmp_path / "features", tmp_path / "run"
    encoder = ("--encoder=small_cnn", f"--weights={weights}", f"--image_size={SIZE}")
    done(extract_features, f"--records={records}", f"--output={features}", *encoder)
    assert read_manifest(features)["features"]["grid"] == [6, 6]
    decoder = LSTMConfig(units=16, embedding=16)
    train(workdir, dataclasses.replace(CONFIG, records=str(features), encoder=frozen, decoder=decoder))
    weights.unlink()  # the workdir has its own
    on_images = assert_exported_as_trained(workdir, records, tmp_path)
    run = load_run(workdir)
    on_features = evaluate_split(run.captioner, run.vocabulary, features, "val", run.config.decoding)
    for ours, theirs in zip(on_features.captions, on_images.captions, strict=True):
        assert ours[0].log_probability == pytest.approx(theirs[0].log_probability, abs=0.01)  # float16 features
