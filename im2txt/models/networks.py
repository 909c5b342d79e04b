"""The networks that encoders are cut from: images [batch, size, size, 3] in [-1, 1] in, grids out.

Networks of `keras.applications` want pixels in three ways: in [-1, 1] (Inception, MobileNet), as 0 to 255
(EfficientNet, which normalises them itself), or as caffe had them, 0 to 255 in BGR order with ImageNet's mean taken off
(VGG, ResNet). Each gets them in its own way from a first layer without weights.

`keras_hub_network` makes one of any image backbone of KerasHub (formerly keras-nlp), by the name or the folder of a
preset, or by the JSON of such a network (`network.json` of a workdir). The tokens of a transformer, without its class
token, become the grid of its patches.

`small_cnn` and `small_hybrid` are our own and train from scratch in minutes.
"""

import math
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from im2txt.errors import UserError

Network = Callable[[int, str | None, str], keras.Model]  # side of the image, weights to download, preset
MEAN_BGR = (103.939, 116.779, 123.68)  # of ImageNet's training images, 0 to 255, as VGG's authors measured it
DEVIATION_RGB = (0.229, 0.224, 0.225)  # of the same, 0 to 1, as keras.applications has it for EfficientNet
PIXELS, CONVERTER = "pixels", "converter"  # names of our own first layers, which an encoder's name and preset determine


@keras.saving.register_keras_serializable("im2txt")
class CaffePixels(keras.layers.Layer):
    """RGB in [-1, 1] to BGR from 0 to 255 less `MEAN_BGR`, as networks trained in caffe expect it."""

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Takes and returns [batch, height, width, 3]."""
        return (tf.reverse(images, [-1]) + 1.0) * 127.5 - tf.constant(MEAN_BGR, images.dtype)


def pixels_as_they_are(image: keras.KerasTensor) -> keras.KerasTensor:
    """For networks that expect [-1, 1]."""
    return image


def pixels_to_255(image: keras.KerasTensor) -> keras.KerasTensor:
    """For networks that expect 0 to 255."""
    return keras.layers.Rescaling(127.5, 127.5, name=PIXELS)(image)


def pixels_of_caffe(image: keras.KerasTensor) -> keras.KerasTensor:
    """For networks that were trained in caffe, or as there."""
    return CaffePixels(name=PIXELS)(image)


def application(build: Callable[..., keras.Model], pixels: Callable = pixels_as_they_are) -> Network:
    """Returns what builds a network of `keras.applications`, without its classifier."""

    def network(size: int, weights: str | None, preset: str = "") -> keras.Model:
        del preset
        image = keras.Input((size, size, 3))
        return build(include_top=False, weights=weights, input_tensor=pixels(image))

    return network


def efficientnet(build: Callable[..., keras.Model]) -> Network:
    """Returns what builds an EfficientNet of `keras.applications`: the same network whatever its weights.

    Where Keras downloads weights, and only there, it puts one more layer into the network: those weights were trained
    on pixels divided by the root of their deviation once more (https://github.com/tensorflow/tensorflow/issues/49930).
    """
    plain = application(build, pixels_to_255)

    def network(size: int, weights: str | None, preset: str = "") -> keras.Model:
        built = plain(size, weights, preset)
        return built if weights else keras.models.clone_model(built, call_function=_with_one_more_scale)

    return network


def _with_one_more_scale(layer: keras.layers.Layer, *args: keras.KerasTensor, **kwargs: object) -> keras.KerasTensor:
    output = layer(*args, **kwargs)
    if not isinstance(layer, keras.layers.Normalization):
        return output
    return keras.layers.Rescaling([1.0 / math.sqrt(deviation) for deviation in DEVIATION_RGB])(output)


def scales(network: keras.Model) -> list[bytes]:
    """Returns the numbers that Keras' own networks hold in layers without weights."""
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Rescaling)]
    own = [layer for layer in layers if layer.name not in (PIXELS, CONVERTER)]
    return [np.asarray(value, np.float32).tobytes() for layer in own for value in (layer.scale, layer.offset)]


