"""Hard attention: what is drawn, how often, and what the next word is made of."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.decoders import build_decoder
from im2txt.models.decoders.base import repeat_rows
from im2txt.models.decoders.hard_attention import HardAttentionConfig, HardAttentionDecoder, gumbel
from im2txt.models.decoders.soft_attention import SoftAttentionConfig, SoftAttentionDecoder
from im2txt.models.features import ImageFeatures

VOCAB, REGIONS, LENGTH = 9, 4, 5
SMALL = {"units": 6, "embedding": 6, "attention_units": 6, "dropout": 0.0, "embedding_dropout": 0.0}
SEED = tf.constant([3, 4])


def features(images=2):
    regions = np.random.default_rng(0).normal(size=(images, REGIONS, 3)).astype("f4")
    return ImageFeatures(None, tf.constant(regions))


def input_ids(rows):
    return tf.constant(np.random.default_rng(1).integers(4, VOCAB, (rows, LENGTH)), tf.int32)


def decoder(sharp=6.0, kind=HardAttentionDecoder, config=HardAttentionConfig, **options):
    """A random decoder whose attention is far from uniform."""
    keras.utils.set_random_seed(1)
    made = kind(config(**SMALL, **options), VOCAB)
    made(features(), input_ids(2))
    made.attention.score.kernel.assign(sharp * made.attention.score.kernel)
    return made


def soft(**options):
    return decoder(kind=SoftAttentionDecoder, config=SoftAttentionConfig, **options)


def test_without_a_draw_it_is_soft_attention():
    ids = input_ids(6)
    expected = soft()(features(), ids)
    for decoded in (decoder()(features(), ids), decoder(semi_sampling=1.0)(features(), ids, SEED)):
        np.testing.assert_allclose(decoded.logits, expected.logits, atol=1e-6)
        np.testing.assert_allclose(decoded.attention, expected.attention, atol=1e-6)
        np.testing.assert_array_equal(decoded.drawn, -np.ones([6, LENGTH]))


def test_its_weights_are_those_of_soft_attention():
    assert [v.path for v in decoder().variables] == [v.path for v in soft().variables]


def test_regions_are_drawn_as_often_as_alpha_says():
    rows = 4000
    ids = tf.tile(input_ids(1), [rows, 1])
    decoded = decoder(semi_sampling=0.0)(features(1), ids, SEED)
    alpha = decoded.attention[0, 0].numpy()  # the first step has seen no draw: all rows share it
    assert alpha.max() - alpha.min() > 0.2
    share = np.bincount(decoded.drawn[:, 0], minlength=REGIONS) / rows
    np.testing.assert_allclose(share, alpha, atol=4 * np.sqrt(0.25 / rows))


def test_draws_of_a_caption_are_independent():
    rows = 4000
    decoded = decoder(sharp=0.0, semi_sampling=0.0)(features(1), tf.tile(input_ids(1), [rows, 1]), SEED)
    first, second = decoded.drawn[:, 0].numpy(), decoded.drawn[:, 1].numpy()
    together = np.histogram2d(first, second, bins=REGIONS)[0] / rows
    np.testing.assert_allclose(together, np.full([REGIONS, REGIONS], 1 / 16), atol=4 * np.sqrt(1 / 16 / rows))


def test_the_next_word_sees_the_drawn_region_alone():
    """Where region r is drawn first, the first word is soft attention's over an image that is region r all over."""
    model = decoder(sharp=2.0, semi_sampling=0.0)
    ids, state = tf.tile(input_ids(1), [50, 1]), model.start(features(1))
    decoded = model(features(1), ids, SEED)
    rows = {int(region): row for row, region in enumerate(decoded.drawn[:, 0])}
    assert len(rows) > 1
    for region, row in rows.items():
        values = tf.tile(state.memory.values[:, region, None], [1, REGIONS, 1])
        logits, _ = model.step(ids[:1, 0], state._replace(memory=state.memory._replace(values=values)))
        np.testing.assert_allclose(decoded.logits[row, 0], logits[0], atol=1e-5)
        assert np.abs(decoded.logits[:, 0] - logits).max() > 1e-3


