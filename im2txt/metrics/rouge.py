"""ROUGE-L as the official COCO caption scorer computes it.

Lin 2004, section 3: the F-measure of the longest common subsequence (LCS), here with beta = 1.2. As in the official
scorer, precision and recall are maximised over the references separately, so that they may come from two of them,
and a caption is split at every single space: an empty caption is one empty word and matches an empty reference.

The LCS is found with one big integer per caption, a bit a word: Hyyro 2004, "Bit-parallel LCS-length computation
revisited", figure 2.
"""

from collections.abc import Sequence

BETA = 1.2


def rouge_l(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns the ROUGE-L of each caption of space-separated tokens; the corpus score is their mean."""
    return [_score(candidate, refs) for candidate, refs in zip(candidates, references, strict=True)]


def _score(candidate: str, references: Sequence[str]) -> float:
    words = candidate.split(" ")
    places: dict[str, int] = {}
    for place, word in enumerate(words):
        places[word] = places.get(word, 0) | 1 << place
    precision = recall = 0.0
    for reference in references:
        others = reference.split(" ")
        common = _common_subsequence(places, len(words), others)
        precision = max(precision, common / len(words))
        recall = max(recall, common / len(others))
    if not precision:
        return 0.0
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def _common_subsequence(places: dict[str, int], length: int, others: list[str]) -> int:
    """Returns the LCS length; `places` has for each word the bits of its positions in a caption of `length` words."""
    row = (1 << length) - 1  # bit i is 0 where the LCS with the first i + 1 words is one longer than with the first i
    for word in others:
        match = row & places.get(word, 0)
        row = (row + match) | (row - match)
    return length - (row & (1 << length) - 1).bit_count()
