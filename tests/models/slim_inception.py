"""InceptionV3 up to Mixed_7c on TensorFlow's own operations, under the names of TF-slim and with random weights.

Layers: Szegedy et al. 2016, table 1 and figures 5 to 7; what they leave open, and all names, as in TF-slim.
"""

import tensorflow as tf

v1 = tf.compat.v1


def slim_inception(images):
    """Makes the variables, and returns the grid; of a graph of TensorFlow 1."""
    with v1.variable_scope("InceptionV3"):
        return chain(*STEM, *BLOCKS)(images)


def conv(name, filters, kernel=None, stride=1, padding="SAME"):
    """Convolution, normalisation without a scale, ReLU; the name ends with the kernel, such as 1x7, height first."""
    height, width = kernel or map(int, name.rpartition("_")[2].split("x"))

    def layer(x):
        shape = [height, width, x.shape[-1], filters]
        with v1.variable_scope(name):
            weights = variable("weights", shape, 0.0, 1.6 * (height * width * x.shape[-1]) ** -0.5)
            with v1.variable_scope("BatchNorm"):
                beta, mean = variable("beta", [filters], 0.1, 0.2), variable("moving_mean", [filters], 0.0, 0.2)
                variance = variable("moving_variance", [filters], 1.0, 0.3)
        x = tf.nn.conv2d(x, weights, stride, padding)
        return tf.nn.relu((x - mean) / tf.sqrt(variance + 0.001) + beta)

    return layer


def variable(name, shape, mean, deviation):
    """Normal, but cut at two deviations, which leaves 0.88 of one: 1.6 keeps He et al.'s (2015) scale of 2 ** 0.5."""
    return v1.get_variable(name, shape, initializer=v1.truncated_normal_initializer(mean, deviation))


def chain(*layers):
    def branch(x):
        for layer in layers:
            x = layer(x)
        return x

    return branch


def fork(*layers):
    return lambda x: tf.concat([layer(x) for layer in layers], axis=3)


def block(name, *branches):
    def layer(x):
        found = []
        for number, branch in enumerate(branches):
            with v1.variable_scope(f"{name}/Branch_{number}"):
                found.append(branch(x))
        return tf.concat(found, axis=3)

    return layer


def average(x):
    return tf.nn.avg_pool2d(x, 3, 1, "SAME")


def maximum(x):
    return tf.nn.max_pool2d(x, 3, 2, "VALID")


def block_of_5(name, pooled, names=("Conv2d_0a_1x1", "Conv2d_0b_5x5")):
    return block(
        name,
        conv("Conv2d_0a_1x1", 64),
        chain(conv(names[0], 48), conv(names[1], 64)),
        chain(conv("Conv2d_0a_1x1", 64), conv("Conv2d_0b_3x3", 96), conv("Conv2d_0c_3x3", 96)),
        chain(average, conv("Conv2d_0b_1x1", pooled)),
    )


def block_of_6(name, width):
    return block(
        name,
        conv("Conv2d_0a_1x1", 192),
        chain(conv("Conv2d_0a_1x1", width), conv("Conv2d_0b_1x7", width), conv("Conv2d_0c_7x1", 192)),
        chain(
            conv("Conv2d_0a_1x1", width),
            conv("Conv2d_0b_7x1", width),
            conv("Conv2d_0c_1x7", width),
            conv("Conv2d_0d_7x1", width),
            conv("Conv2d_0e_1x7", 192),
        ),
        chain(average, conv("Conv2d_0b_1x1", 192)),
    )


def block_of_7(name, column):
    return block(
        name,
        conv("Conv2d_0a_1x1", 320),
        chain(conv("Conv2d_0a_1x1", 384), fork(conv("Conv2d_0b_1x3", 384), conv(column, 384))),
        chain(
            conv("Conv2d_0a_1x1", 448),
            conv("Conv2d_0b_3x3", 384),
            fork(conv("Conv2d_0c_1x3", 384), conv("Conv2d_0d_3x1", 384)),
        ),
        chain(average, conv("Conv2d_0b_1x1", 192)),
    )


STEM = (
    conv("Conv2d_1a_3x3", 32, stride=2, padding="VALID"),
    conv("Conv2d_2a_3x3", 32, padding="VALID"),
    conv("Conv2d_2b_3x3", 64),
    maximum,
    conv("Conv2d_3b_1x1", 80, padding="VALID"),
    conv("Conv2d_4a_3x3", 192, padding="VALID"),
    maximum,
)
BLOCKS = (
    block_of_5("Mixed_5b", 32),
    block_of_5("Mixed_5c", 64, names=("Conv2d_0b_1x1", "Conv_1_0c_5x5")),
    block_of_5("Mixed_5d", 64),
    block(
        "Mixed_6a",
        conv("Conv2d_1a_1x1", 384, kernel=(3, 3), stride=2, padding="VALID"),
        chain(
            conv("Conv2d_0a_1x1", 64),
            conv("Conv2d_0b_3x3", 96),
            conv("Conv2d_1a_1x1", 96, kernel=(3, 3), stride=2, padding="VALID"),
        ),
        maximum,
    ),
    block_of_6("Mixed_6b", 128),
    block_of_6("Mixed_6c", 160),
    block_of_6("Mixed_6d", 160),
    block_of_6("Mixed_6e", 192),
    block(
        "Mixed_7a",
        chain(conv("Conv2d_0a_1x1", 192), conv("Conv2d_1a_3x3", 320, stride=2, padding="VALID")),
        chain(
            conv("Conv2d_0a_1x1", 192),
            conv("Conv2d_0b_1x7", 192),
            conv("Conv2d_0c_7x1", 192),
            conv("Conv2d_1a_3x3", 192, stride=2, padding="VALID"),
        ),
        maximum,
    ),
    block_of_7("Mixed_7b", "Conv2d_0b_3x1"),
    block_of_7("Mixed_7c", "Conv2d_0c_3x1"),
)
