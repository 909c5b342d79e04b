"""An experiment: one Python file whose `get_config()` returns one `ExperimentConfig`; everything a run needs is in it.

    from im2txt.experiment import ExperimentConfig
    from im2txt.models.decoders.lstm import LSTMConfig

    def get_config() -> ExperimentConfig:
        return ExperimentConfig(records="data/flickr8k", decoder=LSTMConfig(units=512))

`--config=FILE --config.decoder.units=256` on the command line changes single fields.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.errors import UserError, did_you_mean
from im2txt.models.decoders import DECODERS, DecoderConfig
from im2txt.models.decoders.soft_attention import SoftAttentionConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives import OBJECTIVES, ObjectiveConfig
from im2txt.objectives.cross_entropy import CrossEntropyConfig
from im2txt.text.word_vectors import WordVectorsConfig
from im2txt.training.loop import TrainingConfig
from im2txt.training.optimizers import OptimizerConfig


@dataclass
class ExperimentConfig:
    """Everything a run needs.

    Attributes:
        records: folder of image records, or of the features a frozen encoder made of them.
        split: split to train on.
        validation_split: split to validate on.
        start_from: workdir of another run whose best weights this one begins with; its words come first in the
            vocabulary of the records.
        encoder: from images to features.
        decoder: from features to words.
        word_vectors: where the decoder's words begin.
        data: how training batches are made.
        objective: what is better.
        optimizer: how weights change.
        training: how long, what is kept, when to stop.
        decoding: how captions are searched, in validation and by default ever after.
    """

    records: str = ""
    split: str = "train"
    validation_split: str = "val"
    start_from: str = ""
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=SoftAttentionConfig)
    word_vectors: WordVectorsConfig = field(default_factory=WordVectorsConfig)
    data: DataConfig = field(default_factory=DataConfig)
    objective: ObjectiveConfig = field(default_factory=CrossEntropyConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    decoding: DecodingConfig = field(default_factory=DecodingConfig)


def config_from_dict(values: dict[str, Any]) -> ExperimentConfig:
    """The inverse of `dataclasses.asdict`. Raises UserError for a field that does not exist."""
    config = _component(ExperimentConfig, values, "The config")
    types = {f.name: f.default_factory for f in dataclasses.fields(ExperimentConfig)}
    for part, table in (("decoder", DECODERS), ("objective", OBJECTIVES)):
        name = values[part].get("name") if part in values else types[part]().name
        if name not in table:
            raise UserError(f"{part}.name `{name}` is unknown. {did_you_mean(str(name), table)}")
        types[part] = table[name].config
    parts = {name: _component(types[name], part, name) for name, part in values.items() if isinstance(part, dict)}
    return dataclasses.replace(config, **parts)


def _component(kind: type, values: dict[str, Any], where: str) -> Any:
    known = [f.name for f in dataclasses.fields(kind)]
    for name in values:
        if name not in known:
            raise UserError(f"{where} has no field `{name}`. {did_you_mean(name, known)}")
    return kind(**values)


def differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    """Returns `field: old -> new` for every field in which two nested config dicts differ."""
    found = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            found += differences(before, after, f"{prefix}{name}.")
        elif before != after:
            found.append(f"{prefix}{name}: {before!r} -> {after!r}")
    return found
