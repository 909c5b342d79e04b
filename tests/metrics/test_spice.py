"""SPICE, with a stand-in for its program: neither it nor its models are among what tests may use."""

import json

import numpy as np
import pytest

from im2txt.errors import UserError
from im2txt.metrics.caption_scores import Scores
from im2txt.metrics.java import Limits
from im2txt.metrics.spice import find_spice, with_spice
from tests.fake_java import SPICE, FakeJava

OTHERS = Scores({"BLEU-1": 0.5}, {"7": {"BLEU-1": 0.25}, "a": {"BLEU-1": 0.75}})
CAPTIONS = ["a dog", ""]
REFERENCES = [["the dog", 'caf\xe9 " \ud83d', "dogs"], ["x"] * 10]


@pytest.fixture
def java(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)  # as in a new process
    (tmp_path / "temporary").mkdir()
    return FakeJava(tmp_path, monkeypatch)


@pytest.fixture
def jar(tmp_path):
    """An installation of empty files."""
    (tmp_path / "spice" / "lib").mkdir(parents=True)
    for name in ("spice-1.0.jar", "lib/stanford-corenlp-3.6.0.jar", "lib/stanford-corenlp-3.6.0-models.jar"):
        (tmp_path / "spice" / name).touch()
    return tmp_path / "spice" / "spice-1.0.jar"


def run(jar, seconds=60, cache=None):
    return with_spice(OTHERS, CAPTIONS, REFERENCES, jar, Limits(seconds), cache)


def assert_not_available(scores):
    assert scores.corpus == {"BLEU-1": 0.5, "SPICE": None}
    assert scores.per_image == {"7": {"BLEU-1": 0.25, "SPICE": None}, "a": {"BLEU-1": 0.75, "SPICE": None}}


def test_spice_joins_the_scores_image_by_image(java, jar, tmp_path, capsys):
    java.plays(SPICE)
    scores = run(jar)
    assert scores.corpus == {"BLEU-1": 0.5, "SPICE": pytest.approx(np.mean([0.3, 1.0]))}
    assert scores.per_image == {"7": {"BLEU-1": 0.25, "SPICE": 0.3}, "a": {"BLEU-1": 0.75, "SPICE": 1.0}}
    assert OTHERS.corpus == {"BLEU-1": 0.5}
    assert list((tmp_path / "temporary").iterdir()) == []
    assert capsys.readouterr() == ("", "")


def test_the_program_gets_tokens_in_the_order_of_the_images_and_no_cache(java, jar):
    java.plays(f"print(open('input.json').read(), file=open({str(jar.parent / 'seen')!r}, 'w'))\n{SPICE}")
    run(jar)
    items = json.loads((jar.parent / "seen").read_text(encoding="ascii"))
    assert items == [
        {"image_id": place, "test": test, "refs": refs} for place, (test, refs) in enumerate(zip(CAPTIONS, REFERENCES))
    ]
    (call,) = java.calls()
    command = ["-Xmx8G", "-jar", str(jar), "input.json", "-out", "output.json", "-silent"]
    assert call["arguments"][-len(command) :] == command


def test_a_cache_that_cannot_be_made_is_told(java, jar, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert run(jar, cache=str(tmp_path / "file")).corpus["SPICE"] is None
    assert "SPICE is not available. Its cache" in capsys.readouterr().err


def test_a_cache_is_made_where_it_is_named(java, jar, tmp_path, monkeypatch):
    java.plays(SPICE)
    monkeypatch.chdir(tmp_path)
    run(jar, cache="new/cache")
    assert java.calls()[0]["arguments"][-2:] == ["-cache", str(tmp_path / "new/cache")]
    assert (tmp_path / "new/cache").is_dir()


def test_scores_are_those_of_the_images_numbers(java, jar):
    java.plays(SPICE.replace("zip(items, parts)]", "zip(items, parts)][::-1]"))
    assert [image["SPICE"] for image in run(jar).per_image.values()] == [0.3, 1.0]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('SEVERE', file=sys.stderr); sys.exit(1)", "exit code 1; it needs Java 8 to 14. It says:\nSEVERE\n"),
        ("time.sleep(60)", "SPICE was stopped after 0.5 seconds. Give it more with --timeout.\n"),
        ("pass", "It wrote no scores of all images (FileNotFoundError: "),
        ("open('output.json', 'w').write('[{')", "It wrote no scores of all images (JSONDecodeError: "),
        ("open('output.json', 'w').write('[]')", "It wrote no scores of all images (KeyError: 0).\n"),
        (SPICE.replace('"f": 1 if', '"f": None if'), "It wrote no scores of all images (TypeError: "),
    ],
)
def test_a_program_that_fails_leaves_the_other_scores(java, jar, tmp_path, capsys, code, message):
    java.plays(code)
    assert_not_available(run(jar, seconds=0.5 if "sleep" in code else 60))
    err = capsys.readouterr().err
    assert err.startswith("note: SPICE is not available. ")
    assert message in err
    assert list((tmp_path / "temporary").iterdir()) == []


def test_models_that_are_absent_are_named(java, jar, capsys):
    (jar.parent / "lib/stanford-corenlp-3.6.0-models.jar").unlink()
    assert_not_available(run(jar))
    err = capsys.readouterr().err
    assert err == (
        f"note: SPICE is not available. {jar.parent} lacks lib/stanford-corenlp-3.6.0-models.jar, "
        "of stanford-corenlp-full-2015-12-09.zip.\n"
    )


def test_no_java_is_told(java, jar, capsys):
    assert_not_available(run(jar))
    assert "SPICE needs Java 8 to 14, but there is no `java` on the PATH." in capsys.readouterr().err


def test_the_program_is_found_by_its_path_and_by_its_folder(jar):
    assert find_spice(str(jar)) == find_spice(str(jar.parent)) == jar


@pytest.mark.parametrize("name", ["", "spice.jar"])
def test_a_program_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(UserError, match=r"--spice=.*: there is no file .*\.jar. Name spice-1.0.jar, or the folder"):
        find_spice(str(tmp_path / name))
