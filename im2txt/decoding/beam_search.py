"""Beam search over a step function, in the graph; it knows no model.

Captions are sought that maximise

    rank(caption) = sum over words of log P(word | image, words before) / length ** length_normalization

with natural logarithms; length counts the words and <end>, never <start> or padding. The search keeps two
sets an image, `beam_size` hypotheses each: the live ones, pruned by their sum, and the finished ones, kept by
their rank.

* At the first step one beam alone is expanded: all of them are still the same.
* Each step takes the best 2 * beam_size one-word extensions. Those that end and are among the best beam_size
  join the finished ones, whose scores no longer change; the best that do not end live on. At most beam_size
  of the extensions end (one a beam), so finished hypotheses never starve the live ones.
* <pad>, <start> and <unk> are never emitted. Their probability is not given to the other words: scores are
  the model's own log-probabilities.
* The loop ends after `max_length` words, or as soon as beam_size hypotheses are finished in each image and no
  live one can outrank the worst of them; a live sum only falls, so its best possible rank is
  sum / max_length ** length_normalization. The test is exact: going on would change nothing, and so an
  image's captions do not depend on its batch.
* Slots that no finished hypothesis fills hold the best unfinished ones, whole, after the finished ones.
  Nothing is added to the score of an unfinished caption: it is the sum over its words, without an <end>.

With a beam as wide as the number of possible captions this is exhaustive search. With a beam of one and no
length normalization it is greedy decoding (`GREEDY`).

Deviation from Show and Tell (https://arxiv.org/abs/1411.4555, section 4.1) and its release of 2016: there,
finished hypotheses took room in the beam, the search always ran for the full length, and <unk> was emitted.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from im2txt.decoding.steps import State, Step, sayable
from im2txt.errors import UserError
from im2txt.text.vocabulary import END, PAD, START


@dataclass
class DecodingConfig:
    """How captions are sought.

    Attributes:
        beam_size: hypotheses kept at each step, and captions returned.
        max_length: the most words in a caption, its <end> included.
        length_normalization: exponent of the length in the rank; 0 ranks by the sum of log-probabilities.
    """

    beam_size: int = 3
    max_length: int = 20
    length_normalization: float = 0.0

    def check(self, longest: int | None = None) -> None:
        """Raises UserError for values that make no sense, or captions beyond the `longest` that a decoder can say."""
        for name in ("beam_size", "max_length"):
            if getattr(self, name) < 1:
                raise UserError(f"Decoding option {name} is {getattr(self, name)}; it must be 1 or more.")
        if longest and self.max_length > longest:
            raise UserError(
                f"Decoding option max_length is {self.max_length}, but this decoder goes through {longest} words at "
                "most. Lower it, or train with a larger decoder.max_length."
            )
        if not 0 <= self.length_normalization <= 10:
            raise UserError(
                f"Decoding option length_normalization is {self.length_normalization}; it must be from 0 to 10."
            )


GREEDY = DecodingConfig(beam_size=1)


class Hypotheses(NamedTuple):
    """Captions of a batch of images, best first, finished ones before unfinished ones.

    Where there are fewer possible captions than beams, the last slots are empty: score -inf, length 0, all
    <pad>.

    Attributes:
        tokens: int32 [batch, beam, length], without <start>, with <end> where finished, <pad> after it.
        scores: float32 [batch, beam], sums of log-probabilities (not normalised).
        lengths: int32 [batch, beam], words including <end>.
        attention: float32 [batch, beam, length, regions], the map behind each word, 0 after the last; None
            where the decoder does not attend.
    """

    tokens: tf.Tensor
    scores: tf.Tensor
    lengths: tf.Tensor
    attention: tf.Tensor | None


class _Search(NamedTuple):
    """The loop's state: `ids` [batch * beam] are the words before."""

    time: tf.Tensor
    ids: tf.Tensor
    live: Hypotheses
    finished: Hypotheses
    state: tuple


