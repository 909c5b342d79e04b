"""Trains a captioner, or goes on with a run that was stopped: run the same command again.

    python -m im2txt.train --config=experiments/scenes_demo.py --workdir=runs/scenes
    python -m im2txt.train --config=X.py --workdir=DIR --config.decoder.units=256 --config.training.epochs=5

Every field of the config can be changed from the command line. The workdir then holds the resolved config, the
vocabulary, checkpoints, metrics.jsonl and TensorBoard files; im2txt.evaluate and im2txt.export need nothing else.
"""

import math
import os
import sys
from pathlib import Path

from absl import flags

from im2txt.commands import define_config_flag, run
from im2txt.data.pipeline import eval_dataset, train_dataset
from im2txt.data.records import VOCABULARY, damage_told, read_manifest
from im2txt.errors import UserError, did_you_mean
from im2txt.evaluation.captions import read_captioned_split
from im2txt.experiment import ExperimentConfig
from im2txt.models.captioner import Captioner
from im2txt.models.encoders import Encoder, build_encoder
from im2txt.notices import notice
from im2txt.objectives import build_objective
from im2txt.objectives.base import Objective, Task
from im2txt.text.vocabulary import SPECIAL_WORDS, Vocabulary
from im2txt.text.word_vectors import read_word_vectors
from im2txt.training.checkpoints import has_checkpoint
from im2txt.training.distribution import make_strategy
from im2txt.training.loop import STOPPED, Schedule, TrainingLoop
from im2txt.training.optimizers import Optimizer, build_optimizer
from im2txt.training.validation import Validation
from im2txt.training.warm_start import copy_weights
from im2txt.workdir import build_captioner, check_features, check_workdir, claim_workdir, load_run

FLAGS = flags.FlagValues()
define_config_flag(FLAGS)
flags.DEFINE_string("workdir", None, "folder of this run; made if absent", required=True, flag_values=FLAGS)

VALIDATION_BATCH = 50


def train(workdir: str | os.PathLike, config: ExperimentConfig) -> tuple[str, float]:
    """Trains in `workdir` what `config` says, from where the workdir stands.

    Returns why training ended, and the best CIDEr-D on the validation split, -inf before the first validation.

    Raises:
        UserError: anything in config, records or workdir that the user must mend; a new workdir is not made then.
    """
    strategy = make_strategy(config.training.strategy)
    images = _check(config, strategy.num_replicas_in_sync)
    config = check_workdir(workdir, config)
    vocabulary = Vocabulary.load(Path(config.records) / VOCABULARY)
    encoder = _encoder_of_features(config)
    schedule = Schedule(config.training, images, config.data.images_per_batch)
    with strategy.scope():
        captioner = build_captioner(config, len(vocabulary), with_encoder=encoder is None)
        if not has_checkpoint(workdir):
            _initialise(captioner, config, vocabulary)
        optimizer = _optimizer(captioner, config, schedule)
        validation = _validation(config, captioner, vocabulary)
        parts = captioner, _objective(config, captioner, schedule), optimizer, validation
        loop = TrainingLoop(str(workdir), config.training, schedule, *parts)
        start = loop.resume()
    batches = train_dataset(config.records, config.data, *_inputs(captioner), start, config.split)
    if start == 0 and not config.start_from:
        captioner.adapt(batches)
    captions = config.data.images_per_batch * (config.data.captions_per_image or 5)
    claim_workdir(workdir, config, vocabulary, encoder or captioner.encoder)
    reason = loop.run(strategy, batches, config.optimizer.clip_norm, captions)
    return reason, loop.progress.best_score


def _check(config: ExperimentConfig, replicas: int) -> int:
    """Returns the number of training images, having checked what no component checks when it is built."""
    config.decoding.check()
    config.training.check()
    if config.start_from and config.word_vectors.path:
        raise UserError("start_from brings the vectors of words along. Leave word_vectors.path or start_from empty.")
    if not 0 <= config.word_vectors.frozen_epochs < math.inf:
        found = config.word_vectors.frozen_epochs
        raise UserError(f"word_vectors.frozen_epochs is {found}; it must be 0 or more, and finite.")
    if config.optimizer.encoder_factor != 1 and not config.encoder.trainable:
        raise UserError("optimizer.encoder_factor is of encoder.trainable=True, and that is False. Change one.")
    if config.data.images_per_batch < 1 or config.data.images_per_batch % replicas:
        raise UserError(
            f"data.images_per_batch is {config.data.images_per_batch}; it must be a positive multiple of {replicas}, "
            f"the number of replicas of training.strategy `{config.training.strategy}`."
        )
    if not config.records:
        raise UserError("No records to train on. Give them with: --config.records=DIR")
    splits = read_manifest(config.records)["splits"]
    for split in (config.split, config.validation_split):
        if split not in splits:
            raise UserError(f"{config.records} has no split `{split}`. {did_you_mean(split, splits)}")
    return splits[config.split]["images"]


