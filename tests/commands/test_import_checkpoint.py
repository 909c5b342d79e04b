"""The command that makes a run of an old checkpoint."""

import numpy as np
import tensorflow as tf

from im2txt import import_checkpoint as command
from im2txt.workdir import load_run
from tests.helpers import run_command

WORD_COUNTS = "a 90\n<S> 50\n</S> 50\ndog 20\n"
SHAPES = {
    "seq_embedding/map": (5, 3),
    "image_embedding/weights": (2048, 3),
    "lstm/basic_lstm_cell/kernel": (5, 8),
    "lstm/basic_lstm_cell/bias": (8,),
    "logits/weights": (2, 5),
    "logits/biases": (5,),
}


def arguments(folder):
    (folder / "word_counts.txt").write_text(WORD_COUNTS)
    return (
        f"--checkpoint={folder / 'model.ckpt-7'}",
        f"--word_counts={folder / 'word_counts.txt'}",
        f"--workdir={folder / 'run'}",
        "--weights=random",
        "--image_size=96",
    )


def write_checkpoint(folder):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for name, shape in SHAPES.items():
            tf.compat.v1.get_variable(name, initializer=np.full(shape, 0.5, "f4"))
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(folder / "model.ckpt"), 7)


def test_an_old_checkpoint_becomes_a_run(tmp_path):
    write_checkpoint(tmp_path)
    code, out, err = run_command(command, *arguments(tmp_path))
    assert code == 0, err
    assert out.splitlines()[0] == "Imported 6 words and their decoder. Export it with:"
    loaded = load_run(tmp_path / "run")
    assert (loaded.step, loaded.config.decoder.units, loaded.config.decoder.embedding) == (7, 2, 3)
    np.testing.assert_array_equal(loaded.captioner.decoder.words.embeddings[1:], np.full((5, 3), 0.5))

    code, _, err = run_command(command, *arguments(tmp_path))
    assert code == 1
    assert "run is not empty. Choose another folder" in err


def test_nothing_is_written_where_there_is_no_checkpoint(tmp_path):
    code, _, err = run_command(command, *arguments(tmp_path))
    assert code == 1
    assert "model.ckpt-7 is no checkpoint" in err
    assert not (tmp_path / "run").exists()
