"""Image encoders: from pixels in [-1, 1] to a grid of region vectors and their mean.

ImageNet encoders come from `keras.applications` and KerasHub, cut at a named layer (`end_point`), and are used as the
papers use them: Show and Tell (Vinyals et al. 2015) takes the pooled vector, Show, Attend and Tell (Xu et al. 2015) the
grid. `small_cnn` trains from scratch in minutes: a plain stack of stride-2 convolutions whose grid carries learned
position vectors, so that a decoder can tell left from right on data where that is what captions say. `small_hybrid` is
the same with self-attention among the cells of the grid (Vaswani et al. 2017), so that a cell knows what is elsewhere:
how many things of its kind there are.

Deviation: the pooled vector is the mean over the grid of the chosen end point, whatever that is, where im2txt took
InceptionV3's own pooling of its last block; at `mixed10` the two are the same.

Batch normalisation of a frozen encoder always runs in inference mode, and so does that of one that begins with trained
weights, be they downloaded, of a file or of another run (`start_from`): their statistics come from more images than a
fine-tuning batch has, and where they change the loss jumps. Where statistics are learned, they are those of the images
of all replicas.
"""

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from im2txt.errors import UserError, did_you_mean
from im2txt.models.features import ImageFeatures
from im2txt.models.networks import (
    Network,
    application,
    efficientnet,
    keras_hub_network,
    pixels_of_caffe,
    scales,
    small_cnn,
    small_hybrid,
)


@dataclass
class EncoderConfig:
    """Which encoder, cut where, with which weights.

    Attributes:
        name: a key of ENCODERS.
        end_point: the layer whose output is the grid; empty for the encoder's last.
        weights: `imagenet` (downloads), `random`, or the path of a .weights.h5 file of the cut network.
        image_size: side of the square input, pixels.
        preset: of `keras_hub`: name or folder of the preset of an image backbone.
        trainable: whether training changes the encoder too; a frozen one can be cached by extract_features.
        trainable_after: of a trainable encoder: the grid layer up to which it stays as it is; empty trains all of it.
    """

    name: str = "inception_v3"
    end_point: str = ""
    weights: str = "imagenet"
    image_size: int = 299
    preset: str = ""
    trainable: bool = False
    trainable_after: str = ""


class EncoderEntry(NamedTuple):
    """One line of ENCODERS: how to build the network, and the layer to cut it at unless told otherwise."""

    build: Network
    end_point: str


class Encoder(keras.layers.Layer):
    """A convolutional network as an encoder: images float [batch, size, size, 3] in [-1, 1] -> `ImageFeatures`."""

    def __init__(self, network: keras.Model, trainable: bool = True, adapts_statistics: bool = True) -> None:
        super().__init__(name="encoder", trainable=trainable)
        self.network = network
        self.adapts_statistics = trainable and adapts_statistics
        network.trainable = trainable
        _synchronize(network)
        self.image_size = network.input_shape[1]
        self.grid = tuple(network.output_shape[1:3])
        self.depth = network.output_shape[3]
        if hidden := _hidden_from_checkpoints(network):
            self.hidden = tf.train.Checkpoint(**{f"variable{number}": each for number, each in enumerate(hidden)})

    def call(self, images: tf.Tensor, training: bool = False) -> ImageFeatures:
        """Returns pooled [batch, depth] and regions [batch, height * width, depth] of the grid."""
        grid = self.network(images, training=training and self.adapts_statistics)  # [batch, height, width, depth]
        regions = tf.reshape(grid, [-1, self.grid[0] * self.grid[1], self.depth])
        return ImageFeatures(pooled=tf.reduce_mean(regions, axis=1), regions=regions)

    def digest(self) -> str:
        """Returns the SHA-256 of shapes, weights and scales: encoders with the same one yield the same features."""
        digest = hashlib.sha256(f"{self.network.input_shape} {self.network.output_shape}".encode())
        for weight in self.network.weights:
            digest.update(weight.numpy().tobytes())
        for scale in scales(self.network):
            digest.update(scale)
        return digest.hexdigest()


def _synchronize(network: keras.Model) -> None:
    """Makes batch normalisation in training take the statistics of all replicas' images: the step of one device.

    Under a strategy of one replica there is nothing to do, and Keras is faster without.
    """
    several = tf.distribute.get_strategy().num_replicas_in_sync > 1
    for layer in network.layers:
        if isinstance(layer, keras.Model):  # a backbone of KerasHub
            _synchronize(layer)
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = several


def _hidden_from_checkpoints(network: keras.Model) -> list[tf.Variable]:
    """Returns the variables that `tf.train.Checkpoint` misses: of layers in lists, as transformers of KerasHub have."""
    seen = {id(each) for each in tf.train.TrackableView(network).descendants()}
    return [each.value for each in network.variables if not {id(each), id(each.value)} & seen]


