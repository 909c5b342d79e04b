"""Reads the checkpoints of the im2txt of 2016 (TensorFlow 1) into the decoder of Show and Tell, `lstm`.

`im2txt.models.old_inception` reads their encoder.

    seq_embedding/map                                  word vectors [vocab, embedding]
    image_embedding/weights                            W_I [depth, embedding], without a bias
    lstm/BasicLSTMCell/Linear/Matrix, .../Bias         LSTM [embedding + units, 4 * units], by the release's age
    lstm/basic_lstm_cell/weights, .../biases
    lstm/basic_lstm_cell/kernel, .../bias
    logits/weights, logits/biases                      output [units, vocab]

BasicLSTMCell orders its gates i, j, f, o (ours i, f, j, o; j is the candidate), stacks input over hidden rows, and adds
a forget bias of one when it runs, which here lies in the bias.

Old ids are line numbers of word_counts.txt, <UNK> comes behind the last of them, and <S> and </S> are words among
others; there is no padding. Rows move to our ids. The old model had 12,000 rows, more than there are words: those
without a word are left out, so log-probabilities rise by the little that they took. <pad> gets a logit of -1e9.
"""

import ast
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.files import read_user_text
from im2txt.models.decoders.lstm import LSTMDecoder
from im2txt.text.vocabulary import SPECIAL_WORDS, Vocabulary

START_WORD, END_WORD = "<S>", "</S>"
NAMES = {
    "words": ["seq_embedding/map"],
    "image": ["image_embedding/weights"],
    "kernel": ["lstm/basic_lstm_cell/kernel", "lstm/basic_lstm_cell/weights", "lstm/BasicLSTMCell/Linear/Matrix"],
    "bias": ["lstm/basic_lstm_cell/bias", "lstm/basic_lstm_cell/biases", "lstm/BasicLSTMCell/Linear/Bias"],
    "output": ["logits/weights"],
    "output_bias": ["logits/biases"],
}
_NEVER = -100.0  # as good as never, and not so low that means of logits are of no use


class OldWords(NamedTuple):
    """The vocabulary of an old model.

    Attributes:
        vocabulary: as ours.
        rows: the old id of each of our words; -1 for `<pad>`, which the old model did not have.
    """

    vocabulary: Vocabulary
    rows: np.ndarray


class OldWeights(NamedTuple):
    """The decoder of an old model, by the keys of NAMES; shapes in the module's docstring."""

    words: np.ndarray
    image: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray
    output: np.ndarray
    output_bias: np.ndarray


def read_old_words(path: str | os.PathLike) -> OldWords:
    """Reads word_counts.txt: a word and its count a line.

    Raises:
        UserError: the file is missing or no such file.
    """
    if not Path(path).is_file():
        raise UserError(f"There is no file {path}. Give the word_counts.txt that the checkpoint was trained with.")
    lines = read_user_text(path).splitlines()
    entries = [_entry(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)]
    ids = {word: place for place, (word, _) in enumerate(entries)}
    for word in (START_WORD, END_WORD):
        if word not in ids:
            raise UserError(f"{path} has no word {word}: it is no vocabulary of the 2016 im2txt.")
    plain = [(word, count) for word, count in entries if word not in (START_WORD, END_WORD, *SPECIAL_WORDS)]
    specials = [-1, ids[START_WORD], ids[END_WORD], len(entries)]
    counts = [0, *(entries[ids[word]][1] for word in (START_WORD, END_WORD)), 0]
    vocabulary = Vocabulary((*SPECIAL_WORDS, *(word for word, _ in plain)), (*counts, *(count for _, count in plain)))
    return OldWords(vocabulary, np.array([*specials, *(ids[word] for word, _ in plain)]))


def open_old_checkpoint(checkpoint: str) -> Any:
    """Returns TensorFlow's reader of a checkpoint, given by its prefix or one of its files.

    Raises:
        UserError: there is no checkpoint.
    """
    prefix = checkpoint.removesuffix(".index").removesuffix(".meta").partition(".data-")[0]
    try:
        return tf.train.load_checkpoint(prefix)
    except (ValueError, tf.errors.OpError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{checkpoint} is no checkpoint: {reason} Give its prefix: model.ckpt-1000000.") from None


def read_old_weights(checkpoint: str) -> OldWeights:
    """Reads the decoder of a checkpoint, given by its prefix or one of its files.

    Raises:
        UserError: there is no checkpoint, or a variable is missing.
    """
    reader = open_old_checkpoint(checkpoint)
    known = reader.get_variable_to_shape_map()
    found = {}
    for part, names in NAMES.items():
        name = next((name for name in names if name in known), None)
        if name is None:
            raise UserError(f"{checkpoint} has no variable {' or '.join(names)}: it is none of the 2016 im2txt.")
        found[part] = reader.get_tensor(name)
    return OldWeights(**found)


def load_old_decoder(decoder: LSTMDecoder, weights: OldWeights, rows: Sequence[int]) -> None:
    """Gives a built decoder the weights of an old one.

    Args:
        decoder: of the same widths; features are not standardised in it.
        weights: what was read.
        rows: the old id of each word, -1 for a word that is never said.

    Raises:
        UserError: the checkpoint has fewer words than the vocabulary.
    """
    if max(rows) >= len(weights.words):
        raise UserError(
            f"The checkpoint has {len(weights.words):,} rows for {max(rows) + 1:,} words: another word_counts.txt "
            "belongs to it."
        )
    units = decoder.lstm.units
    embedding = weights.kernel.shape[0] - units
    i, j, f, o = np.split(weights.bias, 4)
    known = np.array(rows) >= 0
    decoder.words.embeddings.assign(weights.words[rows] * known[:, None])
    decoder.image.kernel.assign(weights.image)
    decoder.lstm.kernel.assign(_gates(weights.kernel[:embedding]))
    decoder.lstm.recurrent_kernel.assign(_gates(weights.kernel[embedding:]))
    decoder.lstm.bias.assign(np.concatenate([i, f + 1.0, j, o]))
    decoder.output_layer.kernel.assign(weights.output[:, rows] * known)
    decoder.output_layer.bias.assign(np.where(known, weights.output_bias[rows], _NEVER))


def _gates(columns: np.ndarray) -> np.ndarray:
    """Brings the columns of the gates i, j, f, o into the order i, f, j, o."""
    i, j, f, o = np.split(columns, 4, axis=1)
    return np.concatenate([i, f, j, o], axis=1)


def _entry(line: str, where: str) -> tuple[str, int]:
    """Returns word and count; a word that Python 3 wrote as b'word' loses these marks."""
    word, _, count = line.strip().rpartition(" ")
    if not word or not count.isdigit():
        raise UserError(f"{where}: expected a word and its count, found {line!r}.")
    if word[:2] in ("b'", 'b"') and word[-1] == word[1]:
        word = ast.literal_eval(word).decode("utf-8", "replace")
    return word, int(count)
