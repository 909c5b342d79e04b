"""The recurrent cells against those of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.recurrent import CELLS, GRUCell, GRUState, LSTMCell, LSTMState, build_cell

PAIRS = {
    "lstm": (lambda: LSTMCell(6), lambda: keras.layers.LSTMCell(6)),
    "gru": (lambda: GRUCell(6), lambda: keras.layers.GRUCell(6, reset_after=False)),
    "gru, reset after": (lambda: GRUCell(6, reset_after=True), lambda: keras.layers.GRUCell(6, reset_after=True)),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_it_is_the_cell_of_keras(pair):
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(4, 3, 5)).astype("f4")  # rows, time, depth
    ours, theirs = (make() for make in PAIRS[pair])
    ours(inputs)
    theirs.build((4, 5))
    assert [weight.shape for weight in ours.weights] == [weight.shape for weight in theirs.weights]
    weights = [rng.normal(size=weight.shape).astype("f4") for weight in ours.weights]  # biases too
    for cell in (ours, theirs):
        cell.set_weights(weights)
    state = ours.state(*(rng.normal(size=(4, 6)).astype("f4") for _ in ours.state._fields))
    their_state, projected = list(state), ours(inputs)
    for time in range(3):
        state = ours.advance(projected[:, time], state)
        output, their_state = theirs(inputs[:, time], their_state)
        np.testing.assert_allclose(state.hidden, output, rtol=1e-5, atol=1e-6)
        for leaf, their_leaf in zip(state, their_state, strict=True):
            np.testing.assert_allclose(leaf, their_leaf, rtol=1e-5, atol=1e-6)


def test_the_lstm_begins_as_that_of_keras_does():
    cell = LSTMCell(3)
    cell(tf.zeros([1, 2]))
    np.testing.assert_array_equal(cell.bias, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    orthogonal = cell.recurrent_kernel.numpy()
    np.testing.assert_allclose(orthogonal @ orthogonal.T, np.eye(3), atol=1e-5)


def test_a_gru_by_hand():
    cell = GRUCell(1)
    cell(tf.zeros([1, 1]))
    cell.set_weights([np.array(each) for each in ([[0.1, 0.2, 0.3]], [[0.4, 0.5, 0.6]], [0.7, 0.8, 0.9])])
    z, r = 1 / (1 + np.exp(-(0.1 * 2 + 0.4 * 0.5 + 0.7))), 1 / (1 + np.exp(-(0.2 * 2 + 0.5 * 0.5 + 0.8)))
    candidate = np.tanh(0.3 * 2 + 0.6 * r * 0.5 + 0.9)
    state = cell.advance(cell(tf.constant([[2.0]])), GRUState(tf.constant([[0.5]])))
    np.testing.assert_allclose(state.hidden, [[z * 0.5 + (1 - z) * candidate]], rtol=1e-6)


@pytest.mark.parametrize("reset_after", [False, True])
def test_an_update_gate_that_is_open_keeps_the_state(reset_after):
    cell = GRUCell(3, reset_after=reset_after)
    cell(tf.zeros([1, 2]))
    bias = np.zeros(cell.bias.shape, "f4")
    bias[..., :3] = 50.0
    cell.bias.assign(bias)
    before = tf.constant([[0.3, -0.2, 0.9]])
    after = cell.advance(cell(tf.constant([[1.0, -1.0]])), GRUState(before))
    np.testing.assert_allclose(after.hidden, before, atol=1e-6)


@pytest.mark.parametrize("name", CELLS)
def test_an_initialiser_takes_hold_of_both_kernels(name):
    cell = build_cell(name, 3, reset_after=False, initializer=keras.initializers.RandomUniform(-0.08, 0.08))
    cell(tf.zeros([1, 50]))
    for kernel in (cell.kernel, cell.recurrent_kernel):
        assert 0.04 < np.abs(kernel).max() <= 0.08


@pytest.mark.parametrize(("name", "state", "width"), [("lstm", LSTMState, 12), ("gru", GRUState, 9)])
def test_what_decoders_know_of_a_cell(name, state, width):
    cell = build_cell(name, 3, reset_after=False)
    assert (cell.units, cell.width, cell.state) == (3, width, state)
    assert cell(tf.ones([2, 5, 7])).shape == (2, 5, width)
    zeros = cell.zeros(4)
    assert isinstance(zeros, state)
    assert all(leaf.shape == (4, 3) and not leaf.numpy().any() for leaf in zeros)


def test_mistakes_are_told():
    with pytest.raises(UserError, match=r"decoder\.cell `grru` is unknown\. Did you mean `gru`\? Known: gru, lstm\."):
        build_cell("grru", 3, reset_after=False)
    with pytest.raises(UserError, match=r"decoder\.reset_after is of `gru`; decoder\.cell is `lstm`\. Leave it out"):
        build_cell("lstm", 3, reset_after=True)
