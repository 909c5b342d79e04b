"""The alignment of two captions that METEOR scores: one among the candidate matches for each word, or none.

Denkowski and Lavie 2014, on scoring: cover as many words as possible, with as few chunks as possible, with as little
distance between the places of what matches. As in the official program, candidates that nothing else touches are
fixed, and a beam search over the places of the reference decides the others. It differs from the description, and
these differences decide between alignments, so they are kept:

* An exact match counts both its words; any other counts half its words, rounded down on each side, so that a stem, a
  synonym or a paraphrase of one word counts nothing.
* The distance of a match is not added to its own path, but to those of the choices tried after it at the same place:
  the other matches and none.
* Ties go to what was tried first: the order of the candidates matters.
"""

from operator import itemgetter
from typing import NamedTuple

from im2txt.metrics.meteor_matches import EXACT, Match

BEAM = 40
_CHUNK, _WORD = 1 << 32, 1 << 48  # costs, of which a distance of one place is 1: words first, then chunks
_NO_CHUNK = -1


class _Path(NamedTuple):
    """The choices up to a place of the reference.

    Attributes:
        cost: words (negative), closed chunks and distance in one number; the lowest is the best.
        end: place of the hypothesis after the open chunk, or _NO_CHUNK.
        reference: a bit for each word of the reference that is matched.
        hypothesis: a bit for each word of the hypothesis that is matched.
        choices: the last match and the choices before it, or nothing.
    """

    cost: int
    end: int
    reference: int
    hypothesis: int
    choices: tuple | None


def align(candidates: dict[int, list[Match]], length: int) -> list[Match]:
    """Returns the chosen matches by their place in the reference, which has `length` words."""
    fixed = _fixed(candidates)
    if len(fixed) == len(candidates):
        return [fixed[start] for start in sorted(fixed)]
    reference = sum(match.bits for match in fixed.values())
    hypothesis = sum(match.hypothesis_bits for match in fixed.values())
    paths = [_Path(0, _NO_CHUNK, reference, hypothesis, None)]
    for place in range(length):
        if place in fixed:
            paths = [_matched(path, path.cost, fixed[place]) for path in paths]
        else:
            paths = [new for path in paths for new in _continued(path, place, candidates.get(place, ()))]
        paths = sorted(paths, key=itemgetter(0))[:BEAM]
    best = min(paths, key=lambda path: path.cost + _closing(path, _NO_CHUNK))
    return _unrolled(best.choices)


def count_chunks(matches: list[Match]) -> int:
    """Counts the runs of matches that are adjacent in both captions."""
    chunks, end, hypothesis_end = 0, -1, -1
    for match in matches:
        chunks += (match.start, match.hypothesis_start) != (end, hypothesis_end)
        end, hypothesis_end = match.start + match.length, match.hypothesis_start + match.hypothesis_length
    return chunks


def _fixed(candidates: dict[int, list[Match]]) -> dict[int, Match]:
    """Returns the matches whose words no other candidate has."""
    reference = reference_again = hypothesis = hypothesis_again = 0
    for matches in candidates.values():
        for match in matches:
            bits, hypothesis_bits = match.bits, match.hypothesis_bits
            reference_again |= reference & bits
            hypothesis_again |= hypothesis & hypothesis_bits
            reference |= bits
            hypothesis |= hypothesis_bits
    return {
        start: matches[0]
        for start, matches in candidates.items()
        if not matches[0].bits & reference_again and not matches[0].hypothesis_bits & hypothesis_again
    }


def _continued(path: _Path, place: int, candidates: list[Match]) -> list[_Path]:
    """Returns the paths that a path may become at a place: with each possible match, then with none."""
    if path.reference >> place & 1:
        return [path]
    cost, paths = path.cost, []
    for match in candidates:
        if not path.reference & match.bits and not path.hypothesis & match.hypothesis_bits:
            paths.append(_matched(path, cost, match))
            cost += abs(match.start - match.hypothesis_start)
    cost += _closing(path, _NO_CHUNK)
    paths.append(_Path(cost, _NO_CHUNK, path.reference, path.hypothesis, path.choices))
    return paths


def _matched(path: _Path, cost: int, match: Match) -> _Path:
    counted = 2 if match.module == EXACT else match.length // 2 + match.hypothesis_length // 2
    return _Path(
        cost - _WORD * counted + _closing(path, match.hypothesis_start),
        match.hypothesis_start + match.hypothesis_length,
        path.reference | match.bits,
        path.hypothesis | match.hypothesis_bits,
        (match, path.choices),
    )


def _closing(path: _Path, start: int) -> int:
    """Returns the cost of going on at a place of the hypothesis: a chunk if the open one ends."""
    return _CHUNK if path.end not in (_NO_CHUNK, start) else 0


def _unrolled(choices: tuple | None) -> list[Match]:
    matches = []
    while choices:
        match, choices = choices
        matches.append(match)
    return matches[::-1]
