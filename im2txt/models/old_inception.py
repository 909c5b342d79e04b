"""Reads InceptionV3 from the checkpoints of the im2txt of 2016 (TensorFlow 1) into that of `keras.applications`.

    InceptionV3/<layer>/weights                    kernel [height, width, channels in, channels out]
    InceptionV3/<layer>/BatchNorm/beta             [channels out], as are the next
    InceptionV3/<layer>/BatchNorm/moving_mean
    InceptionV3/<layer>/BatchNorm/moving_variance

In the first phase of training they are ImageNet's, in the second they are fine-tuned. Layers have the names of TF-slim,
three of which break its rules: Mixed_5c's Conv_1_0c_5x5, the 3x3 layers of Mixed_6a that are called 1x1, and the two 0b
of Mixed_7b. The networks are one (Szegedy et al. 2016): neither scales its normalised channels (no gamma), and both add
0.001 to the variance. Slots of optimisers are left. A scope around the network's own, InceptionV3/InceptionV3, may be.

Keras names layers by their place in the order in which it makes them, which is that of LAYERS; the layers of a network
are in another order, and the numbers go on where the process has built networks before.
"""

import keras
import numpy as np

from im2txt.errors import UserError
from im2txt.models.old_checkpoints import open_old_checkpoint

SCOPES = ("InceptionV3/InceptionV3/", "InceptionV3/")
PARTS = ("weights", "BatchNorm/beta", "BatchNorm/moving_mean", "BatchNorm/moving_variance")
_MIXED_5 = ("0a_1x1", "0a_1x1 0b_5x5", "0a_1x1 0b_3x3 0c_3x3", "0b_1x1")
_MIXED_6 = ("0a_1x1", "0a_1x1 0b_1x7 0c_7x1", "0a_1x1 0b_7x1 0c_1x7 0d_7x1 0e_1x7", "0b_1x1")
_BRANCHES = {  # of each block, the layers of each branch; those without any, which pool, left out
    "Mixed_5b": _MIXED_5,
    "Mixed_5c": ("0a_1x1", "0b_1x1 Conv_1_0c_5x5", "0a_1x1 0b_3x3 0c_3x3", "0b_1x1"),
    "Mixed_5d": _MIXED_5,
    "Mixed_6a": ("1a_1x1", "0a_1x1 0b_3x3 1a_1x1"),
    "Mixed_6b": _MIXED_6,
    "Mixed_6c": _MIXED_6,
    "Mixed_6d": _MIXED_6,
    "Mixed_6e": _MIXED_6,
    "Mixed_7a": ("0a_1x1 1a_3x3", "0a_1x1 0b_1x7 0c_7x1 1a_3x3"),
    "Mixed_7b": ("0a_1x1", "0a_1x1 0b_1x3 0b_3x1", "0a_1x1 0b_3x3 0c_1x3 0d_3x1", "0b_1x1"),
    "Mixed_7c": ("0a_1x1", "0a_1x1 0b_1x3 0c_3x1", "0a_1x1 0b_3x3 0c_1x3 0d_3x1", "0b_1x1"),
}
LAYERS = (
    *(f"Conv2d_{name}" for name in ("1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3")),
    *(
        f"{block}/Branch_{branch}/{name if name.startswith('Conv') else f'Conv2d_{name}'}"
        for block, branches in _BRANCHES.items()
        for branch, names in enumerate(branches)
        for name in names.split()
    ),
)


def read_old_inception(checkpoint: str) -> dict[str, np.ndarray]:
    """Reads InceptionV3 of a checkpoint, given by its prefix or one of its files.

    Returns its variables by name, PARTS of each of LAYERS; none at all where the checkpoint holds the decoder alone.

    Raises:
        UserError: there is no checkpoint, or it holds InceptionV3 in part.
    """
    reader = open_old_checkpoint(checkpoint)
    known = reader.get_variable_to_shape_map()
    scope = next((scope for scope in SCOPES if any(name.startswith(scope) for name in known)), None)
    if scope is None:
        return {}
    names = [f"{scope}{layer}/{part}" for layer in LAYERS for part in PARTS]
    missing = [name for name in names if name not in known]
    if missing:
        raise UserError(
            f"{checkpoint} holds InceptionV3 in part: it has no variable {missing[0]} ({len(missing)} of {len(names)} "
            "are missing). To take InceptionV3 from elsewhere, give --weights=imagenet or a .weights.h5 file."
        )
    return {name: reader.get_tensor(name) for name in names}


def load_old_inception(network: keras.Model, weights: dict[str, np.ndarray]) -> None:
    """Gives InceptionV3 of `keras.applications`, whole up to `mixed10`, the weights of an old one.

    Raises:
        UserError: a variable has another shape.
    """
    for variable, (name, value) in zip(_variables(network), weights.items(), strict=True):
        if tuple(variable.shape) != value.shape:
            raise UserError(
                f"{name} has the shape {list(value.shape)}, where InceptionV3 has {list(variable.shape)}: another "
                "network. To take InceptionV3 from elsewhere, give --weights=imagenet or a .weights.h5 file."
            )
        variable.assign(value)


def _variables(network: keras.Model) -> list[keras.Variable]:
    """Returns PARTS of each of LAYERS."""
    kinds = (keras.layers.Conv2D, keras.layers.BatchNormalization)
    layers = zip(*(sorted(_of_kind(network, kind), key=_number) for kind in kinds), strict=True)
    return [
        variable
        for convolution, norm in layers
        for variable in (convolution.kernel, norm.beta, norm.moving_mean, norm.moving_variance)
    ]


def _of_kind(network: keras.Model, kind: type[keras.layers.Layer]) -> list[keras.layers.Layer]:
    return [layer for layer in network.layers if isinstance(layer, kind)]


def _number(layer: keras.layers.Layer) -> int:
    """Returns the number in Keras' name of a layer: 12 of conv2d_12, 0 of conv2d, which is the process's first."""
    number = layer.name.rpartition("_")[2]
    return int(number) if number.isdigit() else 0
