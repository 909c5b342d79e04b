"""The tree of captions, drawn by hand."""

import numpy as np

from im2txt.evaluation.prefix_tree import prefix_tree

END = 2


def spelled(tree, caption):
    """Follows the parents from a caption's last edge to the root."""
    starts = np.concatenate([[0], np.cumsum(tree.edges)])
    level = np.searchsorted(starts, tree.ends[caption], side="right") - 1
    edge, words = tree.ends[caption], []
    while True:
        words.insert(0, int(tree.words[edge]))
        if level == 0:
            return tuple(words)
        level -= 1
        assert tree.parents[edge] < tree.inner[level]  # what goes on comes first in its level
        edge = starts[level] + tree.parents[edge]


def test_a_tree_drawn_by_hand():
    #        5 - END            captions 5 END, 5 6 END, 5 7 END and 4 END
    #          - 6 - END
    #          - 7 - END
    #        4 - END
    tree = prefix_tree([(5, END), (5, 6, END), (5, 7, END), (4, END)])
    assert tree.edges.tolist() == [2, 4, 2]
    assert tree.inner.tolist() == [2, 2, 0]
    assert tree.words.tolist() == [4, 5, 6, 7, END, END, END, END]
    assert tree.parents.tolist() == [0, 0, 1, 1, 0, 1, 0, 1]
    assert tree.ends.tolist() == [5, 6, 7, 4]
    assert all(leaf.dtype == np.int32 for leaf in tree)


def test_every_caption_can_be_spelled_again_repeated_and_empty_ones_too():
    generator = np.random.default_rng(0)
    captions = [(*generator.integers(4, 7, generator.integers(0, 5)).tolist(), END) for _ in range(60)]
    assert (END,) in captions
    assert len(set(captions)) < len(captions)
    tree = prefix_tree(captions)
    assert [spelled(tree, number) for number in range(len(captions))] == captions
    assert sum(tree.edges) == len({caption[:length] for caption in captions for length in range(1, len(caption) + 1)})


def test_a_caption_may_hold_the_end_in_its_middle():
    captions = [(5, END), (5, END, 6, END)]
    tree = prefix_tree(captions)
    assert [spelled(tree, number) for number in range(2)] == captions
