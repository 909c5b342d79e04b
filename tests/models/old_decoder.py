"""The decoder of the 2016 im2txt in NumPy, with random weights under the names of each of its versions."""

import numpy as np

EMBEDDING, UNITS = 5, 4
WORD_COUNTS = "a 90\n<S> 50\n</S> 50\ndog 20\nruns 9\n"  # <UNK> is 5, behind them
OLD_WORDS = ["a", "<S>", "</S>", "dog", "runs", "<UNK>"]
LSTM_NAMES = {
    "oldest": ("lstm/BasicLSTMCell/Linear/Matrix", "lstm/BasicLSTMCell/Linear/Bias"),
    "next": ("lstm/basic_lstm_cell/weights", "lstm/basic_lstm_cell/biases"),
    "last": ("lstm/basic_lstm_cell/kernel", "lstm/basic_lstm_cell/bias"),
}
CAPTION = ["<S>", "a", "dog", "<UNK>", "runs"]


def caption_ids(vocabulary):
    """CAPTION in our ids."""
    return [vocabulary.id({"<S>": "<start>", "<UNK>": "<unk>"}.get(word, word)) for word in CAPTION]


def old_weights(depth, version="last", rows=6):
    """Random weights by name, for features of a depth and a table of so many words."""
    kernel, bias = LSTM_NAMES[version]
    shapes = {
        "seq_embedding/map": (rows, EMBEDDING),
        "image_embedding/weights": (depth, EMBEDDING),
        kernel: (EMBEDDING + UNITS, 4 * UNITS),
        bias: (4 * UNITS,),
        "logits/weights": (UNITS, rows),
        "logits/biases": (rows,),
    }
    rng = np.random.default_rng(1)
    return {name: rng.normal(size=shape).astype("f4") for name, shape in shapes.items()}


def old_log_probabilities(values, features, version="last"):
    """The old graph of TensorFlow 1: BasicLSTMCell on the image, then on each word; [images, words, vocab]."""
    kernel, bias = (values[name] for name in LSTM_NAMES[version])

    def cell(inputs, hidden, memory):
        gates = np.concatenate([inputs, hidden], 1) @ kernel + bias
        i, j, f, o = np.split(gates, 4, axis=1)
        memory = memory * sigmoid(f + 1.0) + sigmoid(i) * np.tanh(j)
        return np.tanh(memory) * sigmoid(o), memory

    hidden, memory = (np.zeros((len(features), UNITS)) for _ in range(2))
    hidden, memory = cell(features @ values["image_embedding/weights"], hidden, memory)
    found = []
    for word in CAPTION:
        row = values["seq_embedding/map"][OLD_WORDS.index(word)]
        hidden, memory = cell(np.tile(row, (len(features), 1)), hidden, memory)
        logits = hidden @ values["logits/weights"] + values["logits/biases"]
        found.append(logits - np.log(np.exp(logits).sum(1, keepdims=True)))
    return np.stack(found, 1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))
