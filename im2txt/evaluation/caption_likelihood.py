"""How probable a captioner finds given captions of an image: log P(caption | image), the sum over its words and <end>.

This is the sum that training maximises (Vinyals et al. 2015, equation 2), but by `step` rather than by the decoder's
call: of a tree of captions each prefix is read once. Only captions of more words than a decoder's steps can hold go
through its call. Natural logarithms; a word that the vocabulary lacks counts as <unk>.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from im2txt.evaluation.prefix_tree import PrefixTree, prefix_tree
from im2txt.models.captioner import Batch, Captioner
from im2txt.models.decoders.base import Decoder, State
from im2txt.models.features import ImageFeatures
from im2txt.text.vocabulary import START

TREE = 256  # captions of a tree: those of more share hardly more, and all are in memory at once for each image
CALL = 32  # captions of a call, which holds the logits of all their words

WordIds = tuple[int, ...]


class CaptionLikelihood:
    """Scores captions with a captioner, each different one once; its graphs are built once, for any images.

    Attributes:
        captions: the different captions, in the order in which they are scored.
    """

    def __init__(self, captioner: Captioner, captions: Iterable[WordIds]) -> None:
        """Takes captions as word ids with their <end>."""
        most = captioner.decoder.max_length or math.inf  # words and <end> that its steps can hold
        different = sorted(set(captions))
        short = [caption for caption in different if len(caption) <= most]
        long = sorted((caption for caption in different if len(caption) > most), key=len)
        self.captions = [*short, *long]
        self._trees = [prefix_tree(part) for part in _parts(short, TREE)]
        same_lengths = (list(same) for _, same in groupby(long, key=len))
        self._calls = [np.array(part, np.int32) for same in same_lengths for part in _parts(same, CALL)]
        self._captioner = captioner
        self._start = tf.function(self._encode)
        self._descend = None
        self._call = tf.function(partial(called, captioner.decoder), reduce_retracing=True)

    def __call__(self, batch: Batch) -> Iterator[np.ndarray]:
        """Encodes a batch and yields float32 [images, captions] of all `captions`, some at a time."""
        images = tf.constant(len(batch["index"]))
        inputs = {name: batch[name] for name in ("image", "pooled", "regions") if name in batch}
        features, state = self._start(inputs)
        if self._descend is None:
            self._descend = _any_number(partial(descended, self._captioner.decoder), state)
        for tree in self._trees:
            yield self._descend(state, PrefixTree(*map(tf.constant, tree)), images).numpy()
        for captions in self._calls:
            yield self._call(features, tf.constant(captions), images).numpy()

    def _encode(self, batch: Batch) -> tuple[ImageFeatures, State]:
        features = self._captioner.features(batch)
        return features, self._captioner.decoder.start(features)


def called(decoder: Decoder, features: ImageFeatures, captions: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Returns float32 [images, captions] of captions [captions, length] of the same length, by the decoder's call."""
    targets = tf.tile(captions, [images, 1])  # [images * captions, length]
    inputs = tf.concat([tf.fill([tf.shape(targets)[0], 1], START), targets[:, :-1]], axis=1)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, decoder(features, inputs).logits)
    return tf.reshape(-tf.reduce_sum(losses, axis=1), [images, -1])


class _Descent(NamedTuple):
    """The state of the loop over the levels of a tree.

    Attributes:
        level: the level that is left next.
        first: the first of its edges.
        words: int32 [nodes], the last word of each node.
        sums: [images, nodes], log-probability of all words so far.
        state: the decoder's, with rows [images * nodes].
        found: the sums behind every edge, a tensor [edges, images] a level.
    """

    level: tf.Tensor
    first: tf.Tensor
    words: tf.Tensor
    sums: tf.Tensor
    state: State
    found: tf.TensorArray


def descended(decoder: Decoder, state: State, tree: PrefixTree, images: tf.Tensor) -> tf.Tensor:
    """Returns float32 [images, captions of the tree], by steps from the `state` before the first word."""

    def advance(now: _Descent) -> tuple[_Descent]:
        nodes = tf.size(now.words)
        logits, state = decoder.step(tf.tile(now.words, [images]), now.state)  # [images * nodes, vocab]
        edges = slice(now.first, now.first + tree.edges[now.level])
        parents, words = tree.parents[edges], tree.words[edges]
        scores = tf.reshape(tf.nn.log_softmax(logits), [images, nodes * logits.shape[-1]])
        sums = tf.gather(now.sums, parents, axis=1)  # [images, edges]
        sums += tf.gather(scores, parents * logits.shape[-1] + words, axis=1)
        inner = tree.inner[now.level]
        rows = tf.range(images)[:, None] * nodes + parents[:inner]  # [images, inner]
        return (
            _Descent(
                level=now.level + 1,
                first=edges.stop,
                words=words[:inner],
                sums=sums[:, :inner],
                state=_gather_rows(state, tf.reshape(rows, [-1])),
                found=now.found.write(now.level, tf.transpose(sums)),
            ),
        )

    levels = tf.size(tree.edges)
    root = _Descent(
        level=tf.constant(0),
        first=tf.constant(0),
        words=tf.constant([START]),
        sums=tf.zeros([images, 1]),
        state=state,
        found=tf.TensorArray(tf.float32, levels, infer_shape=False, element_shape=[None, None]),
    )
    (end,) = tf.while_loop(lambda now: now.level < levels, advance, (root,), (_shapes(root),))
    return tf.transpose(tf.gather(end.found.concat(), tree.ends))


def _gather_rows(state: State, rows: tf.Tensor) -> State:
    """Picks rows of every leaf of a state but those of its `memory`, as `repeat_rows` repeats them."""
    picked = {
        field: leaf if field == "memory" else tf.nest.map_structure(lambda x: tf.gather(x, rows), leaf)
        for field, leaf in state._asdict().items()
    }
    return type(state)(**picked)


def _shapes(root: _Descent) -> _Descent:
    """Returns the shapes that hold at every level, where the number of nodes changes."""
    rows = tf.nest.map_structure(lambda leaf: tf.TensorShape([None, *leaf.shape[1:]]), root.state)
    scalar = tf.TensorShape([])
    return _Descent(scalar, scalar, tf.TensorShape([None]), tf.TensorShape([None, None]), rows, scalar)


def _any_number(function: partial, state: State) -> tf.types.experimental.PolymorphicFunction:
    """Returns `descended` of a decoder as one graph for states like `state` of any images, and for any tree."""
    rows = tf.nest.map_structure(lambda leaf: tf.TensorSpec([None, *leaf.shape[1:]], leaf.dtype), state)
    vector, scalar = tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)
    return tf.function(function, input_signature=[rows, PrefixTree(*[vector] * len(PrefixTree._fields)), scalar])


def _parts(captions: Sequence[WordIds], size: int) -> list[Sequence[WordIds]]:
    return [captions[first : first + size] for first in range(0, len(captions), size)]
