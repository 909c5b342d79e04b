"""How far our scores are from those of the official scorer, metric by metric, for the corpus and for the images."""

from collections.abc import Mapping
from typing import NamedTuple

from im2txt.metrics.caption_scores import Scores


class Difference(NamedTuple):
    """Our scores and the official ones of a metric; differences are ours minus official.

    Attributes:
        ours, official: of the corpus.
        difference: of the corpus.
        largest: the difference of the image on which the two differ most.
        image: that image, the first of equals.
    """

    ours: float
    official: float
    difference: float
    largest: float
    image: str


def cross_check(ours: Scores, official: Scores) -> dict[str, Difference | None]:
    """Compares the scores of the same images; None: a metric that is not available here."""
    return {name: None if ours.corpus[name] is None else _compare(name, ours, official) for name in official.corpus}


def _compare(name: str, ours: Scores, official: Scores) -> Difference:
    apart = {image: ours.per_image[image][name] - scores[name] for image, scores in official.per_image.items()}
    image = max(apart, key=lambda image: abs(apart[image]))
    corpus, other = ours.corpus[name], official.corpus[name]
    return Difference(corpus, other, corpus - other, apart[image], image)


def cross_check_lines(differences: Mapping[str, Difference | None]) -> list[str]:
    """Returns a table, a line a metric."""
    lines = ["metric      ours  official  difference  largest of the images"]
    for name, found in differences.items():
        if found is None:
            lines.append(f"{name:8} not available here")
            continue
        where = f" (image {found.image})" if found.largest else ""
        lines.append(
            f"{name:8} {found.ours:7.4f} {found.official:9.4f} {found.difference:+11.1e} {found.largest:+12.1e}{where}"
        )
    return lines
