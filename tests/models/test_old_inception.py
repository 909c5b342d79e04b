"""Which variables of a checkpoint are InceptionV3's, and which of Keras' layers they belong to.

Variables are single numbers here; the whole network is in tests/commands/test_import_checkpoint.py.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.old_inception import LAYERS, PARTS, load_old_inception, read_old_inception

NAMES = [f"InceptionV3/{layer}/{part}" for layer in LAYERS for part in PARTS]
BETA = "InceptionV3/Mixed_5c/Branch_1/Conv_1_0c_5x5/BatchNorm/beta"


def checkpoint(folder, names):
    """Writes the numbers 0, 1 ... under the names; a Saver's operation, without its graph."""
    path = str(folder / "model.ckpt-7")
    numbers = [tf.constant(float(number)) for number in range(len(names))]
    tf.raw_ops.SaveV2(prefix=path, tensor_names=names, shape_and_slices=[""] * len(names), tensors=numbers)
    return path


def network(numbers, filters=2):
    """1x1 convolutions, each normalised, of a pixel; named as Keras names its layers."""
    image = x = keras.Input((1, 1, 2))
    for number in numbers:
        x = keras.layers.Conv2D(filters, 1, use_bias=False, name=f"conv2d_{number}")(x)
        x = keras.layers.BatchNormalization(scale=False, name=f"batch_normalization_{number}")(x)
    return keras.Model(image, x)


@pytest.mark.parametrize("scope", ["InceptionV3", "InceptionV3/InceptionV3"])
def test_variables_are_read_in_order_and_slots_are_left(tmp_path, scope):
    names = [name.replace("InceptionV3", scope) for name in NAMES]
    slots = [f"{names[0]}/{slot}" for slot in ("Momentum", "RMSProp", "ExponentialMovingAverage")]
    found = read_old_inception(checkpoint(tmp_path, [*names, *slots]))
    assert list(found.items()) == [(name, float(number)) for number, name in enumerate(names)]


def test_a_decoder_alone_has_none(tmp_path):
    assert read_old_inception(checkpoint(tmp_path, ["logits/biases"])) == {}


def test_a_part_of_inception_is_refused(tmp_path):
    path = checkpoint(tmp_path, [name for name in NAMES if name not in (BETA, NAMES[-1])])
    with pytest.raises(UserError, match=rf"holds InceptionV3 in part: it has no variable {BETA} \(2 of 376 are miss"):
        read_old_inception(path)


def test_layers_come_by_their_numbers():
    built = network([100, 99])  # neither the order in the network nor that of words
    shapes = {name: [1, 1, 2, 2] if name.endswith("weights") else [2] for name in NAMES[:8]}
    load_old_inception(built, {name: np.full(shape, place) for place, (name, shape) in enumerate(shapes.items())})
    found = {layer.name: [float(np.max(value)) for value in layer.get_weights()] for layer in built.layers[1:]}
    assert found == {
        "conv2d_99": [0],
        "batch_normalization_99": [1, 2, 3],
        "conv2d_100": [4],
        "batch_normalization_100": [5, 6, 7],
    }


def test_another_network_is_refused():
    message = r"InceptionV3/Conv2d_1a_3x3/weights has the shape \[1, 1, 2, 16\], where InceptionV3 has \[1, 1, 2, 32\]"
    with pytest.raises(UserError, match=message):
        load_old_inception(network([1], filters=32), {NAMES[0]: np.zeros([1, 1, 2, 16])})