@pytest.mark.parametrize(
    ("coin", "tossed"),  # tossed: where in [rows, length] each coin shows
    [("word", np.s_[:, :]), ("caption", np.s_[:, :1]), ("batch", np.s_[:1, :1])],
)
def test_a_coin_decides_between_draw_and_expectation(coin, tossed):
    model, ids, heads = decoder(semi_sampling=0.3, coin=coin), tf.tile(input_ids(1), [200, 1]), []
    draw = tf.function(lambda seed: model(features(1), ids, seed).drawn)
    for seed in range(60):
        soft = draw(tf.constant([seed, 0])).numpy() == -1
        np.testing.assert_array_equal(soft, np.broadcast_to(soft[tossed], soft.shape))
        heads.append(soft[tossed].ravel())
    heads = np.concatenate(heads)
    assert heads.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / heads.size))


def test_only_the_expectation_lets_a_gradient_through():
    model = decoder(semi_sampling=0.0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(features(), input_ids(2), SEED).logits)
    gradient = tape.gradient(loss, model.attention.score.kernel, unconnected_gradients="zero")
    np.testing.assert_array_equal(gradient, np.zeros(gradient.shape))


def test_the_likeliest_region_is_looked_at():
    decoded = decoder(test_attention="argmax")(features(), input_ids(6))
    np.testing.assert_array_equal(decoded.drawn, np.argmax(decoded.attention, -1))
    assert len(np.unique(decoded.drawn)) > 1


def test_search_draws_by_seed_and_position_alone():
    decoded = decoder(sharp=0.0, test_attention="sample", test_seed=5)(features(), input_ids(6))
    drawn = decoded.drawn.numpy()
    assert (drawn == drawn[0]).all()  # alpha is uniform, and all rows hear the same noise
    assert len(np.unique(drawn)) > 1
    other = decoder(sharp=0.0, test_attention="sample", test_seed=6)(features(), input_ids(6))
    assert (other.drawn.numpy() != drawn).any()


def test_search_draws_as_often_as_alpha_says():
    model = decoder(sharp=2.0, test_attention="sample")
    state = repeat_rows(model.start(features(1)), 1)
    step = tf.function(lambda position: model.step(input_ids(1)[:, 0], state._replace(position=position[None]))[1])
    taken = [step(tf.constant(position)) for position in range(200)]
    alpha = taken[0].attention[0].numpy()
    share = np.bincount([int(state.drawn[0]) for state in taken], minlength=REGIONS) / len(taken)
    np.testing.assert_allclose(share, alpha, atol=4 * np.sqrt(0.25 / len(taken)))
    assert alpha.max() - alpha.min() > 0.1


def test_gumbel_noise_is_finite_and_gumbel():
    noise = gumbel([100_000], SEED).numpy()
    assert np.isfinite(noise).all()
    assert noise.mean() == pytest.approx(0.5772, abs=4 * 1.2825 / np.sqrt(noise.size))  # Euler's constant
    assert noise.std() == pytest.approx(np.pi / np.sqrt(6), rel=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coin": "wrod"}, r"decoder\.coin `wrod` is unknown\. Did you mean `word`\? Known: batch, caption, word\."),
        ({"test_attention": "arg_max"}, r"decoder\.test_attention `arg_max` is unknown\. Did you mean `argmax`\?"),
        ({"feature_dropout": 0.5}, r"decoder\.feature_dropout is 0\.5, but .* decoder\.feature_units is 0\."),
        ({"semi_sampling": 1.5}, r"decoder\.semi_sampling is 1\.5; it is a share, from 0 to 1\."),
    ],
)
def test_mistakes_are_told(options, message):
    with pytest.raises(UserError, match=message):
        build_decoder(HardAttentionConfig(**options), VOCAB)


def test_a_config_of_hard_attention_is_none_of_soft_attention():
    with pytest.raises(UserError, match=r"`soft_attention` needs a SoftAttentionConfig, not HardAttentionConfig"):
        build_decoder(HardAttentionConfig(name="soft_attention"), VOCAB)
