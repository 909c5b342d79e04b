"""im2txt.score with Java programs: the official scorer and SPICE, neither of which is run here."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from im2txt.metrics.caption_scores import METRICS, Scores, score_captions
from tests.commands.score_files import CAPTIONS, REFERENCES, run, scored
from tests.fake_java import SPICE, FakeJava


@pytest.fixture
def official_scorer(tmp_path, monkeypatch):
    """The official scores of these files, which differ from ours; what they were asked of stands in the list."""
    asked = []

    def official_scores(candidates, references, limits):
        asked.append((candidates, references, limits))
        ours = score_captions(candidates, references)
        other = {image: values | {"BLEU-1": 0.5} for image, values in ours.per_image.items()}
        return Scores(ours.corpus | {"BLEU-1": 0.25}, other)

    monkeypatch.setattr("im2txt.metrics.official.official_scores", official_scores)
    return asked


@pytest.mark.usefixtures("without_meteor")
def test_official_scores_are_given_and_ours_compared_with_them(files, tmp_path, official_scorer):
    arguments = ["--backend=official", "--timeout=7", "--java_memory=512m", f"--csv={tmp_path / 's.csv'}"]
    written, _ = scored(tmp_path, *files, *arguments)
    assert official_scorer == [(CAPTIONS, REFERENCES, (7, "512m"))]
    assert list(written) == ["corpus", "per_image", "cross_check", "diversity"]
    assert written["corpus"]["BLEU-1"] == 0.25
    assert [image["BLEU-1"] for image in written["per_image"].values()] == [0.5, 0.5]
    with open(tmp_path / "s.csv", encoding="utf-8", newline="") as file:
        assert [float(row["BLEU-1"]) for row in csv.DictReader(file)] == [0.5, 0.5]
    ours = score_captions(CAPTIONS, REFERENCES)
    difference = {"ours": ours.corpus["BLEU-1"], "official": 0.25, "difference": ours.corpus["BLEU-1"] - 0.25}
    found = written["cross_check"]
    assert found["BLEU-1"] == difference | {"largest": ours.per_image["2"]["BLEU-1"] - 0.5, "image": "2"}
    assert (found["CIDEr-D"]["difference"], found["CIDEr-D"]["largest"], found["METEOR"]) == (0, 0, None)


def test_ours_and_the_official_scores_are_printed(files, official_scorer):
    _, out, _ = run(*files, "--backend=official")
    assert official_scorer[0][2] == (3600, None)
    scores, table, _ = out.split("\n\n")
    assert scores.startswith("BLEU-1    0.2500\n")
    title, head, bleu, *_ = table.splitlines()
    assert title == "Ours and those of pycocoevalcap:"
    assert head.split()[:4] == ["metric", "ours", "official", "difference"]
    assert bleu.split()[:3] == ["BLEU-1", "1.0000", "0.2500"]


def test_without_the_official_scorer_nothing_is_scored(files, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, out, err = run(*files, "--backend=official")
    assert (code, out) == (1, "")
    assert err.startswith("error: --backend=official needs pycocoevalcap, which is not installed. Install it with ")


@pytest.mark.parametrize("memory", ["4", "4T", "4 G", "G", "4G\n"])
def test_memory_that_java_does_not_know_is_refused(files, memory):
    code, _, err = run(*files, f"--java_memory={memory}")
    assert code == 1
    assert "Give a number and k, m or g, as in --java_memory=4G." in err


@pytest.fixture
def spice(tmp_path, monkeypatch):
    """The folder of a SPICE that scores a tenth of an image's references."""
    (tmp_path / "spice" / "lib").mkdir(parents=True)
    for name in ("spice-1.0.jar", "lib/stanford-corenlp-3.6.0.jar", "lib/stanford-corenlp-3.6.0-models.jar"):
        (tmp_path / "spice" / name).touch()
    java = FakeJava(tmp_path, monkeypatch)
    java.plays(SPICE)
    return java, tmp_path / "spice"


def test_spice_is_a_score_more(files, tmp_path, spice):
    java, folder = spice
    arguments = [f"--spice={folder}", f"--spice_cache={tmp_path / 'cache'}", f"--csv={tmp_path / 's.csv'}"]
    code, out, _ = run(*files, *arguments, "--per_image", f"--output={tmp_path / 's.json'}")
    assert code == 0
    assert "SPICE     0.1500\nimages         2\n" in out
    assert "  SPICE  caption\n" in out
    written = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert list(written["corpus"]) == [*METRICS, "SPICE"]
    assert {image: values["SPICE"] for image, values in written["per_image"].items()} == {"2": 0.2, "1": 0.1}
    with open(tmp_path / "s.csv", encoding="utf-8", newline="") as file:
        assert [row["SPICE"] for row in csv.DictReader(file)] == ["0.2", "0.1"]
    assert java.calls()[0]["arguments"][-2:] == ["-cache", str(tmp_path / "cache")]


def test_a_spice_that_does_not_run_is_not_available(files, tmp_path, spice):
    java, folder = spice
    java.plays("sys.exit('Too old')")
    written, err = scored(tmp_path, *files, f"--spice={folder}")
    assert (
        "note: SPICE is not available. SPICE failed, with exit code 1; it needs Java 8 to 14. It says:\nToo old" in err
    )
    assert [values["SPICE"] for values in (written["corpus"], *written["per_image"].values())] == [None] * 3
    assert "\nSPICE   not available\n" in run(*files, f"--spice={folder}").out


def test_a_spice_that_is_not_there_is_refused(files, tmp_path):
    code, out, err = run(*files, f"--spice={tmp_path}")
    assert (code, out) == (1, "")
    assert err.startswith(f"error: --spice={tmp_path}: there is no file {tmp_path / 'spice-1.0.jar'}.")


def test_ctrl_c_stops_java_and_leaves_nothing(files, tmp_path, spice):
    java, folder = spice
    (tmp_path / "temporary").mkdir()
    java.plays(f"open({str(tmp_path / 'started')!r}, 'w').close(); time.sleep(600)")
    command = [sys.executable, "-m", "im2txt.score", *files, f"--spice={folder}"]
    environment = os.environ | {"TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        while not (tmp_path / "started").exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"stopped\n")
    assert list((tmp_path / "temporary").iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(java.calls()[0]["process"], 0)
