"""Every decoder of the table keeps the contract of `im2txt.models.decoders.base`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.decoding.beam_search import DecodingConfig, beam_search
from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.models.decoders import DECODERS, build_decoder
from im2txt.models.decoders.base import repeat_rows
from im2txt.models.features import ImageFeatures
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.objectives.variational_bound import VariationalBound, VariationalBoundConfig

VOCAB, IMAGES, CAPTIONS, LENGTH, REGIONS, DEPTH = 11, 2, 3, 4, 5, 6
SMALL = {"units": 8, "embedding": 8, "attention_units": 7, "layers": 2}

VARIANTS = [  # options that change the computation
    ("lstm", {"cell": "gru"}),
    ("soft_attention", {"word_query": True, "attention_layers": 2}),
    ("soft_attention", {"feature_units": 7, "feature_dropout": 0.2}),  # that of the runs on Flickr8k
    ("hard_attention", {"feature_units": 7}),
    ("soft_attention", {"cell": "gru", "reset_after": True, "attention": "scaled_dot_product"}),
    ("soft_attention", {"cell": "gru", "gate": False}),  # the recurrence of Bahdanau et al. 2015
    ("hard_attention", {"test_attention": "argmax"}),
    ("hard_attention", {"test_attention": "sample", "cell": "gru"}),
    ("transformer", {"encoder_layers": 0, "pre_norm": False, "positions": "learned"}),
]
ALL = [(name, {}) for name in sorted(DECODERS)] + VARIANTS
NO_DROPOUT = {"dropout": 0.0, "embedding_dropout": 0.0}
DROPOUTS = [
    (name, field)
    for name, entry in sorted(DECODERS.items())
    for field in entry.config.__dataclass_fields__
    if field.endswith("dropout")
]


@pytest.fixture(params=sorted(DECODERS))
def decoder(request):
    return small_decoder(request.param)


@pytest.fixture(params=ALL, ids=str)
def variant(request):
    name, options = request.param
    return small_decoder(name, **options)


def small_decoder(name, **options):
    keras.utils.set_random_seed(3)
    kind = DECODERS[name].config
    options = {k: v for k, v in {**SMALL, **options}.items() if k in kind.__dataclass_fields__}
    decoder = build_decoder(kind(**options), VOCAB)
    decoder(features(), input_ids())
    return decoder


def features(images=IMAGES):
    regions = np.random.default_rng(0).normal(size=(images, REGIONS, DEPTH)).astype("f4")
    return ImageFeatures(pooled=tf.constant(regions.mean(1)), regions=tf.constant(regions))


def input_ids(images=IMAGES):
    ids = np.random.default_rng(1).integers(4, VOCAB, (images * CAPTIONS, LENGTH))
    ids[:, 0] = 1
    return tf.constant(ids, tf.int32)


def unrolled(decoder, features, ids):
    state = repeat_rows(decoder.start(features), CAPTIONS)
    logits, attention = [], []
    for time in range(LENGTH):
        step_logits, state = decoder.step(ids[:, time], state)
        logits.append(step_logits)
        attention.append(state.attention if decoder.attends else None)
    return tf.stack(logits, 1), tf.stack(attention, 1) if decoder.attends else None


def test_step_unrolled_equals_call(variant):
    logits, attention = unrolled(variant, features(), input_ids())
    decoded = variant(features(), input_ids())
    np.testing.assert_allclose(decoded.logits, logits, atol=1e-5)
    if variant.attends:
        np.testing.assert_allclose(decoded.attention, attention, atol=1e-5)


def test_shapes_and_types(decoder):
    decoded = decoder(features(), input_ids())
    assert decoded.logits.shape == (IMAGES * CAPTIONS, LENGTH, VOCAB)
    assert decoded.logits.dtype == tf.float32
    assert (decoded.attention is not None) == decoder.attends
    if decoder.attends:
        assert decoded.attention.shape == (IMAGES * CAPTIONS, LENGTH, REGIONS)
        np.testing.assert_allclose(
            tf.reduce_sum(decoded.attention, -1), np.ones([IMAGES * CAPTIONS, LENGTH]), rtol=1e-5
        )


def test_rows_see_their_own_image_only(variant):
    both = variant(features(), input_ids()).logits
    second = variant(ImageFeatures(*(x[1:] for x in features())), input_ids()[CAPTIONS:]).logits
    np.testing.assert_allclose(both[CAPTIONS:], second, atol=1e-5)
    assert not np.allclose(both[:CAPTIONS], variant(features(), tf.roll(input_ids(), CAPTIONS, 0)).logits[CAPTIONS:])


def test_later_words_change_nothing_before_them(decoder):
    changed = tf.concat([input_ids()[:, :-1], input_ids()[:, -1:] * 0], 1)
    before, after = (decoder(features(), ids).logits for ids in (input_ids(), changed))
    np.testing.assert_allclose(before[:, :-1], after[:, :-1], atol=1e-6)
    assert not np.allclose(before[:, -1], after[:, -1])


def test_gradients_reach_every_weight(variant):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(variant(features(), input_ids(), seed=tf.constant([1, 2])).logits))
    for weight, gradient in zip(variant.trainable_variables, tape.gradient(loss, variant.trainable_variables)):
        assert gradient is not None, weight.path
        assert np.abs(tf.convert_to_tensor(gradient)).sum() > 0, weight.path


def test_reads_only_what_it_says(decoder):
    whole = features()
    seen = ImageFeatures(**{name: getattr(whole, name) if name in decoder.reads else None for name in whole._fields})
    np.testing.assert_array_equal(decoder(seen, input_ids()).logits, decoder(whole, input_ids()).logits)


def test_adapting_leaves_the_contract_whole(decoder):
    """Whether it `adapts` or not: afterwards `step` still equals `call`, and only such a decoder has changed."""
    before = decoder(features(), input_ids()).logits
    decoder.adapt(ImageFeatures(*(3.0 + 2.0 * x for x in features())))
    after = decoder(features(), input_ids()).logits
    np.testing.assert_allclose(after, unrolled(decoder, features(), input_ids())[0], atol=1e-5)
    assert np.allclose(before, after) != decoder.adapts


def test_dropout_is_a_function_of_the_seed(decoder):
    first, again, other = (decoder(features(), input_ids(), seed=tf.constant([7, n])).logits for n in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    assert not np.allclose(first, decoder(features(), input_ids()).logits)


@pytest.mark.parametrize(("name", "field"), DROPOUTS)
def test_every_dropout_drops_in_training_alone(name, field):
    nothing = {**dict.fromkeys((each for _, each in DROPOUTS), 0.0), "feature_units": 7}
    without, dropping = (small_decoder(name, **{**nothing, field: rate}) for rate in (0.0, 0.5))
    shown, dropped = (each(features(), input_ids(), tf.constant([1, 2])).logits for each in (without, dropping))
    assert np.abs(shown - dropped).max() > 1e-4
    np.testing.assert_array_equal(*(each(features(), input_ids()).logits for each in (without, dropping)))


def test_word_dropout_hides_words_in_training_alone():
    ids, others = input_ids(), tf.concat([input_ids()[:, :1], input_ids()[:, 1:] % 7 + 4], axis=1)
    for name in DECODERS:
        decoder = small_decoder(name, **NO_DROPOUT, word_dropout=0.999)
        hidden, also = (decoder(features(), words, tf.constant([1, 2])).logits for words in (ids, others))
        np.testing.assert_array_equal(hidden, also)
        assert np.abs(decoder(features(), ids).logits - decoder(features(), others).logits).max() > 0.01


def test_state_rows_can_be_gathered(variant):
    """A beam gathers every leaf but `memory`; stepping then equals stepping first and gathering after."""
    ids, order = input_ids()[:, 1], [1, 0, 2, 5, 4, 3]  # within each image
    state = repeat_rows(variant.start(features()), CAPTIONS)
    _, state = variant.step(input_ids()[:, 0], state)
    leaves = {
        k: v if k == "memory" else tf.nest.map_structure(lambda x: tf.gather(x, order), v)
        for k, v in state._asdict().items()
    }
    logits, _ = variant.step(tf.gather(ids, order), type(state)(**leaves))
    np.testing.assert_allclose(logits, tf.gather(variant.step(ids, state)[0], order), atol=1e-6)


def test_checkpoint_holds_every_variable(decoder, tmp_path):
    path = tf.train.Checkpoint(decoder=decoder).save(str(tmp_path / "model"))
    saved = [name for name, _ in tf.train.list_variables(path) if name.startswith("decoder/")]
    assert len(saved) == len(decoder.variables)


def test_padding_changes_nothing(decoder):
    batch = {
        "pooled": features().pooled,
        "regions": features().regions,
        "input_ids": tf.reshape(input_ids(), [IMAGES, CAPTIONS, LENGTH]),
        "target_ids": tf.reshape(input_ids(), [IMAGES, CAPTIONS, LENGTH]),
        "weights": tf.ones([IMAGES, CAPTIONS, LENGTH]),
    }
    pads = {"input_ids": 0, "target_ids": 0, "weights": 0}
    padded = {k: tf.pad(v, [[0, 0], [0, 1], [0, 2]]) if k in pads else v for k, v in batch.items()}
    objective = CrossEntropy(CrossEntropyConfig(doubly_stochastic=1.0))
    plain, more = (objective(Captioner(None, decoder), each, None) for each in (batch, padded))
    np.testing.assert_allclose(plain.total, more.total, rtol=1e-5)
    assert plain.weight == more.weight


def test_loss_at_initialisation_is_about_log_vocab(decoder):
    batch = {"pooled": features().pooled, "regions": features().regions}
    ids = tf.reshape(input_ids(), [IMAGES, CAPTIONS, LENGTH])
    batch |= {"input_ids": ids, "target_ids": ids, "weights": tf.ones(ids.shape)}
    loss = CrossEntropy(CrossEntropyConfig(doubly_stochastic=0.0))(Captioner(None, decoder), batch, None)
    assert float(loss.total / loss.weight) == pytest.approx(np.log(VOCAB), rel=0.15)


@pytest.mark.parametrize(("name", "options"), ALL, ids=str)
def test_a_tiny_batch_is_learned_by_heart(name, options):
    """A decoder that draws learns from its draws, by its own objective, and is asked as `test_attention` says."""
    decoder = small_decoder(name, **{**NO_DROPOUT, "units": 32, "embedding": 32, **options})
    images = 8
    ids = input_ids(images)[::CAPTIONS]  # one caption an image
    targets = tf.roll(ids, -1, axis=1)
    batch = {"pooled": features(images).pooled, "regions": features(images).regions}
    batch |= {"input_ids": ids[:, None], "target_ids": targets[:, None], "weights": tf.ones([images, 1, LENGTH])}
    objective = CrossEntropy(CrossEntropyConfig(doubly_stochastic=0.0))
    if decoder.draws:
        objective = VariationalBound(VariationalBoundConfig())
    captioner, optimizer = (
        Captioner(None, decoder),
        keras.optimizers.Adam(0.005),
    )  # higher, and post-norm needs a warm-up
    optimizer.build(decoder.trainable_variables)

    @tf.function
    def step(seed):
        with tf.GradientTape() as tape:
            loss = objective(captioner, batch, seed)
            mean = loss.total / loss.weight
        gradients = tape.gradient(mean, decoder.trainable_variables)
        optimizer.apply_gradients(zip(gradients, decoder.trainable_variables))

    for number in range(120):
        step(tf.constant([1, number]))
    np.testing.assert_array_equal(np.argmax(decoder(features(images), ids).logits, -1), targets)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
@pytest.mark.parametrize("name", sorted(DECODERS))
def test_rates_that_are_no_shares_are_told(name, rate):
    fields = [field for field in DECODERS[name].config.__dataclass_fields__ if field.endswith("dropout")]
    assert {"dropout", "word_dropout"} <= set(fields)
    for field in fields:
        with pytest.raises(UserError, match=rf"decoder\.{field} is {rate}; it is a share, from 0 to below 1\."):
            small_decoder(name, **{field: rate})


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_trains_in_bfloat16(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        decoder = small_decoder(name)
        with tf.GradientTape() as tape:
            decoded = decoder(features(), input_ids(), seed=tf.constant([1, 2]))
            loss = tf.reduce_mean(tf.square(decoded.logits))
        gradients = tape.gradient(loss, decoder.trainable_variables, unconnected_gradients="zero")
        found = beam_search(decoder.step, decoder.start(features()), DecodingConfig(2, LENGTH), IMAGES)
    finally:
        keras.config.set_dtype_policy("float32")
    gradients = [tf.convert_to_tensor(gradient).numpy() for gradient in gradients]
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    assert any(gradient.any() for gradient in gradients)
    assert np.isfinite(found.scores[:, 0]).all()
    assert decoded.logits.dtype == tf.float32
    assert decoded.attention is None or decoded.attention.dtype == tf.float32
    assert np.isfinite(decoded.logits).all()
