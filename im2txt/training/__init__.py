"""The training loop, its optimizer, checkpoints and logs, under any `tf.distribute` strategy."""
