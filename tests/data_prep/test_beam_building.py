"""Records that Apache Beam wrote are those of one machine, byte for byte."""

import builtins

import pytest

from data_prep import build_records
from data_prep.beam_building import beam_runner
from data_prep.datasets.flickr import Config
from data_prep.local_building import local_runner
from data_prep.record_building import BuildConfig
from data_prep.record_building import build_records as build
from im2txt.errors import UserError
from tests.helpers import run_command, write_flickr8k

SPLITS = {
    "train": {f"t{number}.jpg": ["A dog runs .", "The dog is running ."] for number in range(7)},
    "val": {"v0.jpg": ["A zebra runs ."], "v1.jpg": ["A dog ."]},
}
CONFIG = BuildConfig(images_per_shard=2, max_skipped=0.5)


@pytest.fixture
def source(tmp_path):
    source = write_flickr8k(tmp_path / "flickr8k", SPLITS)
    (source / "images" / "t1.jpg").write_bytes(b"")
    (source / "images" / "t4.jpg").write_bytes((source / "images" / "v1.jpg").read_bytes())
    return source


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_beam_writes_what_one_machine_writes(source, tmp_path):
    pytest.importorskip("apache_beam")
    build("flickr8k", source, tmp_path / "local", Config(), CONFIG, local_runner(1))
    manifest = build("flickr8k", source, tmp_path / "beam", Config(), CONFIG, beam_runner([]))
    assert content(tmp_path / "beam") == content(tmp_path / "local")
    assert [item["image_id"] for item in manifest["skipped"]["items"]] == ["t1.jpg", "t4.jpg"]


def test_beam_goes_on_with_what_one_machine_began(source, tmp_path, monkeypatch):
    pytest.importorskip("apache_beam")
    output = tmp_path / "records"
    with pytest.raises(UserError, match="had to be skipped"):
        build("flickr8k", source, output, Config(), BuildConfig(images_per_shard=2, max_skipped=0), local_runner(1))
    assert build("flickr8k", source, output, Config(), CONFIG, beam_runner(["--direct_num_workers=1"]))["splits"]


def test_what_beam_raises_is_one_message(source, tmp_path):
    pytest.importorskip("apache_beam")
    with pytest.raises(UserError, match="Apache Beam stopped: "):
        build("flickr8k", source, tmp_path / "beam", Config(), CONFIG, beam_runner(["--runner=NoSuchRunner"]))


def test_beam_must_be_installed(tmp_path, monkeypatch):
    real = builtins.__import__

    def without_beam(name, *arguments):
        if name.startswith("apache_beam"):
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without_beam)
    done = run_command(build_records, "--dataset=scenes", f"--output={tmp_path / 'x'}", "--runner=beam")
    assert done.code == 1
    assert done.err == 'error: --runner=beam needs Apache Beam. Install it with: pip install "im2txt[beam]"\n'


def test_options_of_beam_need_its_runner(tmp_path):
    done = run_command(build_records, "--dataset=scenes", f"--output={tmp_path / 'x'}", "--", "--runner=DirectRunner")
    assert done.code == 1
    assert done.err == "error: Unexpected argument '--runner=DirectRunner': everything is given as --flag=value.\n"
