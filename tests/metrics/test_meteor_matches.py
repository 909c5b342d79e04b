"""Candidate matches between captions, with the small data of conftest.py."""

from im2txt.metrics.meteor_matches import EXACT, PARAPHRASE, STEM, SYNONYM, Match, Matcher


def candidates(data, hypothesis, reference):
    matcher = Matcher(data, [hypothesis, reference])
    found = matcher.candidates(matcher.captions[hypothesis], matcher.captions[reference])
    assert list(found) == sorted(found) or not found
    return [match for start in sorted(found) for match in found[start]]


def word(start, place, module):
    return Match(start, 1, place, 1, module)


def test_bits_of_a_match():
    match = Match(1, 2, 3, 1, PARAPHRASE)
    assert (match.bits, match.hypothesis_bits) == (0b110, 0b1000)


def test_a_caption_knows_its_function_words_and_places(small_data):
    caption = Matcher(small_data, ["the dog on the box"]).captions["the dog on the box"]
    assert caption.words == ["the", "dog", "on", "the", "box"]
    assert caption.function_words == 0b01101
    assert caption.places == {"the": [0, 3], "dog": [1], "on": [2], "box": [4]}


def test_words_match_exactly_by_stem_and_by_synonym_in_this_order(small_data):
    assert candidates(small_data, "dogs hound dog hounds", "dog") == [
        word(0, 2, EXACT),
        word(0, 0, STEM),
        word(0, 0, SYNONYM),
        word(0, 1, SYNONYM),
        word(0, 3, SYNONYM),
    ]


def test_synonyms_by_base_form(small_data):
    assert candidates(small_data, "children", "kids") == [word(0, 0, SYNONYM)]
    assert candidates(small_data, "child", "goat") == []  # in common with kid, but not with each other
    assert candidates(small_data, "boxes cased", "case") == [word(0, 1, STEM), word(0, 0, SYNONYM), word(0, 1, SYNONYM)]


def test_paraphrases_are_found_from_either_side_and_from_both(small_data):
    assert candidates(small_data, "many dogs", "a lot of cats") == [Match(0, 3, 0, 1, PARAPHRASE)]
    assert candidates(small_data, "a lot of cats", "many dogs") == [Match(0, 1, 0, 3, PARAPHRASE)]
    assert candidates(small_data, "next to", "beside") == [Match(0, 1, 0, 2, PARAPHRASE)] * 2


def test_paraphrases_keep_the_order_of_the_table_then_of_places(small_data):
    assert candidates(small_data, "before it ahead of it before", "in front of") == [
        Match(0, 3, 2, 2, PARAPHRASE),
        Match(0, 3, 0, 1, PARAPHRASE),
        Match(0, 3, 5, 1, PARAPHRASE),
        word(2, 3, EXACT),
    ]


def test_the_same_words_match_exactly_and_no_otherwise(small_data):
    expected = [word(0, 0, EXACT), word(1, 1, EXACT)]
    assert candidates(small_data, "dog hound", "dog  hound") == expected
    assert candidates(small_data, "dog-hound", "dog hound") == expected


def test_unknown_words_are_no_phrase(small_data):
    assert candidates(small_data, "zzz to", "beside yyy") == []
