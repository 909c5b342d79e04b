"""Recurrent cells, LSTM and GRU, with their input projection apart from their recurrence.

In training all inputs are known, so a cell projects them once for a whole caption as one matrix product, and only
`advance` runs word by word. The cells of Keras compute both at every step.

Sources: LSTM, Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; GRU, Cho et al. 2014, section
2.3. Order and shapes of the weights are those of Keras' cells: gates i, f, c, o with a forget bias of one unless told
otherwise; gates z, r, h. As in Keras and in Cho et al., z keeps the old state; Bahdanau et al. 2015 write 1 - z for it.
"""

from typing import Any, ClassVar, NamedTuple

import keras
import tensorflow as tf

from im2txt.errors import UserError, did_you_mean

Initializer = str | keras.Initializer | None


class LSTMState(NamedTuple):
    """The state of an LSTM: `hidden` and `cell`, both [rows, units]."""

    hidden: tf.Tensor
    cell: tf.Tensor


class GRUState(NamedTuple):
    """The state of a GRU: `hidden` [rows, units]."""

    hidden: tf.Tensor


class RecurrentCell(keras.layers.Layer):
    """All that decoders know of a cell.

    Attributes:
        units: width of its state.
        width: width of the projected inputs, a multiple of units.
        state: the NamedTuple of its state, leaves [rows, units]; one of them is `hidden`, what the cell shows.
    """

    state: ClassVar[type]
    gates: ClassVar[int]

    def __init__(self, units: int, initializer: Initializer, name: str) -> None:
        super().__init__(name=name)
        self.units = units
        self.width = self.gates * units
        self.initializer = initializer

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Makes `kernel` [depth, width], `recurrent_kernel` [units, width] and `bias`."""
        kernel_shape, recurrent_shape = (input_shape[-1], self.width), (self.units, self.width)
        self.kernel = self.add_weight(
            name="kernel", shape=kernel_shape, initializer=self.initializer or "glorot_uniform"
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel", shape=recurrent_shape, initializer=self.initializer or "orthogonal"
        )
        self.bias = self.add_weight(name="bias", shape=self._bias_shape(), initializer=self._initial_bias)

    def zeros(self, rows: int | tf.Tensor) -> Any:
        """Returns the state of `rows` rows that have seen nothing."""
        return self.state(*(tf.zeros([rows, self.units], self.compute_dtype) for _ in self.state._fields))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Projects inputs [..., depth] to the gates' [..., width]; the bias is included."""
        return tf.tensordot(inputs, self.kernel, 1) + self.bias  # one product; matmul would make one a row

    def advance(self, projected: tf.Tensor, state: Any) -> Any:
        """One step from projected inputs [rows, width]; returns the new state."""
        raise NotImplementedError

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.width,)

    def _initial_bias(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        return tf.zeros(shape, dtype or tf.float32)


class LSTMCell(RecurrentCell):
    """i, f, o = sigmoid(.), g = tanh(.) of W x + U h + b;  c' = f c + i g;  h' = o tanh(c')."""

    state = LSTMState
    gates = 4

    def __init__(
        self, units: int, initializer: Initializer = None, forget_bias: float = 1.0, name: str = "lstm"
    ) -> None:
        super().__init__(units, initializer, name)
        self.forget_bias = forget_bias

    def advance(self, projected: tf.Tensor, state: LSTMState) -> LSTMState:
        """One step from projected inputs [rows, 4 * units]."""
        recurrent_kernel = tf.cast(self.recurrent_kernel, projected.dtype)  # outside of call, Keras does not
        gates = projected + tf.matmul(state.hidden, recurrent_kernel)
        i, f, g, o = tf.split(gates, 4, axis=-1)
        cell = tf.sigmoid(f) * state.cell + tf.sigmoid(i) * tf.tanh(g)
        return LSTMState(hidden=tf.sigmoid(o) * tf.tanh(cell), cell=cell)

    def _initial_bias(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        forget = tf.fill([self.units], tf.cast(self.forget_bias, dtype or tf.float32))
        return tf.concat([tf.zeros_like(forget), forget, tf.zeros_like(forget), tf.zeros_like(forget)], axis=0)


class GRUCell(RecurrentCell):
    """z, r = sigmoid(W x + U h + b);  g = tanh(W x + U (r h) + b);  h' = z h + (1 - z) g.

    With `reset_after` the reset gate comes after the product, g = tanh(W x + b + r (U h + b')): Keras' default and
    cuDNN's form, for weights that come from there; `bias` then is [2, 3 * units].
    """

    state = GRUState
    gates = 3

    def __init__(
        self, units: int, initializer: Initializer = None, reset_after: bool = False, name: str = "gru"
    ) -> None:
        super().__init__(units, initializer, name)
        self.reset_after = reset_after

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Projects inputs [..., depth] to [..., 3 * units]."""
        return tf.tensordot(inputs, self.kernel, 1) + (self.bias[0] if self.reset_after else self.bias)

    def advance(self, projected: tf.Tensor, state: GRUState) -> GRUState:
        """One step from projected inputs [rows, 3 * units]."""
        hidden, split = state.hidden, [2 * self.units, self.units]
        for_gates, for_candidate = tf.split(projected, split, axis=-1)
        recurrent_kernel = tf.cast(self.recurrent_kernel, projected.dtype)  # outside of call, Keras does not
        if self.reset_after:
            recurrent = tf.matmul(hidden, recurrent_kernel) + tf.cast(self.bias[1], projected.dtype)
            gates, candidate = tf.split(recurrent, split, axis=-1)
            z, r = tf.split(tf.sigmoid(for_gates + gates), 2, axis=-1)
            candidate = r * candidate
        else:
            gates_kernel, candidate_kernel = tf.split(recurrent_kernel, split, axis=-1)
            z, r = tf.split(tf.sigmoid(for_gates + tf.matmul(hidden, gates_kernel)), 2, axis=-1)
            candidate = tf.matmul(r * hidden, candidate_kernel)
        return GRUState(z * hidden + (1.0 - z) * tf.tanh(for_candidate + candidate))

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, self.width) if self.reset_after else (self.width,)


CELLS: dict[str, type[RecurrentCell]] = {
    "lstm": LSTMCell,  # Hochreiter & Schmidhuber 1997
    "gru": GRUCell,  # Cho et al. 2014
}


def build_cell(
    name: str, units: int, reset_after: bool, forget_bias: float = 1.0, initializer: Initializer = None
) -> RecurrentCell:
    """Builds the cell that `name` names; `forget_bias` is an LSTM's, `reset_after` a GRU's.

    Raises:
        UserError: no such cell, or `reset_after` for one that has no reset gate.
    """
    if name not in CELLS:
        raise UserError(f"decoder.cell `{name}` is unknown. {did_you_mean(name, CELLS)}")
    if name == "gru":
        return GRUCell(units, initializer, reset_after)
    if reset_after:
        raise UserError(f"decoder.reset_after is of `gru`; decoder.cell is `{name}`. Leave it out, or change the cell.")
    return LSTMCell(units, initializer, forget_bias)
