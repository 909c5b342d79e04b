"""What networks get to see, and backbones of KerasHub, from presets that the tests save themselves."""

import dataclasses

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.models.networks import CaffePixels, pixels_to_255

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3)).astype("f4")
IMAGES = tf.constant(PIXELS / 127.5 - 1.0)


def test_vgg_and_resnet_see_what_caffe_saw():
    expected = keras.applications.vgg16.preprocess_input(PIXELS.copy())
    np.testing.assert_allclose(CaffePixels()(IMAGES), expected, atol=1e-4)


def test_efficientnet_sees_0_to_255():
    image = keras.Input((4, 5, 3))
    np.testing.assert_allclose(keras.Model(image, pixels_to_255(image))(IMAGES), PIXELS, atol=1e-4)


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    """A folder with the preset of a tiny vision transformer for 32 pixels, 16 patches and a class token."""
    folder = str(tmp_path_factory.mktemp("vit"))
    keras.utils.set_random_seed(1)
    backbone = keras_hub.models.ViTBackbone(
        image_shape=(32, 32, 3), patch_size=8, num_layers=1, num_heads=2, hidden_dim=16, mlp_dim=16
    )
    backbone.save_to_preset(folder)
    keras_hub.layers.ViTImageConverter(image_size=(32, 32), scale=1 / 255.0, offset=-0.5).save_to_preset(folder)
    return folder, backbone


def test_patches_of_a_vision_transformer_become_the_grid(vit):
    folder, backbone = vit
    encoder = build_encoder(EncoderConfig("keras_hub", preset=folder, weights="imagenet", image_size=32))
    assert (encoder.grid, encoder.depth) == ((4, 4), 16)
    images = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 3)).astype("f4")
    expected = backbone((images + 1) / 2 - 0.5)[:, 1:]
    np.testing.assert_allclose(encoder(tf.constant(images)).regions, expected, atol=1e-5)


def test_its_weights_can_be_random_or_a_file(vit, tmp_path):
    folder, _ = vit
    config = EncoderConfig("keras_hub", preset=folder, weights="random", image_size=32)
    random = build_encoder(config)
    trained = build_encoder(EncoderConfig("keras_hub", preset=folder, image_size=32))
    assert random.digest() != trained.digest()
    path = str(tmp_path / "vit.weights.h5")
    trained.network.save_weights(path)
    loaded = build_encoder(EncoderConfig("keras_hub", preset=folder, weights=path, image_size=32))
    assert loaded.digest() == trained.digest()


def test_all_of_it_is_in_a_checkpoint(vit, tmp_path):
    config = EncoderConfig("keras_hub", preset=vit[0], image_size=32, trainable=True)
    trained, other = build_encoder(config), build_encoder(dataclasses.replace(config, weights="random"))
    path = tf.train.Checkpoint(encoder=trained).save(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(encoder=other).restore(path).assert_consumed()
    assert other.digest() == trained.digest()


def test_its_network_can_be_a_file(vit, tmp_path):
    folder, _ = vit
    trained = build_encoder(EncoderConfig("keras_hub", preset=folder, image_size=32))
    network, weights = tmp_path / "vit.json", str(tmp_path / "vit.weights.h5")
    network.write_text(trained.network.to_json())
    trained.network.save_weights(weights)
    loaded = build_encoder(EncoderConfig("keras_hub", preset=str(network), weights=weights, image_size=32))
    np.testing.assert_array_equal(loaded(tf.ones([1, 32, 32, 3])).regions, trained(tf.ones([1, 32, 32, 3])).regions)
    assert loaded.digest() == trained.digest()


def test_a_file_of_a_network_that_is_of_no_use_is_told(tmp_path):
    path = tmp_path / "vit.json"
    with pytest.raises(UserError, match=r"encoder\.preset .*vit\.json holds no weights\. Give `random` or a file"):
        build_encoder(EncoderConfig("keras_hub", preset=str(path), image_size=32))
    for content in ("", "{"):
        path.write_text(content)
        with pytest.raises(UserError, match=r"encoder\.preset `.*vit\.json` cannot be loaded: "):
            build_encoder(EncoderConfig("keras_hub", preset=str(path), weights="random", image_size=32))


def test_a_convolutional_backbone_keeps_its_grid(tmp_path):
    backbone = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 16],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(None, None, 3),
    )
    backbone.save_to_preset(str(tmp_path))
    keras_hub.layers.ResNetImageConverter(scale=1.0).save_to_preset(str(tmp_path))
    encoder = build_encoder(EncoderConfig("keras_hub", preset=str(tmp_path), image_size=32))
    assert (encoder.grid, encoder.depth) == ((4, 4), 16)


def test_a_preset_must_be_given():
    with pytest.raises(UserError, match=r"encoder\.preset: give the name or the folder"):
        build_encoder(EncoderConfig("keras_hub"))


def test_a_preset_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match=r"encoder\.preset `.*nothing` cannot be loaded: .* Give the name or the f"):
        build_encoder(EncoderConfig("keras_hub", preset=str(tmp_path / "nothing")))


def test_an_image_size_that_does_not_fit_is_told(vit):
    with pytest.raises(UserError, match=r"encoder\.image_size 48 does not fit encoder\.preset `.*`: "):
        build_encoder(EncoderConfig("keras_hub", preset=vit[0], image_size=48))


def test_a_backbone_of_text_is_refused(tmp_path):
    keras_hub.models.BertBackbone(
        vocabulary_size=9, num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=4
    ).save_to_preset(str(tmp_path))
    with pytest.raises(UserError, match=r"encoder\.preset"):
        build_encoder(EncoderConfig("keras_hub", preset=str(tmp_path), image_size=32))
