"""Validation: captions of a split, their scores, and the loss a word."""

import numpy as np
import pytest
import tensorflow as tf

from im2txt.data.pipeline import eval_dataset
from im2txt.decoding.beam_search import DecodingConfig
from im2txt.evaluation.captions import CaptionFinder, read_split
from im2txt.metrics.caption_scores import score_captions
from im2txt.models.captioner import Captioner
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.decoders.soft_attention import SoftAttentionConfig, SoftAttentionDecoder
from im2txt.objectives.attention_maps import change, entropy
from im2txt.text.vocabulary import Vocabulary
from im2txt.training.validation import MONITOR, Validation
from tests.helpers import captioned_images, small_captioner, write_records

WORDS = Vocabulary.build([["a", "dog", "runs"]], min_count=1)
DECODING = DecodingConfig(beam_size=2, max_length=4)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A captioner, a split of three images that does not fill its batches of two, and the validation of both."""
    images = captioned_images([["a dog runs", "dog"], ["runs"], ["a dog", "a dog"]], WORDS)
    regions = list(np.random.default_rng(0).normal(size=(3, 2, 4)).astype("f4"))
    records = write_records(tmp_path_factory.mktemp("records"), {"val": images}, WORDS, regions=regions)
    captioner = Captioner(None, LSTMDecoder(LSTMConfig(units=5, embedding=5), len(WORDS)))
    batches = eval_dataset(records, "val", 2, ("pooled",))
    split = read_split(records, "val")
    captioner(next(iter(batches)))
    return captioner, batches, split, Validation(captioner, WORDS, split, batches, DECODING)


@pytest.mark.usefixtures("without_meteor")
def test_scores_are_those_of_the_best_captions(parts):
    captioner, batches, split, validation = parts
    found = dict(CaptionFinder(captioner, WORDS, DECODING)(batches))
    assert sorted(found) == [0, 1, 2]
    best = {image.image_id: found[i][0].text for i, image in enumerate(split)}
    expected = score_captions(best, {image.image_id: image.captions for image in split}).corpus
    scores = validation()
    for name in ("BLEU-4", "ROUGE-L", "CIDEr-D"):
        assert scores[f"val/{name}"] == pytest.approx(expected[name])
    assert MONITOR in scores
    assert "val/METEOR" not in scores  # not available


def test_the_loss_is_the_mean_over_all_words(parts):
    captioner, batches, _, validation = parts
    total, words = 0.0, 0.0
    for batch in batches:
        logits = captioner(batch).logits
        targets = tf.reshape(batch["target_ids"], [-1, tf.shape(logits)[1]])
        weights = np.reshape(batch["weights"], targets.shape)
        total += (tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits).numpy() * weights).sum()
        words += weights.sum()
    assert words == (4 + 2) + 2 + (3 + 3)  # with the ends
    assert validation()["val/cross_entropy"] == pytest.approx(total / words, rel=1e-5)


def test_maps_are_measured_where_the_decoder_attends(parts, tmp_path):
    images = captioned_images([["a dog runs", "dog"], ["runs"], ["a dog", "a dog"]], WORDS)
    regions = list(np.random.default_rng(0).normal(size=(3, 2, 4)).astype("f4"))
    records = write_records(tmp_path / "records", {"val": images}, WORDS, regions=regions)
    config = SoftAttentionConfig(units=5, embedding=5, attention_units=5)
    captioner, batches = (
        Captioner(None, SoftAttentionDecoder(config, len(WORDS))),
        eval_dataset(records, "val", 2, ("regions",)),
    )
    width, moved, words = 0.0, 0.0, 0.0
    for batch in batches:
        maps, real = captioner(batch).attention, np.reshape(batch["weights"], [-1, batch["weights"].shape[2]]) > 0
        width += entropy(maps).numpy()[real].sum()
        moved += change(maps).numpy()[real].sum()
        words += real.sum()
    scores = Validation(captioner, WORDS, parts[2], batches, DECODING)()
    assert scores["val/attention_entropy"] == pytest.approx(width / words, rel=1e-5)
    assert scores["val/attention_change"] == pytest.approx(moved / words, rel=1e-5)
    assert not any("attention" in name for name in parts[-1]())


def test_an_image_is_encoded_once(parts, tmp_path, monkeypatch):
    images = captioned_images([["a dog runs", "dog"], ["runs"], ["a dog", "a dog"]], WORDS)
    records = write_records(tmp_path / "records", {"val": images}, WORDS)
    captioner, batches = small_captioner("soft_attention", len(WORDS)), eval_dataset(records, "val", 2, ("image",), 48)
    encode, calls = captioner.encode, tf.Variable(0)

    def counted(images, training=False):
        calls.assign_add(1)
        return encode(images, training)

    monkeypatch.setattr(captioner, "encode", counted)
    scores = Validation(captioner, WORDS, parts[2], batches, DECODING)()
    assert int(calls) == 2  # batches
    assert {"val/CIDEr-D", "val/cross_entropy", "val/attention_entropy"} < set(scores)


def test_a_broken_model_has_a_loss_and_no_captions(parts):
    captioner, _, _, validation = parts
    kept = [variable.numpy() for variable in captioner.variables]
    captioner.variables[0].assign(np.full_like(kept[0], np.nan))
    scores = validation()
    captioner.variables[0].assign(kept[0])
    assert list(scores) == ["val/cross_entropy"]
    assert np.isnan(scores["val/cross_entropy"])


@pytest.mark.parametrize("batches", [0, 1])
def test_it_can_be_stopped_between_batches(parts, batches):
    asked = iter([False] * batches + [True])
    assert parts[-1](lambda: next(asked)) == {}
    assert next(asked, "over") == "over"


def test_the_graphs_are_built_once(parts):
    validation = parts[-1]
    validation()
    graphs = validation._sums.experimental_get_tracing_count()
    validation()
    assert validation._sums.experimental_get_tracing_count() == graphs <= 2
