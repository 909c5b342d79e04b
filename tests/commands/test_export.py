"""The command that exports a run, run as users run it."""

import dataclasses
import json
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from im2txt import export
from im2txt.data.images import decode_image
from im2txt.decoding.beam_search import DecodingConfig, beam_search
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.soft_attention import SoftAttentionConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.text.vocabulary import Vocabulary
from im2txt.workdir import load_ensemble
from tests.helpers import photo, run_command, untrained_run

VOCABULARY = Vocabulary.build([["two", "red", "circles"], ["a", "blue", "square"]], min_count=1)
EXPERIMENT = ExperimentConfig(
    encoder=EncoderConfig("small_cnn", weights="random", image_size=48, trainable=True),
    decoder=SoftAttentionConfig(units=8, embedding=8, attention_units=8),
    decoding=DecodingConfig(beam_size=2, max_length=5),
)
run = partial(run_command, export)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workdir as training leaves it, and its captioner."""
    workdir = tmp_path_factory.mktemp("run")
    return workdir, untrained_run(workdir, EXPERIMENT, VOCABULARY, step=70)


def test_the_export_captions_as_the_run_does(trained, tmp_path):
    workdir, captioner = trained
    code, out, _ = run(f"--workdir={workdir}", f"--output={tmp_path / 'model'}")
    assert code == 0
    assert "Exported step 70" in out
    assert f"python -m im2txt.caption --model={tmp_path / 'model'}" in out
    model = tf.saved_model.load(str(tmp_path / "model"))
    outputs = model.signatures["serving_default"](image_bytes=tf.constant([photo(0), photo(1)]))
    images = tf.stack([decode_image(tf.constant(photo(seed)), 48) for seed in (0, 1)])
    state = captioner.decoder.start(captioner.encode(images))
    expected = beam_search(captioner.decoder.step, state, EXPERIMENT.decoding, 2)
    np.testing.assert_allclose(outputs["scores"], expected.scores, rtol=1e-5)
    assert outputs["captions"][0, 0].numpy().decode() == VOCABULARY.decode(expected.tokens.numpy()[0, 0])
    metadata = json.loads((tmp_path / "model" / "assets" / "metadata.json").read_text())
    assert metadata["config"] == json.loads(json.dumps(dataclasses.asdict(EXPERIMENT)))
    assert (metadata["step"], metadata["checkpoint"]) == (70, "best")
    assert metadata["versions"]["tensorflow"] == tf.__version__


def test_decoding_options_replace_those_of_the_run(trained, tmp_path):
    options = ("--beam_size=4", "--length_normalization=0.5")
    code, _, _ = run(f"--workdir={trained[0]}", f"--output={tmp_path / 'model'}", *options)
    assert code == 0
    metadata = json.loads((tmp_path / "model" / "assets" / "metadata.json").read_text())
    assert metadata["decoding"] == {"beam_size": 4, "max_length": 5, "length_normalization": 0.5}


def test_runs_with_encoders_of_their_own_become_one_model(trained, tmp_path):
    finer = dataclasses.replace(EXPERIMENT, encoder=dataclasses.replace(EXPERIMENT.encoder, image_size=64))
    untrained_run(tmp_path / "finer", finer, VOCABULARY)
    runs = trained[0], tmp_path / "finer"
    code, out, err = run(*(f"--workdir={each}" for each in runs), f"--output={tmp_path / 'model'}")
    assert code == 0, err
    assert f"Exported step 70 of {runs[0]} and {runs[1]}" in out
    model = tf.saved_model.load(str(tmp_path / "model"))
    outputs = model.signatures["serving_default"](image_bytes=tf.constant([photo(0), photo(1)]))
    captioner = load_ensemble(runs).captioner
    images = tf.stack([decode_image(tf.constant(photo(seed)), 64) for seed in (0, 1)])
    state = captioner.decoder.start(captioner.encode(images))
    expected = beam_search(captioner.decoder.step, state, EXPERIMENT.decoding, 2)
    np.testing.assert_allclose(outputs["scores"], expected.scores, rtol=1e-5)
    np.testing.assert_allclose(outputs["attention"], expected.attention, atol=1e-5)
    metadata = json.loads((tmp_path / "model" / "assets" / "metadata.json").read_text())
    assert (metadata["members"], metadata["grid"], metadata["image_size"]) == (2, [8, 8], 64)


def test_mistakes_are_told_in_one_sentence(trained, tmp_path):
    workdir, _ = trained
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "diary.txt").touch()
    output = f"--output={tmp_path / 'model'}"
    mistakes = {
        (f"--workdir={tmp_path / 'gone'}", output): "gone is no workdir",
        (f"--workdir={workdir}", output, "--checkpoint=latest"): "holds no checkpoint",
        (f"--workdir={workdir}", f"--output={occupied}"): "occupied exists and is no exported model",
        (f"--workdir={workdir}", output, "--beam_size=0"): "beam_size is 0; it must be 1 or more",
        (f"--workdir={workdir}", output, "--checkpoint=newest"): "should be one of <best|latest>",
        (f"--workdir={workdir}",): "--output",
    }
    for arguments, message in mistakes.items():
        code, _, err = run(*arguments)
        assert code == 1
        assert message in err
        assert "Traceback" not in err
    assert not (tmp_path / "model").exists()
    assert [path.name for path in occupied.iterdir()] == ["diary.txt"]
