"""Several decoders as one: the next word's probability is the mean of theirs.

    p(y_t) = 1/K sum_k p_k(y_t)

Probabilities are averaged, not logits (Vinyals et al. 2016, section 4.3, combine models likewise in search). Each
member keeps a state of its own, so that members may be of different kinds. They read the features of one encoder, or
of one each (`im2txt.models.joint_encoder`); maps over other grids than the finest are scaled up to it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from im2txt.models.decoders.base import Decoded, Decoder, State
from im2txt.models.features import ImageFeatures, JointFeatures

Grid = tuple[int, int]


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

    def __init__(self, members: Sequence[Decoder], grids: Sequence[Grid] | None = None) -> None:
        """Takes the members, and where these are not all the same the `grids` of the regions that each reads."""
        super().__init__(name="decoder")
        self.members = list(members)  # Keras tracks lists; checkpoints of an ensemble are not written
        self.grids = list(grids) if grids and len(set(grids)) > 1 else None
        self.vocab_size = members[0].vocab_size
        self.attends = all(member.attends for member in members)
        self.max_length = min((each.max_length for each in members if each.max_length), default=None)
        self.reads = tuple(dict.fromkeys(field for member in members for field in member.reads))

    def start(self, features: ImageFeatures | JointFeatures, seed: tf.Tensor | None = None) -> State:
        """Returns the states of all members before the first word; one row an image."""
        return self._join([member.start(own, seed) for member, own in zip(self.members, self._own(features))])

    def step(self, ids: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Reads one word [rows]; returns log-probabilities [rows, vocab] and the new state."""
        logits, states = [], []
        for member, own, memory in zip(self.members, state.members, state.memory):
            whole = own._replace(memory=memory) if hasattr(own, "memory") else own
            member_logits, new = member.step(ids, whole)
            logits.append(member_logits)
            states.append(new)
        return _mean(logits), self._join(states)

    def call(
        self, features: ImageFeatures | JointFeatures, input_ids: tf.Tensor, seed: tf.Tensor | None = None
    ) -> Decoded:
        """Decodes whole captions [rows, length]."""
        decoded = [member(own, input_ids, seed) for member, own in zip(self.members, self._own(features))]
        attention = self._mean_map([each.attention for each in decoded]) if self.attends else None
        return Decoded(_mean([each.logits for each in decoded]), attention)

    def _own(self, features: ImageFeatures | JointFeatures) -> Sequence[ImageFeatures]:
        """Returns the features that each member reads."""
        return features.members if isinstance(features, JointFeatures) else [features] * len(self.members)

    def _mean_map(self, maps: Sequence[tf.Tensor]) -> tf.Tensor:
        """Returns the mean of the members' maps [..., regions], over the finest of their grids."""
        if self.grids:
            finest = max(self.grids, key=math.prod)
            maps = [_scaled_up(each, grid, finest) for each, grid in zip(maps, self.grids)]
        return tf.reduce_mean(maps, axis=0)

    def _join(self, states: Sequence[State]) -> State:
        memory = tuple(getattr(state, "memory", ()) for state in states)
        members = tuple(state._replace(memory=()) if hasattr(state, "memory") else state for state in states)
        if not self.attends:
            return EnsembleState(memory, members)
        return AttentiveEnsembleState(memory, members, self._mean_map([state.attention for state in states]))


def _scaled_up(maps: tf.Tensor, grid: Grid, finest: Grid) -> tf.Tensor:
    """Returns maps [..., regions] over one grid as maps over another, each with the sum that it had."""
    if grid == finest:
        return maps
    scaled = tf.image.resize(tf.reshape(maps, [-1, *grid, 1]), finest)
    scaled = tf.reshape(scaled, tf.concat([tf.shape(maps)[:-1], [math.prod(finest)]], axis=0))
    totals = tf.reduce_sum(maps, axis=-1, keepdims=True)
    return totals * tf.math.divide_no_nan(scaled, tf.reduce_sum(scaled, axis=-1, keepdims=True))


def _mean(logits: Sequence[tf.Tensor]) -> tf.Tensor:
    """Returns log(mean of softmax) of float32 logits [..., vocab] of several members."""
    log_probabilities = tf.stack([tf.nn.log_softmax(each) for each in logits])  # [members, ..., vocab]
    return tf.reduce_logsumexp(log_probabilities, axis=0) - tf.math.log(float(len(logits)))
