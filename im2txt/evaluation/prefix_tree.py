"""Captions as a tree, so that what many of them begin with is read once.

"a dog runs" and "a dog sits" share the words "a dog", and a decoder's state depends on the words before alone. Over a
whole split this saves a third of the steps on Flickr8k and two thirds on scenes, repeated captions included.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class PrefixTree(NamedTuple):
    """The tree of some captions: a node is what captions begin with, an edge the next word. All leaves are int32.

    Edges are listed level by level; in each level those to nodes that go on come first, in the order of these nodes.

    Attributes:
        parents: [edges], the node that an edge leaves, counted among the nodes of its level that go on.
        words: [edges], the id of an edge's word.
        edges: [levels], how many edges leave each level; level 0 is the root, where nothing has been read.
        inner: [levels], how many of them lead to a node that goes on.
        ends: [captions], the edge of each caption's last word.
    """

    parents: np.ndarray
    words: np.ndarray
    edges: np.ndarray
    inner: np.ndarray
    ends: np.ndarray


def prefix_tree(captions: Sequence[tuple[int, ...]]) -> PrefixTree:
    """Makes the tree of captions of one word or more, word ids with their <end>."""
    longer = {caption[:length] for caption in captions for length in range(len(caption))}
    nodes, place = {(): 0}, {}
    parents, edges, inner = [], [], []
    for length in range(1, max(map(len, captions)) + 1):
        found = {caption[:length] for caption in captions if len(caption) >= length}
        level = sorted(found, key=lambda prefix: (prefix not in longer, prefix))
        place |= {prefix: len(place) + number for number, prefix in enumerate(level)}
        parents += [nodes[prefix[:-1]] for prefix in level]
        nodes = {prefix: number for number, prefix in enumerate(level) if prefix in longer}
        edges.append(len(level))
        inner.append(len(nodes))
    words = [prefix[-1] for prefix in place]
    ends = [place[caption] for caption in captions]
    return PrefixTree(*(np.array(leaf, np.int32) for leaf in (parents, words, edges, inner, ends)))
