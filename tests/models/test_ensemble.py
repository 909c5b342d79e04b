"""An ensemble is the mean of its members' probabilities, step by step and in search."""

import keras
import numpy as np
import tensorflow as tf

from im2txt.decoding.beam_search import DecodingConfig, beam_search
from im2txt.models.decoders import DECODERS, build_decoder
from im2txt.models.decoders.base import repeat_rows
from im2txt.models.decoders.ensemble import EnsembleDecoder
from im2txt.models.decoders.lstm import LSTMConfig
from im2txt.models.decoders.transformer import TransformerConfig
from im2txt.models.features import ImageFeatures, JointFeatures

VOCAB, IMAGES, CAPTIONS, LENGTH = 9, 2, 3, 4
IDS = tf.constant(np.random.default_rng(1).integers(4, VOCAB, (IMAGES * CAPTIONS, LENGTH)), tf.int32)


def features():
    regions = np.random.default_rng(0).normal(size=(IMAGES, 5, 6)).astype("f4")
    return ImageFeatures(tf.constant(regions.mean(1)), tf.constant(regions))


def member(name, seed):
    keras.utils.set_random_seed(seed)
    kind = DECODERS[name].config
    options = {key: 8 for key in ("units", "embedding", "attention_units") if key in kind.__dataclass_fields__}
    decoder = build_decoder(kind(**options), VOCAB)
    decoder(features(), IDS)
    for weight in decoder.trainable_variables:
        weight.assign(weight * 4.0)  # sure of their words, and not of the same
    return decoder


def ensemble(*names):
    return EnsembleDecoder([member(name, seed) for seed, name in enumerate(names)])


def test_probabilities_are_the_mean_of_the_members():
    both = ensemble("lstm", "soft_attention")
    expected = np.mean([tf.nn.softmax(each(features(), IDS).logits) for each in both.members], axis=0)
    np.testing.assert_allclose(tf.exp(both(features(), IDS).logits), expected, atol=1e-6)


def test_captions_are_as_long_as_the_shortest_member_can_say():
    short, long = (TransformerConfig(units=8, heads=2, layers=1, max_length=length) for length in (5, 7))
    members = [build_decoder(config, VOCAB) for config in (long, short, LSTMConfig(units=8))]
    assert EnsembleDecoder(members).max_length == 5
    assert EnsembleDecoder(members[2:]).max_length is None


def test_step_unrolled_equals_call():
    for names in (("lstm", "soft_attention"), ("soft_attention", "soft_attention")):
        both = ensemble(*names)
        state, logits = repeat_rows(both.start(features()), CAPTIONS), []
        for time in range(LENGTH):
            step_logits, state = both.step(IDS[:, time], state)
            logits.append(step_logits)
        np.testing.assert_allclose(tf.stack(logits, 1), both(features(), IDS).logits, atol=1e-5)


def test_maps_are_the_mean_where_all_members_attend():
    both = ensemble("soft_attention", "soft_attention")
    expected = np.mean([each(features(), IDS).attention for each in both.members], axis=0)
    np.testing.assert_allclose(both(features(), IDS).attention, expected, atol=1e-6)
    assert both.attends
    assert not ensemble("lstm", "soft_attention").attends
    assert ensemble("lstm", "soft_attention").reads == ("pooled", "regions")


def test_each_member_reads_features_of_its_own():
    one, other = members = [member("soft_attention", 1), member("soft_attention", 2)]
    few = ImageFeatures(None, features().regions[:, :4])
    many = ImageFeatures(None, tf.repeat(features().regions, 4, axis=1)[:, :16])
    both = EnsembleDecoder(members, [(2, 2), (4, 4)])
    decoded = both(JointFeatures((few, many)), IDS)
    expected = np.mean([tf.nn.softmax(one(few, IDS).logits), tf.nn.softmax(other(many, IDS).logits)], axis=0)
    np.testing.assert_allclose(tf.exp(decoded.logits), expected, atol=1e-6)
    state, maps = repeat_rows(both.start(JointFeatures((few, many))), CAPTIONS), []
    for time in range(LENGTH):
        _, state = both.step(IDS[:, time], state)
        maps.append(state.attention)
    np.testing.assert_allclose(tf.stack(maps, 1), decoded.attention, atol=1e-5)
    assert decoded.attention.shape == [IMAGES * CAPTIONS, LENGTH, 16]


def test_maps_are_scaled_up_to_the_finest_grid():
    both = EnsembleDecoder([member("soft_attention", 1)] * 2, [(1, 2), (2, 4)])
    fine = tf.constant([[0.1, 0.2, 0.0, 0.1, 0.3, 0.1, 0.1, 0.1]])
    mean = both._mean_map([tf.constant([[0.75, 0.25]]), fine])
    # between the centres of two cells a map goes evenly from the one to the other: 3/4, 5/8, 3/8, 1/4, in both rows
    expected = (np.array([6, 5, 3, 2] * 2) / 32 + fine[0]) / 2
    np.testing.assert_allclose(mean[0], expected, atol=1e-6)
    nowhere = both._mean_map([tf.zeros([1, 2]), tf.zeros([1, 8])])  # the state before the first word
    np.testing.assert_array_equal(nowhere, np.zeros([1, 8]))


def test_search_goes_through_all_members():
    both, config = ensemble("soft_attention", "lstm"), DecodingConfig(3, 5)
    found = beam_search(both.step, both.start(features()), config, IMAGES)
    for image in range(IMAGES):
        length = int(found.lengths[image, 0])
        words = found.tokens[image, 0, :length]
        inputs = tf.concat([[1], words[:-1]], 0)[None]
        alone = ImageFeatures(*(each[image : image + 1] for each in features()))
        scores = tf.gather(both(alone, inputs).logits[0], words, batch_dims=1)
        np.testing.assert_allclose(tf.reduce_sum(scores), found.scores[image, 0], rtol=1e-5)


def test_twice_the_same_is_the_same():
    one = member("soft_attention", 1)
    np.testing.assert_allclose(
        EnsembleDecoder([one, one])(features(), IDS).logits, tf.nn.log_softmax(one(features(), IDS).logits), atol=1e-5
    )
