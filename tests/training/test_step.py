"""A training step: token mean over the global batch, clipping after the all-reduce, any number of replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.models.captioner import Captioner
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.models.decoders.soft_attention import SoftAttentionConfig, SoftAttentionDecoder
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.training.distribution import make_strategy, replica_seed
from im2txt.training.step import clip, make_train_step

VOCAB = 9


def batch(kind="lstm"):
    """Four images of two captions; the first two hold far fewer words than the others."""
    rng = np.random.default_rng(0)
    regions = rng.normal(size=(4, 3, 5)).astype("f4")
    ids = rng.integers(4, VOCAB, (4, 2, 6)).astype("i4")
    weights = np.ones((4, 2, 6), "f4")
    weights[:2, :, 1:] = 0
    weights[0, 1] = 0
    words = {"input_ids": ids, "target_ids": ids, "weights": weights}
    if kind == "encoder":  # images of which no two are alike in brightness: halves of the batch have other statistics
        images = rng.uniform(-1, 1, (4, 32, 32, 3)) * np.reshape([0.2, 0.5, 1.0, 2.0], [4, 1, 1, 1])
        return {"image": images.astype("f4"), **words}
    return {"regions": regions, "pooled": regions.mean(1), **words}


def captioner(kind):
    keras.utils.set_random_seed(5)
    encoder = None
    if kind == "encoder":
        encoder = build_encoder(EncoderConfig("small_cnn", "stage1_relu", "random", 32, trainable=True))
    if kind in ("lstm", "encoder"):
        decoder = LSTMDecoder(LSTMConfig(units=6, embedding=6, dropout=0.0), VOCAB)
    else:
        config = SoftAttentionConfig(units=6, embedding=6, attention_units=6, dropout=0.0, embedding_dropout=0.0)
        decoder = SoftAttentionDecoder(config, VOCAB)
    model = Captioner(encoder, decoder)
    model({name: tf.constant(value) for name, value in batch(kind).items()})
    return model


def train(kind, strategy_name, steps=3, kind_of_optimizer=keras.optimizers.Adam, rate=0.05):
    strategy = make_strategy(strategy_name)
    with strategy.scope():
        model = captioner(kind)
        optimizer = kind_of_optimizer(rate)
        optimizer.build(model.trainable_variables)
    step = make_train_step(strategy, model, CrossEntropy(CrossEntropyConfig()), optimizer, clip_norm=0.1, seed=1)
    data = tf.data.Dataset.from_tensors(batch(kind)).unbatch().repeat().batch(4, drop_remainder=True)
    stream = iter(strategy.experimental_distribute_dataset(data))
    logs = [step(next(stream), tf.constant(i)) for i in range(steps)]
    return [{k: float(v) for k, v in log.items()} for log in logs], [v.numpy() for v in model.variables]


@pytest.mark.parametrize("kind", ["lstm", "soft_attention", "encoder"])
def test_two_replicas_equal_one_device(kind):
    one_logs, one = train(kind, "one_device")
    two_logs, two = train(kind, "mirrored")
    for a, b in zip(one_logs, two_logs):
        assert a == pytest.approx(b, rel=1e-4)
    for a, b in zip(one, two):
        np.testing.assert_allclose(a, b, atol=2e-5)


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
def test_clipping_takes_hold_of_the_sum_over_replicas(strategy):
    before = [weight.numpy() for weight in captioner("lstm").variables]
    logs, after = train("lstm", strategy, 1, keras.optimizers.SGD, 1.0)
    assert logs[0]["gradient_norm"] > 0.2  # what it was; it is clipped to 0.1
    moved = np.sqrt(sum(np.square(new - old).sum() for old, new in zip(before, after)))
    assert moved == pytest.approx(0.1, rel=1e-4)


def test_loss_is_the_mean_over_real_words():
    logs, _ = train("lstm", "one_device", steps=1)
    data = {name: tf.constant(value) for name, value in batch().items()}
    logits = captioner("lstm")(data).logits
    nll = -tf.gather(tf.nn.log_softmax(logits), tf.reshape(data["target_ids"], [8, 6]), batch_dims=2).numpy()
    weights = data["weights"].numpy().reshape(8, 6)
    assert logs[0]["cross_entropy"] == pytest.approx((nll * weights).sum() / weights.sum(), rel=1e-5)


def test_clip_scales_to_the_norm_and_reports_what_it_was():
    gradients, norm = clip([tf.constant([3.0]), tf.constant([4.0])], 1.0)
    assert float(norm) == 5.0
    np.testing.assert_allclose([float(g[0]) for g in gradients], [0.6, 0.8], rtol=1e-6)
    untouched, norm = clip([tf.constant([3.0]), tf.constant([4.0])], 0.0)
    assert float(norm) == 5.0
    assert float(untouched[0][0]) == 3.0


def test_replicas_draw_different_random_numbers_and_steps_too():
    strategy = make_strategy("mirrored")
    draw = tf.function(lambda step: strategy.run(lambda: replica_seed(1, step)))
    first, second = (tuple(seed.numpy()) for seed in strategy.experimental_local_results(draw(tf.constant(0))))
    later, _ = (tuple(seed.numpy()) for seed in strategy.experimental_local_results(draw(tf.constant(1))))
    assert len({first, second, later}) == 3
