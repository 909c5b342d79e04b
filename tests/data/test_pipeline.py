import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from im2txt.data.images import decode_image
from im2txt.data.pipeline import LEAST, DataConfig, eval_dataset, train_dataset
from im2txt.errors import UserError
from im2txt.text.vocabulary import Vocabulary
from im2txt.training.distribution import make_strategy
from tests.helpers import captioned_images, photo, write_records

WORDS = ("a", "dog", "left", "leftmost", "of", "right", "runs", "the")
VOCABULARY = Vocabulary.build([WORDS], min_count=1)
IMAGES = 11
SHAPE = (4, 6)  # regions, depth
STREAMED = {"memory_mb": 0, "shuffle_buffer": 4}
ORDERS = [{}, STREAMED, {"group_batches": 3}, {"group_batches": 3} | STREAMED]


def captions_of(number):
    """Five captions; image n's longest has n + 2 words."""
    return [" ".join(["dog"] * (1 + number * caption // 4)) + " runs" for caption in range(5)]


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """Feature records of 11 images in 3 shards; all numbers of image n are n."""
    images = captioned_images([captions_of(number) for number in range(IMAGES)], VOCABULARY)
    regions = [np.full(SHAPE, number, np.float32) for number in range(IMAGES)]
    folder = tmp_path_factory.mktemp("features")
    return write_records(folder, {"train": images, "val": images}, VOCABULARY, shards=3, regions=regions)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Image records of 6 photos; the captions of the first three tell left from right."""
    sides = [["a dog", "the dog left of a dog"], ["leftmost dog"], ["a dog", "right"]]
    images = captioned_images([*sides, ["a dog"], ["the dog runs"], ["runs"]], VOCABULARY)
    return write_records(tmp_path_factory.mktemp("photos"), {"train": images}, VOCABULARY, shards=2)


def take(folder, batches, fields=("pooled",), start_step=0, **options):
    dataset = train_dataset(folder, DataConfig(**options), fields, start_step=start_step, image_size=16)
    return list(dataset.take(batches).as_numpy_iterator())


def indices(batches):
    return np.concatenate([batch["index"] for batch in batches])


@pytest.mark.parametrize("order", [{}, STREAMED, {"shuffle": False}, {"shuffle": False} | STREAMED])
def test_every_image_comes_once_an_epoch(features, order):
    epochs = indices(take(features, 3 * IMAGES, images_per_batch=1, **order)).reshape(3, IMAGES)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), [range(IMAGES)] * 3)
    different = len({tuple(epoch) for epoch in epochs})
    assert different == (3 if order.get("shuffle", True) else 1)


@pytest.mark.parametrize("order", ORDERS)
def test_no_image_is_seen_more_often_than_another(features, order):
    seen = indices(take(features, 33, images_per_batch=4, **order))  # 12 epochs, 11 groups of 3 batches
    np.testing.assert_array_equal(np.bincount(seen), [12] * IMAGES)


@pytest.mark.parametrize("order", ORDERS)
def test_a_resumed_stream_goes_on_with_the_same_batches(features, order):
    options = {"images_per_batch": 4, "captions_per_image": 2, **order}
    whole = take(features, 12, ("pooled", "regions"), **options)
    for start in (0, 7):
        resumed = take(features, 12 - start, ("pooled", "regions"), start_step=start, **options)
        tf.nest.map_structure(np.testing.assert_array_equal, whole[start:], resumed)


@pytest.mark.parametrize("order", ORDERS)
def test_another_seed_is_another_stream(features, order):
    first, second = (indices(take(features, 6, images_per_batch=4, seed=seed, **order)) for seed in (1, 2))
    assert (first != second).any()


def test_a_batch_belongs_together(features):
    for batch in take(features, 6, ("pooled", "regions"), images_per_batch=4):
        index = batch["index"].astype(np.float32)
        np.testing.assert_array_equal(batch["pooled"], np.broadcast_to(index[:, None], (4, 6)))
        np.testing.assert_array_equal(batch["regions"], np.broadcast_to(index[:, None, None], (4, 4, 6)))
        np.testing.assert_array_equal(batch["weights"].sum(axis=2).max(axis=1), index + 3)  # + runs, + <end>


def test_shapes_and_types_are_static_where_replicas_need_them(features):
    dataset = train_dataset(features, DataConfig(images_per_batch=4, captions_per_image=3), ("pooled", "regions"))
    spec = {name: (tuple(tensor.shape), tensor.dtype.name) for name, tensor in dataset.element_spec.items()}
    assert spec == {
        "index": ((4,), "int32"),
        "pooled": ((4, 6), "float32"),
        "regions": ((4, 4, 6), "float32"),
        "input_ids": ((4, 3, None), "int32"),
        "target_ids": ((4, 3, None), "int32"),
        "weights": ((4, 3, None), "float32"),
    }


def test_all_captions_come_in_their_order(features):
    (batch,) = take(features, 1, images_per_batch=1, captions_per_image=0, shuffle=False)
    assert [VOCABULARY.decode(row) for row in batch["target_ids"][0]] == captions_of(0)


def test_long_captions_are_cut(features):
    (batch,) = take(features, 1, images_per_batch=IMAGES, max_caption_length=4)
    assert batch["target_ids"].shape == (IMAGES, 5, 5)


def test_grouping_pads_less(features):
    def padding(**options):
        batches = take(features, 33, images_per_batch=2, **options)
        return 1 - sum(b["weights"].sum() for b in batches) / sum(b["weights"].size for b in batches)

    assert padding(group_batches=5) < 0.9 * padding()


def test_evaluation_sees_every_image_once_in_file_order(features):
    batches = list(eval_dataset(features, "val", 4, ("pooled",)).as_numpy_iterator())
    np.testing.assert_array_equal(indices(batches), [*range(IMAGES), -1])
    assert all(batch["pooled"].shape == (4, 6) and batch["weights"].shape[:2] == (4, 5) for batch in batches)
    for name in ("pooled", "weights", "input_ids", "target_ids"):
        assert not batches[-1][name][-1].any()
    assert [VOCABULARY.decode(row) for row in batches[-1]["target_ids"][2]] == captions_of(10)


def test_images_are_decoded_alike_in_training_and_evaluation(photos):
    (trained,) = take(photos, 1, ("image",), images_per_batch=6, shuffle=False, captions_per_image=0)
    (evaluated,) = eval_dataset(photos, "train", 6, ("image",), image_size=16).as_numpy_iterator()
    tf.nest.map_structure(np.testing.assert_array_equal, trained, evaluated)
    np.testing.assert_array_equal(trained["image"][3], decode_image(tf.constant(photo(3)), 16))


def test_images_whose_captions_tell_sides_are_never_flipped(photos):
    plain = [decode_image(tf.constant(photo(number)), 16).numpy() for number in range(6)]
    batches = take(photos, 20, ("image",), images_per_batch=6, random_flip=True, captions_per_image=1)
    flipped = np.zeros(6)
    for batch in batches:
        for index, image in zip(batch["index"], batch["image"]):
            mirrored = np.array_equal(image, plain[index][:, ::-1])
            assert mirrored or np.array_equal(image, plain[index])
            flipped[index] += mirrored
    assert not flipped[:3].any()
    assert flipped[3:].min() >= 3  # of 20; mean 10
    assert flipped[3:].max() <= 17


def test_augmentation_resumes_too(photos):
    options = {"images_per_batch": 6, "random_crop": True, "random_flip": True, "distort_colours": True}
    whole = take(photos, 4, ("image",), **options)
    tf.nest.map_structure(np.testing.assert_array_equal, whole[2:], take(photos, 2, ("image",), 2, **options))
    first, second = (batch["image"][list(batch["index"]).index(4)] for batch in (whole[0], whole[1]))
    assert (first != second).any()


def test_augmentation_of_features_is_refused(features):
    for name in ("random_crop", "random_flip", "distort_colours"):
        config = dataclasses.replace(DataConfig(), **{name: True})
        with pytest.raises(UserError, match=rf"data.{name} changes images, but .* cached features. Set it"):
            train_dataset(features, config, ("pooled",))


def test_fields_that_the_records_lack_are_named(features, photos):
    with pytest.raises(UserError, match=r"hold regions and pooled, not `image`: .* give the image records instead"):
        eval_dataset(features, "val", 4, ("image",), image_size=16)
    with pytest.raises(UserError, match=r"hold image, not `pooled`: .* python -m im2txt.extract_features"):
        train_dataset(photos, DataConfig(), ("pooled",))
    with pytest.raises(ValueError, match=r"Expected fields among .* Received: 'pixels'"):
        train_dataset(photos, DataConfig(), ("pixels",))


def test_an_unknown_split_gets_a_suggestion(features):
    with pytest.raises(UserError, match=r"has no split `vall`. Did you mean `val`\?"):
        eval_dataset(features, "vall", 4, ("pooled",))


@pytest.mark.parametrize(("name", "least"), LEAST.items())
def test_sizes_that_make_no_sense_are_refused(features, name, least):
    with pytest.raises(UserError, match=rf"data.{name} is {least - 1}; it must be at least {least}"):
        train_dataset(features, DataConfig(**{name: least - 1}), ("pooled",))


def test_a_split_of_nothing_is_refused(tmp_path):
    write_records(tmp_path, {"train": []}, VOCABULARY)
    with pytest.raises(UserError, match=r"Split `train` of .* holds no images"):
        train_dataset(tmp_path, DataConfig(), ("image",), image_size=16)


@pytest.mark.parametrize("order", [{}, STREAMED])
def test_replicas_share_out_every_batch(features, order):
    strategy = make_strategy("mirrored")
    assert strategy.num_replicas_in_sync == 2
    dataset = train_dataset(features, DataConfig(images_per_batch=4, **order), ("pooled",))
    shared = iter(strategy.experimental_distribute_dataset(dataset))
    for batch in dataset.take(3).as_numpy_iterator():
        parts = strategy.experimental_local_results(next(shared)["index"])
        assert [len(part) for part in parts] == [2, 2]
        np.testing.assert_array_equal(np.concatenate(parts), batch["index"])
