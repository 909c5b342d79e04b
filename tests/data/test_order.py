"""What is held in memory; the order itself is tested with the pipeline."""

import numpy as np
import pytest
import tensorflow as tf

from im2txt.data.order import Shuffle, open_source
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, write_records

VOCABULARY = Vocabulary.build([["a", "dog"]], min_count=1)
IMAGES = captioned_images([["a dog"]] * 5, VOCABULARY)
REGIONS = 5 * 3 * 4 * 2  # bytes of one view of all images: 3 regions of depth 4 in float16
POOLED = 5 * 4 * 2


@pytest.fixture(scope="module")
def viewed(tmp_path_factory):
    regions = [np.zeros((6, 3, 4), np.float32)] * 5
    folder = tmp_path_factory.mktemp("viewed")
    return write_records(folder, {"train": IMAGES, "val": IMAGES}, VOCABULARY, regions=regions)


def is_held(folder, split, memory_bytes):
    fields = ["captions/ids", "features/regions", "features/pooled"]
    items = open_source(folder, split, fields, None, memory_bytes).epoch(tf.constant(0, tf.int64))
    return "serialized" not in items.element_spec


@pytest.mark.parametrize("seed", [0, 7])
def test_a_streamed_order_does_not_depend_on_the_seed_of_the_program(tmp_path, seed):
    images = captioned_images([["a dog"]] * 20, VOCABULARY)
    folder = write_records(tmp_path, {"train": images}, VOCABULARY)

    def order():
        epoch = open_source(folder, "train", ["captions/ids"], Shuffle(3, 20), 0).epoch
        numbers = tf.data.Dataset.range(2).flat_map(lambda number: epoch(number).map(lambda item: item["index"]))
        return [int(index) for index in numbers]

    tf.random.set_seed(1)
    expected = order()
    assert sorted(expected[:20]) == list(range(20)) != expected[:20]
    tf.random.set_seed(seed)
    assert order() == expected
    first = tf.random.uniform([])
    tf.random.set_seed(seed)
    order()
    assert tf.random.uniform([]) == first


@pytest.mark.parametrize(("split", "size"), [("train", 6 * (REGIONS + POOLED)), ("val", REGIONS + POOLED)])
def test_a_split_is_held_if_all_its_views_fit(viewed, split, size):
    assert is_held(viewed, split, size)
    assert not is_held(viewed, split, size - 1)
