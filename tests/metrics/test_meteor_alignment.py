"""The alignment on small tables of candidates, by hand and against all possible choices."""

import itertools
import random

import pytest

from im2txt.metrics.meteor_alignment import BEAM, align, count_chunks
from im2txt.metrics.meteor_matches import EXACT, PARAPHRASE, STEM, SYNONYM, Match


def exact(start, hypothesis_start):
    return Match(start, 1, hypothesis_start, 1, EXACT)


def table(*matches):
    """Candidates by their place in the reference."""
    return {start: list(group) for start, group in itertools.groupby(matches, key=lambda match: match.start)}


def test_nothing_to_match():
    assert align({}, 3) == []
    assert count_chunks([]) == 0


def test_what_nothing_else_touches_is_fixed():
    crossing = [exact(0, 1), Match(1, 1, 0, 1, STEM), Match(2, 2, 2, 1, PARAPHRASE)]
    assert align(table(*crossing), 4) == crossing
    assert count_chunks(crossing) == 3


def test_fewest_chunks_win():
    # "a b a" against "b a": the second `a` of the hypothesis continues `b`
    assert align(table(exact(0, 1), exact(1, 0), exact(1, 2)), 2) == [exact(0, 1), exact(1, 2)]
    # and "a b" in the middle of the reference is one chunk too
    assert align(table(exact(1, 0), exact(2, 1), exact(4, 0)), 5) == [exact(1, 0), exact(2, 1)]


def test_matched_words_come_before_chunks():
    # 0-0 and 1-1 are one chunk, 0-1 closes the way to 1-1
    assert align(table(exact(0, 0), exact(0, 1), exact(1, 1)), 2) == [exact(0, 0), exact(1, 1)]
    assert align(table(exact(0, 2), exact(0, 1), exact(1, 1), exact(1, 0)), 2) == [exact(0, 2), exact(1, 1)]


def test_a_word_that_matches_by_stem_or_synonym_counts_nothing_and_yields_to_a_chunk():
    stem, synonym = Match(1, 1, 5, 1, STEM), Match(1, 1, 5, 1, SYNONYM)
    assert align(table(exact(0, 0), stem), 2) == [exact(0, 0), stem]  # fixed, since nothing else touches it
    assert align(table(exact(0, 0), stem, synonym), 2) == [exact(0, 0)]
    near = Match(1, 1, 1, 1, STEM), Match(1, 1, 1, 1, SYNONYM)
    assert align(table(exact(0, 0), *near), 2) == [exact(0, 0), near[0]]


def test_a_paraphrase_of_two_words_counts_one():
    long, word = Match(0, 2, 0, 3, PARAPHRASE), Match(0, 1, 0, 1, STEM)
    assert align(table(word, long), 2) == [long]
    # two exact words count four and beat the two of the paraphrase
    assert align(table(exact(0, 0), long, exact(1, 2)), 2) == [exact(0, 0), exact(1, 2)]


def test_distance_is_added_to_the_later_choices():
    # "x w x" against "p q x": 2-2 would be nearest, but bears the distance of 2-0 (the official program matches 2-0)
    assert align(table(exact(2, 0), exact(2, 2)), 3) == [exact(2, 0)]
    assert align(table(exact(0, 0), exact(0, 2)), 3) == [exact(0, 0)]


def test_words_under_a_longer_match_are_taken():
    long = Match(0, 3, 0, 2, PARAPHRASE)
    assert align(table(long, exact(1, 4), exact(3, 2), exact(4, 4)), 5) == [long, exact(3, 2), exact(4, 4)]


def test_chunks_are_adjacent_in_both_captions():
    assert count_chunks([exact(0, 0), exact(1, 1), exact(3, 2), exact(4, 4)]) == 3
    assert count_chunks([Match(0, 2, 0, 1, PARAPHRASE), exact(2, 1)]) == 1


def cost(choices, length):
    """The cost of a choice for each place (a match or None), counted apart from `align`, without distances."""
    counted, chunks, end, place = 0, 0, None, 0
    while place < length:
        match = choices[place]
        if end is not None and (match is None or match.hypothesis_start != end):
            chunks += 1
        end = match and match.hypothesis_start + match.hypothesis_length
        if match:
            counted += 2 if match.module == EXACT else match.length // 2 + match.hypothesis_length // 2
        place += match.length if match else 1
    return -counted, chunks + (end is not None)


def possible(choices):
    words = [place for match in choices if match for place in range(match.start, match.start + match.length)]
    others = [
        place
        for match in choices
        if match
        for place in range(match.hypothesis_start, match.hypothesis_start + match.hypothesis_length)
    ]
    return len(set(words)) == len(words) and len(set(others)) == len(others)


@pytest.mark.parametrize("seed", range(30))
def test_no_other_choice_is_better(seed):
    generator = random.Random(seed)
    length = 4
    matches = {exact(start, place) for start in range(length) for place in (0, 4)}  # so that none is fixed
    for start in generator.choices(range(length), k=7):
        words = generator.randint(1, min(2, length - start))
        matches.add(Match(start, words, generator.randint(0, 4), 1, PARAPHRASE))
    candidates = table(*sorted(matches))
    options = [[None, *candidates.get(place, ())] for place in range(length)]
    costs = [cost(choices, length) for choices in itertools.product(*options) if possible(choices)]
    chosen = {match.start: match for match in align(candidates, length)}
    assert cost([chosen.get(place) for place in range(length)], length) == min(costs)


def test_the_beam_bounds_the_work_for_repeated_words():
    words = 60
    matches = align({place: [exact(place, other) for other in range(words)] for place in range(words)}, words)
    assert matches == [exact(place, place) for place in range(words)]
    assert BEAM == 40
