"""The LSTM cell, with its input projection apart from its recurrence.

In training all inputs are known, so `project` runs once for a whole caption as one matrix product, and only `advance`
runs word by word. `keras.layers.LSTMCell` computes both at every step.

Source: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; gate order i, f, c, o and a forget
bias of one unless told otherwise, as in Keras.
"""

from typing import NamedTuple

import keras
import tensorflow as tf


class LSTMState(NamedTuple):
    """The state of an LSTM: `hidden` and `cell`, both [rows, units]."""

    hidden: tf.Tensor
    cell: tf.Tensor


class LSTMCell(keras.layers.Layer):
    """i, f, o = sigmoid(.), g = tanh(.) of W x + U h + b;  c' = f c + i g;  h' = o tanh(c')."""

    def __init__(
        self,
        units: int,
        initializer: str | keras.Initializer | None = None,
        forget_bias: float = 1.0,
        name: str = "lstm",
    ) -> None:
        super().__init__(name=name)
        self.forget_bias = forget_bias
        self.units = units
        self.initializer = initializer

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Makes `kernel` [depth, 4 * units], `recurrent_kernel` [units, 4 * units] and `bias` [4 * units]."""
        depth, units = input_shape[-1], self.units
        self.kernel = self.add_weight(
            name="kernel", shape=(depth, 4 * units), initializer=self.initializer or "glorot_uniform"
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel", shape=(units, 4 * units), initializer=self.initializer or "orthogonal"
        )
        self.bias = self.add_weight(name="bias", shape=(4 * units,), initializer=self._initial_bias)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Projects inputs [..., depth] to the gates' [..., 4 * units]; the bias is included."""
        return tf.matmul(inputs, self.kernel) + self.bias

    def advance(self, projected: tf.Tensor, state: LSTMState) -> LSTMState:
        """One step from projected inputs [rows, 4 * units]."""
        recurrent_kernel = tf.cast(self.recurrent_kernel, projected.dtype)  # outside of call, Keras does not
        gates = projected + tf.matmul(state.hidden, recurrent_kernel)
        i, f, g, o = tf.split(gates, 4, axis=-1)
        cell = tf.sigmoid(f) * state.cell + tf.sigmoid(i) * tf.tanh(g)
        return LSTMState(hidden=tf.sigmoid(o) * tf.tanh(cell), cell=cell)

    def _initial_bias(self, shape: tuple[int], dtype: str | None = None) -> tf.Tensor:
        forget = tf.fill([self.units], tf.cast(self.forget_bias, dtype or tf.float32))
        return tf.concat([tf.zeros_like(forget), forget, tf.zeros_like(forget), tf.zeros_like(forget)], axis=0)
