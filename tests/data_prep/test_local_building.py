"""Builds whose images worker processes check: the same bytes come out, and no worker outlives its build."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from data_prep import build_records
from data_prep.examples import CaptionedImage
from data_prep.image_checks import ImageCheckers, ImageOptions
from data_prep.shard_writing import report_path
from tests.data_prep.flickr8k_builds import build, content
from tests.helpers import photo, run_command, write_flickr8k

SPLITS = {
    "val": {f"v{number}.jpg": ["A dog ."] for number in range(10)},
    "train": {f"t{number}.jpg": ["A dog runs ."] for number in range(140)},  # two workers are sent 128 at first
}
OPTIONS = {"train": 600, "val": 20, "test": 0, "heldout": 0, "size": 256}  # seconds of drawing
SCENES = ["--dataset=scenes", *(f"--option={name}={value}" for name, value in OPTIONS.items())]
ARGUMENTS = [*SCENES, "--images_per_shard=20", "--workers=2"]
LIMIT = 120  # seconds; an idle machine needs one


def test_two_workers_write_the_bytes_that_one_writes(tmp_path):
    source = write_flickr8k(tmp_path / "flickr8k", SPLITS)
    (source / "images" / "t40.jpg").write_bytes(b"no photo")
    (source / "images" / "t90.jpg").write_bytes((source / "images" / "v3.jpg").read_bytes())
    one, two = (tmp_path / str(workers) for workers in (1, 2))
    manifest = build(source, one, "--images_per_shard=9", "--max_skipped=0.1", workers=1)
    build(source, two, "--images_per_shard=9", "--max_skipped=0.1", workers=2)
    assert [item["image_id"] for item in manifest["skipped"]["items"]] == ["t40.jpg", "t90.jpg"]
    assert content(one) == content(two)


def test_ctrl_c_never_reaches_a_worker(capfd):
    examples = [CaptionedImage(str(number), "train", ("a",), photo(number)) for number in range(150)]
    checks = ImageCheckers(2)(examples, ImageOptions())
    found = [next(checks)]
    workers = multiprocessing.active_children()
    assert workers
    for worker in workers:
        os.kill(worker.pid, signal.SIGINT)
    try:
        found += checks
    except KeyboardInterrupt:
        pytest.fail("a worker was interrupted, and hands it on")
    assert [each.content for each in found] == [example.image for example in examples]
    assert capfd.readouterr().err == ""


@pytest.fixture
def running(output):
    """The command in a session of its own, in the midst of its shards."""
    command = [sys.executable, "-m", "data_prep.build_records", *ARGUMENTS, f"--output={output}"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, **pipes, text=True, start_new_session=True)
    while process.poll() is None and not any(output.glob("train-*.tfrecord.json")):
        time.sleep(0.01)
    yield process
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def said_until_all_are_gone(process):
    """Returns stdout and stderr of a command; the pipes end with the last process that holds them, workers included."""
    return process.communicate(timeout=LIMIT)


def test_ctrl_c_ends_a_build_and_its_workers_and_the_same_command_goes_on(running, output):
    os.killpg(running.pid, signal.SIGINT)
    out, err = said_until_all_are_gone(running)
    assert (running.returncode, out, err.splitlines()[-1]) == (130, "", "stopped")
    assert "Traceback" not in err
    assert not (output / "manifest.json").exists()
    shards = {path.name: path.read_bytes() for path in output.glob("*.tfrecord")}
    finished = {path: path.stat().st_mtime_ns for path in output.glob("*.tfrecord") if report_path(path).exists()}
    done = run_command(build_records, *ARGUMENTS, f"--output={output}")
    assert (done.code, done.out.splitlines()[0]) == (0, "train: 600 images, 3,000 captions")
    assert shards.items() <= content(output).items()  # none was half written
    assert finished == {path: path.stat().st_mtime_ns for path in finished}


def test_workers_end_when_their_build_is_killed(running, output):
    running.kill()
    said_until_all_are_gone(running)
    assert running.returncode == -signal.SIGKILL
    assert not (output / "manifest.json").exists()
