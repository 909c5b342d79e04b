"""The sections of im2txt.score's output; tests/commands/test_score_more.py has what is in them."""

from im2txt.metrics.caption_scores import score_captions
from im2txt.metrics.score_sections import (
    System,
    comparison_section,
    cross_check_section,
    diversity_section,
    n_best_section,
)
from im2txt.text.vocabulary import BYTE_WORDS, SPECIAL_WORDS, Vocabulary

TOKENS = {"x": "a dog", "y": "a cat"}
TARGETS = [["a dog", "dogs"], ["the cat"]]


def system(where):
    return System(where, TOKENS, list(TOKENS.values()), score_captions(TOKENS, dict(zip(TOKENS, TARGETS))))


def test_copies_are_told_where_there_are_training_captions():
    assert "copied" not in diversity_section(["a dog"], None).content
    section = diversity_section(["a dog", "a cat"], ["a cat"])
    assert (section.key, section.content["copied"], section.lines[0]) == ("diversity", 0.5, "Diversity:")
    assert any(line.split() == ["copied", "0.5000"] for line in section.lines)


def test_unknown_words_are_told_where_there_is_a_vocabulary():
    vocabulary = Vocabulary.build([["a", "dog"]], min_count=1)
    assert "unknown_word_share" not in diversity_section(["a cat"]).content
    assert diversity_section(["a cat", "a dog"], None, vocabulary).content["unknown_word_share"] == 1 / 4
    assert diversity_section(["a <unk>"], None, vocabulary).content["unknown_word_share"] == 1 / 2


def test_bytes_spell_every_word():
    vocabulary = Vocabulary((*SPECIAL_WORDS, *BYTE_WORDS), (0,) * 260)
    assert diversity_section(["a cat", "犬"], None, vocabulary).content["unknown_word_share"] == 0


def test_sets_keep_the_names_of_their_images():
    section = n_best_section({"x": ["a dog", "dogs"], "y": ["a cat", "a cat"]}, TARGETS)
    assert (section.key, list(section.content["per_image"])) == ("n_best", ["x", "y"])
    assert section.content["per_image"]["y"]["Div-1"] == 2 / 4
    assert len(section.lines) == len(section.content)


def test_systems_are_compared_by_the_names_of_their_files():
    section = comparison_section(system("one.json"), system("two.json"), TARGETS, samples=5, seed=1)
    assert section.lines[0] == "one.json (first) against two.json (second), 5 samples:"
    assert section.content["predictions"] == "two.json"


def test_every_metric_is_checked():
    scores = system("one.json").scores
    section = cross_check_section(scores, scores)
    assert list(section.content) == list(scores.corpus)
    assert len(section.lines) == 2 + len(scores.corpus)
