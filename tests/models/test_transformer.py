"""The Transformer decoder beyond the contract of all decoders: its options, its caches, its limits."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.decoding.beam_search import DecodingConfig, beam_search
from im2txt.errors import UserError
from im2txt.models.decoders.transformer import TransformerConfig, TransformerDecoder, sinusoids
from im2txt.models.decoders.transformer_blocks import EncoderBlock
from im2txt.models.features import ImageFeatures

VOCAB, IMAGES, REGIONS = 9, 2, 4
SMALL = {"units": 8, "heads": 2, "layers": 2, "feed_forward": 16, "max_length": 5}


def features():
    regions = np.random.default_rng(0).normal(size=(IMAGES, REGIONS, 6)).astype("f4")
    return ImageFeatures(None, tf.constant(regions))


def decoder(**options):
    keras.utils.set_random_seed(2)
    built = TransformerDecoder(TransformerConfig(**{**SMALL, **options}), VOCAB)
    built(features(), tf.ones([IMAGES, 1], tf.int32))
    return built


def random_ids(length):
    return tf.constant(np.random.default_rng(1).integers(4, VOCAB, (IMAGES, length)), tf.int32)


def test_sinusoids_by_hand():
    """Four units: frequencies 1 and 1 / sqrt(10000) = 0.01; sines, then cosines."""
    expected = [[0, 0, 1, 1], [np.sin(3), np.sin(0.03), np.cos(3), np.cos(0.03)]]
    np.testing.assert_allclose(sinusoids(tf.constant([0, 3]), 4), expected, atol=1e-6)
    assert sinusoids(tf.constant([[0, 1]]), 3).shape == (1, 2, 3)


def test_what_depends_on_the_image_is_kept_once_and_caches_have_room_for_max_length():
    state = decoder().start(features())
    assert [leaf.shape for leaf in tf.nest.flatten(state.memory)] == [(IMAGES, 2, REGIONS, 4)] * 4
    assert [leaf.shape for leaf in tf.nest.flatten(state.caches)] == [(IMAGES, 2, 5, 4)] * 4


@pytest.mark.parametrize("pre_norm", [True, False])
def test_only_the_papers_norm_comes_last(pre_norm):
    block = EncoderBlock(TransformerConfig(**SMALL, pre_norm=pre_norm), "block")
    out = block(10.0 + 5.0 * features().regions @ tf.ones([6, 8]))
    normalised = np.allclose(tf.reduce_mean(out, axis=-1), 0.0, atol=1e-3)
    assert normalised != pre_norm


def test_tied_words_are_the_output_layer():
    tied, untied = decoder(tie_words=True), decoder()
    shapes = [tuple(variable.shape) for variable in tied.variables if VOCAB in variable.shape]
    assert sorted(shapes) == [(VOCAB,), (VOCAB, 8)]
    assert len(untied.variables) == len(tied.variables) + 1
    with tf.GradientTape() as tape:
        before = tied(features(), random_ids(2)).logits
    assert np.abs(tape.gradient(before, tied.output_bias)).sum() > 0
    tied.words.embeddings.assign(tf.tensor_scatter_nd_add(tied.words.embeddings, [[3]], [tf.range(8.0)]))
    changed = np.abs(tied(features(), random_ids(2)).logits - before).max(axis=(0, 1)) > 1e-3
    assert changed.tolist() == [word == 3 for word in range(VOCAB)]  # a word that no caption here holds


def test_without_encoder_layers_regions_know_nothing_of_each_other():
    def change_of_first_keys(encoder_layers):
        built = decoder(encoder_layers=encoder_layers)
        other = features().regions + tf.constant([0.0, 0.0, 0.0, 1.0])[:, None]
        keys = [built.start(ImageFeatures(None, x)).memory[0].keys[:, :, 0] for x in (features().regions, other)]
        return np.abs(keys[0] - keys[1]).max()

    assert change_of_first_keys(0) < 1e-6
    assert change_of_first_keys(1) > 1e-3


@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_captions_longer_than_the_cache_are_trained_on(positions):
    built = decoder(positions=positions, max_length=3)
    ids = random_ids(6)
    logits = built(features(), ids).logits
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(logits[:, :3], built(features(), ids[:, :3]).logits, atol=1e-5)


def test_a_step_beyond_the_cache_is_told():
    built = decoder(max_length=2)
    state = built.start(features())
    for _ in range(2):
        _, state = built.step(tf.ones([IMAGES], tf.int32), state)
    with pytest.raises(tf.errors.InvalidArgumentError, match="The decoder can say 2 words: ask for no more, or train"):
        built.step(tf.ones([IMAGES], tf.int32), state)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_beams_find_what_whole_captions_score(policy):
    """The caches follow their hypotheses: the score of a beam is that of its words, read at once."""
    keras.config.set_dtype_policy(policy)
    try:
        built = decoder(positions="learned", tie_words=True)
        config = DecodingConfig(beam_size=3, max_length=5)
        found = tf.function(lambda: beam_search(built.step, built.start(features()), config, IMAGES))()
        best = found.tokens[:, 0]  # [images, length]
        inputs = tf.concat([tf.ones([IMAGES, 1], tf.int32), best[:, :-1]], axis=1)
        decoded = built(features(), inputs)
    finally:
        keras.config.set_dtype_policy("float32")
    words = tf.gather(tf.nn.log_softmax(decoded.logits), best, batch_dims=2)
    said = tf.sequence_mask(found.lengths[:, 0], 5, tf.float32)
    tolerance = 1e-4 if policy == "float32" else 0.1
    np.testing.assert_allclose(tf.reduce_sum(words * said, axis=1), found.scores[:, 0], atol=tolerance)
    np.testing.assert_allclose(decoded.attention * said[:, :, None], found.attention[:, 0], atol=tolerance)


def test_vectors_from_elsewhere_keep_their_size_beside_positions():
    built, vectors = decoder(), np.random.default_rng(3).normal(size=(VOCAB, 8)).astype("f4")
    built.set_words(vectors)
    ids, positions = random_ids(3), tf.range(3)[None]
    words = built._embed(ids, positions, seed=None) - sinusoids(positions, 8)
    np.testing.assert_allclose(words, vectors[ids], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 10, "heads": 4}, r"decoder\.units is 10; it must be a multiple of decoder\.heads, 4\."),
        ({"heads": 0}, r"decoder\.heads is 0; it must be 1 or more\."),
        ({"encoder_layers": -1}, r"decoder\.encoder_layers is -1; it must be 0 or more\."),
        ({"positions": "learnt"}, r"decoder\.positions `learnt` is unknown\. Did you mean `learned`\?"),
    ],
)
def test_mistakes_are_told(options, message):
    with pytest.raises(UserError, match=message):
        TransformerDecoder(TransformerConfig(**options), VOCAB)
