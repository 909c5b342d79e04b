"""The bound of hard attention: its gradient counted out over all draws, its terms by hand, and that it trains."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.models.decoders.base import Decoded
from im2txt.models.decoders.hard_attention import Draws, HardAttentionConfig, HardAttentionDecoder
from im2txt.models.decoders.soft_attention import SoftAttentionConfig, SoftAttentionDecoder
from im2txt.objectives import build_objective
from im2txt.objectives.base import Task
from im2txt.objectives.cross_entropy import CrossEntropyConfig
from im2txt.objectives.variational_bound import VariationalBound, VariationalBoundConfig, draw_log_probability
from im2txt.training.distribution import make_strategy
from im2txt.training.step import make_train_step

SEED = tf.constant([1, 2])
REGIONS, WORDS, VOCAB = 3, 3, 7
PAPER = VariationalBoundConfig(reward="caption", reward_weight=1.0, entropy_weight=0.0)
SMALL = {"units": 16, "embedding": 16, "attention_units": 16, "dropout": 0.0, "embedding_dropout": 0.0}
SEQUENCES = np.array(list(itertools.product(range(REGIONS), repeat=WORDS)), "i4")  # [27, 3]


class Told(HardAttentionDecoder):
    """Draws what it is told: `regions` [rows, length]."""

    regions = tf.zeros([1, 1], tf.int32)

    def _draws(self, state, shape, seed):
        noise = 1e6 * tf.one_hot(tf.broadcast_to(self.regions, shape), REGIONS)
        return Draws(noise, tf.zeros(shape, tf.bool))


def captioner(kind=Told, images=1, captions=1, **options):
    keras.utils.set_random_seed(2)
    sizes = {"units": 4, "embedding": 4, "attention_units": 4}
    config = HardAttentionConfig(**sizes, dropout=0.0, embedding_dropout=0.0, **options)
    model = Captioner(None, kind(config, VOCAB))
    model(batch(images, captions))
    for variable in model.decoder.variables:
        variable.assign(2.0 * variable)  # so that the draws matter
    return model


def batch(images=1, captions=1):
    rng = np.random.default_rng(0)
    ids = np.repeat(rng.integers(4, VOCAB, (images, 1, WORDS + 1)), captions, axis=1)
    regions = rng.normal(size=(images, REGIONS, 5)).astype("f4")
    words = {"input_ids": tf.constant(ids[:, :, :-1], tf.int32), "target_ids": tf.constant(ids[:, :, 1:], tf.int32)}
    return {"regions": tf.constant(regions), **words, "weights": tf.ones([images, captions, WORDS])}


def flat(gradients):
    return np.concatenate([np.ravel(tf.convert_to_tensor(each)) for each in gradients])


def expected_log_likelihood(model):
    """p(s) of all 27 draws, and the exact gradient of sum_s p(s) log p(y | s), by automatic differentiation."""
    data = batch(captions=len(SEQUENCES))
    model.decoder.regions = tf.constant(SEQUENCES)
    with tf.GradientTape() as tape:
        decoded = model(data, seed=SEED)
        targets = tf.reshape(data["target_ids"], [-1, WORDS])
        nll = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, decoded.logits)
        drawn = tf.gather(decoded.attention, SEQUENCES, axis=2, batch_dims=2)
        probabilities = tf.reduce_prod(drawn, axis=1)
        bound = tf.reduce_sum(probabilities * -tf.reduce_sum(nll, axis=1))
    np.testing.assert_array_equal(decoded.drawn, SEQUENCES)
    return probabilities.numpy(), flat(tape.gradient(bound, model.trainable_variables))


@pytest.mark.parametrize("baseline", [0.0, -4.0])
def test_on_average_its_gradient_is_that_of_the_bound(baseline):
    """Every draw of three words from three regions, weighted by its probability, whatever the baseline."""
    model, objective, data = captioner(), VariationalBound(PAPER), batch()
    told = tf.Variable(SEQUENCES[:1])
    probabilities, exact = expected_log_likelihood(model)
    model.decoder.regions = told

    @tf.function
    def gradient():
        objective.baseline.assign(baseline)
        with tf.GradientTape() as tape:
            loss = objective(model, data, SEED)
        return tape.gradient(loss.total, model.trainable_variables)

    estimates = []
    for sequence in SEQUENCES:
        told.assign(sequence[None])
        estimates.append(-flat(gradient()))
    np.testing.assert_allclose(probabilities.sum(), 1.0, rtol=1e-5)
    np.testing.assert_allclose(probabilities @ np.array(estimates), exact, atol=1e-4 * np.abs(exact).max())
    without_score = np.abs(estimates - exact).max()
    assert without_score > 0.1 * np.abs(exact).max()  # single draws do differ


def test_draws_of_its_own_have_that_gradient_too():
    """The estimate from 3,000 captions, each with its own draw, in standard errors of 30 groups of 100."""
    _, exact = expected_log_likelihood(captioner())
    model, objective, data = captioner(HardAttentionDecoder, semi_sampling=0.0), VariationalBound(PAPER), batch(1, 100)

    @tf.function
    def gradient(seed):
        objective.baseline.assign(-4.0)
        with tf.GradientTape() as tape:
            loss = objective(model, data, seed)
        return tape.gradient(loss.total, model.trainable_variables)

    groups = np.array([-flat(gradient(tf.constant([seed, 0]))) / 100.0 for seed in range(30)])
    errors = groups.std(axis=0, ddof=1) / np.sqrt(len(groups))
    off = (groups.mean(axis=0) - exact) / np.maximum(errors, 1e-6)
    assert np.abs(off).max() < 6
    assert np.sqrt(np.mean(off**2)) < 2


def test_the_terms_by_hand():
    model, data = captioner(), batch()
    model.decoder.regions = tf.constant([[0, 2, 1]])
    config = VariationalBoundConfig(reward_weight=0.5, entropy_weight=0.25)
    objective = VariationalBound(config)
    objective.baseline.assign(-1.5)
    loss, decoded = objective(model, data, SEED), model(data, seed=SEED)
    alpha = decoded.attention[0].numpy()
    log_p = tf.nn.log_softmax(decoded.logits)[0].numpy()[np.arange(WORDS), data["target_ids"][0, 0].numpy()]
    score = np.log(alpha[np.arange(WORDS), [0, 2, 1]]).sum()
    entropy = -(alpha * np.log(alpha)).sum()
    total = -log_p.sum() - 0.5 * (log_p.mean() + 1.5) * score - 0.25 * entropy
    assert float(loss.total) == pytest.approx(total, rel=1e-5)
    assert float(loss.sums["cross_entropy"]) == pytest.approx(-log_p.sum(), rel=1e-5)
    assert float(loss.sums["attention_entropy"]) == pytest.approx(entropy, rel=1e-5)
    assert float(loss.sums["baseline"] / loss.weight) == pytest.approx(-1.5)
    assert float(objective.baseline) == pytest.approx(0.9 * -1.5 + 0.1 * log_p.mean(), rel=1e-5)


def test_padding_and_expectations_are_not_drawn():
    attention = tf.constant([[[0.5, 0.5], [0.25, 0.75], [0.1, 0.9]]])
    decoded = Decoded(tf.zeros([1, 3, 4]), attention, tf.constant([[1, -1, 0]]))
    score = draw_log_probability(decoded, tf.constant([[1.0, 1.0, 0.0]]))
    np.testing.assert_allclose(score, [np.log(0.5)], rtol=1e-6)


def test_rows_that_only_fill_up_move_no_baseline():
    model, data = captioner(captions=2), batch(captions=2)
    model.decoder.regions = tf.constant([[0, 1, 2], [0, 1, 2]])
    half = {**data, "weights": tf.constant([[[1.0] * WORDS, [0.0] * WORDS]])}
    baselines = []
    for each in (data, half):  # both captions are the same one
        objective = VariationalBound(VariationalBoundConfig())
        objective(model, each, SEED)
        baselines.append(float(objective.baseline))
    assert baselines[0] == pytest.approx(baselines[1], rel=1e-5)


def test_a_weight_of_0_stays_finite():
    attention = tf.Variable([[[1.0, 0.0]]])
    with tf.GradientTape() as tape:
        decoded = Decoded(tf.zeros([1, 1, 4]), attention, tf.constant([[1]]))
        score = draw_log_probability(decoded, tf.ones([1, 1]))
    assert np.isfinite(score).all()
    assert np.isfinite(tf.convert_to_tensor(tape.gradient(score, attention))).all()


def test_without_a_seed_it_is_cross_entropy():
    model = captioner(HardAttentionDecoder)
    objective = VariationalBound(VariationalBoundConfig(label_smoothing=0.1))
    loss = objective(model, batch(), None)
    assert loss.total == loss.sums["cross_entropy"]
    assert float(objective.baseline) == 0.0


def test_the_baseline_is_what_a_checkpoint_holds():
    objective = build_objective(VariationalBoundConfig(), Task())
    assert [variable.name for variable in objective.variables] == ["baseline:0"]


def test_two_replicas_keep_the_baseline_of_one_device():
    def train(name):
        strategy = make_strategy(name)
        with strategy.scope():
            model = captioner(HardAttentionDecoder, 4, 2, semi_sampling=1.0)  # nothing random
            optimizer, objective = keras.optimizers.Adam(0.05), VariationalBound(VariationalBoundConfig())
            optimizer.build(model.trainable_variables)
        step = make_train_step(strategy, model, objective, optimizer, clip_norm=1.0, seed=1)
        data = {**batch(4, 2), "weights": np.tri(8, WORDS, dtype="f4").reshape(4, 2, WORDS)}
        batches = tf.data.Dataset.from_tensors(data).unbatch().repeat().batch(4, drop_remainder=True)
        stream = iter(strategy.experimental_distribute_dataset(batches))
        logs = [step(next(stream), tf.constant(i)) for i in range(3)]
        return [{name: float(value) for name, value in log.items()} for log in logs]

    one, two = train("one_device"), train("mirrored")
    assert one[0]["baseline"] == 0.0
    assert one[2]["baseline"] < one[1]["baseline"] < 0.0
    for a, b in zip(one, two):
        assert a == pytest.approx(b, rel=1e-4)


def test_a_decoder_that_draws_nothing_is_told():
    config = SoftAttentionConfig(units=4, embedding=4, attention_units=4)
    model = Captioner(None, SoftAttentionDecoder(config, VOCAB))
    with pytest.raises(UserError, match=r"`variational_bound` is for decoders that draw .*`hard_attention`"):
        VariationalBound(VariationalBoundConfig())(model, batch(), SEED)


def test_mistakes_are_told():
    with pytest.raises(UserError, match=r"objective\.reward `captoin` is unknown\. Did you mean `caption`\?"):
        VariationalBound(VariationalBoundConfig(reward="captoin"))
    with pytest.raises(UserError, match=r"`cross_entropy` needs a CrossEntropyConfig, not VariationalBoundConfig"):
        build_objective(VariationalBoundConfig(name="cross_entropy"), Task())
    with pytest.raises(UserError, match=r"`variational_bound` needs a VariationalBoundConfig, not CrossEntropyConfig"):
        build_objective(CrossEntropyConfig(name="variational_bound"), Task())


def marked(seed, images=64, regions=8, words=4):
    """Images of eight regions that each show a word; the marked one's is to be said. Also its place."""
    rng, all_images = np.random.default_rng(seed), np.arange(images)
    place, shown = rng.integers(0, regions, images), rng.integers(0, words, (images, regions))
    values = np.concatenate([np.eye(words)[shown], np.zeros((images, regions, 1))], axis=2)
    values[all_images, place, words] = 1.0
    said = 3 + shown[all_images, place].reshape(images, 1, 1).astype("i4")
    words = {"input_ids": np.ones_like(said), "target_ids": said, "weights": np.ones(said.shape, "f4")}
    return {name: tf.constant(array) for name, array in {"regions": 2.0 * values.astype("f4"), **words}.items()}, place


