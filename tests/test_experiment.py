"""Experiment configs: to JSON and back, mistakes in them, and what differs between two."""

import dataclasses
import json
import runpy
from pathlib import Path

import pytest

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.errors import UserError
from im2txt.experiment import ExperimentConfig, config_from_dict, differences
from im2txt.models.decoders import DECODERS
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.training.optimizers import OptimizerConfig

FILES = sorted((Path(__file__).parents[1] / "experiments").glob("*.py"))


def as_json(config):
    return json.loads(json.dumps(dataclasses.asdict(config)))


@pytest.mark.parametrize("decoder", sorted(DECODERS))
def test_a_config_comes_back_from_json(decoder):
    config = ExperimentConfig(
        records="data/x",
        decoder=DECODERS[decoder].config(units=3),
        data=DataConfig(shuffle=False),
        optimizer=OptimizerConfig(learning_rate=0.25),
        decoding=DecodingConfig(beam_size=7),
    )
    assert config_from_dict(as_json(config)) == config


def test_fields_that_are_absent_take_their_defaults():
    config = config_from_dict({"decoder": {"name": "lstm", "units": 3}, "data": {"seed": 4}})
    assert config == ExperimentConfig(decoder=LSTMConfig(units=3), data=DataConfig(seed=4))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimiser": {"name": "adam"}}, r"The config has no field `optimiser`\. Did you mean `optimizer`\? Known: "),
        ({"decoder": {"name": "lstm", "unitz": 3}}, r"decoder has no field `unitz`\. Did you mean `units`\? Known: "),
        ({"decoder": {"name": "lstn"}}, r"decoder\.name `lstn` is unknown\. Did you mean `lstm`\? Known: .*lstm, "),
        ({"data": {"sede": 1}}, r"data has no field `sede`\. Did you mean `seed`\?"),
    ],
)
def test_unknown_fields_are_told(change, message):
    with pytest.raises(UserError, match=message):
        config_from_dict({**as_json(ExperimentConfig()), **change})


def test_differences_name_the_fields():
    old, new = as_json(ExperimentConfig()), as_json(ExperimentConfig(records="r", decoder=LSTMConfig()))
    assert differences(old, old) == []
    found = differences(old, new)
    assert "records: '' -> 'r'" in found
    assert "decoder.name: 'soft_attention' -> 'lstm'" in found
    assert "decoder.attention_units: 512 -> None" in found
    assert all(line.startswith(("records: ", "decoder.")) for line in found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_experiment_is_a_config_that_makes_sense(path):
    config = runpy.run_path(str(path))["get_config"]()
    assert config_from_dict(as_json(config)) == config
    assert config.records
    config.decoding.check()
    config.training.check()
