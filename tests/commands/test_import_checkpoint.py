"""The command that makes a run of an old checkpoint, which is written here by TensorFlow 1's operations."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt import import_checkpoint as command
from im2txt.models.encoders import ENCODERS
from im2txt.workdir import load_run
from tests.helpers import run_command
from tests.models.old_decoder import WORD_COUNTS, caption_ids, old_log_probabilities, old_weights
from tests.models.slim_inception import slim_inception

SIZE = 107  # InceptionV3's last grid is 2x2
PATCHES = np.random.default_rng(5).uniform(-1, 1, (2, 9, 9, 3)).astype("f4")  # of noise all features would be alike
IMAGES = PATCHES.repeat(12, axis=1).repeat(12, axis=2)[:, :SIZE, :SIZE]
DECODER = old_weights(depth=2048)
DECODER["image_embedding/weights"] /= 2048**0.5  # so that gates are open and feel the image


def write_checkpoint(folder, pooled=()):
    """Saves the decoder and what `pooled` is made of; returns the values of that."""
    with tf.compat.v1.Session() as session:
        for name, value in DECODER.items():
            tf.compat.v1.get_variable(name, initializer=value)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(folder / "model.ckpt"), 7)
        return session.run(pooled)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Folder of a checkpoint with InceptionV3, and the features [images, 2048] which that has of IMAGES."""
    folder = tmp_path_factory.mktemp("whole")
    with tf.Graph().as_default():
        tf.compat.v1.set_random_seed(3)
        return folder, write_checkpoint(folder, tf.reduce_mean(slim_inception(tf.constant(IMAGES)), axis=[1, 2]))


@pytest.fixture
def decoder_alone(tmp_path):
    with tf.Graph().as_default():
        write_checkpoint(tmp_path)
    return tmp_path


@pytest.fixture
def asked(monkeypatch):
    """Puts a network of one layer in InceptionV3's place; returns the list of weights that it is asked for."""
    weights = []

    def build(size, download, preset):
        weights.append(download)
        image = keras.Input((size, size, 3))
        return keras.Model(image, keras.layers.Conv2D(2048, 1, strides=size, name="mixed10")(image))

    monkeypatch.setitem(ENCODERS, "inception_v3", ENCODERS["inception_v3"]._replace(build=build))
    return weights


def imported(checkpoint, folder, *more):
    (folder / "word_counts.txt").write_text(WORD_COUNTS)
    return run_command(
        command,
        f"--checkpoint={checkpoint / 'model.ckpt-7'}",
        f"--word_counts={folder / 'word_counts.txt'}",
        f"--workdir={folder / 'run'}",
        f"--image_size={SIZE}",
        *more,
    )


def test_captions_of_pixels_are_those_of_the_old_model(whole, tmp_path):
    checkpoint, features = whole
    code, out, err = imported(checkpoint, tmp_path)
    assert code == 0, err
    assert out.splitlines()[0] == "Imported 7 words and their decoder. InceptionV3 is the checkpoint's own."
    run = load_run(tmp_path / "run")
    assert (run.step, run.config.decoder.units, run.config.decoder.embedding) == (7, 4, 5)
    assert run.config.encoder.weights == str(tmp_path / "run" / "encoder.weights.h5")
    np.testing.assert_allclose(run.captioner.encode(IMAGES).pooled, features, rtol=1e-4, atol=1e-5)
    ids = tf.constant([[caption_ids(run.vocabulary)]] * 2)
    found = tf.nn.log_softmax(run.captioner({"image": IMAGES, "input_ids": ids}).logits)
    rows = [1, 2, 5, 0, 3, 4]  # old ids of our words behind <pad>: <start> <end> <unk> a dog runs
    np.testing.assert_allclose(found[:, :, 1:], old_log_probabilities(DECODER, features)[:, :, rows], rtol=1e-4)


def test_a_decoder_alone_gets_imagenet(decoder_alone, asked):
    code, out, err = imported(decoder_alone, decoder_alone)
    assert code == 0, err
    assert out.splitlines()[0].endswith("InceptionV3 has the weights `imagenet`: the checkpoint holds none.")
    assert asked == ["imagenet"]
    assert json.loads((decoder_alone / "run" / "config.json").read_text())["encoder"]["weights"] == "imagenet"


def test_weights_that_are_named_come_first(whole, asked, tmp_path):
    code, out, err = imported(whole[0], tmp_path, "--weights=random")
    assert code == 0, err
    assert out.splitlines()[0].endswith("InceptionV3 has the weights `random`.")
    assert asked == [None]


def test_a_folder_that_is_not_empty_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    code, _, err = imported(tmp_path, tmp_path)
    assert code == 1
    assert "run is not empty. Choose another folder" in err


def test_a_folder_that_tensorflow_would_not_find_again_is_refused(tmp_path):
    (tmp_path / "[1]").mkdir()
    code, _, err = imported(tmp_path, tmp_path / "[1]")
    assert code == 1
    assert "which TensorFlow takes for a pattern" in err


def test_a_full_disk_leaves_nothing_half_made(decoder_alone, asked, monkeypatch):
    def fail(self, *args, **kwargs):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tf.train.CheckpointManager, "save", fail)
        code, _, err = imported(decoder_alone, decoder_alone)
    assert (code, err.splitlines()[-1]) == (
        1,
        "error: the checkpoint of step 7 cannot be written: No space left on device",
    )
    assert not (decoder_alone / "run").exists()
    assert imported(decoder_alone, decoder_alone).code == 0


def test_words_that_are_no_utf_8_are_told(whole, asked, tmp_path):
    (tmp_path / "latin").mkdir()
    path = tmp_path / "latin" / "word_counts.txt"
    path.write_bytes(WORD_COUNTS.replace("dog", "d\xf6g").encode("latin-1"))
    flags = [f"--checkpoint={whole[0] / 'model.ckpt-7'}", f"--word_counts={path}", f"--workdir={tmp_path / 'run'}"]
    code, _, err = run_command(command, *flags)
    assert code == 1
    assert "word_counts.txt is not UTF-8 text: byte 0xf6" in err


def test_nothing_is_written_where_there_is_no_checkpoint(tmp_path):
    code, _, err = imported(tmp_path, tmp_path)
    assert code == 1
    assert "model.ckpt-7 is no checkpoint" in err
    assert not (tmp_path / "run").exists()
