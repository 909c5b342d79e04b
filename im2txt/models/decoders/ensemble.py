"""Several decoders as one: the next word's probability is the mean of theirs.

    p(y_t) = 1/K sum_k p_k(y_t)

Probabilities are averaged, not logits (Vinyals et al. 2016, section 4.3, combine models likewise in search). Each
member keeps a state of its own, so that members may be of different kinds; they read the features of one encoder.
"""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from im2txt.models.decoders.base import Decoded, Decoder, State
from im2txt.models.features import ImageFeatures


class EnsembleState(NamedTuple):
    """What `step` needs.

    Attributes:
        memory: that of every member, once an image; () of a member without one.
        members: the states of the members without their memory.
    """

    memory: tuple
    members: tuple


class AttentiveEnsembleState(NamedTuple):
    """An `EnsembleState` of members that all attend; `attention` [rows, regions] is the mean of their maps."""

    memory: tuple
    members: tuple
    attention: tf.Tensor


class EnsembleDecoder(Decoder):
    """The mean of trained decoders; it is not trained itself."""

    def __init__(self, members: Sequence[Decoder]) -> None:
        super().__init__(name="decoder")
        self.members = list(members)  # Keras tracks lists; checkpoints of an ensemble are not written
        self.vocab_size = members[0].vocab_size
        self.attends = all(member.attends for member in members)
        self.max_length = min((each.max_length for each in members if each.max_length), default=None)
        self.reads = tuple(dict.fromkeys(field for member in members for field in member.reads))

    def start(self, features: ImageFeatures, seed: tf.Tensor | None = None) -> State:
        """Returns the states of all members before the first word; one row an image."""
        return self._join([member.start(features, seed) for member in self.members])

    def step(self, ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Reads one word [rows]; returns log-probabilities [rows, vocab] and the new state."""
        logits, states = [], []
        for member, own, memory in zip(self.members, state.members, state.memory):
            whole = own._replace(memory=memory) if hasattr(own, "memory") else own
            member_logits, new = member.step(ids, whole)
            logits.append(member_logits)
            states.append(new)
        return _mean(logits), self._join(states)

    def call(self, features: ImageFeatures, input_ids: tf.Tensor, seed: tf.Tensor | None = None) -> Decoded:
        """Decodes whole captions [rows, length]."""
        decoded = [member(features, input_ids, seed) for member in self.members]
        attention = tf.reduce_mean([each.attention for each in decoded], axis=0) if self.attends else None
        return Decoded(_mean([each.logits for each in decoded]), attention)

    def _join(self, states: Sequence[State]) -> State:
        memory = tuple(getattr(state, "memory", ()) for state in states)
        members = tuple(state._replace(memory=()) if hasattr(state, "memory") else state for state in states)
        if not self.attends:
            return EnsembleState(memory, members)
        return AttentiveEnsembleState(memory, members, tf.reduce_mean([state.attention for state in states], axis=0))


def _mean(logits: Sequence[tf.Tensor]) -> tf.Tensor:
    """Returns log(mean of softmax) of float32 logits [..., vocab] of several members."""
    log_probabilities = tf.stack([tf.nn.log_softmax(each) for each in logits])  # [members, ..., vocab]
    return tf.reduce_logsumexp(log_probabilities, axis=0) - tf.math.log(float(len(logits)))
