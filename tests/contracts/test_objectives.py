"""Every objective of the table keeps the contract of `im2txt.objectives.base`, with every decoder that it can train."""

import contextlib
from itertools import product
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.models.decoders import DECODERS, build_decoder
from im2txt.models.features import ImageFeatures
from im2txt.objectives import OBJECTIVES, build_objective
from im2txt.objectives.base import Loss, Task
from im2txt.text.vocabulary import END, PAD, START, Vocabulary
from im2txt.training.distribution import make_strategy
from im2txt.training.step import make_train_step
from tests.helpers import captioned_images, write_records

WORDS = Vocabulary.build([["a", "dog", "runs"], ["two", "cats"]], min_count=1)
CAPTIONS = [("dog runs", "dog"), ("two cats", "cats"), ("a dog",), ("cats", "a dog")]
LENGTH, REGIONS, DEPTH, SEED = 4, 3, 6, (1, 2)

SMALL = {"units": 8, "embedding": 8, "attention_units": 8, "heads": 2, "layers": 1, "feed_forward": 8}
OPTIONS = {  # in which the randomness of an objective shows
    "scheduled_sampling": {"k": 0.5, "floor": 0.2},
    "self_critical": {"samples": 3, "max_length": 3, "cross_entropy": 0.5},
}
CERTAIN = {  # in which none is left
    "scheduled_sampling": {"k": 1.0, "c": 0.0},
    "self_critical": {**OPTIONS["self_critical"], "temperature": 1e-6},
}

WITH_DRAWS, WITHOUT_DRAWS = {"variational_bound"}, {"cross_entropy", "r_drop", "scheduled_sampling"}


def is_refused(objective, decoder):
    """Whether the objective trains decoders that draw where to look alone, or none of them, and this is another."""
    return objective in (WITHOUT_DRAWS if DECODERS[decoder].layer.draws else WITH_DRAWS)


PAIRS = [pair for pair in product(OBJECTIVES, DECODERS) if not is_refused(*pair)]
REFUSED = [pair for pair in product(OBJECTIVES, DECODERS) if is_refused(*pair)]


class Scored(NamedTuple):
    """An objective's name, a captioner it can train, and what it makes of the batch at SEED."""

    objective: str
    captioner: Captioner
    task: Task
    loss: Loss
    gradients: dict[str, np.ndarray | None]


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    folder = write_records(tmp_path_factory.mktemp("records"), {"train": captioned_images(CAPTIONS, WORDS)}, WORDS)
    return Task(str(folder))


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def scored(request, task):
    objective, decoder = request.param
    captioner = small_captioner(decoder)
    built(objective, task).check(captioner)
    fields = {name: tensor for name, tensor in tensors().items() if name in captioner.decoder.reads}
    sources = {**fields, **{variable.path: variable for variable in captioner.trainable_variables}}
    with tf.GradientTape() as tape:
        tape.watch(fields)
        loss = built(objective, task)(captioner, {**tensors(), **fields}, tf.constant(SEED), 1)
    gradients = tape.gradient(loss.total, sources)
    gradients = {name: None if each is None else tf.convert_to_tensor(each).numpy() for name, each in gradients.items()}
    return Scored(objective, captioner, task, loss, gradients)


def built(name, task, **options):
    return build_objective(OBJECTIVES[name].config(**(options or OPTIONS.get(name, {}))), task)


def small_captioner(decoder, certain=False):
    keras.utils.set_random_seed(3)
    kind = DECODERS[decoder].config
    options = {**SMALL, **{name: 0.0 for name in kind.__dataclass_fields__ if certain and name.endswith("dropout")}}
    options |= {"semi_sampling": 1.0} if certain else {}
    options = {name: value for name, value in options.items() if name in kind.__dataclass_fields__}
    captioner = Captioner(None, build_decoder(kind(**options), len(WORDS)))
    captioner(tensors())
    return captioner


def batch():
    """Four images of two captions, one of which only fills up; of features that tell the images apart."""
    ids = np.full([len(CAPTIONS), 2, LENGTH + 1], PAD, "i4")
    for image, caption in product(range(len(CAPTIONS)), range(2)):
        if caption < len(CAPTIONS[image]):
            words = [START, *WORDS.encode(CAPTIONS[image][caption].split()), END]
            ids[image, caption, : len(words)] = words
    inputs, targets = np.where(ids == END, PAD, ids)[:, :, :-1], ids[:, :, 1:]
    regions = np.random.default_rng(0).normal(size=(len(CAPTIONS), REGIONS, DEPTH)).astype("f4")
    words = {"input_ids": inputs, "target_ids": targets, "weights": (targets != PAD).astype("f4")}
    return {"regions": regions, "pooled": regions.mean(1), "index": np.arange(len(CAPTIONS)), **words}


def tensors(**changes):
    return {name: tf.constant(array) for name, array in {**batch(), **changes}.items()}


