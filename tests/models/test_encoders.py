"""Every encoder of the table, with random weights at a small size."""

import functools
import hashlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.applications.efficientnet import DEFAULT_BLOCKS_ARGS, EfficientNet

from im2txt.errors import UserError
from im2txt.models.encoders import ENCODERS, Encoder, EncoderConfig, EncoderEntry, build_encoder
from im2txt.models.networks import efficientnet

SIZE = 96
GRIDS = {  # height, width, depth; by the strides and paddings of the papers' tables
    ("inception_v3", ""): (1, 1, 2048),
    ("inception_v3", "mixed2"): (9, 9, 288),
    ("mobilenet_v2", ""): (3, 3, 1280),
    ("mobilenet_v2", "block_12_add"): (6, 6, 96),
    ("vgg16", ""): (6, 6, 512),
    ("vgg19", ""): (6, 6, 512),
    ("resnet50", ""): (3, 3, 2048),
    ("resnet50", "conv4_block6_out"): (6, 6, 1024),
    ("efficientnet_b0", ""): (3, 3, 1280),
    ("small_cnn", ""): (6, 6, 256),
    ("small_cnn", "stage2_relu"): (12, 12, 128),
    ("small_hybrid", ""): (6, 6, 256),
}


def images(count=2, size=SIZE):
    return tf.random.stateless_uniform([count, size, size, 3], [1, 2], -1.0, 1.0)


@functools.cache
def encoder(name, end_point="", trainable=False, seed=1):
    keras.utils.set_random_seed(seed)
    return build_encoder(EncoderConfig(name, end_point, "random", SIZE, trainable))


def test_every_encoder_is_tested():
    assert {name for name, _ in GRIDS} | {"keras_hub"} == set(ENCODERS)  # that one in test_networks.py


@pytest.mark.parametrize(("name", "end_point"), GRIDS)
def test_the_grid_is_that_of_the_end_point(name, end_point):
    height, width, depth = GRIDS[name, end_point]
    built = encoder(name, end_point)
    assert (built.image_size, built.grid, built.depth) == (SIZE, (height, width), depth)
    features = built(images())
    assert features.regions.shape == (2, height * width, depth)
    assert features.pooled.shape == (2, depth)
    np.testing.assert_allclose(features.pooled, tf.reduce_mean(features.regions, axis=1), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "end_points", "size", "grids"),
    [
        ("inception_v3", ("mixed8", "mixed10"), 299, [(8, 8, 1280), (8, 8, 2048)]),  # Szegedy et al. 2016, table 1
        ("vgg16", ("block5_conv3",), 224, [(14, 14, 512)]),
        ("vgg19", ("block5_conv4",), 224, [(14, 14, 512)]),  # Xu et al. 2015, section 4.3
    ],
)
def test_the_grids_of_the_papers(name, end_points, size, grids):
    network = encoder(name).network  # built for smaller images, but shapes can be asked of it for any
    assert network.layers[-1].name == end_points[-1]
    cut = keras.Model(network.input, [network.get_layer(end_point).output for end_point in end_points])
    cut.input_spec = None
    shapes = cut.compute_output_shape((1, size, size, 3))
    assert [tuple(shape[1:]) for shape in shapes] == grids


def test_cells_of_the_hybrid_know_of_each_other():
    image = images(1)
    far = tf.tensor_scatter_nd_update(image, [[0, SIZE - 1, SIZE - 1]], [[1.0, -1.0, 1.0]])  # one corner's pixel
    for name, differs in (("small_cnn", False), ("small_hybrid", True)):
        first = encoder(name)(image).regions[:, 0] - encoder(name)(far).regions[:, 0]  # the other corner
        assert bool(tf.reduce_max(abs(first)) > 0) == differs, name


def test_regions_run_along_the_rows_of_the_grid():
    built = encoder("small_cnn")
    grid = built.network(images()).numpy()
    np.testing.assert_array_equal(built(images()).regions[:, 1], grid[:, 0, 1])


@pytest.mark.parametrize("name", sorted({name for name, _ in GRIDS}))
def test_a_frozen_encoder_is_the_same_in_training(name):
    built = encoder(name)
    before = [weight.numpy() for weight in built.weights]
    np.testing.assert_array_equal(built(images(), training=True).regions, built(images()).regions)
    for weight, kept in zip(built.weights, before, strict=True):
        np.testing.assert_array_equal(weight, kept)
    assert built.trainable_variables == []


