"""The LSTM cell against that of Keras."""

import keras
import numpy as np
import tensorflow as tf

from im2txt.models.recurrent import LSTMCell, LSTMState


def test_it_is_the_cell_of_keras():
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(4, 3, 5)).astype("f4")  # rows, time, depth
    ours, theirs = LSTMCell(6), keras.layers.LSTMCell(6)
    hidden, cell = (rng.normal(size=(4, 6)).astype("f4") for _ in range(2))
    projected = ours(inputs)
    theirs.build((4, 5))
    assert [weight.shape for weight in ours.weights] == [weight.shape for weight in theirs.weights]
    theirs.set_weights(ours.get_weights())
    state, their_state = LSTMState(hidden, cell), [hidden, cell]
    for time in range(3):
        state = ours.advance(projected[:, time], state)
        _, their_state = theirs(inputs[:, time], their_state)
        np.testing.assert_allclose(state.hidden, their_state[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(state.cell, their_state[1], rtol=1e-5, atol=1e-6)


def test_it_begins_as_keras_does():
    cell = LSTMCell(3)
    cell(tf.zeros([1, 2]))
    np.testing.assert_array_equal(cell.bias, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    orthogonal = cell.recurrent_kernel.numpy()
    np.testing.assert_allclose(orthogonal @ orthogonal.T, np.eye(3), atol=1e-5)


def test_an_initialiser_takes_hold_of_both_kernels():
    cell = LSTMCell(3, keras.initializers.RandomUniform(-0.08, 0.08))
    cell(tf.zeros([1, 50]))
    for kernel in (cell.kernel, cell.recurrent_kernel):
        assert 0.04 < np.abs(kernel).max() <= 0.08
