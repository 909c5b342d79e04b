"""A build that is killed by force at random moments, again and again, ends with the bytes of an undisturbed one."""

import multiprocessing
import random
import time
from pathlib import Path

from data_prep.datasets.scenes import Config
from data_prep.image_checks import ImageOptions
from data_prep.local_building import local_runner
from data_prep.plan import PLAN
from data_prep.record_building import BuildConfig, build_records
from tests.data_prep.flickr8k_builds import content

KILLS = 20
OPTIONS = Config(train=300, val=40, test=20, heldout=0, size=64)
CONFIG = BuildConfig(images_per_shard=24, image=ImageOptions(jpeg_quality=90))


def build(output: Path) -> None:
    build_records("scenes", None, output, OPTIONS, CONFIG, local_runner(workers=1))


def wait_for(path, child):
    while child.is_alive() and not path.exists():
        time.sleep(0.005)


def test_twenty_kills_change_no_byte(tmp_path):
    build(tmp_path / "undisturbed")
    expected = content(tmp_path / "undisturbed")
    context = multiprocessing.get_context("forkserver")  # children that have imported TensorFlow already, unused
    context.set_forkserver_preload(["data_prep.local_building"])
    rng = random.Random(0)
    kills = in_shards = rounds = 0
    while kills < KILLS:
        output = tmp_path / f"round-{rounds}"
        child = context.Process(target=build, args=(output,))
        child.start()
        if kills % 4:  # the others die wherever they are: importing, planning, writing
            wait_for(output / PLAN, child)
        child.join(rng.uniform(0.0, 0.4))
        if child.exitcode is None:
            child.kill()
            child.join()
            kills += 1
            in_shards += any(output.glob("*.tfrecord.part-*"))
        else:
            assert child.exitcode == 0
            assert content(output) == expected
            rounds += 1
    build(output)
    assert content(output) == expected
    assert in_shards > 2  # some of the kills hit a shard half written
