"""Learning-rate schedules by hand, and what optimizers do with them."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.training.distribution import make_strategy
from im2txt.training.optimizers import OptimizerConfig, Schedule, build_optimizer


def rates(steps_per_epoch=10, steps=100, at=(0, 1, 50, 100), **options):
    schedule = Schedule(OptimizerConfig(learning_rate=2.0, **options), steps_per_epoch, steps)
    return [float(schedule(step)) for step in at]


def test_constant():
    assert rates(schedule="constant") == [2.0, 2.0, 2.0, 2.0]


def test_warmup_climbs_from_the_first_step_on():
    assert rates(schedule="constant", warmup_steps=4, at=range(6)) == [0.5, 1.0, 1.5, 2.0, 2.0, 2.0]


def test_staircase_halves_every_eight_epochs():
    assert rates(schedule="staircase", at=(79, 80, 159, 160, 240)) == [2.0, 1.0, 1.0, 0.5, 0.25]
    assert rates(schedule="staircase", steps_per_epoch=2.5, decay_epochs=1.0, at=(1, 2, 4)) == [2.0, 1.0, 0.5]


def test_cosine_ends_at_zero_and_stays_there():
    assert rates(schedule="cosine", at=(0, 50, 100, 200)) == pytest.approx([2.0, 1.0, 0.0, 0.0], abs=1e-6)
    assert rates(schedule="cosine", at=(25,)) == pytest.approx([1.0 + np.cos(np.pi / 4)])


def test_warmup_goes_with_every_schedule():
    assert rates(schedule="cosine", warmup_steps=100, at=(49,)) == pytest.approx([0.5 * (1 + np.cos(0.49 * np.pi))])


def step(weight=1.0, gradient=3.0, **options):
    """Returns a weight after one step of an optimizer."""
    variable = tf.Variable([weight])
    optimizer = build_optimizer(OptimizerConfig(schedule="constant", learning_rate=0.1, **options), 10, 100)
    optimizer.build([variable])
    optimizer.apply_gradients([(tf.constant([gradient]), variable)])
    return float(variable[0])


def test_one_step_of_each():
    assert step(name="sgd") == pytest.approx(1.0 - 0.1 * 3.0)
    assert step(name="adam") == pytest.approx(1.0 - 0.1, abs=1e-5)  # of whatever gradient: m / sqrt(v) = 1


def test_weight_decay_is_decoupled():
    assert step(name="sgd", gradient=0.0, weight_decay=0.5) == pytest.approx(1.0 - 0.1 * 0.5)
    assert step(name="adam", gradient=0.0, weight_decay=0.5) == pytest.approx(1.0 - 0.1 * 0.5)


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_some_variables_can_be_slower(name, strategy):
    config = OptimizerConfig(name, schedule="constant", learning_rate=0.1)
    strategy = make_strategy(strategy)
    with strategy.scope():
        free, slow, frozen = (keras.Variable([1.0]) for _ in range(3))
        optimizer = build_optimizer(config, 10, 100)
        optimizer.slow_down([slow], 0.01)
        optimizer.hold([frozen], 2)
        optimizer.build([free, slow, frozen])
    gradient = tf.constant([1.0])

    @tf.function
    def step():
        strategy.run(lambda: optimizer.apply_gradients([(gradient, each) for each in (free, slow, frozen)]))

    step()
    step()
    change = 1 - free.numpy()[0]
    assert change > 0.05
    assert 1 - slow.numpy()[0] == pytest.approx(0.01 * change, rel=1e-3)
    assert frozen.numpy()[0] == 1.0
    step()
    assert frozen.numpy()[0] < 0.96


@pytest.mark.parametrize("strategy", ["one_device", "mirrored"])
@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_slower_variables_decay_more_slowly_and_held_ones_not_at_all(name, strategy):
    config = OptimizerConfig(name, schedule="constant", learning_rate=0.1, weight_decay=0.5)
    strategy = make_strategy(strategy)
    with strategy.scope():
        variables = [keras.Variable([1.0]) for _ in range(3)]
        _, slow, frozen = variables
        optimizer = build_optimizer(config, 10, 100)
        optimizer.slow_down([slow], 0.01)
        optimizer.hold([frozen], 2)
        optimizer.build(variables)

    @tf.function
    def step():
        strategy.run(lambda: optimizer.apply_gradients([(tf.constant([0.0]), each) for each in variables]))

    step()
    step()
    expected = [(1 - 0.1 * 0.5) ** 2, (1 - 0.01 * 0.1 * 0.5) ** 2, 1.0]  # decay alone: all gradients are 0
    np.testing.assert_allclose([each.numpy()[0] for each in variables], expected, rtol=1e-6)
    step()
    assert frozen.numpy()[0] == pytest.approx(1 - 0.1 * 0.5)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "adm", r"optimizer\.name `adm` is unknown\. Did you mean `adam`\? Known: adam, sgd\."),
        ("learning_rate", -1.0, r"optimizer\.learning_rate is -1\.0; it must be 0 or more, and finite"),
        ("clip_norm", -5.0, r"optimizer\.clip_norm is -5\.0; it must be 0 or more, and finite"),
        ("momentum", 0.9, r"optimizer\.momentum is of optimizer\.name=sgd, and name is adam\. Set that, or leave mom"),
        ("decay_epochs", 2.0, r"optimizer\.decay_epochs is of optimizer\.schedule=staircase, and schedule is cosine"),
        ("schedule", "cosin", r"optimizer\.schedule `cosin` is unknown\. Did you mean `cosine`\? Known: constant, "),
    ],
)
def test_unknown_names_senseless_numbers_and_options_without_effect_are_told(field, value, message):
    with pytest.raises(UserError, match=message):
        build_optimizer(dataclasses.replace(OptimizerConfig(), **{field: value}), 10, 100)
