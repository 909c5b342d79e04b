"""The training loop on a tiny run of six steps: stopping and going on, early stop, NaN, what lies in the workdir."""

import json
import math
import shutil
import signal
from collections import Counter
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from im2txt.data.pipeline import DataConfig, train_dataset
from im2txt.errors import UserError
from im2txt.models.captioner import Captioner
from im2txt.models.decoders.lstm import LSTMConfig, LSTMDecoder
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.text.vocabulary import Vocabulary
from im2txt.training import loop as loop_module
from im2txt.training.checkpoints import LATEST, manager, model_parts, restore_model
from im2txt.training.distribution import make_strategy
from im2txt.training.logging import LOG, RunLog
from im2txt.training.loop import Schedule, TrainingConfig, TrainingLoop, averaged_variables
from im2txt.training.optimizers import OptimizerConfig, build_optimizer
from tests.helpers import captioned_images, write_records

WORDS = Vocabulary.build([["a", "dog", "runs"], ["two", "cats", "sleep"]], min_count=1)
IMAGES, BATCH, DEPTH = 12, 4, 5  # three steps an epoch


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    captions = [("a dog runs", "two dog"), ("two cats sleep", "cats"), ("a dog", "dog runs a dog")] * (IMAGES // 3)
    regions = list(np.random.default_rng(0).normal(size=(IMAGES, 2, DEPTH)).astype("f4"))
    folder = tmp_path_factory.mktemp("records")
    return write_records(folder, {"train": captioned_images(captions, WORDS)}, WORDS, regions=regions)


class Scores:
    """A validation that returns one given CIDEr-D after the other, the last one for ever."""

    def __init__(self, *scores):
        self.scores, self.calls = scores, 0

    def __call__(self, stop):
        if stop():
            return {}
        self.calls += 1
        return {"val/CIDEr-D": self.scores[min(self.calls, len(self.scores)) - 1]}


def captioner(dropout=0.5):
    keras.utils.set_random_seed(1)
    model = Captioner(None, LSTMDecoder(LSTMConfig(units=6, embedding=6, dropout=dropout), len(WORDS)))
    model({"pooled": tf.zeros([1, DEPTH]), "input_ids": tf.zeros([1, 1, 1], tf.int32)})
    return model


def make_loop(workdir, validation=None, optimizer=None, dropout=0.5, **options):
    config = TrainingConfig(**{"epochs": 2.0, "log_steps": 1, **options})
    model, schedule = captioner(dropout), Schedule(config, IMAGES, BATCH)
    optimizer = build_optimizer(
        optimizer or OptimizerConfig(learning_rate=0.05), schedule.steps_per_epoch, schedule.steps
    )
    objective = CrossEntropy(CrossEntropyConfig())
    return TrainingLoop(str(workdir), config, schedule, model, objective, optimizer, validation or Scores(0.5))


def run(loop, records, strategy=None):
    """Goes on where the workdir stands; returns why training ended."""
    data = DataConfig(images_per_batch=BATCH, captions_per_image=2)
    batches = train_dataset(records, data, ("pooled",), start_step=loop.resume())
    return loop.run(strategy or make_strategy("one_device"), batches, 5.0, 8.0)


def everything(loop):
    """All that training changes, in a fixed order."""
    variables = [*loop.captioner.variables, *loop.optimizer.variables, *loop.average.averages]
    return [variable.numpy() for variable in variables]


def log_lines(workdir):
    return [json.loads(line) for line in (workdir / LOG).read_text().splitlines()]


@pytest.fixture(scope="module")
def whole(records, tmp_path_factory):
    """A run of six steps without any stop, and its workdir."""
    workdir = tmp_path_factory.mktemp("whole")
    loop = make_loop(workdir)
    assert run(loop, records) == "all 6 steps are done"
    return loop, workdir


def interrupt_during_step(monkeypatch, number, kind=signal.SIGINT):
    """A signal comes as it most likely does: right after step `number` has changed the weights."""

    def make_train_step(*args):
        step = make(*args)

        def interrupted(batch, count):
            logs = step(batch, count)
            if int(count) + 1 == number:
                signal.raise_signal(kind)
            return logs

        return interrupted

    make = loop_module.make_train_step
    monkeypatch.setattr(loop_module, "make_train_step", make_train_step)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_was_stopped_equals_one_that_was_not(records, whole, tmp_path, monkeypatch, kind):
    with monkeypatch.context() as patch:
        interrupt_during_step(patch, 4, kind)
        first = make_loop(tmp_path)
        assert run(first, records) == "stopped; the same command goes on from here"
    assert first.progress.step == 4
    second = make_loop(tmp_path)
    assert run(second, records) == "all 6 steps are done"
    for ours, theirs in zip(everything(second), everything(whole[0]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert log_lines(tmp_path) == log_lines(whole[1])


def test_a_line_of_the_logs_goes_on_where_a_run_was_stopped(records, tmp_path, monkeypatch):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(make_loop(whole, log_steps=100), records)
    for number in (1, 5):
        with monkeypatch.context() as patch:
            interrupt_during_step(patch, number)
            run(make_loop(parts, log_steps=100), records)
    run(make_loop(parts, log_steps=100), records)
    assert log_lines(parts) == log_lines(whole)


@pytest.mark.parametrize("signals", [1, 2])
def test_a_stop_just_behind_a_step_leaves_a_checkpoint_too(records, whole, tmp_path, monkeypatch, signals):
    advance = RunLog.advance

    def interrupted(log):
        advance(log)
        signal.raise_signal(signal.SIGTERM)

    for step in range(1, signals + 1):
        with monkeypatch.context() as patch:
            patch.setattr(RunLog, "advance", interrupted)
            loop = make_loop(tmp_path)
            assert run(loop, records) == "stopped; the same command goes on from here"
        assert loop.latest.latest_checkpoint.endswith(f"state-{step}")
    run(make_loop(tmp_path), records)
    assert log_lines(tmp_path) == log_lines(whole[1])


@pytest.mark.parametrize("number", [1, 2])
def test_a_validation_is_stopped_and_made_up_for(records, whole, tmp_path, number):
    class Interrupted(Scores):
        def __call__(self, stop):
            scores = super().__call__(stop)
            if self.calls == number:
                signal.raise_signal(signal.SIGTERM)
            return {} if stop() else scores

    first = make_loop(tmp_path, Interrupted(0.5))
    assert run(first, records) == "stopped; the same command goes on from here"
    assert first.latest.latest_checkpoint.endswith(f"state-{3 * number}")
    second = make_loop(tmp_path)
    assert run(second, records) == "all 6 steps are done"
    assert second.validation.calls == 3 - number
    for ours, theirs in zip(everything(second), everything(whole[0]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert log_lines(tmp_path) == log_lines(whole[1])


def test_a_run_gone_on_finds_a_better_model_after_the_checkpoint_it_began_from_is_deleted(
    records, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        interrupt_during_step(patch, 4)
        run(make_loop(tmp_path, Scores(0.2)), records)  # has kept a best model already
    rising = make_loop(tmp_path, Scores(0.3), epochs=4.0, checkpoint_minutes=0.0)
    monkeypatch.setattr(rising.schedule, "validates_at", lambda step: step == rising.schedule.steps)
    assert run(rising, records) == "all 12 steps are done"
    assert not list(tmp_path.glob("checkpoints/state-4.*"))
    assert list(tmp_path.glob("best/model-12.*"))


def test_a_line_of_the_logs_is_the_mean_over_the_steps_since_the_last(records, tmp_path):
    for steps in (1, 3):
        run(make_loop(tmp_path / str(steps), log_steps=steps), records)
    each, threes = ([line for line in log_lines(tmp_path / str(steps)) if "loss" in line] for steps in (1, 3))
    assert [line["step"] for line in threes] == [3, 6]
    for line, first in zip(threes, (0, 3), strict=True):
        for name in ("loss", "gradient_norm"):
            mean = np.mean([step[name] for step in each[first : first + 3]])
            assert line[name] == pytest.approx(mean, rel=1e-5)


def test_two_replicas_go_the_same_way_and_go_on(records, tmp_path):
    one = make_loop(tmp_path / "one", dropout=0.0)
    run(one, records)
    for minutes in (1e-9, 0.0):  # one step, then the rest
        strategy = make_strategy("mirrored")
        with strategy.scope():
            two = make_loop(tmp_path / "two", dropout=0.0, max_minutes=minutes)
        run(two, records, strategy)
    assert two.progress.step == one.progress.step == 6
    for ours, theirs in zip(everything(two), everything(one), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-5)


def test_the_second_interrupt_is_not_caught(records, tmp_path):
    def validation(stop):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(make_loop(tmp_path, validation), records)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_time_limit_ends_a_run_with_a_validation_and_a_checkpoint(records, tmp_path):
    loop = make_loop(tmp_path, Scores(0.25), max_minutes=1e-9)
    assert run(loop, records) == "1e-09 minutes of training are over"
    assert [line["step"] for line in log_lines(tmp_path)] == [1, 1]
    assert log_lines(tmp_path)[1]["val/CIDEr-D"] == 0.25
    assert loop.latest.latest_checkpoint.endswith("state-1")


def test_a_checkpoint_of_other_parts_cannot_be_gone_on_from(tmp_path):
    manager(tmp_path, LATEST, tf.train.Checkpoint(model=model_parts(captioner()))).save(checkpoint_number=5)
    with pytest.raises(UserError, match=r"state-5 is damaged, or of another version .* Train in a new workdir\.$"):
        make_loop(tmp_path).resume()


def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(records, whole, tmp_path, capsys):
    shutil.copytree(whole[1], tmp_path, dirs_exist_ok=True)
    damaged = tmp_path / "checkpoints" / "state-6.data-00000-of-00001"
    damaged.write_bytes(damaged.read_bytes()[:100])
    again = make_loop(tmp_path)
    assert again.resume() == 3
    assert "state-6 is damaged, or of another version of im2txt: " in capsys.readouterr().err
    run(again, records)
    for ours, theirs in zip(everything(again), everything(whole[0]), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_averaged_are_numbers_that_have_a_mean():
    statistics = [tf.Variable(1.5), tf.Variable(3), tf.Variable([1, 2], dtype=tf.int64)]
    encoder = SimpleNamespace(adapts_statistics=True, non_trainable_variables=statistics)
    parts = SimpleNamespace(encoder=encoder, trainable_variables=[tf.Variable(0.5)])
    assert [float(each) for each in averaged_variables(parts)] == [0.5, 1.5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": math.inf}, r"training\.epochs is inf; it must be more than 0, and finite\."),
        ({"patience": -1}, r"training\.patience is -1; it must be 0 or more\."),
        ({"max_minutes": math.nan}, r"training\.max_minutes is nan; it must be 0 or more\."),
    ],
)
def test_lengths_that_make_no_sense_are_told(options, message):
    with pytest.raises(UserError, match=message):
        TrainingConfig(**options).check()


def test_a_finished_run_is_left_as_it_is(records, whole):
    _, workdir = whole
    before = {path: path.stat().st_mtime_ns for path in (workdir / "checkpoints").iterdir()}
    validation = Scores(1.0)
    assert run(make_loop(workdir, validation), records) == "all 6 steps are done"
    assert validation.calls == 0
    assert {path: path.stat().st_mtime_ns for path in (workdir / "checkpoints").iterdir()} == before


def test_training_stops_early_and_keeps_the_best(records, tmp_path):
    loop = make_loop(tmp_path, Scores(0.3, 0.2, 0.1), validate_epochs=1 / 3, patience=2)
    assert run(loop, records) == "2 validations in a row brought no better CIDEr-D"
    assert loop.progress.step == 3
    assert loop.progress.best_score == 0.3
    assert loop.best.latest_checkpoint.endswith("model-1")


def test_a_run_gone_on_still_knows_how_long_nothing_was_better(records, tmp_path, monkeypatch):
    options = {"validate_epochs": 1 / 3, "patience": 2}
    with monkeypatch.context() as patch:
        interrupt_during_step(patch, 3)
        run(make_loop(tmp_path, Scores(0.5, 0.4), **options), records)
    again = make_loop(tmp_path, Scores(0.45), **options)
    assert run(again, records) == "2 validations in a row brought no better CIDEr-D"
    assert (again.progress.step, again.progress.best_score) == (3, 0.5)
    assert restore_model(tmp_path, captioner(), "best") == 1


def test_the_log_holds_every_step_once_and_in_order(whole):
    _, workdir = whole
    lines = log_lines(workdir)
    assert [line["step"] for line in lines] == [1, 2, 3, 3, 4, 5, 6, 6]
    assert [line["epoch"] for line in lines[:3]] == [0.3333, 0.6667, 1.0]
    assert set(lines[0]) == {"step", "epoch", "loss", "cross_entropy", "gradient_norm", "learning_rate"}
    assert lines[3] == {"step": 3, "epoch": 1.0, "val/CIDEr-D": 0.5}
    assert lines[0]["loss"] == pytest.approx(math.log(len(WORDS)), rel=0.1)
    assert (workdir / "tensorboard").is_dir()


def test_lines_beyond_the_checkpoint_and_a_cut_one_are_dropped(records, whole, tmp_path):
    run(make_loop(tmp_path, max_minutes=1e-9), records)
    good = (tmp_path / LOG).read_text()
    (tmp_path / LOG).write_text(good + '{"step": 2, "loss": 1.0}\n{"step": 3, "lo')
    run(make_loop(tmp_path, max_minutes=1e-9), records)
    assert (tmp_path / LOG).read_text() == good


def test_best_is_the_average_and_latest_the_weights(whole):
    loop, workdir = whole  # its only best validation is the first, at step 3
    assert restore_model(workdir, captioner(), "best") == 3
    latest = captioner()
    assert restore_model(workdir, latest, "latest") == 6
    for ours, theirs in zip(latest.variables, loop.captioner.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_is_validated_and_kept_is_the_average(records, tmp_path):
    loop = make_loop(tmp_path, epochs=1.0)
    run(loop, records)
    best = captioner()
    assert restore_model(tmp_path, best, "best") == 3
    kept, raw = best.trainable_variables, loop.captioner.trainable_variables
    for ours, average, weight in zip(kept, loop.average.averages, raw, strict=True):
        np.testing.assert_array_equal(ours, average)
        assert not np.array_equal(ours, weight)


def test_a_checkpoint_holds_every_variable(whole):
    loop, workdir = whole
    names = [name for name, _ in tf.train.list_variables(str(workdir / "checkpoints" / "state-6"))]
    saved = Counter(name.partition("/")[0] for name in names if name.endswith("VARIABLE_VALUE"))
    weights = len(loop.captioner.variables)
    averaged = len(loop.captioner.trainable_variables)
    assert saved["average"] == 2 * averaged  # the weights themselves are named after the first path that leads to them
    assert saved["model"] == weights - averaged
    assert saved["optimizer"] == len(loop.optimizer.variables)
    assert sum(name.startswith("progress/") for name in names) == 1  # all of it in one text
    best, _ = zip(*tf.train.list_variables(str(workdir / "best" / "model-3")))
    assert sum(name.startswith("decoder/") for name in best) == weights


@pytest.mark.parametrize("log_steps", [1, 100])
def test_a_loss_that_is_no_number_stops_the_run_and_is_not_kept(records, tmp_path, log_steps):
    exploding = OptimizerConfig(learning_rate=1.0, schedule="staircase", decay_factor=1e38, decay_epochs=1.0)
    loop = make_loop(tmp_path, optimizer=exploding, log_steps=log_steps)
    with pytest.raises(UserError, match=r"is (nan|inf) at step \d, so training stopped\. Lower .*state-3\.$"):
        run(loop, records)
    kept = captioner()
    assert restore_model(tmp_path, kept, "latest") == 3
    assert all(np.isfinite(variable).all() for variable in kept.variables)
    assert all(math.isfinite(line.get("loss", 0.0)) for line in log_lines(tmp_path))


def test_a_validation_that_is_no_number_is_not_the_best(records, tmp_path):
    with pytest.raises(UserError, match=r"The val/CIDEr-D is nan at step 3, .* the last good state is the initial one"):
        run(make_loop(tmp_path, Scores(math.nan)), records)
    assert not (tmp_path / "best").exists()


def test_options_that_make_no_sense_are_named():
    with pytest.raises(UserError, match=r"training\.log_steps is 0; it must be more than 0"):
        TrainingConfig(log_steps=0).check()
    TrainingConfig().check()


def test_the_lengths_of_a_run():
    schedule = Schedule(TrainingConfig(epochs=2.5, validate_epochs=0.5, first_validation=1.0), 100, 8)
    assert schedule.steps_per_epoch == 12.5
    assert schedule.steps == 32  # 31.25, rounded up
    assert [step for step in range(1, 33) if schedule.validates_at(step)] == [18, 24, 30, 32]


@pytest.mark.parametrize(("change", "warned"), [(0.001, True), (0.3, False)])
def test_frozen_attention_is_told(records, tmp_path, capsys, change, warned):
    class Looking(Scores):
        def __call__(self, stop):
            return {**super().__call__(stop), "val/attention_change": change}

    run(make_loop(tmp_path, Looking(0.5)), records)
    assert ("warning: attention is frozen: its map moves by 0.001 a word" in capsys.readouterr().out) == warned
