"""Log-probabilities of given captions: by hand on a table of probabilities, and as every decoder's call has them."""

from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.evaluation import caption_likelihood
from im2txt.evaluation.caption_likelihood import CaptionLikelihood
from im2txt.models.captioner import Captioner
from im2txt.models.decoders import DECODERS, build_decoder
from im2txt.text.vocabulary import END, START

VOCAB, IMAGES, REGIONS, DEPTH = 9, 3, 4, 6
SMALL = {"units": 8, "embedding": 8, "attention_units": 7, "layers": 2, "feed_forward": 8}
VARIANTS = [("soft_attention", {"word_query": True}), ("transformer", {"max_length": 3})]  # longer captions go by call
CAPTIONS = [(4, 5, END), (4, 5, 6, 7, END), (END,), (4, 6, END), (8, END), (4, 5, END)]


class TableState(NamedTuple):
    memory: tf.Tensor  # [images, vocab, vocab], logits of the next word after each word
    steps: tf.Tensor  # [rows]


class TableDecoder:
    """A decoder whose probabilities are those of a table for each image; it counts how often it is traced."""

    traced = 0
    max_length = None

    def start(self, features):
        return TableState(features.regions, tf.zeros([tf.shape(features.regions)[0]], tf.int32))

    def step(self, ids, state):
        self.traced += 1
        images, vocab = tf.shape(state.memory)[0], state.memory.shape[-1]
        tf.debugging.assert_equal(tf.shape(state.steps), tf.shape(ids))
        logits = tf.gather(state.memory, tf.reshape(ids, [images, -1]), batch_dims=1)  # [images, nodes, vocab]
        return tf.reshape(logits, [-1, vocab]), state._replace(steps=state.steps + 1)


class Tables:
    """A captioner of tables."""

    encoder = None

    def __init__(self):
        self.decoder = TableDecoder()

    def features(self, batch):
        return Captioner.features(self, batch)


def probabilities(images=IMAGES):
    tables = np.random.default_rng(0).random([images, VOCAB, VOCAB]).astype("f4")
    return tables / tables.sum(axis=2, keepdims=True)


def of_caption(table, caption):
    return sum(np.log(table[before, word]) for before, word in zip((START, *caption), caption))


def scored(captioner, batch, captions):
    likelihood = CaptionLikelihood(captioner, captions)
    batch["index"] = tf.range(len(batch["regions"]))
    found = np.concatenate(list(likelihood(batch)), axis=1)
    return found[:, [likelihood.captions.index(caption) for caption in captions]]


def test_a_caption_has_the_product_of_the_probabilities_of_its_words_and_end():
    tables = probabilities()
    found = scored(Tables(), {"regions": tf.math.log(tables)}, CAPTIONS)
    assert found.dtype == np.float32
    expected = [[of_caption(table, caption) for caption in CAPTIONS] for table in tables]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_captions_of_all_lengths_have_probability_one_together():
    # three words that end, or go on to a word that always ends
    tables = np.zeros([1, VOCAB, VOCAB], "f4")
    tables[0, START, 4:7] = 0.2, 0.3, 0.5
    tables[0, 4:7, END], tables[0, 4:7, 8], tables[0, 8, END] = 0.25, 0.75, 1.0
    captions = [(word, *rest, END) for word in (4, 5, 6) for rest in ((), (8,))]
    found = scored(Tables(), {"regions": tf.math.log(tables)}, captions)
    np.testing.assert_allclose(np.exp(found[0]), [0.05, 0.15, 0.075, 0.225, 0.125, 0.375], rtol=1e-5)


def test_each_different_caption_is_scored_once_by_one_graph_for_all_trees_and_images(monkeypatch):
    monkeypatch.setattr(caption_likelihood, "TREE", 2)
    captioner = Tables()
    likelihood = CaptionLikelihood(captioner, CAPTIONS)
    assert likelihood.captions == sorted(set(CAPTIONS))
    for images in (3, 2):
        tables = tf.math.log(probabilities(images))
        found = list(likelihood({"regions": tables, "index": tf.range(images)}))
        assert [part.shape for part in found] == [(images, 2), (images, 2), (images, 1)]
    assert captioner.decoder.traced == 1


@pytest.mark.parametrize(("name", "options"), [(name, {}) for name in sorted(DECODERS)] + VARIANTS)
def test_every_decoder_scores_captions_as_its_call_does(name, options):
    keras.utils.set_random_seed(3)
    kind = DECODERS[name].config
    known = {key: value for key, value in {**SMALL, **options}.items() if key in kind.__dataclass_fields__}
    captioner = Captioner(None, build_decoder(kind(**known), VOCAB))
    regions = np.random.default_rng(0).normal(size=(IMAGES, REGIONS, DEPTH)).astype("f4")
    batch = {"regions": tf.constant(regions), "pooled": tf.constant(regions.mean(axis=1))}
    expected = np.stack([forced(captioner, batch, caption) for caption in CAPTIONS], axis=1)
    np.testing.assert_allclose(scored(captioner, batch, CAPTIONS), expected, atol=1e-5)
    assert np.ptp(expected, axis=0).min() > 1e-3  # the image does matter


def forced(captioner, batch, caption):
    ids = tf.tile(tf.constant([[(START, *caption[:-1])]]), [IMAGES, 1, 1])
    scores = tf.nn.log_softmax(captioner({**batch, "input_ids": ids}).logits).numpy()  # [images, length, vocab]
    return scores[:, range(len(caption)), caption].sum(axis=1)
