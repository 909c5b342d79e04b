"""How many captions a second training takes, beside how many images a second an encoder makes, in one run.

    python experiments/benchmarks/training_step.py [--rounds=5] [--records=data/flickr8k]

Batches are 10 images x 5 captions of 16 words over 64 regions of 1280, 512 units, a vocabulary of 2,300; the encoder is
InceptionV3 to mixed8 at 299 pixels, batches of 32 (random weights: the speed is the same). A step is all that training
does for it: loss and gradients over the global batch, clipping, the update and the average of weights. Beside it stands
the bare step of the same model: forward, backward, update.

With image records, a second table has the encoder in the loop, from JPEG to updated weights: batches of 10 images with
all their captions, and of 50 images with one caption each.

Everything is timed in turn, round by round; the tables show medians, and ratios, which carry over to other machines
better than rates do. The ratio of two things is the median of its values in the rounds.
"""

import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf
from absl import flags

from im2txt.commands import run
from im2txt.data.pipeline import DataConfig, train_dataset
from im2txt.data.records import VOCABULARY
from im2txt.models.captioner import Batch, Captioner
from im2txt.models.decoders import DECODERS, build_decoder
from im2txt.models.encoders import EncoderConfig, build_encoder
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.text.vocabulary import Vocabulary
from im2txt.training.averaging import WeightAverage
from im2txt.training.step import make_train_step

FLAGS = flags.FlagValues()
flags.DEFINE_integer("rounds", 5, "rounds of the whole table", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("repeats", 10, "steps in a round", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_string("records", None, "folder of image records, for training with the encoder", flag_values=FLAGS)

IMAGES, CAPTIONS, LENGTH, REGIONS, DEPTH, VOCAB = 10, 5, 16, 64, 1280, 2300
ENCODER = EncoderConfig("inception_v3", "mixed8", "random")
ENCODER_RATE = "encoder images/s"
Work = Callable[[], tf.Tensor]
Rates = dict[str, list[float]]


def encoder_work(batch: int = 32) -> Work:
    """Returns the encoding of one batch of images."""
    encoder = tf.function(build_encoder(ENCODER))
    images = tf.random.stateless_uniform([batch, 299, 299, 3], [1, 2], -1, 1)
    return lambda: encoder(images).pooled


def batch_of_words() -> Batch:
    """Returns one batch of cached features and captions without padding."""
    regions = tf.random.stateless_uniform([IMAGES, REGIONS, DEPTH], [1, 2])
    ids = tf.random.stateless_uniform([IMAGES, CAPTIONS, LENGTH], [3, 4], 4, VOCAB, tf.int32)
    features = {"regions": regions, "pooled": tf.reduce_mean(regions, axis=1)}
    return {**features, "input_ids": ids, "target_ids": ids, "weights": tf.ones(ids.shape)}


def built(captioner: Captioner, batch: Batch) -> keras.Optimizer:
    """Builds a captioner on a batch; returns its optimizer."""
    captioner(batch)
    optimizer = keras.optimizers.Adam(5e-4)
    optimizer.build(captioner.trainable_variables)
    return optimizer


def training_work(captioner: Captioner, batches: Iterator[Batch]) -> Work:
    """Returns one step of training on the next batch."""
    optimizer = built(captioner, next(batches))
    objective = CrossEntropy(CrossEntropyConfig())
    step = make_train_step(tf.distribute.get_strategy(), captioner, objective, optimizer, clip_norm=5.0, seed=1)
    average = WeightAverage(captioner.trainable_variables, decay=0.999)

    def work() -> tf.Tensor:
        logs = step(next(batches), tf.constant(0, tf.int64))
        average.update(tf.constant(0, tf.int64))
        return logs["loss"]

    return work


def bare_work(captioner: Captioner, batch: Batch) -> Work:
    """Returns forward, backward and update, and nothing else."""
    optimizer = built(captioner, batch)
    objective = CrossEntropy(CrossEntropyConfig())
    variables = captioner.trainable_variables

    @tf.function
    def step(batch: Batch) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = objective(captioner, batch, tf.constant([1, 2]))
            mean = loss.total / loss.weight
        optimizer.apply_gradients(zip(tape.gradient(mean, variables), variables))
        return mean

    return lambda: step(batch)


def rate(work: Work, items: int, repeats: int) -> float:
    """Returns items a second over `repeats` calls."""
    start = time.perf_counter()
    for _ in range(repeats):
        work().numpy()
    return items * repeats / (time.perf_counter() - start)


def in_turn(works: dict[str, tuple[Work, int]], rounds: int, repeats: int) -> Rates:
    """Returns the items a second of each work (its call, items in one) in each round."""
    for work, items in works.values():
        rate(work, items, 2)  # traces and warms up
    rates = {name: [] for name in works}
    for _ in range(rounds):
        for name, (work, items) in works.items():
            rates[name].append(rate(work, items, repeats))
    return rates


def ratio(rates: Rates, name: str, other: str) -> float:
    """Returns the median over the rounds of one rate as a multiple of another."""
    return statistics.median(a / b for a, b in zip(rates[name], rates[other], strict=True))


def show(rates: Rates, name: str, remark: str) -> None:
    """Writes one line of a table."""
    values = rates[name]
    spread = f"({min(values):.0f} .. {max(values):.0f})"
    sys.stdout.write(f"{name:40s} {statistics.median(values):7.1f} {spread:>16s}   {remark}\n")


def compare_decoders() -> None:
    """Training steps from cached features, beside the encoder and beside bare steps."""
    batch = batch_of_words()
    works = {ENCODER_RATE: (encoder_work(), 32)}
    for name in DECODERS:
        captioner = Captioner(None, build_decoder(DECODERS[name].config(), VOCAB))
        works[f"{name} captions/s"] = training_work(captioner, itertools.repeat(batch)), IMAGES * CAPTIONS
        works[f"{name}, bare"] = bare_work(captioner, batch), IMAGES * CAPTIONS
    rates = in_turn(works, FLAGS.rounds, FLAGS.repeats)
    show(rates, ENCODER_RATE, "")
    for name in DECODERS:
        step, bare = f"{name} captions/s", f"{name}, bare"
        show(rates, step, f"x {ratio(rates, step, ENCODER_RATE):.1f} of the encoder")
        show(rates, bare, f"a step takes {ratio(rates, bare, step):.2f} times as long")


def compare_captions(records: str, name: str = "soft_attention") -> None:
    """Training with the encoder in the loop: all captions of an image at once, or one."""
    vocabulary = Vocabulary.load(f"{records}/{VOCABULARY}")
    works = {}
    for images, captions in ((IMAGES, CAPTIONS), (IMAGES * CAPTIONS, 1)):
        config = DataConfig(images_per_batch=images, captions_per_image=captions)
        batches = iter(train_dataset(records, config, ("image",), 299))
        captioner = Captioner(build_encoder(ENCODER), build_decoder(DECODERS[name].config(), len(vocabulary)))
        works[f"{images} images x {captions} captions/s"] = training_work(captioner, batches), images * captions
    rates = in_turn(works, FLAGS.rounds, max(1, FLAGS.repeats // 5))
    all_at_once, one = works
    show(rates, all_at_once, f"x {ratio(rates, all_at_once, one):.1f} of one caption an image")
    show(rates, one, "")


def main(argv: list[str]) -> None:
    """Measures."""
    del argv
    compare_decoders()
    if FLAGS.records:
        compare_captions(FLAGS.records)


if __name__ == "__main__":
    run(main, FLAGS)
