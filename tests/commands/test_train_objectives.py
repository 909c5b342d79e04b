"""Objectives and decoders that do not go together are told before anything is written."""

import dataclasses

import pytest

from im2txt.data.pipeline import DataConfig
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.errors import UserError
from im2txt.experiment import ExperimentConfig
from im2txt.models.decoders.hard_attention import HardAttentionConfig
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.models.decoders.transformer import TransformerConfig
from im2txt.models.encoders import EncoderConfig
from im2txt.objectives.cross_entropy import CrossEntropyConfig
from im2txt.objectives.scheduled_sampling import ScheduledSamplingConfig
from im2txt.objectives.self_critical import SelfCriticalConfig
from im2txt.text.vocabulary import Vocabulary
from im2txt.train import train
from im2txt.training.loop import STOPPED, TrainingLoop
from tests.helpers import captioned_images, write_records

WORDS = Vocabulary.build([["a", "dog", "runs"]], min_count=1)
SMALL = ExperimentConfig(
    encoder=EncoderConfig("small_cnn", weights="random", image_size=32, trainable=True),
    decoder=LSTMConfig(units=4, embedding=4),
    data=DataConfig(images_per_batch=2),
    decoding=DecodingConfig(max_length=10),
)
TRANSFORMER = TransformerConfig(units=8, heads=2, feed_forward=8, layers=1, max_length=10)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    images = captioned_images([("a dog runs", "a dog"), ("runs",)], WORDS)
    return write_records(tmp_path_factory.mktemp("records"), {"train": images, "val": images}, WORDS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decoder": HardAttentionConfig()}, r"`cross_entropy` does not teach this decoder where to look: it draws"),
        (
            {"decoder": HardAttentionConfig(), "objective": ScheduledSamplingConfig()},
            r"`scheduled_sampling` does not teach .* Train it with objective\.name=variational_bound",
        ),
        (
            {"decoder": HardAttentionConfig(test_attention="argmax"), "objective": SelfCriticalConfig()},
            r"`self_critical` does not teach .* Set decoder\.test_attention=expectation\.",
        ),
        (
            {"decoder": TRANSFORMER, "objective": SelfCriticalConfig()},
            r"objective\.max_length is 20, but this decoder goes through 10 words at most",
        ),
    ],
)
def test_an_objective_that_cannot_train_the_decoder_is_refused(records, tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        train(tmp_path / "run", dataclasses.replace(SMALL, records=str(records), **change))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("decoder", "weight", "told"), [(TRANSFORMER, 1.0, True), (TRANSFORMER, 0.0, False), (SMALL.decoder, 1.0, False)]
)
def test_a_term_that_no_paper_has_for_a_transformer_is_told(
    monkeypatch, capsys, records, tmp_path, decoder, weight, told
):
    monkeypatch.setattr(TrainingLoop, "run", lambda *_: STOPPED)
    changes = {"decoder": decoder, "objective": CrossEntropyConfig(doubly_stochastic=weight)}
    train(tmp_path, dataclasses.replace(SMALL, records=str(records), **changes))
    notice = "note: objective.doubly_stochastic is 1, but no paper has that term for a Transformer"
    assert (notice in capsys.readouterr().err) == told
