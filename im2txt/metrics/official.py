r"""The scores of the official COCO caption scorer itself, from an installed `pycocoevalcap`, as a check of our own.

Its BLEU, ROUGE-L and CIDEr (which is CIDEr-D) are Python and are called as they are. Its tokenizer and METEOR are Java
programs, which are started here and not by its classes: those write into the installed package, hide what the programs
say when they fail, wait for ever, and misread numbers in some locales.

Deviations: inside a caption `\r`, `\v`, `\f`, U+2028 and U+2029 are spaces, as `im2txt.metrics.tokenize_ptb` says, and
half of a surrogate pair, at which the official code stops, goes to the tokenizer, which drops it. METEOR is told where
its paraphrases are, for it does not find them in a folder whose name has a space or an accent.

Measured with pycocoevalcap 1.2 and Java 17: the same scores, to the last digit, as its own classes give.
"""

import importlib.util
import tempfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from im2txt.errors import UserError
from im2txt.metrics.caption_scores import METRICS, Scores
from im2txt.metrics.java import JavaProgram, Limits, Program
from im2txt.metrics.tokenize_ptb import LINE_BREAK

_TOKENIZER = Path("tokenizer/stanford-corenlp-3.4.1.jar")
_METEOR, _PARAPHRASES = Path("meteor/meteor-1.5.jar"), Path("meteor/data/paraphrase-en.gz")
_INSTALL = "Install it with `pip install im2txt[official]`."

Captions = Mapping[str, Sequence[str]]
_Column = tuple[float, Sequence[float]]


def official_scores(candidates: Mapping[str, str], references: Captions, limits: Limits) -> Scores:
    """Scores one caption an image, as written, against the references of the image, as written.

    Args:
        candidates: {image: caption}.
        references: {image: captions} of the same images, at least one of them with a word.
        limits: what each Java program may take.

    Raises:
        UserError: there is no pycocoevalcap, or no Java, or one of the programs fails or takes too long.
    """
    package = _find_package()
    with tempfile.TemporaryDirectory(prefix="im2txt-") as name:
        folder = Path(name).resolve()
        targets = _tokenize(references, package, folder, limits)
        captions = _tokenize({image: [candidates[image]] for image in references}, package, folder, limits)
        meteors = _meteor(captions, targets, package, folder, limits)
    columns = dict(zip(METRICS, _columns(captions, targets, meteors), strict=True))
    corpus = {metric: float(score) for metric, (score, _) in columns.items()}
    per_image = {
        image: {metric: float(scores[place]) for metric, (_, scores) in columns.items()}
        for place, image in enumerate(references)
    }
    return Scores(corpus, per_image)


def _find_package() -> Path:
    package = importlib.util.find_spec("pycocoevalcap")
    if package is None:
        raise UserError(f"--backend=official needs pycocoevalcap, which is not installed. {_INSTALL}")
    folders = [Path(folder) for folder in package.submodule_search_locations or ()]
    for folder in folders:
        if all((folder / file).is_file() for file in (_TOKENIZER, _METEOR, _PARAPHRASES)):
            return folder
    where = ", ".join(map(str, folders))
    raise UserError(f"pycocoevalcap in {where} lacks {_TOKENIZER}, {_METEOR} or {_PARAPHRASES}. {_INSTALL}")


def _tokenize(captions: Captions, package: Path, folder: Path, limits: Limits) -> dict[str, list[str]]:
    """Returns the tokens of captions, joined by spaces."""
    from pycocoevalcap.tokenizer.ptbtokenizer import PUNCTUATIONS

    stream = [LINE_BREAK.sub(" ", caption) for group in captions.values() for caption in group]
    file = folder / "captions.txt"
    file.write_bytes("\n".join(stream).encode("utf-8", "surrogatepass"))
    jar, main = str(package / _TOKENIZER), "edu.stanford.nlp.process.PTBTokenizer"
    program = Program("The tokenizer", ["-cp", jar, main, "-preserveLines", "-lowerCase", str(file)])
    with JavaProgram(program, folder, limits) as running:
        lines = running.finish().split("\n")
    if len(lines) != len(stream):
        raise UserError(f"The tokenizer of {package} made {len(lines)} captions of {len(stream)}. {_INSTALL}")
    tokens = (" ".join(word for word in line.rstrip().split(" ") if word not in PUNCTUATIONS) for line in lines)
    return {image: list(islice(tokens, len(group))) for image, group in captions.items()}


def _meteor(captions: Captions, targets: Captions, package: Path, folder: Path, limits: Limits) -> _Column:
    """Returns the score of the corpus and that of each image."""
    jar, paraphrases = str(package / _METEOR), str(package / _PARAPHRASES)
    program = Program("METEOR", ["-jar", jar, *"- - -stdio -l en -norm -a".split(), paraphrases])
    with JavaProgram(program, folder, limits) as running:
        counts = []
        for image, [caption] in tqdm(captions.items(), unit=" images", desc="METEOR"):
            caption = caption.replace("|||", "").replace("  ", " ")  # as the package's class does
            running.tell(" ||| ".join(["SCORE", *targets[image], caption]))
            counts.append(running.answer())
        running.tell(" ||| ".join(["EVAL", *counts]))
        *scores, corpus = [_number(running.answer()) for _ in range(len(counts) + 1)]
    return corpus, scores


def _number(answer: str) -> float:
    try:
        return float(answer)
    except ValueError:
        raise UserError(f"METEOR answered {answer!r} where a score was expected. {_INSTALL}") from None


def _columns(captions: Captions, targets: Captions, meteors: _Column) -> list[_Column]:
    """Returns each metric's score of the corpus and those of the images, in the order of METRICS."""
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    bleus = zip(*Bleu(4).compute_score(targets, captions, verbose=0))
    return [*bleus, meteors, Rouge().compute_score(targets, captions), Cider().compute_score(targets, captions)]