def build_encoder(config: EncoderConfig, trained: bool = False) -> Encoder:
    """Builds the encoder and loads its weights.

    Args:
        config: which one.
        trained: whether it will get the weights of a trained one, whatever it begins with.

    Raises:
        UserError: unknown name or end point, or weights that are missing or do not fit.
    """
    if config.name not in ENCODERS:
        raise UserError(f"encoder.name `{config.name}` is unknown. {did_you_mean(config.name, ENCODERS)}")
    if config.preset and config.name != "keras_hub":
        raise UserError(f"encoder.preset is of encoder.name `keras_hub`, and the name is `{config.name}`. Change one.")
    if config.trainable_after and not config.trainable:
        raise UserError("encoder.trainable_after is set, but encoder.trainable is False. Set that to True as well.")
    entry = ENCODERS[config.name]
    network = _build_network(entry, config, _download_name(config))
    cut = _cut(network, config.end_point or entry.end_point)
    if config.weights not in ("imagenet", "random"):
        _load_weights(cut, config.weights)
    adapts = config.weights == "random" and not trained
    encoder = Encoder(cut, trainable=config.trainable, adapts_statistics=adapts)
    if config.trainable_after:
        _freeze_up_to(config.trainable_after, cut)
    return encoder


def _download_name(config: EncoderConfig) -> str | None:
    if config.weights != "imagenet":
        return None
    if config.name in ("small_cnn", "small_hybrid"):
        raise UserError(f"encoder.weights: {config.name} has no ImageNet weights; use `random` and train it.")
    return "imagenet"


def _build_network(entry: EncoderEntry, config: EncoderConfig, weights: str | None) -> keras.Model:
    try:
        return entry.build(config.image_size, weights, config.preset)
    except UserError:
        raise
    except ValueError as error:  # Keras: an image too small for the network
        reason = str(error).splitlines()[0]
        raise UserError(f"encoder.image_size {config.image_size} does not fit: {reason}") from None
    except Exception as error:  # Keras raises a bare Exception where a download fails
        if weights is None:
            raise
        reason = str(error).splitlines()[0]
        raise UserError(
            f"encoder.weights `{weights}` cannot be downloaded ({reason}). Give the path of a .weights.h5 file instead."
        ) from None


def _cut(network: keras.Model, end_point: str) -> keras.Model:
    layer = _grid_layer(network, end_point, "end_point")
    return keras.Model(network.input, layer.output, name=network.name)


def _freeze_up_to(name: str, network: keras.Model) -> None:
    """Freezes a layer and all before it; `network.layers` are sorted by their distance from the output."""
    last = network.layers.index(_grid_layer(network, name, "trainable_after"))
    for layer in network.layers[: last + 1]:
        layer.trainable = False


def _grid_layer(network: keras.Model, name: str, field: str) -> keras.layers.Layer:
    grids = {layer.name: layer for layer in network.layers if len(layer.output.shape) == 4}
    if name not in grids:
        named = [known for known in grids if not known.rpartition("_")[2].isdigit()]
        raise UserError(f"encoder.{field} `{name}` is no grid layer. {did_you_mean(name, named)}")
    return grids[name]


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


ENCODERS: dict[str, EncoderEntry] = {
    "inception_v3": EncoderEntry(application(keras.applications.InceptionV3), "mixed10"),  # Szegedy et al. 2016
    "mobilenet_v2": EncoderEntry(application(keras.applications.MobileNetV2), "out_relu"),  # Sandler et al. 2018
    # Simonyan & Zisserman 2015; 14x14x512 at 224 pixels, the regions of Show, Attend and Tell (which took VGG-19)
    "vgg16": EncoderEntry(application(keras.applications.VGG16, pixels_of_caffe), "block5_conv3"),
    "vgg19": EncoderEntry(application(keras.applications.VGG19, pixels_of_caffe), "block5_conv4"),
    "resnet50": EncoderEntry(application(keras.applications.ResNet50, pixels_of_caffe), "conv5_block3_out"),  # He 2016
    # Tan & Le 2019
    "efficientnet_b0": EncoderEntry(efficientnet(keras.applications.EfficientNetB0), "top_activation"),
    "keras_hub": EncoderEntry(keras_hub_network, "grid"),  # any image backbone of KerasHub, by encoder.preset
    "small_cnn": EncoderEntry(small_cnn, "position"),  # ours; 6x6x256 at 96 pixels
    "small_hybrid": EncoderEntry(small_hybrid, "grid"),  # ours; 6x6x256 at 96 pixels
}
