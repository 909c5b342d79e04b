"""The soft-attention decoder of Show, Attend and Tell.

    c_0 = tanh(W_c m'), h_0 = tanh(W_h m'),  m' = relu(W_m mean_i a_i)
    alpha_t = softmax(f_att(a, h_{t-1}));  beta_t = sigmoid(w_b . h_{t-1} + b_b);  z_t = beta_t sum_i alpha_ti a_i
    h_t = LSTM([E y_{t-1}, z_t], h_{t-1})
    p(y_t) = softmax(L_o tanh(E y_{t-1} + L_h h_t + L_z z_t))

Source: Xu et al. 2015, equations 1 to 9, section 4.2.1 (beta, doubly stochastic attention) and, for the tanh of the
deep output, the places of dropout and the two-layer initialisation, the authors' released code.

Deviations: the first input is the embedding of <start>, not a zero vector. With `feature_units` > 0, regions first pass
a ReLU layer of that width with dropout, as later systems do (Rennie et al. 2017); 0 is the paper. With `word_query`,
attention is asked for by h_{t-1} + W_q E y_{t-1}. In the paper's equations alpha_t does not know the word just said:
after "a green" it cannot look for the green thing to say what it is. Reading the word before attending is the remedy of
later translation systems (Sennrich et al. 2017, Nematus); False is the paper.
"""

from dataclasses import dataclass
from typing import NamedTuple

import keras
import tensorflow as tf

from im2txt.models.attention import AdditiveAttention
from im2txt.models.decoders.base import Decoded, Decoder, drop_words, dropout, repeat_rows, unroll
from im2txt.models.features import ImageFeatures
from im2txt.models.recurrent import LSTMCell, LSTMState


@dataclass
class SoftAttentionConfig:
    """The soft-attention decoder.

    Attributes:
        name: key of DECODERS.
        units: width of the LSTM.
        embedding: width of words and of the deep output.
        attention_units: width of the attention MLP.
        feature_units: regions pass a ReLU layer of this width first; 0 leaves them as they are (the paper).
        word_query: whether attention is also asked for by the last word; False is the paper.
        dropout: share of units dropped in the deep output, the initialisation and the words.
        word_dropout: share of words that the decoder is not shown in training.
        feature_dropout: share of units dropped from the projected regions.
    """

    name: str = "soft_attention"
    units: int = 512
    embedding: int = 512
    attention_units: int = 512
    feature_units: int = 0
    word_query: bool = False
    dropout: float = 0.5
    word_dropout: float = 0.0
    feature_dropout: float = 0.0


class AttentionMemory(NamedTuple):
    """What depends on the image alone: keys [images, regions, attention units], values [images, regions, depth]."""

    keys: tf.Tensor
    values: tf.Tensor


class SoftAttentionState(NamedTuple):
    """What `step` needs.

    Attributes:
        memory: keys and values, once an image.
        lstm: leaves [rows, units].
        context: [rows, depth], z_t of the word just predicted.
        attention: [rows, regions], alpha_t of the word just predicted.
    """

    memory: AttentionMemory
    lstm: LSTMState
    context: tf.Tensor
    attention: tf.Tensor


class SoftAttentionDecoder(Decoder):
    """Show, Attend and Tell with deterministic soft attention; reads the regions only."""

    attends = True
    reads = ("regions",)

    def __init__(self, config: SoftAttentionConfig, vocab_size: int) -> None:
        super().__init__(name="decoder")
        self.vocab_size = vocab_size
        self.config = config
        dense = keras.layers.Dense
        self.project = dense(config.feature_units, "relu", name="project") if config.feature_units else None
        self.attention = AdditiveAttention(config.attention_units)
        self.initial = dense(config.units, "relu", name="initial")
        self.initial_hidden = dense(config.units, "tanh", name="initial_hidden")
        self.initial_cell = dense(config.units, "tanh", name="initial_cell")
        self.query = dense(config.units, use_bias=False, name="query") if config.word_query else None
        self.gate = dense(1, "sigmoid", name="gate")
        self.words = keras.layers.Embedding(vocab_size, config.embedding, name="words")
        self.lstm = LSTMCell(config.units)
        self.context_kernel = dense(4 * config.units, use_bias=False, name="context_kernel")
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
            lstm=LSTMState(self.initial_hidden(initial), self.initial_cell(initial)),
            context=tf.zeros_like(values[:, 0]),
            attention=tf.zeros_like(values[:, :, 0]),
        )

    def step(self, ids: tf.Tensor, state: SoftAttentionState) -> tuple[tf.Tensor, SoftAttentionState]:
        """Reads one word [rows]; returns logits [rows, vocab] and the new state."""
        words = self.words(ids)
        state = self._advance(self._project(words), state)
        return self._logits(words, state.lstm.hidden, state.context, seed=None), state

    def call(self, features: ImageFeatures, input_ids: tf.Tensor, seed: tf.Tensor | None = None) -> Decoded:
        """Decodes whole captions [rows, length]."""
        images = tf.shape(features.regions)[0]
        state = repeat_rows(self.start(features, seed), tf.shape(input_ids)[0] // images)
        words = drop_words(self.words(input_ids), self.config.word_dropout, seed, salt=5)
        words = dropout(words, self.config.dropout, seed, salt=2)  # [rows, length, embedding]

        def advance(changing: tuple, projected: tf.Tensor) -> tuple:
            return tuple(self._advance(projected, SoftAttentionState(state.memory, *changing)))[1:]

        lstm, contexts, attention = unroll(advance, self._project(words), tuple(state)[1:])
        return Decoded(self._logits(words, lstm.hidden, contexts, seed), attention)

    def _project(self, words: tf.Tensor) -> tf.Tensor:
        """What the words [..., embedding] bring to the LSTM's gates [..., 4 * units] and, behind that, to the query."""
        projected = self.lstm(words)
        return projected if self.query is None else tf.concat([projected, self.query(words)], axis=-1)

    def _advance(self, projected: tf.Tensor, state: SoftAttentionState) -> SoftAttentionState:
        """One step of the LSTM from the word's projections [rows, 4 or 5 * units], attending from the last hidden."""
        hidden = state.lstm.hidden
        gates, query = tf.split(projected, [4 * self.lstm.units, -1], axis=-1)
        query = hidden if self.query is None else hidden + query
        context, attention = self.attention(query, state.memory.keys, state.memory.values)
        context = self.gate(hidden) * context  # [rows, depth]
        lstm = self.lstm.advance(gates + self.context_kernel(context), state.lstm)
        return SoftAttentionState(state.memory, lstm, context, attention)

    def _logits(self, words: tf.Tensor, hidden: tf.Tensor, contexts: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """The deep output: [..., embedding], [..., units], [..., depth] -> float32 [..., vocab]."""
        hidden = dropout(hidden, self.config.dropout, seed, salt=3)
        deep = tf.tanh(words + self.output_hidden(hidden) + self.output_context(contexts))
        return tf.cast(self.output_layer(dropout(deep, self.config.dropout, seed, salt=4)), tf.float32)