def test_statistics_of_loaded_weights_stay(tmp_path):
    path = str(tmp_path / "small.weights.h5")
    encoder("small_cnn").network.save_weights(path)
    built = build_encoder(EncoderConfig("small_cnn", weights=path, image_size=SIZE, trainable=True))
    np.testing.assert_array_equal(built(images(), training=True).regions, built(images()).regions)
    assert built.trainable_variables


def test_statistics_of_another_run_stay():
    config = EncoderConfig("small_cnn", weights="random", image_size=32, trainable=True)
    for trained in (False, True):
        built = build_encoder(config, trained)
        same = np.array_equal(built(images(size=32), training=True).regions, built(images(size=32)).regions)
        assert same == trained
        assert built.trainable_variables


def test_only_the_last_blocks_are_trained_if_the_config_says_so():
    config = EncoderConfig("inception_v3", "mixed8", "random", 75, trainable=True, trainable_after="mixed7")
    built = build_encoder(config)
    layers = {layer for layer in built.network.layers if layer.trainable_weights}
    names = [layer.name for layer in built.network.layers]
    assert {names.index(layer.name) > names.index("mixed7") for layer in layers} == {True}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(built(images(size=75), training=True).regions))
    gradients = tape.gradient(loss, built.trainable_variables)
    # mixed8: convolutions of 3 x 3, of 1 x 7, 7 x 1 and 3 x 3, two of 1 x 1 before them, each with its beta
    assert len(gradients) == 2 * 6
    assert all(np.abs(gradient).sum() > 0 for gradient in gradients)


def test_a_preset_of_no_use_is_told():
    with pytest.raises(UserError, match=r"encoder\.preset is of .* `keras_hub`, and the name is `small_cnn`"):
        build_encoder(EncoderConfig("small_cnn", weights="random", preset="vit_base"))


@pytest.mark.parametrize(
    ("trainable", "after", "message"),
    [
        (True, "stage1", r"encoder\.trainable_after `stage1` is no grid layer\. Did you mean `stage\d_relu`\?"),
        (False, "stage1_relu", r"encoder\.trainable_after is set, but encoder\.trainable is False\. Set that to True"),
    ],
)
def test_mistakes_in_what_is_trained_are_told(trainable, after, message):
    config = EncoderConfig("small_cnn", "", "random", 75, trainable=trainable, trainable_after=after)
    with pytest.raises(UserError, match=message):
        build_encoder(config)


def test_a_trainable_encoder_learns_and_normalises_by_the_batch():
    built = build_encoder(EncoderConfig("small_cnn", weights="random", image_size=32, trainable=True))
    means = [weight for weight in built.weights if "moving_mean" in weight.path]
    kept = [mean.numpy() for mean in means]
    with tf.GradientTape() as tape:
        features = built(images(size=32), training=True)
        loss = tf.reduce_sum(tf.square(features.regions))
    gradients = tape.gradient(loss, built.trainable_variables)
    assert len(gradients) == len(built.network.trainable_variables) > 0
    assert all(np.abs(gradient).sum() > 0 for gradient in gradients)
    assert not np.allclose(features.regions, built(images(size=32)).regions)
    assert all(not np.array_equal(mean, before) for mean, before in zip(means, kept, strict=True))


def test_the_small_grid_tells_places_apart():
    blank = encoder("small_cnn")(tf.zeros([1, SIZE, SIZE, 3])).regions[0].numpy()
    centre, beside = blank[2 * 6 + 2], blank[2 * 6 + 3]  # away from the padded border, where all is alike otherwise
    assert not np.allclose(centre, beside)


def test_the_digest_is_of_the_weights_and_shapes(tmp_path):
    first = encoder("small_cnn")
    path = tmp_path / "first.weights.h5"
    first.network.save_weights(path)
    again = build_encoder(EncoderConfig("small_cnn", weights=str(path), image_size=SIZE))
    assert again.digest() == first.digest()
    np.testing.assert_array_equal(again(images()).regions, first(images()).regions)
    again.network.weights[0].assign(again.network.weights[0] * 1.001)
    assert again.digest() != first.digest()


@pytest.mark.parametrize("name", sorted({name for name, _ in GRIDS} - {"efficientnet_b0"}))
def test_the_digest_is_what_feature_folders_already_hold(name):
    network = encoder(name).network
    digest = hashlib.sha256(f"{network.input_shape} {network.output_shape}".encode())
    for weight in network.weights:
        digest.update(weight.numpy().tobytes())
    assert encoder(name).digest() == digest.hexdigest()


