import numpy as np
import tensorflow as tf

from im2txt.data.images import decode_image
from im2txt.data.views import choose_views, decode_views, held_views
from tests.helpers import photo

PHOTO = tf.constant(photo(0, 30))


def views(number, may_flip=True, position=7):
    return decode_views(PHOTO, 24, number, tf.constant(may_flip), tf.constant(position, tf.int64)).numpy()


def test_the_first_view_is_the_whole_image_and_no_other_is_like_it():
    found = views(4)
    assert found.shape == (4, 24, 24, 3)
    np.testing.assert_array_equal(found[0], decode_image(PHOTO, 24))
    assert len({view.tobytes() for view in found}) == 4


def test_a_view_depends_on_its_number_and_its_image_alone():
    np.testing.assert_array_equal(views(4)[:3], views(3))
    assert (views(2)[1] != views(2, position=8)[1]).any()


def test_some_views_are_mirrored_unless_that_is_forbidden():
    free, forbidden = views(9), views(9, may_flip=False)
    mirrored = [(one != other).any() for one, other in zip(free, forbidden)]
    assert 1 <= sum(mirrored) < 8
    np.testing.assert_array_equal(free[mirrored], forbidden[mirrored][:, :, ::-1])


def test_records_that_know_of_no_views_hold_one():
    assert held_views({"features": {"depth": 3}}, "train") == held_views({"features": None}, "train") == 1
    manifest = {"features": {"views": 4}}
    assert [held_views(manifest, split) for split in ("train", "val")] == [4, 1]


def test_one_view_of_each_image_is_chosen():
    parsed = {"image/id": tf.constant(["a", "b"]), "features/pooled": tf.constant([["a0", "a1"], ["b0", "b1"]])}
    chosen = choose_views(parsed, tf.constant([1, 0]))
    assert {name: value.numpy().tolist() for name, value in chosen.items()} == {
        "image/id": [b"a", b"b"],
        "features/pooled": [b"a1", b"b0"],
    }
