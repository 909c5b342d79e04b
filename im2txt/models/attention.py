"""Attention over the regions of images: the f_att of Show, Attend and Tell, and the scaled dot product.

    additive             e_i = v . tanh(W_a a_i + W_h h + b)
    scaled dot product   e_i = (W_a a_i) . (W_h h + b) / sqrt(units)
    both                 alpha = softmax(e);  context = sum_i alpha_i a_i

With two layers, tanh(W_2 (W_a a_i + b) + b_2) stands in the place of W_a a_i (+ b).

Sources: Bahdanau et al. 2015, appendix A.1.2; Xu et al. 2015, equations 4 to 6 and 13, and, for the second layer, their
released code, which has nothing nonlinear between the two; Luong et al. 2015, section 3.1 (dot), with the scale of
Vaswani et al. 2017, equation 1.

Deviations of the scaled dot product: what is averaged are the regions themselves, not a projection of them (the deep
output and the recurrent cell project them anyway), so that both attentions are exchangeable. The query has a bias; one
of the key would add the same to all regions.
"""

import keras
import tensorflow as tf

from im2txt.errors import UserError, did_you_mean

TINY = 1e-20  # a weight below it counts as this where its logarithm is taken


class RegionAttention(keras.layers.Layer):
    """Attends from queries [rows, query depth] over the regions of images, where rows is a multiple of images.

    The rows of one image are consecutive, so that keys and values are held once an image.
    """

    bias_in_key = True

    def __init__(self, units: int, layers: int = 1, name: str = "attention") -> None:
        super().__init__(name=name)
        dense = keras.layers.Dense
        self.key = dense(units, use_bias=self.bias_in_key or layers == 2, name="key")
        self.second_key = dense(units, "tanh", name="second_key") if layers == 2 else None
        self.query = dense(units, use_bias=not self.bias_in_key, name="query")

    def keys(self, regions: tf.Tensor) -> tf.Tensor:
        """Projects regions [images, regions, depth] to keys [images, regions, units], once an image."""
        keys = self.key(regions)
        return keys if self.second_key is None else self.second_key(keys)

    def call(self, queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns contexts [rows, depth] and attention weights float32 [rows, regions]."""
        query = self.query(queries)
        query = tf.reshape(query, [tf.shape(keys)[0], -1, query.shape[-1]])  # [images, rows an image, units]
        scores = tf.cast(self._scores(query, keys), tf.float32)  # bfloat16 holds three digits: too few for a softmax
        weights = tf.reshape(tf.nn.softmax(scores), [-1, keys.shape[1]])
        return mean_region(weights, values), weights

    def _scores(self, query: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        """[images, rows an image, units], [images, regions, units] -> [images, rows an image, regions]."""
        raise NotImplementedError


class AdditiveAttention(RegionAttention):
    """Scores a region by v . tanh(key + query)."""

    def __init__(self, units: int, layers: int = 1, name: str = "attention") -> None:
        super().__init__(units, layers, name)
        self.score = keras.layers.Dense(1, use_bias=False, name="score")  # softmax takes no notice of a bias

    def _scores(self, query: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        scores = self.score(tf.tanh(keys[:, None] + query[:, :, None]))  # [images, rows an image, regions, 1]
        return tf.squeeze(scores, axis=3)


class ScaledDotProductAttention(RegionAttention):
    """Scores a region by key . query / sqrt(units)."""

    bias_in_key = False

    def _scores(self, query: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        return tf.matmul(query, keys, transpose_b=True) * keys.shape[-1] ** -0.5


def mean_region(weights: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Returns the means [rows, depth] of values [images, regions, depth] under weights [rows, regions]."""
    weights = tf.cast(weights, values.dtype)
    weights = tf.reshape(weights, [tf.shape(values)[0], -1, values.shape[1]])  # [images, rows an image, regions]
    return tf.reshape(tf.matmul(weights, values), [-1, values.shape[-1]])


ATTENTIONS: dict[str, type[RegionAttention]] = {
    "additive": AdditiveAttention,  # Bahdanau et al. 2015; Xu et al. 2015
    "scaled_dot_product": ScaledDotProductAttention,  # Luong et al. 2015; Vaswani et al. 2017
}


def build_attention(name: str, units: int, layers: int) -> RegionAttention:
    """Builds the attention that `name` names. Raises UserError for another name, or layers other than 1 and 2."""
    if name not in ATTENTIONS:
        raise UserError(f"decoder.attention `{name}` is unknown. {did_you_mean(name, ATTENTIONS)}")
    if layers not in (1, 2):
        raise UserError(f"decoder.attention_layers is {layers}; it must be 1 or 2.")
    return ATTENTIONS[name](units, layers)
