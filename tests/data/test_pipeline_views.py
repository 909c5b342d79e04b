"""Which of several cached views of an image training and evaluation see."""

import numpy as np
import pytest
import tensorflow as tf

from im2txt.data.pipeline import DataConfig, eval_dataset, train_dataset
from im2txt.errors import UserError
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, write_records

VOCABULARY = Vocabulary.build([("dog", "runs")], min_count=1)
IMAGES = 11
SHAPE = (3, 2)  # regions, depth
STREAMED = {"memory_mb": 0, "shuffle_buffer": 4}
ORDERS = [{"group_batches": 3}, STREAMED]


def write_views(folder, views):
    """Feature records of 11 images in 3 shards; all numbers of view v of image n are n + v/4, for v in `views`."""
    images = captioned_images([["dog " * number + "runs", "dog runs"] for number in range(IMAGES)], VOCABULARY)
    added = np.array(views, np.float32)[:, None, None] / 4
    regions = [np.broadcast_to(number + added, (len(views), *SHAPE)) for number in range(IMAGES)]
    return write_records(folder, {"train": images, "val": images}, VOCABULARY, shards=3, regions=regions)


@pytest.fixture(scope="module")
def viewed(tmp_path_factory):
    return write_views(tmp_path_factory.mktemp("viewed"), range(4))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_views(tmp_path_factory.mktemp("whole"), [0])


def take(folder, batches, start_step=0, **options):
    config = DataConfig(images_per_batch=4, captions_per_image=1, **options)
    return list(train_dataset(folder, config, ("pooled", "regions"), 0, start_step).take(batches).as_numpy_iterator())


def views_in(batches):
    """Which view each image of each batch is: 0 to 3, [batches, images]."""
    return np.array([4 * (batch["pooled"][:, 0] - batch["index"]) for batch in batches])


@pytest.mark.parametrize("order", ORDERS)
def test_training_draws_one_of_all_views_of_each_image(viewed, order):
    batches = take(viewed, 40, **order)
    drawn = views_in(batches)
    assert np.unique(drawn).tolist() == [0, 1, 2, 3]
    assert np.unique(drawn, return_counts=True)[1].min() >= 25  # of 160; mean 40, standard deviation 5.5
    assert (drawn != drawn[:, :1]).any()  # not one for the whole batch
    indices = np.array([batch["index"] for batch in batches])
    assert all(len(set(drawn[indices == image])) > 1 for image in range(IMAGES))
    for batch in batches:
        np.testing.assert_array_equal(batch["regions"], np.broadcast_to(batch["pooled"][:, None], (4, *SHAPE)))


@pytest.mark.parametrize("order", ORDERS)
def test_the_views_of_a_resumed_stream_go_on(viewed, order):
    expected = take(viewed, 8, **order)[5:]
    tf.nest.map_structure(np.testing.assert_array_equal, expected, take(viewed, 3, 5, **order))


@pytest.mark.parametrize("order", ORDERS)
def test_views_change_nothing_but_the_features(viewed, whole, order):
    several, one = take(viewed, 6, **order), take(whole, 6, **order)
    assert not views_in(one).any()
    for batch in (*several, *one):
        del batch["pooled"], batch["regions"]
    tf.nest.map_structure(np.testing.assert_array_equal, several, one)


@pytest.mark.parametrize("views", [1, 3])
def test_fewer_views_can_be_drawn_from(viewed, views):
    assert np.unique(views_in(take(viewed, 20, views=views))).tolist() == [*range(views)]


def test_evaluation_sees_whole_images_only(viewed):
    for split in ("train", "val"):
        (batch,) = eval_dataset(viewed, split, IMAGES, ("pooled", "regions")).as_numpy_iterator()
        np.testing.assert_array_equal(batch["pooled"], np.tile(np.arange(IMAGES)[:, None], (1, 2)))
        np.testing.assert_array_equal(batch["regions"][:, 2], batch["pooled"])


def test_views_that_the_records_lack_are_told(viewed, whole):
    message = r"data.views is 5, but split `train` of .* holds 4 of each image\. Make more with: .* --views=5, or set"
    with pytest.raises(UserError, match=message):
        take(viewed, 1, views=5)
    with pytest.raises(UserError, match=r"split `train` of .* holds 1 of each image"):
        take(whole, 1, views=2)
    with pytest.raises(UserError, match=r"split `val` of .* holds 1 of each image"):
        train_dataset(viewed, DataConfig(views=2), ("pooled",), split="val")


def test_images_have_one_view(tmp_path):
    photos = write_records(tmp_path, {"train": captioned_images([["dog"]], VOCABULARY)}, VOCABULARY)
    with pytest.raises(UserError, match=r"split `train` of .* holds 1 of each image"):
        train_dataset(photos, DataConfig(views=2), ("image",), image_size=16)
