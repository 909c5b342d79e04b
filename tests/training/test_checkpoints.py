"""Checkpoints: what they hold, and what happens when they do not belong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.training import checkpoints
from im2txt.training.checkpoints import BEST, LATEST, manager, model_parts, restore_model

VOCAB = 7


def captioner(units=4, seed=1, trainable=True):
    keras.utils.set_random_seed(seed)
    encoder = build_encoder(EncoderConfig("small_cnn", weights="random", image_size=32, trainable=trainable))
    model = Captioner(encoder, LSTMDecoder(LSTMConfig(units=units, embedding=4), VOCAB))
    model({"image": tf.zeros([1, 32, 32, 3]), "input_ids": tf.zeros([1, 1, 1], tf.int32)})
    return model


def save(workdir, model, step=7):
    return manager(workdir, BEST, model_parts(model)).save(checkpoint_number=step)


def test_a_full_disk_is_an_error_of_the_disk(tmp_path, monkeypatch):
    kept = manager(tmp_path, LATEST, tf.train.Checkpoint(a=tf.Variable(1.0)))

    def fail(self, *args, **kwargs):
        where = "{{function_node __wrapped__SaveV2_dtypes_1_device_/job:localhost/CPU:0}} "
        raise tf.errors.ResourceExhaustedError(None, None, f"{where}No space left on device")

    monkeypatch.setattr(tf.train.CheckpointManager, "save", fail)
    with pytest.raises(OSError, match=r"^the checkpoint of step 3 cannot be written: No space left on device$"):
        checkpoints.save(kept, 3)


def test_what_a_save_that_was_killed_left_behind_is_removed(tmp_path):
    kept = manager(tmp_path, LATEST, tf.train.Checkpoint(a=tf.Variable(1.0)))
    left = tmp_path / LATEST / "state-2_temp"
    left.mkdir(parents=True)
    (left / "part-00000-of-00001").write_bytes(b"half")
    checkpoints.save(kept, 3)
    assert sorted(path.name.partition(".")[0] for path in left.parent.iterdir()) == ["checkpoint", "state-3", "state-3"]


def test_a_trainable_captioner_comes_back_whole(tmp_path):
    model = captioner()
    path = save(tmp_path, model)
    names = [name for name, _ in tf.train.list_variables(path) if not name.startswith(("save_counter", "_CHECKPOINT"))]
    assert len(names) == len(model.variables)
    restored = captioner(seed=2)
    assert restore_model(tmp_path, restored, "best") == 7
    for ours, theirs in zip(restored.variables, model.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_frozen_encoder_is_not_in_it(tmp_path):
    model = captioner(trainable=False)
    names = [name for name, _ in tf.train.list_variables(save(tmp_path, model))]
    assert sum(name.startswith("decoder/") for name in names) == len(model.decoder.variables)
    assert not any(name.startswith("encoder/") for name in names)


def test_only_the_newest_best_is_kept(tmp_path):
    checkpoints = manager(tmp_path, BEST, model_parts(captioner()))
    checkpoints.save(checkpoint_number=1)
    checkpoints.save(checkpoint_number=2)
    assert sorted(path.name for path in (tmp_path / "best").glob("*.index")) == ["model-2.index"]


def test_a_missing_checkpoint_is_told(tmp_path):
    with pytest.raises(UserError, match=r"best holds no checkpoint\. Train first: python -m im2txt\.train --workdir="):
        restore_model(tmp_path, captioner(), "best")


def test_a_checkpoint_of_another_width_is_told(tmp_path):
    save(tmp_path, captioner(units=4))
    with pytest.raises(UserError, match=r"best/model-7 is of another model than .*/config\.json: .*[Ss]hape"):
        restore_model(tmp_path, captioner(units=5), "best")


def test_a_checkpoint_without_the_encoder_is_told(tmp_path):
    save(tmp_path, captioner(trainable=False))
    with pytest.raises(UserError, match=r"best/model-7 is of another model than .*/config\.json: "):
        restore_model(tmp_path, captioner(trainable=True), "best")


def test_an_unknown_checkpoint_is_told(tmp_path):
    with pytest.raises(UserError, match=r"checkpoint `newest` is unknown; it is `best` or `latest`"):
        restore_model(tmp_path, captioner(), "newest")