def beam_search(step: Step, state: State, config: DecodingConfig, batch_size: int | tf.Tensor) -> Hypotheses:
    """Returns the best captions of each image.

    Two fields of a state that is a NamedTuple have a meaning here:

    * `attention` float [rows, regions]: the map behind the word just predicted; kept for each word.
    * `memory`, any nest of [batch, ...]: what depends on the image alone and no step changes, such as
      projected image regions. All beams of an image share it, so it is neither repeated nor reordered.

    Args:
        step: maps (ids int32 [rows], state) to (logits float [rows, vocab], state). There are batch * beam
            rows, the beams of an image one after another; vocab is known when traced; the new state has the
            structure and shapes of the old.
        state: the state before <start>, any nest of leaves [batch, ...]; repeated for each beam here.
        config: the search's options.
        batch_size: the number of images, a Python integer or a scalar tensor; may be 0.
    """
    config.check()
    state = _map_rows(lambda leaf: tf.repeat(leaf, config.beam_size, axis=0), state)
    search = _begin(state, config, batch_size)
    search, *_ = tf.while_loop(
        lambda search: tf.reduce_any(_may_improve(search, config)),
        lambda search: (_advance(search, step, config),),
        loop_vars=(search,),
        shape_invariants=(tf.nest.map_structure(_any_batch, search),),
        maximum_iterations=config.max_length,
    )
    found = _finished_first(search)
    return found if hasattr(state, "attention") else found._replace(attention=None)


def _begin(state: State, config: DecodingConfig, batch_size: int | tf.Tensor) -> _Search:
    beam, length = config.beam_size, config.max_length
    regions = state.attention.shape[-1] if hasattr(state, "attention") else 0
    nothing = Hypotheses(
        tokens=tf.fill([batch_size, beam, length], PAD),
        scores=tf.fill([batch_size, beam], -math.inf),
        lengths=tf.zeros([batch_size, beam], tf.int32),
        attention=tf.zeros([batch_size, beam, length, regions]),
    )
    first_alone = tf.where(tf.range(beam) == 0, 0.0, -math.inf)  # [beam]
    return _Search(
        time=tf.constant(0),
        ids=tf.fill([batch_size * beam], START),
        live=nothing._replace(scores=tf.tile(first_alone[None], [batch_size, 1])),
        finished=nothing,
        state=state,
    )


def _may_improve(search: _Search, config: DecodingConfig) -> tf.Tensor:
    """Returns bool [batch]: whether a live hypothesis may still displace a finished one."""
    worst = _rank(search.finished, config)[:, -1]
    best_possible = search.live.scores[:, 0] / config.max_length**config.length_normalization
    return worst < best_possible


def _advance(search: _Search, step: Step, config: DecodingConfig) -> _Search:
    """Adds one word to every live hypothesis."""
    beam = config.beam_size
    logits, state = step(search.ids, search.state)
    vocab = logits.shape[-1]
    word_scores = tf.reshape(sayable(tf.nn.log_softmax(tf.cast(logits, tf.float32))), [-1, beam, vocab])
    sums = tf.reshape(search.live.scores[:, :, None] + word_scores, [-1, beam * vocab])
    scores, index = tf.math.top_k(sums, 2 * beam)  # [batch, 2 * beam]
    source, words = index // vocab, index % vocab
    ends = words == END

    def extend(picked: tf.Tensor, scores: tf.Tensor) -> Hypotheses:
        origin, word = (tf.gather(each, picked, batch_dims=1) for each in (source, words))
        return _extend(search, state, origin, word, scores)

    first = tf.tile(tf.range(beam)[None], [tf.shape(scores)[0], 1])  # [batch, beam]
    ended = extend(first, tf.where(ends, scores, -math.inf)[:, :beam])
    live_scores, living = tf.math.top_k(tf.where(ends, -math.inf, scores), beam)
    live_source = tf.gather(source, living, batch_dims=1)
    return _Search(
        time=search.time + 1,
        ids=tf.reshape(tf.gather(words, living, batch_dims=1), [-1]),
        live=extend(living, live_scores),
        finished=_best(search.finished, ended, config),
        state=_reorder(state, live_source),
    )


