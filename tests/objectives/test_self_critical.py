"""Self-critical training: the loss by hand, what it learns, and its bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.metrics.cider_reward import CiderReward
from im2txt.models.captioner import Captioner
from im2txt.models.decoders.hard_attention import HardAttentionConfig, HardAttentionDecoder
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.decoders.transformer import TransformerConfig, TransformerDecoder
from im2txt.objectives.attention_maps import change, entropy
from im2txt.objectives.base import Task
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.objectives.self_critical import SelfCritical, SelfCriticalConfig
from im2txt.text.vocabulary import PAD, START, Vocabulary
from im2txt.training.distribution import make_strategy
from im2txt.training.step import make_train_step
from tests.helpers import captioned_images, write_records

WORDS = Vocabulary.build([["a", "dog", "runs"], ["two", "cats", "sleep"]], min_count=1)
CAPTIONS = [("a dog runs", "a dog"), ("two cats sleep", "two cats"), ("a cats runs", "a")]
SEED = tf.constant([1, 2])


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    folder = write_records(tmp_path_factory.mktemp("records"), {"train": captioned_images(CAPTIONS, WORDS)}, WORDS)
    return Task(str(folder))


@pytest.fixture
def captioner():
    keras.utils.set_random_seed(1)
    model = Captioner(None, LSTMDecoder(LSTMConfig(units=16, embedding=16, dropout=0.5), len(WORDS)))
    model(batch())
    return model


def batch():
    ids = np.array([[[START, 4, 5, PAD]], [[START, 6, PAD, PAD]], [[START, 4, 6, 7]]], "i4")
    return {
        "pooled": tf.constant(np.eye(3, 6, dtype="f4") * 3),
        "input_ids": tf.constant(ids),
        "target_ids": tf.constant(np.roll(ids, -1, 2)),
        "weights": tf.constant((ids != PAD).astype("f4")),
        "index": tf.range(3),
    }


def objective(task, **options):
    return SelfCritical(SelfCriticalConfig(**{"samples": 4, "max_length": 5, **options}), task)


def log_probabilities(captioner, drawn, temperature):
    """Of drawn captions [images * samples, length], among the words that may be said; 0 behind the end."""
    inputs = np.pad(drawn[:, :-1], [(0, 0), (1, 0)], constant_values=START)
    features = captioner.features(batch())
    logits = captioner.decoder(features, tf.constant(inputs)).logits.numpy().astype("f8") / temperature
    logits[:, :, [0, 1, 3]] = -np.inf
    normal = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return np.where(drawn == PAD, 0.0, np.take_along_axis(normal, drawn[:, :, None], 2)[:, :, 0])


@pytest.mark.parametrize(("baseline", "temperature"), [("others", 1.0), ("greedy", 1.0), ("others", 0.5)])
def test_the_loss_by_hand(captioner, task, baseline, temperature):
    found = objective(task, baseline=baseline, dropout=False, temperature=temperature)
    features, dice = captioner.features(batch()), tf.random.split(SEED)[0]
    drawn, advantages, rewards = (x.numpy() for x in found._draw(captioner.decoder, features, tf.range(3), dice))
    reward = CiderReward([[WORDS.encode(caption.split()) for caption in captions] for captions in CAPTIONS])
    by_hand = reward(np.repeat(np.arange(3), 4), drawn).reshape(3, 4)
    np.testing.assert_allclose(rewards, by_hand.ravel(), rtol=1e-6)
    assert by_hand.max() > 0
    if baseline == "others":
        expected = by_hand - (by_hand.sum(1, keepdims=True) - by_hand) / 3
    else:
        greedy = greedy_captions(captioner)
        expected = by_hand - reward(np.arange(3), greedy)[:, None]
    np.testing.assert_allclose(advantages, expected.ravel(), atol=1e-5)
    loss = found(captioner, batch(), SEED)
    total = -(expected.ravel()[:, None] * log_probabilities(captioner, drawn, temperature)).sum()
    assert float(loss.total) == pytest.approx(total, rel=1e-4)
    assert float(loss.weight) == (drawn != PAD).sum()
    assert float(loss.sums["reward"] / loss.weight) == pytest.approx(by_hand.mean(), rel=1e-5)


def test_dropout_changes_the_scores_of_captions_and_not_the_captions(captioner, task):
    with_dropout, without = (objective(task, dropout=dropout)(captioner, batch(), SEED) for dropout in (True, False))
    assert float(with_dropout.sums["reward"]) == float(without.sums["reward"])
    assert float(with_dropout.weight) == float(without.weight)
    assert float(with_dropout.total) != pytest.approx(float(without.total), rel=1e-3)


def greedy_captions(captioner):
    state, ids = captioner.decoder.start(captioner.features(batch())), tf.fill([3], START)
    captions, ended = np.zeros((3, 5), "i4"), np.zeros(3, bool)
    for time in range(5):
        logits, state = captioner.decoder.step(ids, state)
        logits = logits.numpy()
        logits[:, [0, 1, 3]] = -np.inf
        captions[:, time] = np.where(ended, PAD, logits.argmax(1))
        ended |= captions[:, time] == 2
        ids = tf.constant(captions[:, time])
    return captions


def test_cross_entropy_can_be_mixed_in(captioner, task):
    plain, mixed = (objective(task, cross_entropy=weight)(captioner, batch(), SEED) for weight in (0.0, 0.5))
    people = CrossEntropy(CrossEntropyConfig(doubly_stochastic=0.0))(captioner, batch(), SEED)
    assert float(mixed.total) == pytest.approx(float(plain.total + 0.5 * people.total), rel=1e-5)
    assert float(mixed.sums["cross_entropy"] / mixed.weight) == pytest.approx(float(people.total / people.weight))


def test_two_replicas_log_the_means_of_one_device(task):
    """In a graph; at this temperature the likeliest captions are drawn."""
    strategy, data = make_strategy("mirrored"), batch()
    data = {name: tensor[:2] for name, tensor in data.items()}
    with strategy.scope():
        keras.utils.set_random_seed(1)
        model = Captioner(None, LSTMDecoder(LSTMConfig(units=16, embedding=16, dropout=0.0), len(WORDS)))
        model(data)
        optimizer, found = keras.optimizers.SGD(0.1), objective(task, temperature=1e-6, cross_entropy=1.0)
        optimizer.build(model.trainable_variables)
    one = found(model, data, SEED)
    step = make_train_step(strategy, model, found, optimizer, clip_norm=0.0, seed=1)
    shares = [{name: tensor[image : image + 1] for name, tensor in data.items()} for image in range(2)]
    split = strategy.experimental_distribute_values_from_function(
        lambda context: shares[context.replica_id_in_sync_group]
    )
    logs = step(split, tf.constant(0, tf.int64))
    for name in ("reward", "cross_entropy"):
        assert float(logs[name]) == pytest.approx(float(one.sums[name] / one.weight), rel=1e-5)
    assert float(logs["reward"]) > 0


def test_without_a_seed_it_is_the_cross_entropy_of_people(captioner, task):
    people = CrossEntropy(CrossEntropyConfig(doubly_stochastic=0.0))(captioner, batch(), None)
    assert float(objective(task)(captioner, batch(), None).total) == float(people.total)


@pytest.mark.parametrize("baseline", ["others", "greedy"])
def test_training_raises_the_reward(captioner, task, baseline):
    found, optimizer = objective(task, samples=8, baseline=baseline), keras.optimizers.Adam(0.02)

    @tf.function
    def step(number):
        with tf.GradientTape() as tape:
            loss = found(captioner, batch(), tf.stack([7, number]))
            mean = loss.total / loss.weight
        optimizer.apply_gradients(zip(tape.gradient(mean, weights), weights))
        return loss.sums["reward"] / loss.weight

    weights = captioner.trainable_variables
    optimizer.build(weights)
    rewards = [float(step(tf.constant(number))) for number in range(60)]
    assert np.mean(rewards[-10:]) > 3 * np.mean(rewards[:5])


def attentive(**options):
    keras.utils.set_random_seed(1)
    config = HardAttentionConfig(units=8, embedding=8, attention_units=8, **options)
    return Captioner(None, HardAttentionDecoder(config, len(WORDS)))


def regions_too():
    regions = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("f4")
    return {**batch(), "regions": tf.constant(regions)}


def test_the_maps_that_are_logged_are_those_of_the_drawn_words(task):
    captioner, found = attentive(), objective(task)
    features = captioner.features(regions_too())
    drawn, _, _ = found._draw(captioner.decoder, features, tf.range(3), tf.random.split(SEED)[0])
    inputs = np.pad(drawn[:, :-1], [(0, 0), (1, 0)], constant_values=START)
    maps, words = captioner.decoder(features, tf.constant(inputs)).attention, (drawn.numpy() != PAD)
    loss = found(captioner, regions_too(), SEED)
    for name, measure in (("attention_entropy", entropy), ("attention_change", change)):
        assert float(loss.sums[name]) == pytest.approx(measure(maps).numpy()[words].sum(), rel=1e-5)


def test_every_image_needs_a_caption_to_be_rewarded_by(tmp_path):
    images = captioned_images([*CAPTIONS, ()], WORDS)
    folder = write_records(tmp_path / "records", {"train": images}, WORDS)
    with pytest.raises(UserError, match=r"^1 of the 4 images of split `train` of .* have no captions"):
        objective(Task(str(folder)))


@pytest.mark.parametrize("test_attention", ["expectation", "argmax", "sample"])
def test_a_choice_of_regions_is_not_taught(task, test_attention):
    captioner, found = attentive(test_attention=test_attention), objective(task)
    with tf.GradientTape() as tape:
        total = found(captioner, regions_too(), SEED).total
    gradients = tape.gradient(total, captioner.decoder.attention.trainable_variables, unconnected_gradients="zero")
    taught = any(np.abs(gradient).sum() > 1e-6 for gradient in gradients)
    assert taught == (test_attention == "expectation")
    if taught:
        found.check(captioner)
    else:
        with pytest.raises(UserError, match=rf"test_attention is `{test_attention}`.* Set decoder\.test_attention=exp"):
            found.check(captioner)


def test_captions_longer_than_the_decoder_can_say_are_refused(task):
    config = TransformerConfig(units=8, heads=2, layers=1, feed_forward=8, max_length=4)
    captioner = Captioner(None, TransformerDecoder(config, len(WORDS)))
    objective(task, max_length=4).check(captioner)
    message = r"objective\.max_length is 5, but this decoder goes through 4 words at most\. Lower it, or train with"
    with pytest.raises(UserError, match=message):
        objective(task, max_length=5).check(captioner)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"baseline": "mean"}, "objective.baseline `mean` is unknown; it is others or greedy"),
        ({"samples": 1}, "objective.samples is 1; the baseline `others` needs 2"),
        ({"temperature": 0.0}, "objective.temperature and objective.max_length must be more than 0"),
    ],
)
def test_senseless_options_are_refused(task, options, message):
    with pytest.raises(UserError, match=message):
        objective(task, **options)