def _encoder_of_features(config: ExperimentConfig) -> Encoder | None:
    """Returns the frozen encoder that made the features to train on; None where the records hold images."""
    if not read_manifest(config.records).get("features"):
        return None
    if config.encoder.trainable:
        raise UserError(f"{config.records} holds features of a frozen encoder; encoder.trainable needs image records.")
    encoder = build_encoder(config.encoder)
    check_features(config.records, encoder)
    return encoder


def _initialise(captioner: Captioner, config: ExperimentConfig, vocabulary: Vocabulary) -> None:
    """Gives a new captioner the weights of another run, or words their vectors, where the config says so."""
    if config.start_from:
        run = load_run(config.start_from)
        if captioner.encoder is None:
            check_features(config.records, run.captioner.encoder)
        copy_weights(run.captioner, run.vocabulary, captioner, vocabulary, f"start_from={config.start_from}")
    if config.word_vectors.path:
        words = captioner.decoder.words
        read = read_word_vectors(config.word_vectors.path, vocabulary, words.output_dim, config.training.seed)
        captioner.decoder.set_words(read.vectors)
        counts = f"{read.found.sum():,} of {len(vocabulary) - len(SPECIAL_WORDS):,} words"
        notice(f"{config.word_vectors.path} has vectors for {counts}, {read.token_share:.1%} of the training captions")


def _optimizer(captioner: Captioner, config: ExperimentConfig, schedule: Schedule) -> Optimizer:
    """Builds the optimizer, with steps of their own for the encoder and for word vectors."""
    optimizer = build_optimizer(config.optimizer, schedule.steps_per_epoch, schedule.steps)
    if captioner.encoder:
        optimizer.slow_down(captioner.encoder.trainable_variables, config.optimizer.encoder_factor)
    if config.word_vectors.frozen_epochs:
        steps = config.word_vectors.frozen_epochs * schedule.steps_per_epoch
        optimizer.hold([captioner.decoder.words.embeddings], steps)
    return optimizer


def _objective(config: ExperimentConfig, captioner: Captioner, schedule: Schedule) -> Objective:
    """Builds the objective, having checked that it can train the captioner."""
    objective = build_objective(config.objective, Task(config.records, config.split, schedule.steps_per_epoch))
    objective.check(captioner)
    weight = getattr(config.objective, "doubly_stochastic", 0.0)
    if weight > 0 and config.decoder.name == "transformer":
        notice(
            f"objective.doubly_stochastic is {weight:g}, but no paper has that term for a Transformer, whose maps are "
            "means over heads; set 0 to leave it out"
        )
    return objective


def _inputs(captioner: Captioner) -> tuple[tuple[str, ...], int]:
    """Returns what the captioner reads of a record, and the side of its images."""
    if captioner.encoder is not None:
        return ("image",), captioner.encoder.image_size
    return captioner.decoder.reads, 0


def _validation(config: ExperimentConfig, captioner: Captioner, vocabulary: Vocabulary) -> Validation:
    config.decoding.check(captioner.decoder.max_length)
    batches = eval_dataset(config.records, config.validation_split, VALIDATION_BATCH, *_inputs(captioner))
    images = read_captioned_split(config.records, config.validation_split)
    return Validation(captioner, vocabulary, images, batches, config.decoding)


def main(argv: list[str]) -> None:
    """Trains."""
    del argv
    with damage_told(FLAGS.config.records):
        reason, score = train(FLAGS.workdir, FLAGS.config)
    sys.stdout.write(f"Training ended: {reason}.\n")
    if reason == STOPPED:
        raise SystemExit(130)  # as a shell expects it, so that a script stops here too
    if math.isfinite(score):
        command = f"python -m im2txt.evaluate --workdir={FLAGS.workdir} --records=DIR --split=val --output=DIR"
        sys.stdout.write(f"Best validation CIDEr-D {score:.4f}. Evaluate it with:\n  {command}\n")


def console() -> None:
    """The console script `im2txt-train`."""
    run(main, FLAGS)


if __name__ == "__main__":
    console()