def _extend(search: _Search, state: State, source: tf.Tensor, words: tf.Tensor, scores: tf.Tensor) -> Hypotheses:
    """Returns hypotheses [batch, beam]: live ones `source` with `words` at the present position."""
    kept = tf.nest.map_structure(lambda leaf: tf.gather(leaf, source, batch_dims=1), search.live)
    here = tf.range(kept.tokens.shape[2]) == search.time  # [length]
    attention = kept.attention
    if hasattr(state, "attention"):
        maps = tf.reshape(tf.cast(state.attention, tf.float32), [-1, source.shape[1], attention.shape[3]])
        maps = tf.gather(maps, source, batch_dims=1)[:, :, None]  # [batch, beam, 1, regions]
        attention = tf.where(here[:, None], maps, attention)
    return Hypotheses(
        tokens=tf.where(here, words[:, :, None], kept.tokens),
        scores=scores,
        lengths=tf.fill(tf.shape(scores), search.time + 1),
        attention=attention,
    )


def _rank(hypotheses: Hypotheses, config: DecodingConfig) -> tf.Tensor:
    lengths = tf.cast(tf.maximum(hypotheses.lengths, 1), tf.float32)
    return hypotheses.scores / lengths**config.length_normalization


def _best(old: Hypotheses, new: Hypotheses, config: DecodingConfig) -> Hypotheses:
    """Returns the highest-ranking beam_size of both, best first; of equals the old."""
    # [batch, 2 * beam, ...]
    both = tf.nest.map_structure(lambda *leaves: tf.concat(leaves, axis=1), old, new)
    _, index = tf.math.top_k(_rank(both, config), config.beam_size)
    return tf.nest.map_structure(lambda leaf: tf.gather(leaf, index, batch_dims=1), both)


def _reorder(state: State, source: tf.Tensor) -> State:
    """Moves the rows of the state [batch * beam, ...] to where their hypotheses [batch, beam] went."""
    beam = source.shape[1]
    rows = tf.reshape(tf.range(tf.shape(source)[0])[:, None] * beam + source, [-1])  # [batch * beam]
    return _map_rows(lambda leaf: tf.gather(leaf, rows), state)


def _map_rows(function: Callable[[tf.Tensor], tf.Tensor], state: State) -> State:
    """Applies a function to every leaf of a state but those of its `memory`."""
    if not hasattr(state, "memory"):
        return tf.nest.map_structure(function, state)
    return tf.nest.map_structure(function, state._replace(memory=()))._replace(memory=state.memory)


def _finished_first(search: _Search) -> Hypotheses:
    """Fills the slots that no finished hypothesis took with the best unfinished ones."""
    beam = search.finished.scores.shape[1]
    both = tf.nest.map_structure(lambda *leaves: tf.concat(leaves, axis=1), search.finished, search.live)
    count = tf.math.count_nonzero(search.finished.scores > -math.inf, axis=1, keepdims=True, dtype=tf.int32)
    slot = tf.range(beam)[None]  # [1, beam]
    index = tf.where(slot < count, slot, beam + slot - count)  # [batch, beam]
    found = tf.nest.map_structure(lambda leaf: tf.gather(leaf, index, batch_dims=1), both)
    exists = found.scores > -math.inf
    return Hypotheses(
        tokens=tf.where(exists[:, :, None], found.tokens, PAD),
        scores=found.scores,
        lengths=tf.where(exists, found.lengths, 0),
        attention=tf.where(exists[:, :, None, None], found.attention, 0.0),
    )


def _any_batch(leaf: tf.Tensor) -> tf.TensorShape:
    return tf.TensorShape([None, *leaf.shape[1:]]) if leaf.shape.rank else leaf.shape