def numbers(loss):
    return {"total": float(loss.total), "weight": float(loss.weight), **{k: float(v) for k, v in loss.sums.items()}}


def garbage():
    """Any word where there is none."""
    data, rng = batch(), np.random.default_rng(1)
    padded = data["weights"] == 0
    assert padded.any()
    return {
        name: np.where(padded, rng.integers(4, len(WORDS), padded.shape), data[name]).astype("i4")
        for name in ("input_ids", "target_ids")
    }


@pytest.mark.parametrize(("objective", "decoder"), REFUSED, ids=map("-".join, REFUSED))
def test_what_cannot_be_trained_is_refused(task, objective, decoder):
    captioner = Captioner(None, build_decoder(DECODERS[decoder].config(), len(WORDS)))
    with pytest.raises(UserError, match=f"objective.name `{objective}`"):
        built(objective, task).check(captioner)


def test_every_decoder_can_be_trained_and_every_objective_trains_one():
    assert {objective for objective, _ in PAIRS} == set(OBJECTIVES)
    assert {decoder for _, decoder in PAIRS} == set(DECODERS)


def test_the_loss_is_finite_and_its_gradients_reach_features_and_weights(scored):
    found = numbers(scored.loss)
    assert np.isfinite(list(found.values())).all(), found
    assert found["weight"] > 0
    for name, gradient in scored.gradients.items():
        assert gradient is not None, name
        assert np.isfinite(gradient).all(), name
        assert np.abs(gradient).sum() > 0, name


def test_attention_maps_are_logged_where_the_decoder_attends(scored):
    maps = {"attention_entropy", "attention_change"} & set(scored.loss.sums)
    assert len(maps) == (2 if scored.captioner.decoder.attends else 0)


def test_padded_words_count_nothing(scored):
    for seed, plain in ((tf.constant(SEED), scored.loss), (None, None)):
        plain = plain or built(scored.objective, scored.task)(scored.captioner, tensors(), seed, 1)
        other = built(scored.objective, scored.task)(scored.captioner, tensors(**garbage()), seed, 1)
        assert numbers(other) == pytest.approx(numbers(plain), rel=1e-5)


def test_all_randomness_is_the_seeds(scored):
    again, other = (
        built(scored.objective, scored.task)(scored.captioner, tensors(), tf.constant(seed), 1)
        for seed in (SEED, (1, 3))
    )
    assert numbers(again) == pytest.approx(numbers(scored.loss), rel=1e-6)
    assert float(other.total) != pytest.approx(float(again.total), rel=1e-6)


def test_without_a_seed_nothing_is_random_and_nothing_moves(scored):
    objective = built(scored.objective, scored.task)
    kept = [variable.numpy() for variable in objective.variables]
    first, later = (objective(scored.captioner, tensors(), None, step) for step in (1, 7))
    assert np.isfinite(float(first.total))
    assert numbers(first) == numbers(later)
    assert kept == [variable.numpy() for variable in objective.variables]


@pytest.mark.parametrize(("objective", "decoder"), PAIRS, ids=map("-".join, PAIRS))
def test_two_replicas_take_the_step_of_one_device(task, objective, decoder):
    """Where nothing is random."""
    (one_logs, one), (two_logs, two) = (step_of(task, objective, decoder, name) for name in ("one_device", "mirrored"))
    assert one_logs == pytest.approx(two_logs, rel=1e-4)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)


def step_of(task, objective, decoder, strategy):
    strategy = make_strategy(strategy)
    with strategy.scope():
        captioner = small_captioner(decoder, certain=True)
        optimizer = keras.optimizers.SGD(0.1)
        optimizer.build(captioner.trainable_variables)
        found = built(objective, task, **CERTAIN.get(objective, {}))
    step = make_train_step(strategy, captioner, found, optimizer, clip_norm=0.1, seed=1)
    replicas = strategy.num_replicas_in_sync

    def share(context):
        return {k: np.split(array, replicas)[context.replica_id_in_sync_group] for k, array in batch().items()}

    with eagerly():
        logs = step(strategy.experimental_distribute_values_from_function(share), tf.constant(1, tf.int64))
    return {name: float(value) for name, value in logs.items()}, [v.numpy() for v in captioner.trainable_variables]


@contextlib.contextmanager
def eagerly():
    """Graphs of all pairs would take minutes to trace; tests/training and tests/objectives train in graphs."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize("objective", sorted(set(OBJECTIVES) - WITH_DRAWS))
def test_images_are_encoded_once_a_step(task, objective):
    captioner = small_captioner("lstm")
    regions, encoded = tf.constant(batch()["regions"]), []

    def encode(images, training=False):
        encoded.append(training)
        return ImageFeatures(tf.reduce_mean(regions, axis=1), regions)

    captioner.encode = encode
    words = {name: tensor for name, tensor in tensors().items() if name not in ("regions", "pooled")}
    built(objective, task)(captioner, {**words, "image": regions}, tf.constant(SEED), 1)
    assert encoded == [True]
