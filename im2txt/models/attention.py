"""Additive attention, the f_att of Show, Attend and Tell.

    e_i = v . tanh(W_a a_i + W_h h + b);  alpha = softmax(e);  context = sum_i alpha_i a_i

Sources: Bahdanau et al. 2015, appendix A.1.2; Xu et al. 2015, equations 4 to 6 and 13.
"""

import keras
import tensorflow as tf


class AdditiveAttention(keras.layers.Layer):
    """Attends from queries [rows, query depth] over the regions of images, where rows is a multiple of images.

    The rows of one image are consecutive, so that keys and values are held once an image.
    """

    def __init__(self, units: int, name: str = "attention") -> None:
        super().__init__(name=name)
        self.key = keras.layers.Dense(units, name="key")  # its bias is the b of the equation
        self.query = keras.layers.Dense(units, use_bias=False, name="query")
        self.score = keras.layers.Dense(1, use_bias=False, name="score")  # softmax takes no notice of a bias

    def keys(self, regions: tf.Tensor) -> tf.Tensor:
        """Projects regions [images, regions, depth] to keys [images, regions, units], once an image."""
        return self.key(regions)

    def call(self, queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns contexts [rows, depth] and attention weights [rows, regions]."""
        images, regions = tf.shape(keys)[0], keys.shape[1]
        query = self.query(queries)  # [rows, units]
        query = tf.reshape(query, [images, -1, 1, query.shape[-1]])  # [images, rows an image, 1, units]
        scores = self.score(tf.tanh(keys[:, None] + query))  # [images, rows an image, regions, 1]
        weights = tf.nn.softmax(tf.squeeze(scores, axis=3))  # [images, rows an image, regions]
        contexts = tf.matmul(weights, values)  # [images, rows an image, depth]
        return tf.reshape(contexts, [-1, values.shape[-1]]), tf.reshape(weights, [-1, regions])
