import random

import pytest

from im2txt.text.scene_language import Description, Thing, parse, realise, realise_phrase
from im2txt.text.scene_lexicon import (
    BACKGROUNDS,
    COLOURS,
    COUNTS,
    NOUNS,
    RELATIONS,
    SHAPES,
    SIZES,
    TEXTURES,
)

RED_CIRCLE = Thing("circle", "red")
STARS = Thing("star", count=2)


def random_description(rng):
    def thing():
        attributes = (rng.choice([None, *values]) for values in (SHAPES, COLOURS, SIZES, TEXTURES, COUNTS))
        return Thing(*attributes)

    things = tuple(thing() for _ in range(rng.randint(1, 3)))
    relation = rng.choice(list(RELATIONS)) if len(things) == 2 and rng.random() < 0.5 else None
    return Description(things, relation, rng.choice([None, *BACKGROUNDS]))


def test_every_wording_reads_back_as_what_was_said():
    rng = random.Random(0)
    for _ in range(5000):
        description = random_description(rng)
        caption = realise(description, rng)
        assert parse(caption) == description, caption


@pytest.mark.parametrize(
    ("caption", "things", "relation", "background"),
    [
        ("a red circle", (RED_CIRCLE,), None, None),
        ("The disc is red.", (RED_CIRCLE,), None, None),
        (
            "there are two stars and a red circle and something blue",
            (STARS, RED_CIRCLE, Thing(colour="blue")),
            None,
            None,
        ),
        ("a pair of stars with a red disc on the grass", (STARS, RED_CIRCLE), None, "grass"),
        ("a meadow with a red circle", (RED_CIRCLE,), None, "grass"),
        (
            "a red circle sits on top of a plain box",
            (RED_CIRCLE, Thing("square", texture="plain")),
            "on",
            None,
        ),
        ("two stars are beneath a red circle on a plain background", (STARS, RED_CIRCLE), "below", "plain"),
        ("a tiny violet crescent with dots", (Thing("moon", "purple", "small", "dotted"),), None, None),
        ("this image shows one huge hoop", (Thing("ring", size="huge", count=1),), None, None),
        ("a picture of an orange thing", (Thing(colour="orange"),), None, None),
    ],
)
def test_captions_are_read_as_a_person_would(caption, things, relation, background):
    assert parse(caption) == Description(things, relation, background)


@pytest.mark.parametrize(
    "caption",
    [
        "",
        "a",
        "red circle",
        "a red",
        "a circle red",
        "a red red circle",
        "a red blue circle",
        "a striped ring with dots",
        "the red circle is blue",
        "an red circle",
        "a orange circle",
        "two circle",
        "a circles",
        "two something red",
        "there are a circle",
        "there is two circles",
        "two circles is above a star",
        "a circle are above a star",
        "there is a circle is above a star",
        "a circle above",
        "a circle above a star above a ring",
        "a circle in the sky on the grass",
        "a meadow with a circle on the grass",
        "a meadow",
        "a red circle and",
        "a <unk> circle",
        "there are two stars, a red circle and something blue",
        "a red dog",
        "a man riding a wave",
    ],
)
def test_anything_else_does_not_parse(caption):
    assert parse(caption) is None


def test_case_and_punctuation_do_not_matter():
    assert parse("  A red Circle.\n") == parse("a red circle")


def test_no_word_of_a_thing_means_two_things():
    nouns = [form for forms in NOUNS.values() for pair in forms for form in pair]
    tables = (COLOURS, SIZES, TEXTURES)
    words = nouns + [wording for table in tables for wordings in table.values() for wording in wordings]
    assert len(words) == len(set(words))


def test_all_wordings_come_up():
    rng = random.Random(0)
    captions = {realise(Description((RED_CIRCLE, STARS), "left of", "grass"), rng) for _ in range(300)}
    assert {caption.startswith("there is a red") for caption in captions} == {True, False}
    for wording in ("disc", "circle", " is left", "to the left of", "on the grass", "in a meadow", "pair of"):
        assert any(wording in caption for caption in captions), wording


def test_a_phrase_has_no_article():
    thing = Thing("circle", "red", "large", "plain")
    assert realise_phrase(thing, random.Random(0)).split()[-1] in ("circle", "disc")
    assert len(realise_phrase(thing, random.Random(0)).split()) == 4


def test_a_thing_fits_objects_that_have_all_its_attributes():
    circle = {"shape": "circle", "colour": "red", "size": "small", "texture": "plain"}
    assert Thing().fits(circle)
    assert Thing("circle", "red", count=3).fits(circle)
    assert not Thing("circle", "blue").fits(circle)
    assert not Thing("circle", "red", "large").fits(circle)
