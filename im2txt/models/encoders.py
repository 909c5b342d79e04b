"""Image encoders: from pixels in [-1, 1] to a grid of region vectors and their mean.

ImageNet encoders come from `keras.applications`, cut at a named layer (`end_point`), and are used as the papers use
them: Show and Tell (Vinyals et al. 2015) takes the pooled vector, Show, Attend and Tell (Xu et al. 2015) the grid.
`small_cnn` trains from scratch in minutes: a plain stack of stride-2 convolutions whose grid carries learned position
vectors, so that a decoder can tell left from right on data where that is what captions say. `small_hybrid` is the same
with self-attention among the cells of the grid (Vaswani et al. 2017), so that a cell knows what is elsewhere: how many
things of its kind there are.

Deviation: the pooled vector is the mean over the grid of the chosen end point, whatever that is, where im2txt took
InceptionV3's own pooling of its last block; at `mixed10` the two are the same.

Batch normalisation of a frozen encoder always runs in inference mode.
"""

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from im2txt.errors import UserError, did_you_mean
from im2txt.models.features import ImageFeatures


@dataclass
class EncoderConfig:
    """Which encoder, cut where, with which weights.

    Attributes:
        name: a key of ENCODERS.
        end_point: the layer whose output is the grid; empty for the encoder's last.
        weights: `imagenet` (downloads), `random`, or the path of a .weights.h5 file of the cut network.
        image_size: side of the square input, pixels.
        trainable: whether training changes the encoder too; a frozen one can be cached by extract_features.
    """

    name: str = "inception_v3"
    end_point: str = ""
    weights: str = "imagenet"
    image_size: int = 299
    trainable: bool = False


class EncoderEntry(NamedTuple):
    """One line of ENCODERS: how to build the network, and the layer to cut it at unless told otherwise."""

    build: Callable[[int, str | None], keras.Model]
    end_point: str


class Encoder(keras.layers.Layer):
    """A convolutional network as an encoder: images float [batch, size, size, 3] in [-1, 1] -> `ImageFeatures`."""

    def __init__(self, network: keras.Model, trainable: bool = True) -> None:
        super().__init__(name="encoder", trainable=trainable)
        self.network = network
        network.trainable = trainable
        self.image_size = network.input_shape[1]
        self.grid = tuple(network.output_shape[1:3])
        self.depth = network.output_shape[3]

    def call(self, images: tf.Tensor, training: bool = False) -> ImageFeatures:
        """Returns pooled [batch, depth] and regions [batch, height * width, depth] of the grid."""
        grid = self.network(images, training=training and self.trainable)  # [batch, height, width, depth]
        regions = tf.reshape(grid, [-1, self.grid[0] * self.grid[1], self.depth])
        return ImageFeatures(pooled=tf.reduce_mean(regions, axis=1), regions=regions)

    def digest(self) -> str:
        """Returns the SHA-256 of shapes and weights: two encoders with the same digest yield the same features."""
        digest = hashlib.sha256(f"{self.network.input_shape} {self.network.output_shape}".encode())
        for weight in self.network.weights:
            digest.update(weight.numpy().tobytes())
        return digest.hexdigest()


def build_encoder(config: EncoderConfig) -> Encoder:
    """Builds the encoder and loads its weights.

    Raises:
        UserError: unknown name or end point, or weights that are missing or do not fit.
    """
    if config.name not in ENCODERS:
        raise UserError(f"encoder.name `{config.name}` is unknown. {did_you_mean(config.name, ENCODERS)}")
    entry = ENCODERS[config.name]
    network = _build_network(entry, config.image_size, _download_name(config))
    cut = _cut(network, config.end_point or entry.end_point)
    if config.weights not in ("imagenet", "random"):
        _load_weights(cut, config.weights)
    return Encoder(cut, trainable=config.trainable)


def _download_name(config: EncoderConfig) -> str | None:
    if config.weights != "imagenet":
        return None
    if config.name in ("small_cnn", "small_hybrid"):
        raise UserError(f"encoder.weights: {config.name} has no ImageNet weights; use `random` and train it.")
    return "imagenet"


def _build_network(entry: EncoderEntry, size: int, weights: str | None) -> keras.Model:
    try:
        return entry.build(size, weights)
    except ValueError as error:  # Keras: an image too small for the network
        raise UserError(f"encoder.image_size {size} does not fit: {str(error).splitlines()[0]}") from None
    except Exception as error:  # Keras raises a bare Exception where a download fails
        if weights is None:
            raise
        reason = str(error).splitlines()[0]
        raise UserError(
            f"encoder.weights `{weights}` cannot be downloaded ({reason}). Give the path of a .weights.h5 file instead."
        ) from None


def _cut(network: keras.Model, end_point: str) -> keras.Model:
    grids = {layer.name: layer for layer in network.layers if len(layer.output.shape) == 4}
    if end_point not in grids:
        named = [name for name in grids if not name.rpartition("_")[2].isdigit()]
        raise UserError(f"encoder.end_point `{end_point}` is no grid layer. {did_you_mean(end_point, named)}")
    return keras.Model(network.input, grids[end_point].output, name=network.name)


def _load_weights(network: keras.Model, path: str) -> None:
    if not Path(path).is_file():
        raise UserError(f"encoder.weights: no file {path}. Give `imagenet`, `random` or a .weights.h5 file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Keras only warns of layers that the file does not hold
            network.load_weights(path)
    except (ValueError, OSError, KeyError, UserWarning) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"encoder.weights: {path} does not fit {network.name}: {reason}") from None


def _inception_v3(size: int, weights: str | None) -> keras.Model:
    return keras.applications.InceptionV3(include_top=False, weights=weights, input_shape=(size, size, 3))


def _mobilenet_v2(size: int, weights: str | None) -> keras.Model:
    return keras.applications.MobileNetV2(include_top=False, weights=weights, input_shape=(size, size, 3))


def _small_cnn(size: int, weights: str | None) -> keras.Model:
    """Four stride-2 stages of 3x3 convolutions, 32 to 256 channels, then one residual block on the grid."""
    del weights
    image = keras.Input((size, size, 3))
    x = image
    for stage, channels in enumerate((32, 64, 128, 256)):
        x = _conv(x, channels, strides=2 if stage < 3 or size > 72 else 1, name=f"stage{stage}")
    x = keras.layers.Add(name="residual")([x, _conv(x, 256, strides=1, name="refine")])
    x = PositionEmbedding(name="position")(x)
    return keras.Model(image, x, name="small_cnn")


def _small_hybrid(size: int, weights: str | None) -> keras.Model:
    """`small_cnn`, then two Transformer encoder blocks over the cells of its grid."""
    network = _small_cnn(size, weights)
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


ENCODERS: dict[str, EncoderEntry] = {
    "inception_v3": EncoderEntry(_inception_v3, "mixed10"),  # Szegedy et al. 2016; 8x8x2048 at 299 pixels
    "mobilenet_v2": EncoderEntry(_mobilenet_v2, "out_relu"),  # Sandler et al. 2018; 7x7x1280 at 224 pixels
    "small_cnn": EncoderEntry(_small_cnn, "position"),  # ours; 6x6x256 at 96 pixels
    "small_hybrid": EncoderEntry(_small_hybrid, "grid"),  # ours; 6x6x256 at 96 pixels
}
