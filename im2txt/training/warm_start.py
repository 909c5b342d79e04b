"""Begins a run with what another has learned: the weights of one captioner into another.

For the second phase of Show and Tell (the encoder joins once the decoder has settled), for self-critical training after
cross-entropy, and for vocabularies that have grown: rows of old words stay, and a new word begins as `<unk>`, which
is what it was until now.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.text.vocabulary import UNK, Vocabulary


def copy_weights(
    source: Captioner, words: Vocabulary, target: Captioner, new_words: Vocabulary, where: str = "start_from"
) -> None:
    """Copies the weights of `source` to `target`: the decoder's, and the encoder's where both have one.

    Args:
        source: a trained captioner.
        words: its vocabulary.
        target: a built captioner of the same architecture.
        new_words: its vocabulary, which begins with that of `source`.
        where: what gave `source`, for messages.

    Raises:
        UserError: the vocabulary is no continuation of the old one, or the architectures differ.
    """
    if new_words.words[: len(words)] != words.words:
        raise UserError(
            f"{where}: the vocabulary of the records does not continue the {len(words)} words of that run. Build the "
            "records with: --vocabulary=RUN/vocabulary.txt, and --grow_vocabulary for new words."
        )
    sizes = len(words), len(new_words)
    heads, new_heads = (getattr(getattr(each.decoder, "config", None), "heads", None) for each in (source, target))
    if heads and new_heads and heads != new_heads:  # no shape tells
        raise UserError(f"{where}: decoder.heads of that run is {heads}, and this run's is {new_heads}. Give the same.")
    _copy(source.decoder, target.decoder, sizes, f"{where}: the decoder")
    if source.encoder is not None and target.encoder is not None:
        _copy(source.encoder, target.encoder, sizes, f"{where}: the encoder")


def _copy(source: keras.layers.Layer, target: keras.layers.Layer, sizes: tuple[int, int], what: str) -> None:
    pairs = list(zip(source.variables, target.variables))
    grown = [_grown(old.value, new.shape, sizes) for old, new in pairs]
    if len(source.variables) != len(target.variables) or any(value is None for value in grown):
        raise UserError(f"{what} of that run is another one than this run's. Give the same configuration of it.")
    for (_, variable), value in zip(pairs, grown):
        variable.assign(value)


def _grown(old: tf.Tensor, shape: Sequence[int], sizes: tuple[int, int]) -> tf.Tensor | None:
    """Returns weights of a shape, with copies of `<unk>` for new words; None where the shapes do not fit."""
    if tuple(old.shape) == tuple(shape):
        return old
    axes = [axis for axis, size in enumerate(old.shape) if size == sizes[0]]
    for axis in axes:
        wanted = [*old.shape[:axis], sizes[1], *old.shape[axis + 1 :]]
        if list(shape) == wanted:
            unknown = tf.gather(old, [UNK] * (sizes[1] - sizes[0]), axis=axis)
            return tf.concat([old, unknown], axis=axis)
    return None
