"""What beam search and sampling share: the step function that they go through, and the words that are never said."""

import math
from collections.abc import Callable
from typing import TypeVar

import tensorflow as tf

from im2txt.text.vocabulary import PAD, START, UNK

State = TypeVar("State")
Step = Callable[[tf.Tensor, State], tuple[tf.Tensor, State]]  # (ids [rows], state) -> (logits [rows, vocab], state)


def sayable(scores: tf.Tensor) -> tf.Tensor:
    """Returns logits or log-probabilities [..., vocab] as float32, with -inf for <pad>, <start> and <unk>."""
    words = tf.range(scores.shape[-1])
    never = (words == PAD) | (words == START) | (words == UNK)
    return tf.where(never, -math.inf, tf.cast(scores, tf.float32))
