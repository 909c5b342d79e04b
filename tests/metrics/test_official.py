"""The official scorer: its Java programs played by a stand-in, and itself where it is installed."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

from im2txt.errors import UserError
from im2txt.metrics.caption_scores import METRICS, score_captions
from im2txt.metrics.java import Limits
from im2txt.metrics.official import official_scores
from tests.fake_java import OFFICIAL, FakeJava

CANDIDATES = {"x": "A dog", "y": "One two three"}
REFERENCES = {"y": ["One", "two three"], "x": ["dog"]}  # images in another order

# Scorers whose score of an image is its number of words, and of the corpus the metric's place.
SCORERS = {
    "bleu.bleu": """
class Bleu:
    def __init__(self, n):
        self.n = n
    def compute_score(self, gts, res, verbose=1):
        assert verbose == 0
        lengths = [len(res[image][0].split()) for image in gts]
        return list(range(1, self.n + 1)), [[k * length for length in lengths] for k in range(1, self.n + 1)]
""",
    "rouge.rouge": """
class Rouge:
    def compute_score(self, gts, res):
        return 6, [len(gts[image]) for image in gts]
""",
    "cider.cider": """
class Cider:
    def compute_score(self, gts, res):
        return 7, [sum(len(reference.split()) for reference in gts[image]) for image in gts]
""",
    "tokenizer.ptbtokenizer": "PUNCTUATIONS = ['.', '!']\n",
}


def forget():
    for name in [name for name in sys.modules if name.partition(".")[0] == "pycocoevalcap"]:
        del sys.modules[name]


@pytest.fixture
def package(meteor_package):
    """A pycocoevalcap of scorers that are easy to tell."""
    folder = meteor_package.folder.parent
    for name, code in SCORERS.items():
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(code)
    (folder / "tokenizer" / "stanford-corenlp-3.4.1.jar").touch()
    forget()
    yield folder
    forget()


@pytest.fixture
def java(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    java = FakeJava(tmp_path, monkeypatch)
    java.plays(OFFICIAL)
    return java


def score(**limits):
    return official_scores(CANDIDATES, REFERENCES, Limits(**limits))


@pytest.mark.usefixtures("package", "java")
def test_scores_are_those_of_the_images_in_the_order_of_the_references(tmp_path):
    scores = score()
    assert scores.corpus == dict(zip(METRICS, [1, 2, 3, 4, pytest.approx(0.05), 6, 7]))
    assert list(scores.per_image) == ["y", "x"]
    assert scores.per_image == {
        "y": dict(zip(METRICS, [3, 6, 9, 12, 0.03, 2, 3])),
        "x": dict(zip(METRICS, [2, 4, 6, 8, 0.02, 1, 1])),
    }
    assert json.loads(json.dumps(scores.corpus)) == scores.corpus
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_programs_are_called_as_the_official_scorer_does(package, java, tmp_path):
    score(memory="3G")
    references, candidates, meteor = java.calls()
    for call in (references, candidates):
        assert call["arguments"][-6:-1] == [
            "-cp",
            str(package / "tokenizer/stanford-corenlp-3.4.1.jar"),
            "edu.stanford.nlp.process.PTBTokenizer",
            "-preserveLines",
            "-lowerCase",
        ]
    jar, table = package / "meteor/meteor-1.5.jar", package / "meteor/data/paraphrase-en.gz"
    command = f"-Xmx3G -jar {jar} - - -stdio -l en -norm -a {table}".split(" ")
    assert meteor["arguments"][-len(command) :] == command
    assert {Path(call["folder"]).parent for call in java.calls()} == {tmp_path / "temporary"}


def files(folder):
    """All but what Python itself compiles."""
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.mark.usefixtures("java")
def test_nothing_is_written_into_the_package(package):
    before = files(package)
    score()
    assert files(package) == before


@pytest.mark.usefixtures("package", "java")
def test_line_breaks_in_captions_are_spaces_and_half_a_surrogate_pair_is_no_end():
    captions = {"x": "\nA\r\r\ndog\v", "y": "One\ftwo\u2028\ud83d\u2029three"}
    scores = official_scores(captions, {"y": ["One", "two\u2028three"], "x": ["dog\r"]}, Limits())
    assert [image["BLEU-1"] for image in scores.per_image.values()] == [4, 2]  # words, of which one is the half pair
    assert [image["CIDEr-D"] for image in scores.per_image.values()] == [3, 1]


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('No heap', file=sys.stderr); sys.exit(1)", r"The tokenizer failed, with exit code 1.*\nNo heap"),
        ("print('one')", r"The tokenizer of .*pycocoevalcap made 2 captions of 3. Install it with `pip install"),
        ("if '-stdio' not in arguments: time.sleep(60)", r"The tokenizer was stopped after 0.5 seconds"),
        (f"if '-stdio' in arguments: sys.exit('Lost')\n{OFFICIAL}", r"METEOR failed, with exit code 1.*\nLost"),
        (OFFICIAL.replace("/ 100 for", "// 100 or '0,27' for"), r"METEOR answered '0,27' where a score was expected"),
    ],
)
def test_programs_that_fail_are_told(java, tmp_path, code, message):
    java.plays(code.replace("sum(scores)", "scores[0]") if "0,27" in code else code)
    with pytest.raises(UserError, match=f"(?s){message}"):
        score(seconds=0.5 if "sleep" in code else 60)
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.usefixtures("package")
def test_no_java_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"The tokenizer needs Java 8 or later, but there is no `java` on the PATH"):
        score()


def test_no_package_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    message = (
        r"--backend=official needs pycocoevalcap, which is not installed. Install it with `pip install im2txt\[off"
    )
    with pytest.raises(UserError, match=message):
        score()


@pytest.mark.usefixtures("java")
def test_a_package_without_its_programs_is_told(package):
    (package / "tokenizer" / "stanford-corenlp-3.4.1.jar").unlink()
    with pytest.raises(UserError, match=r"site/pycocoevalcap lacks tokenizer/stanford-corenlp-3.4.1.jar, meteor/"):
        score()


def test_the_installed_scorer_gives_the_golden_scores_and_ours():
    if importlib.util.find_spec("pycocoevalcap") is None or shutil.which("java") is None:
        pytest.skip("pycocoevalcap or Java is not installed: pip install im2txt[official]")
    golden = json.loads(Path(__file__).with_name("golden_scores.json").read_text(encoding="utf-8"))
    references = {str(place): image["references"] for place, image in enumerate(golden["images"])}
    candidates = {str(place): image["candidate"] for place, image in enumerate(golden["images"])}
    scores, ours = official_scores(candidates, references, Limits()), score_captions(candidates, references)
    assert {name: scores.corpus[name] for name in golden["corpus"]} == golden["corpus"]
    for image, found in zip(golden["images"], scores.per_image.values(), strict=True):
        assert {name: found[name] for name in image["scores"]} == image["scores"]
    assert scores.corpus["METEOR"] == pytest.approx(ours.corpus["METEOR"], rel=1e-12)
    for image, found in scores.per_image.items():
        assert found["METEOR"] == pytest.approx(ours.per_image[image]["METEOR"], rel=1e-12, abs=1e-15)