def keras_hub_network(size: int, weights: str | None, preset: str) -> keras.Model:
    """Builds an image backbone of KerasHub; its output is a grid.

    Args:
        size: side of the image, pixels; must be that of a transformer's preset.
        weights: None for random ones, anything else for the preset's.
        preset: its name, such as `vit_base_patch16_224_imagenet`, or a folder; or a file with the JSON of a network
            that this function has built, which holds no weights.

    Raises:
        UserError: the preset is not to be had, it is for another size, or it yields no grid.
    """
    import keras_hub  # takes seconds

    if not preset:
        raise UserError("encoder.preset: give the name or the folder of the KerasHub preset to use.")
    if preset.endswith(".json"):
        return _network_of_json(preset, weights)
    try:
        backbone = keras_hub.models.Backbone.from_preset(preset, load_weights=weights is not None)
        converter = keras_hub.layers.ImageConverter.from_preset(preset)
    except Exception as error:  # of many kinds: files, names, downloads
        raise _not_loaded(preset, error) from None
    image = keras.Input((size, size, 3))
    scale, offset = (1.0 if converter.scale is None else converter.scale), converter.offset or 0.0
    pixels = keras.layers.Rescaling(scale, offset, name=CONVERTER)(pixels_to_255(image))
    try:
        grid = _as_grid(backbone(pixels))
    except ValueError as error:  # a size that its positions do not fit
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"encoder.image_size {size} does not fit encoder.preset `{preset}`: {reason}") from None
    return keras.Model(image, grid, name=backbone.name)


def _network_of_json(path: str, weights: str | None) -> keras.Model:
    if weights:
        raise UserError(f"encoder.preset {path} holds no weights. Give `random` or a file as encoder.weights.")
    try:
        return keras.models.model_from_json(Path(path).read_text(encoding="utf-8"))
    except Exception as error:  # of many kinds: no file, no JSON, layers of another version of KerasHub
        raise _not_loaded(path, error) from None


def _not_loaded(preset: str, error: Exception) -> UserError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return UserError(
        f"encoder.preset `{preset}` cannot be loaded: {reason}. Give the name or the folder of a KerasHub preset."
    )


def _as_grid(features: keras.KerasTensor) -> keras.KerasTensor:
    """Returns [batch, height, width, depth] of a grid, or of square patches [batch, patches, depth] behind others."""
    if isinstance(features, dict) or len(features.shape) not in (3, 4):
        raise UserError(
            "encoder.preset is of no image backbone that yields one grid; choose ViT, ResNet, EfficientNet ..."
        )
    if len(features.shape) == 3:
        tokens, depth = features.shape[1:]
        side = math.isqrt(tokens)
        features = features[:, tokens - side * side :]  # class tokens come first
        features = keras.layers.Reshape([side, side, depth])(features)
    return keras.layers.Activation("linear", name="grid")(features)


def small_cnn(size: int, weights: str | None = None, preset: str = "") -> keras.Model:
    """Four stride-2 stages of 3x3 convolutions, 32 to 256 channels, then one residual block on the grid."""
    del weights, preset
    image = keras.Input((size, size, 3))
    x = image
    for stage, channels in enumerate((32, 64, 128, 256)):
        x = _conv(x, channels, strides=2 if stage < 3 or size > 72 else 1, name=f"stage{stage}")
    x = keras.layers.Add(name="residual")([x, _conv(x, 256, strides=1, name="refine")])
    x = PositionEmbedding(name="position")(x)
    return keras.Model(image, x, name="small_cnn")


def small_hybrid(size: int, weights: str | None = None, preset: str = "") -> keras.Model:
    """`small_cnn`, then two Transformer encoder blocks over the cells of its grid."""
    network = small_cnn(size, weights, preset)
    grid = network.output
    height, width, depth = grid.shape[1:]
    x = keras.layers.Reshape([height * width, depth], name="cells")(grid)
    for block in range(2):
        x = _attention_block(x, depth, name=f"block{block}")
    x = keras.layers.LayerNormalization(name="norm")(x)
    x = keras.layers.Reshape([height, width, depth], name="grid")(x)
    return keras.Model(network.input, x, name="small_hybrid")


def _attention_block(x: keras.KerasTensor, depth: int, name: str) -> keras.KerasTensor:
    """A Transformer encoder block with normalisation first: cells [batch, cells, depth], same shape out."""
    layers = keras.layers
    y = layers.LayerNormalization(name=f"{name}_attention_norm")(x)
    x = layers.Add(name=f"{name}_attended")(
        [x, layers.MultiHeadAttention(4, depth // 4, name=f"{name}_attention")(y, y)]
    )
    y = layers.LayerNormalization(name=f"{name}_mlp_norm")(x)
    y = layers.Dense(2 * depth, "gelu", name=f"{name}_expand")(y)
    return layers.Add(name=f"{name}_output")([x, layers.Dense(depth, name=f"{name}_contract")(y)])


def _conv(x: keras.KerasTensor, channels: int, strides: int, name: str) -> keras.KerasTensor:
    x = keras.layers.Conv2D(channels, 3, strides, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


class PositionEmbedding(keras.layers.Layer):
    """Adds a learned vector to each cell of a grid [batch, height, width, depth]."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Makes the table [height, width, depth]."""
        initializer = keras.initializers.RandomNormal(stddev=0.5)
        self.table = self.add_weight(name="table", shape=input_shape[1:], initializer=initializer)

    def call(self, grid: tf.Tensor) -> tf.Tensor:
        """Returns the grid with positions, same shape."""
        return grid + self.table