def test_the_digest_is_of_the_scales_that_are_no_weights_too():
    digests = set()
    for scale, name in ((2.0, "rescaling"), ([2.0, 3.0, 4.0], "rescaling"), (1.0, "pixels"), (2.0, "pixels")):
        image = keras.Input((4, 4, 3))
        scaled = keras.layers.Rescaling(scale, name=name)(image)
        network = keras.Model(image, keras.layers.Conv2D(2, 1, kernel_initializer="ones")(scaled))
        digests.add(Encoder(network).digest())
    assert len(digests) == 3  # our own first layer is given by the encoder's name


def layers_of(built):
    """What the layers do, less the names that Keras numbers."""
    layers = built.network.layers
    scaled = [(each.scale, each.offset) if isinstance(each, keras.layers.Rescaling) else () for each in layers]
    return [(type(layer), scale, layer.output.shape) for layer, scale in zip(layers, scaled)]


def test_efficientnet_is_the_same_network_whatever_its_weights(monkeypatch, tmp_path):
    one_block = {"blocks_args": DEFAULT_BLOCKS_ARGS[:1], "name": "efficientnetb0", "weights_name": "b0"}
    build = efficientnet(functools.partial(EfficientNet, 1.0, 1.0, SIZE, **one_block))
    monkeypatch.setitem(ENCODERS, "efficientnet_b0", EncoderEntry(build, "top_activation"))
    random = build_encoder(EncoderConfig("efficientnet_b0", weights="random", image_size=SIZE))
    path = str(tmp_path / "efficientnet.weights.h5")
    random.network.save_weights(path)
    monkeypatch.setattr("keras.src.applications.efficientnet.file_utils.get_file", lambda *_, **__: path)
    downloaded = build_encoder(EncoderConfig("efficientnet_b0", weights="imagenet", image_size=SIZE))
    loaded = build_encoder(EncoderConfig("efficientnet_b0", weights=path, image_size=SIZE))
    for other in (random, loaded):
        assert layers_of(other) == layers_of(downloaded)
        np.testing.assert_array_equal(other(images()).regions, downloaded(images()).regions)
        assert other.digest() == downloaded.digest()


def test_the_same_weights_at_another_size_are_another_encoder():
    digests = set()
    for size in (32, 48):
        keras.utils.set_random_seed(1)
        digests.add(build_encoder(EncoderConfig("small_cnn", "stage2_relu", "random", size)).digest())
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (EncoderConfig("inception_v4"), r"encoder\.name `inception_v4` is unknown\. Did you mean `inception_v3`\? Kno"),
        (EncoderConfig("small_cnn"), r"encoder\.weights: small_cnn has no ImageNet weights; use `random` and train it"),
        (
            EncoderConfig("small_cnn", "stage_relu", "random", 32),
            r"encoder\.end_point `stage_relu` is no grid layer\. Did you mean `stage\d_relu`\? Known: .*position",
        ),
        (
            EncoderConfig("small_cnn", weights="gone.weights.h5", image_size=32),
            r"encoder\.weights: no file gone\.weights\.h5\. Give `imagenet`, `random` or a \.weights\.h5 file",
        ),
        (EncoderConfig("inception_v3", weights="random", image_size=48), r"encoder\.image_size 48 does not fit: "),
    ],
)
def test_mistakes_are_told(config, message):
    with pytest.raises(UserError, match=message):
        build_encoder(config)


def test_a_failed_download_is_told(monkeypatch):
    def fail(size, weights, preset):
        raise Exception(f"URL fetch failure for {weights}")

    monkeypatch.setitem(ENCODERS, "inception_v3", ENCODERS["inception_v3"]._replace(build=fail))
    with pytest.raises(UserError, match=r"`imagenet` cannot be downloaded \(URL fetch failure .*Give the path of a"):
        build_encoder(EncoderConfig("inception_v3"))


@pytest.mark.parametrize(("name", "end_point"), [("mobilenet_v2", ""), ("small_cnn", "stage2_relu")])
def test_weights_of_another_network_are_refused(name, end_point, tmp_path):
    path = tmp_path / "other.weights.h5"
    encoder(name, end_point).network.save_weights(path)
    with pytest.raises(UserError, match=r"other\.weights\.h5 does not fit small_cnn: "):
        build_encoder(EncoderConfig("small_cnn", weights=str(path), image_size=SIZE))


def test_a_file_that_holds_no_weights_is_refused(tmp_path):
    path = tmp_path / "text.weights.h5"
    path.write_text("no weights")
    with pytest.raises(UserError, match=r"text\.weights\.h5 does not fit small_cnn: "):
        build_encoder(EncoderConfig("small_cnn", weights=str(path), image_size=32))
