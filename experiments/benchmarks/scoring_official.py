"""The official COCO caption scorer, part by part, as pycocoevalcap has it: to measure ours beside it."""

import importlib.util
import shutil
from collections.abc import Callable, Sequence
from typing import Any

from scoring_captions import Task

from im2txt.metrics.tokenize_ptb import LINE_BREAK


def official_lacks() -> str | None:
    """Returns what keeps the official scorer from running."""
    if importlib.util.find_spec("pycocoevalcap") is None:
        return "pycocoevalcap is not installed (pip install im2txt[official])."
    return None if shutil.which("java") else "there is no `java` on the PATH."


def official_parts(task: Task, tokens: Task) -> dict[str, Callable[[], Any]]:
    """Returns what scoring consists of: tokens of `task`, and scores of `tokens`."""
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.meteor.meteor import Meteor
    from pycocoevalcap.rouge.rouge import Rouge

    both = dict(enumerate(tokens.references)), {image: [text] for image, text in enumerate(tokens.captions)}
    return {
        "tokenizer": lambda: _official_task(task),
        "BLEU": lambda: Bleu(4).compute_score(*both, verbose=0)[0],
        "ROUGE-L": lambda: Rouge().compute_score(*both)[0],
        "CIDEr-D": lambda: Cider().compute_score(*both)[0],
        "METEOR": lambda: Meteor().compute_score(*both)[0],
    }


def official_tokens(groups: Sequence[Sequence[str]]) -> list[list[str]]:
    """Returns the tokens of lists of captions, which go through Java as one stream."""
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    clean = {place: [{"caption": LINE_BREAK.sub(" ", text)} for text in group] for place, group in enumerate(groups)}
    return list(PTBTokenizer().tokenize(clean).values())


def _official_task(task: Task) -> Task:
    captions, references = (official_tokens(groups) for groups in ([[text] for text in task.captions], task.references))
    return Task([text for (text,) in captions], references)
