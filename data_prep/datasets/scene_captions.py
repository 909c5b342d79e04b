"""Says of a scene what people might: captions that are true and differ, and short phrases for its objects.

People mention some of what they see, the large before the small. So do these captions: most name one thing or
two, with none to all of their attributes. Whatever is named is named clearly: "a star" only where there is
one star, otherwise "three stars"; a relation only where it holds for all that is named.
"""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from im2txt.text.scene_language import Description, Thing, realise, realise_phrase

Look = tuple[str, ...]
MENTIONS: dict[Look, float] = {  # how often these attributes of a thing are mentioned
    ("shape", "colour"): 46,
    ("shape", "colour", "size"): 18,
    ("shape", "colour", "texture"): 12,
    ("shape",): 8,
    ("shape", "size"): 6,
    ("colour",): 5,
    ("shape", "texture"): 3,
    ("shape", "colour", "size", "texture"): 4,
    (): 4,
}
PLAIN = 0.1  # a plain texture is mentioned this much more rarely
SALIENCE = {"small": 1, "large": 2, "huge": 4}
CLOSE = ("on", "inside", "in front of", "behind", "next to")
CLOSENESS = 4  # how many times as often these are said as directions


class Mention(NamedTuple):
    """A thing and the objects of the scene that it is, by index."""

    thing: Thing
    members: tuple[int, ...]


def caption_scene(
    scene: Mapping, rng: random.Random, count: int = 5, must: tuple[str, str] | None = None
) -> tuple[str, ...]:
    """Returns `count` different true captions; each names the shape and colour of `must`, if given."""
    captions: dict[str, None] = {}
    while len(captions) < count:
        description = _describe(scene, rng)
        if not must or any((thing.shape, thing.colour) == must for thing in description.things):
            captions[realise(description, rng)] = None
    return tuple(captions)


def name_object(candidate: Mapping, rng: random.Random) -> str:
    """Returns a short phrase for an object: its colour and shape, and sometimes its size and texture."""
    looks = [look for look in MENTIONS if {"shape", "colour"} <= set(look)]
    return realise_phrase(_thing(candidate, _choose_look(candidate, looks, rng)), rng)


def _describe(scene: Mapping, rng: random.Random) -> Description:
    background = scene["background"] if rng.random() < 0.25 else None
    kind = rng.choices(["one", "two", "three", "relation"], weights=[48, 16, 4, 32])[0]
    if kind == "relation" and scene["relations"]:
        related = _relate(scene, rng)
        if related:
            return Description(*related, background)
    wanted = {"two": 2, "three": 3}.get(kind, 1)
    named: list[Mention] = []
    for index in _by_salience(scene["objects"], rng):
        mention = _mention(scene["objects"], index, rng)
        if len(named) < wanted and not any(set(mention.members) & set(other.members) for other in named):
            named.append(mention)
    return Description(tuple(mention.thing for mention in named), None, background)


def _relate(scene: Mapping, rng: random.Random) -> tuple[tuple[Thing, Thing], str] | None:
    """Returns two things and their relation, or None where it does not hold for all objects so named."""
    relations = scene["relations"]
    weights = [CLOSENESS if name in CLOSE else 1 for _, name, _ in relations]
    first, name, second = rng.choices(relations, weights)[0]
    one, other = (_mention(scene["objects"], index, rng) for index in (first, second))
    pairs = [[a, name, b] for a in one.members for b in other.members]
    return ((one.thing, other.thing), name) if all(pair in relations for pair in pairs) else None


def _mention(objects: Sequence[Mapping], index: int, rng: random.Random) -> Mention:
    """Names an object by some of its attributes, together with all others that have the same ones."""
    looks = [look for look in MENTIONS if look or len(objects) > 1]
    thing = _thing(objects[index], _choose_look(objects[index], looks, rng))
    members = tuple(other for other, candidate in enumerate(objects) if thing.fits(candidate))
    exact = len(members) if len(members) > 1 or rng.random() < 0.05 else None
    return Mention(dataclasses.replace(thing, count=exact), members)


def _choose_look(candidate: Mapping, looks: Sequence[Look], rng: random.Random) -> Look:
    plain = candidate["texture"] == "plain"
    weights = [MENTIONS[look] * (PLAIN if plain and "texture" in look else 1) for look in looks]
    return rng.choices(looks, weights)[0]


def _thing(candidate: Mapping, look: Look) -> Thing:
    return Thing(**{name: candidate[name] for name in look})


def _by_salience(objects: Sequence[Mapping], rng: random.Random) -> list[int]:
    """Returns all indices in a random order, the large mostly before the small."""
    # The largest of u^(1 / weight) is a draw by weight (Efraimidis and Spirakis 2006).
    keys = [rng.random() ** (1 / SALIENCE[candidate["size"]]) for candidate in objects]
    return sorted(range(len(objects)), key=keys.__getitem__, reverse=True)
