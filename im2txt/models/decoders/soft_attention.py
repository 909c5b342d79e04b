"""The soft-attention decoder of Show, Attend and Tell.

    c_0 = tanh(W_c m'), h_0 = tanh(W_h m'),  m' = relu(W_m mean_i a_i)
    alpha_t = softmax(f_att(a, h_{t-1}));  beta_t = sigmoid(w_b . h_{t-1} + b_b);  z_t = beta_t sum_i alpha_ti a_i
    h_t = LSTM([E y_{t-1}, z_t], h_{t-1})
    p(y_t) = softmax(L_o tanh(E y_{t-1} + L_h h_t + L_z z_t))

Source: Xu et al. 2015, equations 1 to 9, section 4.2.1 (beta, doubly stochastic attention) and, for the tanh of the
deep output, the other places of dropout (m', h_t and that tanh) and the two-layer initialisation, the authors' released
code. `attention` and `attention_layers` choose f_att; the authors' released settings have two layers in it.

`cell="gru"` puts a GRU (Cho et al. 2014) in the LSTM's place; `gate=False` leaves beta out, z_t = sum_i alpha_ti a_i.
Both at once, with `reset_after=False` and additive attention, are the recurrence of Bahdanau et al. 2015; the deep
output stays the one above, where theirs has a maxout layer and reads h_{t-1}.

Deviations: the first input is the embedding of <start>, not a zero vector. Words are dropped from too, for the cell and
the deep output alike (`embedding_dropout`; 0 is the release). Weights begin as Keras has them, words in +-0.05, the
recurrent matrix orthogonal, other matrices Glorot uniform, the forget bias at 1; in the release square matrices begin
orthogonal, all others normal with a deviation of 0.01, all biases at 0. With `feature_units` > 0, regions first pass a
ReLU layer of that width with dropout, as later systems do (Rennie et al. 2017); 0 is the paper. With `word_query`,
attention is asked for by h_{t-1} + W_q E y_{t-1}. In the paper's equations alpha_t does not know the word just said:
after "a green" it cannot look for the green thing to say what it is. Reading the word before attending is the remedy of
later translation systems (Sennrich et al. 2017, Nematus); False is the paper.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.attention import build_attention
from im2txt.models.decoders.base import Decoded, Decoder, check_rates, drop_words, dropout, repeat_rows, unroll
from im2txt.models.features import ImageFeatures
from im2txt.models.recurrent import GRUState, LSTMState, build_cell


@dataclass
class SoftAttentionConfig:
    """The soft-attention decoder.

    Attributes:
        name: key of DECODERS.
        units: width of the recurrent cell.
        embedding: width of words and of the deep output.
        attention_units: width of keys and queries.
        feature_units: regions pass a ReLU layer of this width first; 0 leaves them as they are (the paper).
        word_query: whether attention is also asked for by the last word; False is the paper.
        dropout: share of units dropped in the deep output and the initialisation.
        embedding_dropout: share of units dropped from the words; 0 is the release.
        word_dropout: share of words that the decoder is not shown in training.
        feature_dropout: share of units dropped from the projected regions; needs `feature_units`.
        gate: whether beta_t, a gate on the context, is there; False is Bahdanau et al. 2015.
        cell: key of CELLS, `lstm` or `gru`.
        reset_after: of a GRU: the reset gate after the recurrent product, as in cuDNN; False is the paper.
        attention: key of ATTENTIONS, `additive` or `scaled_dot_product`.
        attention_layers: layers between a region and its key, 1 (the paper's equations) or 2 (its released settings).
    """

    name: str = "soft_attention"
    units: int = 512
    embedding: int = 512
    attention_units: int = 512
    feature_units: int = 0
    word_query: bool = False
    dropout: float = 0.5
    embedding_dropout: float = 0.5
    word_dropout: float = 0.0
    feature_dropout: float = 0.0
    gate: bool = True
    cell: str = "lstm"
    reset_after: bool = False
    attention: str = "additive"
    attention_layers: int = 1

    def check(self) -> None:
        """Raises UserError for values that make no sense."""
        check_rates(self)
        if self.feature_dropout and not self.feature_units:
            raise UserError(
                f"decoder.feature_dropout is {self.feature_dropout}, but it is of projected regions and "
                "decoder.feature_units is 0. Set decoder.feature_dropout to 0, or give decoder.feature_units a width."
            )


class AttentionMemory(NamedTuple):
    """What depends on the image alone: keys [images, regions, attention units], values [images, regions, depth]."""

    keys: tf.Tensor
    values: tf.Tensor


class SoftAttentionState(NamedTuple):
    """What `step` needs.

    Attributes:
        memory: keys and values, once an image.
        recurrent: the cell's state, leaves [rows, units].
        context: [rows, depth], z_t of the word just predicted.
        attention: float32 [rows, regions], alpha_t of the word just predicted.
    """

    memory: AttentionMemory
    recurrent: LSTMState | GRUState
    context: tf.Tensor
    attention: tf.Tensor


class SoftAttentionDecoder(Decoder):
    """Show, Attend and Tell with deterministic soft attention; reads the regions only."""

    attends = True
    reads = ("regions",)

    def __init__(self, config: SoftAttentionConfig, vocab_size: int) -> None:
        config.check()
        super().__init__(name="decoder")
        self.vocab_size = vocab_size
        self.config = config
        dense = keras.layers.Dense
        self.project = dense(config.feature_units, "relu", name="project") if config.feature_units else None
        self.attention = build_attention(config.attention, config.attention_units, config.attention_layers)
        self.initial = dense(config.units, "relu", name="initial")
        cell = build_cell(config.cell, config.units, config.reset_after)
        for part in cell.state._fields:  # initial_hidden and, of an LSTM, initial_cell
            setattr(self, f"initial_{part}", dense(config.units, "tanh", name=f"initial_{part}"))
        self.query = dense(config.units, use_bias=False, name="query") if config.word_query else None
        self.gate = dense(1, "sigmoid", name="gate") if config.gate else None
        self.words = keras.layers.Embedding(vocab_size, config.embedding, name="words")
        self.lstm = cell  # `lstm`, whatever the cell: checkpoints know it by this name, and their order is this
        self.context_kernel = dense(cell.width, use_bias=False, name="context_kernel")
        self.output_hidden = dense(config.embedding, name="output_hidden")
        self.output_context = dense(config.embedding, use_bias=False, name="output_context")
        self.output_layer = dense(vocab_size, name="output")

    def start(self, features: ImageFeatures, seed: tf.Tensor | None = None) -> SoftAttentionState:
        """Returns the state before the first word; one row an image."""
        values = tf.cast(features.regions, self.compute_dtype)
        if self.project is not None:
            values = dropout(self.project(values), self.config.feature_dropout, seed, salt=0)
        initial = dropout(self.initial(tf.reduce_mean(values, axis=1)), self.config.dropout, seed, salt=1)
        return SoftAttentionState(
            memory=AttentionMemory(self.attention.keys(values), values),
            recurrent=self.lstm.state(*(getattr(self, f"initial_{part}")(initial) for part in self.lstm.state._fields)),
            context=tf.zeros_like(values[:, 0]),
            attention=tf.zeros_like(values[:, :, 0], tf.float32),
        )

    def step(self, ids: tf.Tensor, state: SoftAttentionState) -> tuple[tf.Tensor, SoftAttentionState]:
        """Reads one word [rows]; returns logits [rows, vocab] and the new state."""
        words = self.words(ids)
        state = self._advance(self._project(words), (), state)
        return self._logits(words, state, seed=None), state

    def call(self, features: ImageFeatures, input_ids: tf.Tensor, seed: tf.Tensor | None = None) -> Decoded:
        """Decodes whole captions [rows, length]."""
        images = tf.shape(features.regions)[0]
        state = repeat_rows(self.start(features, seed), tf.shape(input_ids)[0] // images)
        words = drop_words(self.words(input_ids), self.config.word_dropout, seed, salt=5)
        words = dropout(words, self.config.embedding_dropout, seed, salt=2)  # [rows, length, embedding]
        inputs = self._project(words), self._draws(state, tf.shape(input_ids), seed)

        def advance(changing: tuple, inputs: tuple) -> tuple:
            return tuple(self._advance(*inputs, type(state)(state.memory, *changing)))[1:]

        states = type(state)(state.memory, *unroll(advance, inputs, tuple(state)[1:]))
        return self._decoded(self._logits(words, states, seed), states)

    def _project(self, words: tf.Tensor) -> tf.Tensor:
        """What words [..., embedding] bring to the cell's gates [..., width] and, behind that, to the query."""
        projected = self.lstm(words)
        return projected if self.query is None else tf.concat([projected, self.query(words)], axis=-1)

    def _draws(self, state: SoftAttentionState, shape: tf.Tensor, seed: tf.Tensor | None) -> Any:
        """Random numbers for captions of a shape (rows, length), a nest of [rows, length, ...]; here none."""
        return ()

    def _advance(self, projected: tf.Tensor, draws: Any, state: SoftAttentionState) -> SoftAttentionState:
        """One step of the cell from the word's projections [rows, ...], attending from the last hidden."""
        hidden = state.recurrent.hidden
        gates, query = tf.split(projected, [self.lstm.width, -1], axis=-1)
        state = self._attend(hidden if self.query is None else hidden + query, draws, state)
        context = state.context if self.gate is None else self.gate(hidden) * state.context  # [rows, depth]
        recurrent = self.lstm.advance(gates + self.context_kernel(context), state.recurrent)
        return state._replace(recurrent=recurrent, context=context)

    def _attend(self, query: tf.Tensor, draws: Any, state: SoftAttentionState) -> SoftAttentionState:
        """Puts what a query [rows, units] finds into `context`, not gated yet, and where into `attention`."""
        context, attention = self.attention(query, *state.memory)
        return state._replace(context=context, attention=attention)

    def _logits(self, words: tf.Tensor, state: SoftAttentionState, seed: tf.Tensor | None) -> tf.Tensor:
        """The deep output of words [..., embedding] and a state, leaves [..., depth]: float32 [..., vocab]."""
        hidden = dropout(state.recurrent.hidden, self.config.dropout, seed, salt=3)
        deep = tf.tanh(words + self.output_hidden(hidden) + self.output_context(state.context))
        return tf.cast(self.output_layer(dropout(deep, self.config.dropout, seed, salt=4)), tf.float32)

    def _decoded(self, logits: tf.Tensor, states: SoftAttentionState) -> Decoded:
        """What whole captions yield; states are stacked, leaves [rows, length, ...]."""
        return Decoded(logits, states.attention)
