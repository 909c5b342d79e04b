"""Folders that are built already, are another's or cannot be had; going on with a build that was stopped."""

import errno
import fcntl
import json

import pytest

from data_prep import local_building
from data_prep.output_folder import OutputFolder
from im2txt.errors import UserError
from tests.data_prep.flickr8k_builds import build, content
from tests.helpers import photo


def test_a_finished_folder_is_left_alone(source, output, capsys):
    manifest = build(source, output)
    before = {path.name: path.stat().st_mtime_ns for path in output.iterdir()}
    assert build(source, output) == manifest
    assert {path.name: path.stat().st_mtime_ns for path in output.iterdir()} == before
    assert f"note: {output} is built already and left as it is" in capsys.readouterr().err


def test_a_finished_folder_that_lost_a_shard_is_built_anew(source, output):
    build(source, output)
    complete = content(output)
    (output / "val-00000-of-00001.tfrecord").unlink()
    build(source, output)
    assert content(output) == complete


def test_a_finished_folder_with_a_damaged_shard_is_built_anew(source, output, capsys):
    build(source, output)
    complete = content(output)
    with open(output / "val-00000-of-00001.tfrecord", "r+b") as file:
        file.truncate(100)
    build(source, output)
    assert content(output) == complete
    assert "is built anew, for val-00000-of-00001.tfrecord has 100 bytes in place of" in capsys.readouterr().err


# Folders that are refused


def test_records_of_another_configuration_are_refused(source, output):
    build(source, output, "--min_word_count=2")
    before = content(output)
    message = (
        r"holds records of another configuration: config\.min_word_count is 2 there and 3 here\. "
        r"Choose another --output, or delete that folder first"
    )
    with pytest.raises(UserError, match=message):
        build(source, output, "--min_word_count=3")
    assert content(output) == before


def test_records_of_a_changed_source_are_refused(source, output):
    build(source, output)
    (source / "images" / "t0.jpg").write_bytes(photo(99, size=20))
    with pytest.raises(UserError, match=r"config\.source_sha256 is '\w+' there and '\w+' here"):
        build(source, output)


def test_feature_records_are_never_built_over(source, output):
    manifest = build(source, output)
    (output / "manifest.json").write_text(json.dumps({**manifest, "features": {"depth": 8}}), encoding="utf-8")
    before = content(output)
    with pytest.raises(UserError, match=r"holds feature records\. Choose another --output"):
        build(source, output)
    assert content(output) == before


@pytest.mark.parametrize("name", ["vocabulary.txt", "train-00000-of-00256.tfrecord"])
def test_files_in_a_folder_without_a_build_are_not_touched(source, output, name):
    output.mkdir()
    (output / name).write_bytes(b"of another program")
    with pytest.raises(UserError, match=rf"holds {name}, which is no part of a build\. Choose a new or empty folder"):
        build(source, output)
    assert content(output) == {name: b"of another program"}


def test_a_folder_of_other_files_is_refused_and_not_touched(source, output):
    output.mkdir()
    (output / "thesis.tex").write_text("precious", encoding="utf-8")
    with pytest.raises(UserError, match=r"holds thesis\.tex, which is no part of a build\. Choose a new or empty"):
        build(source, output)
    assert content(output) == {"thesis.tex": b"precious"}


def test_a_folder_that_the_user_made_stays(source, output, tmp_path):
    output.mkdir(mode=0o750)
    with pytest.raises(UserError, match="there is no such dataset"):
        build(source, output, dataset="x")
    with pytest.raises(UserError, match="No word occurs 99 times"):
        build(source, output, "--min_word_count=99")
    assert content(output) == {}
    (tmp_path / "link").symlink_to(output)
    build(source, tmp_path / "link")
    assert (output / "manifest.json").exists()


def test_two_builds_in_one_folder_do_not_disturb_each_other(source, output):
    with OutputFolder(output), pytest.raises(UserError, match="Another build is writing to --output="):
        build(source, output)
    assert not output.exists() or not list(output.iterdir())