@pytest.mark.parametrize("reward_weight", [1.0, 0.0])
def test_draws_alone_teach_where_to_look(reward_weight):
    """On images never seen; without REINFORCE, nothing tells attention where the word is."""
    keras.utils.set_random_seed(3)
    config, strategy = HardAttentionConfig(**SMALL, semi_sampling=0.0), make_strategy("one_device")
    with strategy.scope():
        model = Captioner(None, HardAttentionDecoder(config, VOCAB))
        model(marked(0)[0])
        objective = VariationalBound(VariationalBoundConfig(reward_weight=reward_weight))
        optimizer = keras.optimizers.Adam(0.01)
        optimizer.build(model.trainable_variables)
    step = make_train_step(strategy, model, objective, optimizer, clip_norm=5.0, seed=1)
    for number in range(250):
        step(marked(number)[0], tf.constant(number, tf.int64))
    unseen, place = marked(1000, images=512)
    decoded = model(unseen)
    looks_there = np.mean(np.argmax(decoded.attention[:, 0], -1) == place)
    right = np.mean(np.argmax(decoded.logits[:, 0], -1) == unseen["target_ids"][:, 0, 0])
    if reward_weight:
        assert min(looks_there, right) > 0.9
    else:
        assert max(looks_there, right) < 0.6
