"""The workdir of a run: everything that evaluation and export need, and nothing from anywhere else.

    config.json          the resolved config, with all overrides from the command line
    vocabulary.txt       the words the model was trained with
    encoder.weights.h5   the weights of a frozen encoder (a trainable one is in the checkpoints)
    network.json         the layers of an encoder from KerasHub, so that its preset is needed no more
    versions.json        package versions, the git commit and the vocabulary's checksum
    checkpoints/ best/   see `im2txt.training.checkpoints`
    metrics.jsonl tensorboard/   see `im2txt.training.logging`

All but the last two lines is fixed when training starts: the same command goes on in the same folder, another config is
refused. Nothing is written before everything that can be checked has been.
"""

import dataclasses
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from im2txt.data.records import VOCABULARY, read_manifest
from im2txt.errors import UserError
from im2txt.experiment import ExperimentConfig, config_from_dict, differences
from im2txt.files import refuse_patterns, write_whole
from im2txt.models.captioner import Captioner
from im2txt.models.decoders import build_decoder
from im2txt.models.decoders.ensemble import EnsembleDecoder
from im2txt.models.encoders import Encoder, build_encoder
from im2txt.models.joint_encoder import JointEncoder
from im2txt.text.vocabulary import Vocabulary
from im2txt.training.checkpoints import restore_model

CONFIG, ENCODER, VERSIONS = "config.json", "encoder.weights.h5", "versions.json"
NETWORK = "network.json"


class LoadedRun(NamedTuple):
    """A trained captioner, its encoder included, and what belongs to it."""

    config: ExperimentConfig
    vocabulary: Vocabulary
    captioner: Captioner
    step: int


def check_workdir(workdir: str | os.PathLike, config: ExperimentConfig) -> ExperimentConfig:
    """Checks that a run of `config` may begin in `workdir`, or go on there; writes nothing.

    Returns the config to go on with: `config`, with the weights of a frozen encoder taken from the workdir once it
    keeps them.

    Raises:
        UserError: the workdir is of another config or vocabulary, it holds something else, or its name is a pattern.
    """
    workdir = Path(workdir)
    refuse_patterns(workdir)
    if not (workdir / CONFIG).exists():
        if workdir.is_file() or (workdir.is_dir() and any(workdir.iterdir())):
            raise UserError(f"{workdir} is not empty and holds no {CONFIG}: it is no workdir. Choose another folder.")
        return config
    began = config_from_dict(_read_config(workdir))  # fields that are newer than the run have their defaults
    changed = differences(*(json.loads(_config_json(each)) for each in (began, config)))
    if changed:
        raise UserError(
            f"{workdir} holds a run of another config ({'; '.join(changed)}). Give the same config to go on with it, "
            "or another --workdir."
        )
    if (workdir / VOCABULARY).exists():
        check_vocabulary(workdir, config.records)
    return _with_own_weights(config, workdir) if (workdir / ENCODER).exists() else config


def claim_workdir(
    workdir: str | os.PathLike, config: ExperimentConfig, vocabulary: Vocabulary, encoder: Encoder
) -> None:
    """Writes what a workdir holds beside checkpoints and logs; what is there already stays as it is."""
    workdir = Path(workdir)
    workdir.mkdir(parents=True, exist_ok=True)
    facts = {**versions(), "vocabulary_sha256": vocabulary.sha256()}
    versions_json = json.dumps(facts, indent=2, sort_keys=True) + "\n"
    contents = {CONFIG: _config_json(config), VOCABULARY: vocabulary.content, VERSIONS: versions_json}
    if config.encoder.name == "keras_hub":
        contents[NETWORK] = encoder.network.to_json()
    for name, content in contents.items():
        if not (workdir / name).exists():
            write_whole(workdir / name, content)
    path = workdir / ENCODER
    if not config.encoder.trainable and not path.exists():
        part = path.with_name("part." + path.name)
        encoder.network.save_weights(part)
        part.replace(path)


def check_vocabulary(workdir: str | os.PathLike, records: str | os.PathLike) -> None:
    """Raises UserError where the records' words are not those the workdir's model was trained with."""
    ours, theirs = (Vocabulary.load(Path(folder) / VOCABULARY) for folder in (workdir, records))
    if ours.words != theirs.words:
        raise UserError(
            f"The vocabulary of {records} ({len(theirs)} words) is not the one {workdir} was trained with ({len(ours)} "
            "words), so word ids mean other words. Use the records that the model was trained on."
        )


def build_captioner(config: ExperimentConfig, vocab_size: int, with_encoder: bool = True) -> Captioner:
    """Builds a captioner, its weights drawn by `config.training.seed`; without the encoder it reads cached features.

    An encoder that starts from another run is a trained one from the first: its statistics stay.

    Raises:
        UserError: an unknown component, or encoder weights that are missing or do not fit.
    """
    keras.utils.set_random_seed(config.training.seed)
    encoder = build_encoder(config.encoder, trained=bool(config.start_from)) if with_encoder else None
    captioner = Captioner(encoder, build_decoder(config.decoder, vocab_size))
    batch = {"input_ids": tf.zeros([1, 1, 1], tf.int32)}
    if with_encoder:
        captioner({**batch, "image": tf.zeros([1, encoder.image_size, encoder.image_size, 3])})
    else:
        cached = read_manifest(config.records)["features"]
        regions = tf.zeros([1, cached["regions"], cached["depth"]])
        captioner({**batch, "regions": regions, "pooled": regions[:, 0]})
    return captioner


