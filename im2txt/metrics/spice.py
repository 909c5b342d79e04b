"""SPICE, by the user's own installation of the program of its authors; no other SPICE stands in for it.

Anderson et al. 2016, "SPICE: Semantic Propositional Image Caption Evaluation". The program, `spice-1.0.jar`, comes with
pycocoevalcap, in its folder `spice`; the jars of CoreNLP 3.6.0, from stanford-corenlp-full-2015-12-09.zip of
nlp.stanford.edu/software, belong into the folder `lib` beside it. It is under the AGPL and runs as a program of its
own. It needs Java 8 to 14: it writes its results with the JavaScript engine that Java 15 dropped.

Captions go to it as Penn Treebank tokens, as in the official scorer, but without the cache of parsed captions, which
that scorer keeps in the installed package: name a folder for one, and the next run is faster.

Written from the program's source and tested against a stand-in for it; not yet tried with the program itself.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from im2txt.errors import UserError
from im2txt.metrics.caption_scores import Scores
from im2txt.metrics.java import JavaProgram, Limits, Program
from im2txt.notices import notice

SPICE = "SPICE"
_JAR = "spice-1.0.jar"
_MODELS = ("lib/stanford-corenlp-3.6.0.jar", "lib/stanford-corenlp-3.6.0-models.jar")
_USUAL_MEMORY = "8G"  # as the official scorer has it


def find_spice(path: str) -> Path:
    """Returns the program that a user named by its path or its folder.

    Raises:
        UserError: it is not there.
    """
    jar = Path(path) / _JAR if Path(path).is_dir() else Path(path)
    if not jar.is_file():
        raise UserError(f"--spice={path}: there is no file {jar}. Name {_JAR}, or the folder that it is in.")
    return jar.resolve()


def with_spice(
    scores: Scores,
    captions: Sequence[str],
    references: Sequence[Sequence[str]],
    jar: Path,
    limits: Limits,
    cache: str | None = None,
) -> Scores:
    """Returns scores that have SPICE too: None, which a note explains, where the program does not run.

    Args:
        scores: of all images; they stay as they are.
        captions: of space-separated tokens, in the order of the images of `scores`.
        references: [images][captions], of tokens likewise.
        jar: the program.
        limits: what it may take.
        cache: a folder for parsed captions, which is made where it is absent.
    """
    try:
        values = _run(captions, references, jar, limits, cache)
        corpus = float(np.mean(values))
    except UserError as error:
        notice(f"SPICE is not available. {error}")
        corpus, values = None, [None] * len(captions)
    images = zip(scores.per_image.items(), values, strict=True)
    return Scores({**scores.corpus, SPICE: corpus}, {image: {**each, SPICE: value} for (image, each), value in images})


def _run(
    captions: Sequence[str], references: Sequence[Sequence[str]], jar: Path, limits: Limits, cache: str | None
) -> list[float]:
    missing = [name for name in _MODELS if not (jar.parent / name).is_file()]
    if missing:
        raise UserError(f"{jar.parent} lacks {' and '.join(missing)}, of stanford-corenlp-full-2015-12-09.zip.")
    items = [{"image_id": i, "test": test, "refs": refs} for i, (test, refs) in enumerate(zip(captions, references))]
    with tempfile.TemporaryDirectory(prefix="im2txt-") as name:
        folder = Path(name).resolve()
        (folder / "input.json").write_text(json.dumps(items), encoding="ascii")
        arguments = ["-jar", str(jar), "input.json", "-out", "output.json", "-silent", *_cache_arguments(cache)]
        with JavaProgram(Program(SPICE, arguments, _USUAL_MEMORY, "8 to 14"), folder, limits) as running:
            running.finish()
        return _parse(folder / "output.json", len(items))


def _cache_arguments(cache: str | None) -> list[str]:
    if cache is None:
        return []
    folder = Path(cache).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"Its cache {cache} cannot be made: {error.strerror}.") from None
    return ["-cache", str(folder)]


def _parse(path: Path, images: int) -> list[float]:
    """Returns the F-score of all propositions of each image, by its number."""
    try:
        scores = {item["image_id"]: item["scores"]["All"]["f"] for item in json.loads(path.read_text("utf-8"))}
        return [float(scores[image]) for image in range(images)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"It wrote no scores of all images ({type(error).__name__}: {error}).") from None
