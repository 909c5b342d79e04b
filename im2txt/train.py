"""Trains a captioner, or goes on with a run that was stopped: run the same command again.

    python -m im2txt.train --config=experiments/scenes_demo.py --workdir=runs/scenes
    python -m im2txt.train --config=X.py --workdir=DIR --config.decoder.units=256 --config.training.epochs=5

Every field of the config can be changed from the command line. The workdir then holds the resolved config, the
vocabulary, checkpoints, metrics.jsonl and TensorBoard files; im2txt.evaluate and im2txt.export need nothing else.
"""

import os
import sys

import keras
from absl import flags

from im2txt.commands import define_config_flag, run
from im2txt.data.pipeline import eval_dataset, train_dataset
from im2txt.data.records import read_manifest
from im2txt.errors import UserError, did_you_mean
from im2txt.evaluation.captions import read_split
from im2txt.experiment import ExperimentConfig
from im2txt.models.captioner import Captioner
from im2txt.objectives import build_objective
from im2txt.text.vocabulary import Vocabulary
from im2txt.training.distribution import make_strategy
from im2txt.training.loop import Schedule, TrainingLoop
from im2txt.training.optimizers import build_optimizer
from im2txt.training.validation import Validation
from im2txt.workdir import build_captioner, keep_frozen_encoder, prepare_workdir

FLAGS = flags.FlagValues()
define_config_flag(FLAGS)
flags.DEFINE_string("workdir", None, "folder of this run; made if absent", required=True, flag_values=FLAGS)

VALIDATION_BATCH = 50


def train(workdir: str | os.PathLike, config: ExperimentConfig) -> tuple[str, float]:
    """Trains in `workdir` what `config` says, from where the workdir stands.

    Returns why training ended, and the best CIDEr-D on the validation split.

    Raises:
        UserError: anything in config, records or workdir that the user must mend.
    """
    strategy = make_strategy(config.training.strategy)
    _check_batch(config, strategy.num_replicas_in_sync)
    vocabulary = prepare_workdir(workdir, config)
    keep_frozen_encoder(workdir, config)
    keras.utils.set_random_seed(config.training.seed)
    images = _images(config)
    schedule = Schedule(config.training, images, config.data.images_per_batch)
    with strategy.scope():
        cached = bool(read_manifest(config.records).get("features"))
        captioner = build_captioner(config, len(vocabulary), with_encoder=not cached)
        optimizer = build_optimizer(config.optimizer, schedule.steps_per_epoch, schedule.steps)
        validation = _validation(config, captioner, vocabulary)
        loop = TrainingLoop(str(workdir), config.training, schedule, captioner, optimizer, validation)
        start = loop.resume()
    fields, size = _inputs(captioner)
    batches = train_dataset(config.records, config.data, fields, size, start, config.split)
    captions = config.data.images_per_batch * (config.data.captions_per_image or 5)
    reason = loop.run(strategy, build_objective(config.objective), batches, config.optimizer.clip_norm, captions)
    return reason, float(loop.progress.best_score)


def _check_batch(config: ExperimentConfig, replicas: int) -> None:
    if config.data.images_per_batch % replicas:
        raise UserError(
            f"data.images_per_batch {config.data.images_per_batch} is no multiple of the {replicas} replicas of "
            f"training.strategy `{config.training.strategy}`."
        )


def _images(config: ExperimentConfig) -> int:
    """Returns the number of training images, having checked that both splits exist."""
    splits = read_manifest(config.records)["splits"]
    for split in (config.split, config.validation_split):
        if split not in splits:
            raise UserError(f"{config.records} has no split `{split}`. {did_you_mean(split, splits)}")
    return splits[config.split]["images"]


def _inputs(captioner: Captioner) -> tuple[tuple[str, ...], int]:
    """Returns what the captioner reads of a record, and the side of its images."""
    if captioner.encoder is not None:
        return ("image",), captioner.encoder.image_size
    return captioner.decoder.reads, 0


def _validation(config: ExperimentConfig, captioner: Captioner, vocabulary: Vocabulary) -> Validation:
    fields, size = _inputs(captioner)
    batches = eval_dataset(config.records, config.validation_split, VALIDATION_BATCH, fields, size)
    images = read_split(config.records, config.validation_split)
    return Validation(images, batches, vocabulary, config.decoding)


def main(argv: list[str]) -> None:
    """Trains."""
    del argv
    reason, score = train(FLAGS.workdir, FLAGS.config)
    sys.stdout.write(f"Training ended: {reason}. Best validation CIDEr-D {score:.4f}. Evaluate it with:\n")
    sys.stdout.write(f"  python -m im2txt.evaluate --workdir={FLAGS.workdir} --records=DIR --split=val --output=DIR\n")


def console() -> None:
    """The console script `im2txt-train`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