def test_a_file_system_without_locks_is_told(source, output, monkeypatch):
    def flock(file, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(UserError, match=r"records cannot be locked: Function not implemented\. Choose a folder on"):
        build(source, output)
    assert not output.exists()


def test_an_output_that_is_a_file_is_refused(source, output):
    output.write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="is a file; it must be a folder"):
        build(source, output)


def test_an_output_that_cannot_be_written_is_refused(source, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match=r"--output=.*records cannot be written: Not a directory"):
        build(source, tmp_path / "file" / "records")


def test_an_output_inside_the_source_is_refused(source):
    with pytest.raises(UserError, match=r"lies inside --source=.* Choose a folder outside of it"):
        build(source, source / "records")


def test_a_vocabulary_inside_the_output_is_refused(source, output):
    build(source, output)
    with pytest.raises(UserError, match=r"--vocabulary=.* lies inside --output=.* Choose another --output"):
        build(source, output, f"--vocabulary={output / 'vocabulary.txt'}")


# Going on with a build that was stopped


class StoppedError(Exception):
    """Stands for a build that ends in the middle."""


@pytest.fixture
def stopped(source, output, monkeypatch):
    """A build of four shards that was stopped when two were there; returns what their files were."""
    real = local_building.write_shard

    def write_shard(path, *arguments):
        if path.name.startswith("train-00001"):
            (output / f"{path.name}.part-1").write_bytes(b"half a shard")
            raise StoppedError
        return real(path, *arguments)

    monkeypatch.setattr(local_building, "write_shard", write_shard)
    with pytest.raises(StoppedError):
        build(source, output, "--images_per_shard=2")
    monkeypatch.setattr(local_building, "write_shard", real)
    return {path.name: path.stat().st_mtime_ns for path in output.glob("*.tfrecord")}


def test_a_stopped_build_goes_on_and_ends_with_the_same_bytes(stopped, source, output, tmp_path):
    build(source, output, "--images_per_shard=2")
    build(source, tmp_path / "whole", "--images_per_shard=2")
    assert content(output) == content(tmp_path / "whole")
    assert set(stopped) == {"val-00000-of-00001.tfrecord", "train-00000-of-00003.tfrecord"}
    assert {name: (output / name).stat().st_mtime_ns for name in stopped} == stopped


def test_a_finished_shard_that_was_changed_is_written_again(stopped, source, output, tmp_path):
    (output / "train-00000-of-00003.tfrecord").write_bytes(b"damaged")
    build(source, output, "--images_per_shard=2")
    build(source, tmp_path / "whole", "--images_per_shard=2")
    assert content(output) == content(tmp_path / "whole")


def test_an_unfinished_build_of_another_configuration_is_refused(stopped, source, output):
    before = content(output)
    message = r"holds an unfinished build of another configuration: config\.images_per_shard is 2 there and 3 here"
    with pytest.raises(UserError, match=message):
        build(source, output, "--images_per_shard=3")
    assert content(output) == before


def test_an_unfinished_build_of_a_changed_source_begins_anew(stopped, source, output, tmp_path, capsys):
    (source / "images" / "t0.jpg").write_bytes(photo(99, size=20))
    build(source, output, "--images_per_shard=2")
    assert f"note: the source has changed since the unfinished build in {output}" in capsys.readouterr().err
    build(source, tmp_path / "whole", "--images_per_shard=2")
    assert content(output) == content(tmp_path / "whole")


def test_a_build_stopped_between_its_manifest_and_its_end_is_tidied(source, output):
    build(source, output)
    complete = content(output)
    (output / "plan.sqlite").write_bytes(b"")
    (output / "build.lock").write_bytes(b"")
    (output / "val-00000-of-00001.tfrecord.json").write_text("{}", encoding="utf-8")
    written = {path.name: path.stat().st_mtime_ns for path in output.iterdir() if path.name in complete}
    build(source, output)
    assert content(output) == complete
    assert {path.name: path.stat().st_mtime_ns for path in output.iterdir()} == written  # tidied, not built anew
