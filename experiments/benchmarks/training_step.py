"""How many captions a second training takes, beside how many images a second an encoder makes, in one run.

    python experiments/benchmarks/training_step.py [--rounds=5]

Batches are 10 images x 5 captions of 16 words over 64 regions of 1280, 512 units, a vocabulary of 2,300; the encoder is
InceptionV3 to mixed8 at 299 pixels, batches of 32 (random weights: the speed is the same). Everything is timed in turn,
round by round; the table shows medians, and captions/s as multiples of the encoder's images/s, which carry over to
other machines better than either.
"""

import statistics
import sys
import time
from collections.abc import Callable

import keras
import tensorflow as tf
from absl import flags

from im2txt.commands import run
from im2txt.models.captioner import Batch, Captioner
from im2txt.models.decoders import DECODERS, build_decoder
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.training.step import make_train_step

FLAGS = flags.FlagValues()
flags.DEFINE_integer("rounds", 5, "rounds of the whole table", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("repeats", 10, "steps in a round", lower_bound=1, flag_values=FLAGS)

IMAGES, CAPTIONS, LENGTH, REGIONS, DEPTH, VOCAB = 10, 5, 16, 64, 1280, 2300
Work = Callable[[], tf.Tensor]


def encoder_work(batch: int = 32) -> Work:
    """Returns the encoding of one batch of images."""
    encoder = tf.function(build_encoder(EncoderConfig("inception_v3", "mixed8", "random")))
    images = tf.random.stateless_uniform([batch, 299, 299, 3], [1, 2], -1, 1)
    return lambda: encoder(images).pooled


def batch_of_words() -> Batch:
    """Returns one batch of cached features and captions without padding."""
    regions = tf.random.stateless_uniform([IMAGES, REGIONS, DEPTH], [1, 2])
    ids = tf.random.stateless_uniform([IMAGES, CAPTIONS, LENGTH], [3, 4], 4, VOCAB, tf.int32)
    features = {"regions": regions, "pooled": tf.reduce_mean(regions, axis=1)}
    return {**features, "input_ids": ids, "target_ids": ids, "weights": tf.ones(ids.shape)}


def training_work(name: str) -> Work:
    """Returns one training step of the decoder `name`."""
    captioner = Captioner(None, build_decoder(DECODERS[name].config(), VOCAB))
    batch = batch_of_words()
    captioner(batch)
    optimizer = keras.optimizers.Adam(5e-4)
    optimizer.build(captioner.trainable_variables)
    objective = CrossEntropy(CrossEntropyConfig())
    step = make_train_step(tf.distribute.get_strategy(), captioner, objective, optimizer, clip_norm=5.0, seed=1)
    return lambda: step(batch, tf.constant(0, tf.int64))["loss"]


def rate(work: Work, items: int, repeats: int) -> float:
    """Returns items a second over `repeats` calls."""
    start = time.perf_counter()
    for _ in range(repeats):
        work().numpy()
    return items * repeats / (time.perf_counter() - start)


def main(argv: list[str]) -> None:
    """Measures."""
    del argv
    works = {"encoder images/s": (encoder_work(), 32)}
    works |= {f"{name} captions/s": (training_work(name), IMAGES * CAPTIONS) for name in DECODERS}
    rates = {name: [] for name in works}
    for work, items in works.values():
        rate(work, items, 2)  # traces and warms up
    for _ in range(FLAGS.rounds):
        for name, (work, items) in works.items():
            rates[name].append(rate(work, items, FLAGS.repeats))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    images = medians["encoder images/s"]
    for name, median in medians.items():
        spread = f"{min(rates[name]):.0f} .. {max(rates[name]):.0f}"
        sys.stdout.write(f"{name:28s} {median:7.0f}   ({spread})   x {median / images:.1f}\n")


if __name__ == "__main__":
    run(main, FLAGS)
