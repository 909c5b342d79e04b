"""What a run leaves behind so that it can go on, and so that others can use its model.

    workdir/checkpoints/state-STEP   all of training: model, average, optimizer, step, early-stopping state
    workdir/best/model-STEP          the model alone (averaged weights), of the best validation

The data position is the step (`im2txt.data.pipeline` is a function of it), and so is every random number (see
`replica_seed`), so a run that was stopped goes on exactly as if it had not been.

`tf.train.Checkpoint` silently skips layers held in lists or dicts; tests count the variables of every decoder
and of a trainable encoder.
"""

import os
import shutil
from pathlib import Path

import tensorflow as tf

from im2txt.errors import UserError, tensorflow_reason
from im2txt.models.captioner import Captioner

LATEST, BEST = "checkpoints", "best"


def model_parts(captioner: Captioner) -> tf.train.Checkpoint:
    """Returns a checkpoint of what training changes: the decoder, and a trainable encoder."""
    parts = {"decoder": captioner.decoder}
    if captioner.encoder is not None and captioner.encoder.trainable:
        parts["encoder"] = captioner.encoder
    return tf.train.Checkpoint(**parts)


def manager(workdir: str | os.PathLike, kind: str, checkpoint: tf.train.Checkpoint) -> tf.train.CheckpointManager:
    """Returns the manager of `kind` LATEST (the last two are kept) or BEST (one)."""
    name, keep = {LATEST: ("state", 2), BEST: ("model", 1)}[kind]
    return tf.train.CheckpointManager(checkpoint, str(Path(workdir) / kind), max_to_keep=keep, checkpoint_name=name)


def has_checkpoint(workdir: str | os.PathLike) -> bool:
    """Is there a checkpoint of training to go on from?"""
    return tf.train.latest_checkpoint(str(Path(workdir) / LATEST)) is not None


def restore_model(workdir: str | os.PathLike, captioner: Captioner, which: str) -> int:
    """Restores a built captioner from `which` checkpoint, `best` or `latest`; returns its training step.

    Raises:
        UserError: there is no checkpoint, or it is of another model.
    """
    if which not in ("best", "latest"):
        raise UserError(f"checkpoint `{which}` is unknown; it is `best` or `latest`.")
    folder = Path(workdir) / {"best": BEST, "latest": LATEST}[which]
    path = tf.train.latest_checkpoint(str(folder))
    if path is None:
        raise UserError(f"{folder} holds no checkpoint. Train first: python -m im2txt.train --workdir={workdir}")
    parts = model_parts(captioner)
    checkpoint = parts if which == "best" else tf.train.Checkpoint(model=parts)
    restore(checkpoint, path, f"is of another model than {workdir}/config.json")
    return int(path.rpartition("-")[2])


def restore(checkpoint: tf.train.Checkpoint, path: str, complaint: str) -> None:
    """Restores all that `checkpoint` is made of from `path`; what else lies there is left.

    Raises:
        UserError: `path` does not hold all of it; the message goes on with `complaint`.
    """
    try:
        checkpoint.restore(path).assert_existing_objects_matched().expect_partial()
    except (AssertionError, ValueError, IndexError, tf.errors.OpError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path} {complaint}: {reason}") from None


def save(manager: tf.train.CheckpointManager, step: int) -> None:
    """Saves the checkpoint of a step; what TensorFlow raises where the disk is full becomes an OSError.

    Parts that an earlier save left behind, when it failed or was killed, are removed first.
    """
    for part in Path(manager.directory).glob("*_temp"):
        shutil.rmtree(part, ignore_errors=True)
    try:
        manager.save(step)
    except tf.errors.OpError as error:
        raise OSError(f"the checkpoint of step {step} cannot be written: {tensorflow_reason(error)}") from None