def check_features(records: str | os.PathLike, encoder: Encoder | JointEncoder) -> None:
    """Raises UserError where records are cached features, and another encoder's."""
    cached = read_manifest(records).get("features")
    if cached and isinstance(encoder, JointEncoder):
        raise UserError(
            f"The runs of this ensemble have different encoders, and {records} holds the features of one. Give the "
            "records of images that it was made from."
        )
    if cached and cached["encoder_sha256"] != encoder.digest():
        raise UserError(
            f"The features in {records} were made by another encoder ({cached['encoder']}), or by the same one with "
            "other weights. Make them anew with: python -m im2txt.extract_features"
        )


def load_run(workdir: str | os.PathLike, checkpoint: str = "best") -> LoadedRun:
    """Loads a trained captioner from its workdir.

    Args:
        workdir: folder of a run of `im2txt.train`.
        checkpoint: `best` (averaged weights of the best validation) or `latest` (the last ones, not averaged).

    Raises:
        UserError: no workdir, no checkpoint, or parts that do not belong together.
    """
    config = config_from_dict(_read_config(workdir))
    vocabulary = _own_vocabulary(Path(workdir))
    captioner = build_captioner(_with_own_weights(config, workdir), len(vocabulary))
    captioner.encoder.adapts_statistics = False  # whatever it began with, it is trained now
    return LoadedRun(config, vocabulary, captioner, restore_model(workdir, captioner, checkpoint))


def load_ensemble(workdirs: Sequence[str | os.PathLike], checkpoint: str = "best") -> LoadedRun:
    """Loads the captioners of several runs as one, which has the means of their probabilities; of one run, that one.

    Config and step are those of the first. Encoders that differ all become part of it.

    Raises:
        UserError: as `load_run`; or a run has other words than the first.
    """
    first, *others = (load_run(workdir, checkpoint) for workdir in workdirs)
    if not others:
        return first
    for workdir, run in zip(workdirs[1:], others):
        if run.vocabulary.words != first.vocabulary.words:
            raise UserError(
                f"{workdir} has another vocabulary than {workdirs[0]}. Runs of an ensemble share their words: "
                "train them on the same records."
            )
    return first._replace(captioner=_joined([run.captioner for run in (first, *others)]))


def _joined(captioners: Sequence[Captioner]) -> Captioner:
    encoders, decoders = [each.encoder for each in captioners], [each.decoder for each in captioners]
    if len({encoder.digest() for encoder in encoders}) == 1:
        return Captioner(encoders[0], EnsembleDecoder(decoders))
    joint = JointEncoder(encoders)
    return Captioner(joint, EnsembleDecoder(decoders, joint.grids))


def _own_vocabulary(workdir: Path) -> Vocabulary:
    vocabulary = Vocabulary.load(workdir / VOCABULARY)
    facts = json.loads((workdir / VERSIONS).read_text(encoding="utf-8")) if (workdir / VERSIONS).is_file() else {}
    if facts.get("vocabulary_sha256") not in (None, vocabulary.sha256()):
        raise UserError(
            f"{workdir / VOCABULARY} is not the vocabulary that {workdir} was trained with. Put back the one of the "
            "records it was trained on."
        )
    return vocabulary


def _with_own_weights(config: ExperimentConfig, workdir: str | os.PathLike) -> ExperimentConfig:
    """Points the encoder to the workdir's weights: a file if it was frozen, else the checkpoint overwrites them."""
    own = {"weights": "random" if config.encoder.trainable else str(Path(workdir) / ENCODER)}
    if (Path(workdir) / NETWORK).exists():
        own["preset"] = str(Path(workdir) / NETWORK)
    return dataclasses.replace(config, encoder=dataclasses.replace(config.encoder, **own))


def versions() -> dict[str, str]:
    """Returns the versions of this package, of what it stands on, and of the git commit it is run from."""
    names = ("im2txt", "tensorflow", "keras", "numpy")
    found = {name: _version(name) for name in names}
    return {**found, "git": _commit() or "unknown"}


def _commit() -> str:
    git = shutil.which("git")  # which an installed package can do without
    if git is None:
        return ""
    command = [git, "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent).stdout.strip()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed as a package"


def _config_json(config: ExperimentConfig) -> str:
    return json.dumps(dataclasses.asdict(config), indent=2) + "\n"


def _read_config(workdir: str | os.PathLike) -> dict[str, Any]:
    path = Path(workdir) / CONFIG
    if not path.is_file():
        raise UserError(f"{workdir} is no workdir: it has no {CONFIG}. Train first: python -m im2txt.train --help")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON ({error}).") from None
