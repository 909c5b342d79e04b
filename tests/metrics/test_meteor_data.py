"""METEOR's data: read from an installed package, indexed once, never guessed."""

import gzip
import importlib.util
import os
import subprocess
import sys

import pytest

from im2txt.metrics import meteor_data as module
from im2txt.metrics.meteor_data import meteor_data
from im2txt.metrics.meteor_index import build_index


def indexes(tmp_path):
    return sorted((tmp_path / "cache").rglob("*"))[1:]  # the first is the folder


def test_lists(small_data):
    assert small_data.function_words == {"a", "the", "on", "of", "is"}
    assert small_data.prefixes == ({"Dr"}, {"No"})
    assert small_data.longest == 3


@pytest.mark.parametrize(
    ("word", "synsets"),
    [
        ("dog", {"01", "02"}),
        ("dogs", {"01", "02"}),
        ("boxes", {"05"}),  # `boxe` does not exist
        ("cased", {"05"}),  # ed -> e
        ("children", {"03"}),  # by the exceptions
        ("geese", set()),  # an exception whose base form has no synset
        ("childs", {"03"}),
        ("boxss", set()),
        ("s", set()),
        ("bird", set()),
    ],
)
def test_synsets_of_a_word_and_its_base_forms(small_data, word, synsets):
    assert small_data.synsets(word) == synsets


def test_phrases_are_looked_up_sign_by_sign(small_data):
    signs = {word: small_data.sign(word) for word in "in front of ahead before next to beside a lot many".split()}
    assert all(len(sign) == 1 for sign in signs.values())
    assert len(set(signs.values())) == len(signs)

    def in_signs(phrase):
        return "".join(signs[word] for word in phrase.split())

    assert small_data.paraphrases(in_signs("in front of")).split("\n") == [in_signs("ahead of"), in_signs("before")]
    assert small_data.paraphrases(in_signs("in front")) == ""  # the beginning of a phrase
    assert small_data.paraphrases(in_signs("front of")) is None
    assert small_data.sign("zebra") is None


def test_a_phrase_whose_lines_are_apart_keeps_all_its_paraphrases(meteor_package):
    meteor_package.change(paraphrases=[("a b", "c"), ("d", "c"), ("a b", "d")])
    data = meteor_data()
    a, b, c, d = map(data.sign, "abcd")
    assert data.paraphrases(a + b) == f"{c}\n{d}"


def test_more_words_than_there_are_characters_before_the_surrogates(meteor_package):
    words = [f"w{number}" for number in range(0xD900)]
    meteor_package.change(paraphrases=[("first", " ".join(words)), (words[-1], "first")])
    data = meteor_data()
    assert data.paraphrases(data.sign(words[-1])) == data.sign("first")


def test_the_index_is_built_once_with_a_note(meteor_package, tmp_path, capsys):
    assert meteor_data() is not None
    (index,) = indexes(tmp_path)
    assert capsys.readouterr().err == (
        f"note: building the index of METEOR's data in {index}; this is done once and takes about half a minute\n"
    )
    module._load.cache_clear()  # as a new process
    assert meteor_data().synsets("dog") == {"01", "02"}
    assert indexes(tmp_path) == [index]
    assert capsys.readouterr().err == ""


def test_other_data_get_another_index(meteor_package, tmp_path, capsys):
    assert meteor_data().synsets("dog") == {"01", "02"}
    meteor_package.change(synsets={"dog": "77 78 79"})
    assert meteor_data().synsets("dog") == {"77", "78", "79"}
    assert len(indexes(tmp_path)) == 2
    assert capsys.readouterr().err.count("building the index") == 2


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 and no more"])
def test_a_damaged_index_is_built_anew(meteor_package, tmp_path, capsys, content):
    meteor_data()
    (index,) = indexes(tmp_path)
    index.write_bytes(content)
    module._load.cache_clear()
    assert meteor_data().synsets("dog") == {"01", "02"}
    assert capsys.readouterr().err.count("building the index") == 2


def test_no_package_no_data(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert meteor_data() is None
    assert capsys.readouterr().err == ""


def test_a_package_without_the_files_is_no_package(meteor_package):
    meteor_package.table.unlink()
    assert meteor_data() is None


@pytest.mark.parametrize("name", ["jar", "table"])
def test_unusable_data_are_named_and_leave_nothing_behind(meteor_package, tmp_path, capsys, name):
    getattr(meteor_package, name).write_bytes(b"neither zip nor gzip")
    assert meteor_data() is None
    err = capsys.readouterr().err
    assert f"note: METEOR is not available: no index of {meteor_package.folder} could be made in" in err
    assert "Install pycocoevalcap anew, or name a folder that can be written in XDG_CACHE_HOME.\n" in err
    assert indexes(tmp_path) == []
    assert meteor_data() is None
    assert capsys.readouterr().err == ""  # said once


def test_a_table_that_breaks_off_is_unusable(meteor_package, capsys):
    with gzip.open(meteor_package.table, "wt") as file:
        file.write("0.5\none phrase\n")
    assert meteor_data() is None
    assert "METEOR is not available" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_is_named(meteor_package, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert meteor_data() is None
    assert f"could be made in {tmp_path / 'file' / 'im2txt'} (" in capsys.readouterr().err


def test_the_cache_is_in_the_home_folder_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert module._cache_folder() == tmp_path / ".cache" / "im2txt"


def test_an_index_is_whole_or_absent(meteor_package, tmp_path):
    build_index(meteor_package.jar, meteor_package.table, tmp_path / "index")
    before = (tmp_path / "index").read_bytes()
    meteor_package.table.write_bytes(b"no gzip")
    with pytest.raises(OSError, match="gzip"):
        build_index(meteor_package.jar, meteor_package.table, tmp_path / "index")
    assert (tmp_path / "index").read_bytes() == before
    assert not list(tmp_path.glob("index.part-*"))


def test_importing_the_metrics_reads_no_data(meteor_package, tmp_path):
    environment = os.environ | {"PYTHONPATH": f"{meteor_package.folder.parents[1]}:."}
    code = "import im2txt.metrics.caption_scores, im2txt.score"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert not (tmp_path / "cache").exists()
