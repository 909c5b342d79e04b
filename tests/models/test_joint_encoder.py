"""Several encoders as one: each member gets the features of its own, and equal encoders run once."""

import keras
import numpy as np
import tensorflow as tf

from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.models.joint_encoder import JointEncoder

IMAGES = tf.random.stateless_uniform([2, 32, 32, 3], [1, 2], -1)


def encoder(seed, size=32):
    keras.utils.set_random_seed(seed)
    return build_encoder(EncoderConfig("small_cnn", "stage1_relu", "random", size))


def test_each_member_gets_features_of_its_own():
    one, other, small = encoder(1), encoder(2), encoder(3, 16)
    found = JointEncoder([one, other, small])(IMAGES).members
    scaled = tf.image.resize(IMAGES, [16, 16])
    for features, expected in zip(found, (one(IMAGES), other(IMAGES), small(scaled)), strict=True):
        np.testing.assert_allclose(features.regions, expected.regions, atol=1e-6)
        np.testing.assert_allclose(features.pooled, expected.pooled, atol=1e-6)
    assert np.abs(found[0].regions - found[1].regions).max() > 1e-3


def test_equal_encoders_run_once():
    joint = JointEncoder([encoder(1), encoder(2), encoder(1)])
    assert len(joint.encoders) == 2
    first, _, third = joint(IMAGES).members
    assert first is third


def test_it_has_the_largest_side_and_the_finest_grid():
    joint = JointEncoder([encoder(1, 16), encoder(2, 32)])
    assert joint.image_size == 32
    assert joint.grids == [(4, 4), (8, 8)]
    assert joint.grid == (8, 8)
    assert joint.digest() != JointEncoder([encoder(2, 32), encoder(1, 16)]).digest()
