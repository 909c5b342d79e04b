"""The language of the scenes dataset: one grammar over `scene_lexicon`, used in both directions.

`realise` words a `Description` as a caption, `parse` reads the description back from a caption. The grammar:

    caption     [opening] things [place]
                | [opening] thing relation thing [place]
                | thing verb relation thing [place]
                | view "with" things
                | "the" [size] [texture] [colour] noun "is" adjective
    things      thing ["and" | "with" thing] ["and" thing]
    thing       determiner [size] [texture] [colour] noun ["with" stripes]
                | "something" colour

A caption that is none of this (a wrong article, a singular where a plural belongs, a strange word) does not
parse. Case, full stops and commas do not matter.
"""

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from im2txt.text.scene_lexicon import (
    ADJECTIVES,
    ANY_SHAPE,
    COLOURS,
    COUNTS,
    NOUNS,
    OPENINGS,
    PLACES,
    RELATIONS,
    TEXTURE_NOUNS,
    VERBS,
    VIEWS,
)


@dataclass(frozen=True)
class Thing:
    """What a caption says of an object or of a group of like objects; None where it says nothing.

    `count` is the exact number of such objects in the scene; None is "a": at least one.
    """

    shape: str | None = None
    colour: str | None = None
    size: str | None = None
    texture: str | None = None
    count: int | None = None

    @property
    def plural(self) -> bool:
        """Whether the thing is a group."""
        return self.count is not None and self.count > 1

    def fits(self, candidate: Mapping[str, object]) -> bool:
        """Tells whether an object of a scene graph is as the thing is said to be, its number aside."""
        said = {name: getattr(self, name) for name in ("shape", *ADJECTIVES)}
        return all(candidate[name] == value for name, value in said.items() if value)


@dataclass(frozen=True)
class Description:
    """All that a caption says: its things, the relation of the first to the second, and the background."""

    things: tuple[Thing, ...]
    relation: str | None = None
    background: str | None = None


def realise(description: Description, rng: random.Random) -> str:
    """Returns a caption that says what `description` says; `rng` chooses among the wordings."""
    things, background = description.things, description.background
    if _definable(description) and rng.random() < 0.2:
        return _definite(things[0], rng)
    if background and not description.relation and rng.random() < 0.3:
        return f"{_choose(VIEWS[background], rng)} with {_listed(things, rng)}"
    opening = _opening(things[0], rng)
    if description.relation:
        body = _related(description, rng, verb=not opening and rng.random() < 0.5)
    else:
        body = _listed(things, rng)
    return opening + body + (f" {_choose(PLACES[background], rng)}" if background else "")


def realise_phrase(thing: Thing, rng: random.Random) -> str:
    """Returns a short phrase without an article, as region phrases are: `small red circle`."""
    return " ".join([*_adjectives(thing, rng), _noun(thing, rng)])


def parse(caption: str) -> Description | None:
    """Returns what a caption says, or None where it is no sentence of the grammar."""
    text = " ".join(re.sub(r"[.,]", " ", caption.lower()).split())
    matches = (pattern.fullmatch(text) for pattern in _CAPTIONS)
    return next((_read(match.groupdict()) for match in matches if match), None)


def _choose(wordings: tuple, rng: random.Random) -> str:
    return rng.choices(wordings, weights=[3] + [1] * (len(wordings) - 1))[0]


def _noun(thing: Thing, rng: random.Random) -> str:
    return _choose(NOUNS[thing.shape] if thing.shape else ANY_SHAPE, rng)[thing.plural]


def _adjectives(thing: Thing, rng: random.Random) -> list[str]:
    said = {name: getattr(thing, name) for name in ADJECTIVES}
    return [_choose(ADJECTIVES[name][value], rng) for name, value in said.items() if value]


def _worded(thing: Thing, rng: random.Random) -> str:
    if thing.colour and thing == Thing(colour=thing.colour) and rng.random() < 0.4:
        return f"something {_choose(COLOURS[thing.colour], rng)}"
    after = ""
    if thing.texture in TEXTURE_NOUNS and rng.random() < 0.3:
        after = f" with {_choose(TEXTURE_NOUNS[thing.texture], rng)}"
        thing = replace(thing, texture=None)
    phrase = realise_phrase(thing, rng)
    article = "an" if phrase[0] in "aeiou" else "a"
    return f"{_choose(COUNTS[thing.count], rng) if thing.count else article} {phrase}{after}"


def _listed(things: tuple[Thing, ...], rng: random.Random) -> str:
    first, *others = (_worded(thing, rng) for thing in things)
    return first + (_choose((" and ", " with "), rng) + " and ".join(others) if others else "")


def _opening(thing: Thing, rng: random.Random) -> str:
    there = f"there {'are' if thing.plural else 'is'} "
    return rng.choices(["", there, f"{rng.choice(OPENINGS)} "], weights=[6, 2, 2])[0]


def _related(description: Description, rng: random.Random, verb: bool) -> str:
    one, other = (_worded(thing, rng) for thing in description.things)
    verbs = tuple(VERBS.values() if description.things[0].plural else VERBS)
    link = f"{_choose(verbs, rng)} " if verb else ""
    return f"{one} {link}{_choose(RELATIONS[description.relation], rng)} {other}"


def _definable(description: Description) -> bool:
    thing = description.things[0]
    adjectives = any(getattr(thing, name) for name in ADJECTIVES)
    return bool(description == Description((thing,)) and thing.shape and adjectives and not thing.count)


def _definite(thing: Thing, rng: random.Random) -> str:
    name = rng.choice([name for name in ADJECTIVES if getattr(thing, name)])
    adjective = _choose(ADJECTIVES[name][getattr(thing, name)], rng)
    return f"the {realise_phrase(replace(thing, **{name: None}), rng)} is {adjective}"


def _inverse(table: Mapping) -> dict:
    return {wording: key for key, wordings in table.items() for wording in wordings}


def _any(wordings: Iterable[str]) -> str:
    return f"(?:{'|'.join(wordings)})"


def _meanings() -> dict[str, tuple[str, str | int]]:
    """Returns what each word of a thing says: an attribute and its value."""
    meanings = {form: ("shape", shape) for shape, forms in NOUNS.items() for pair in forms for form in pair}
    for name, table in (*ADJECTIVES.items(), ("texture", TEXTURE_NOUNS)):
        meanings |= {wording: (name, value) for wording, value in _inverse(table).items()}
    counts = {word: ("count", count) for words, count in _inverse(COUNTS).items() for word in words.split()}
    return meanings | {word: meaning for word, meaning in counts.items() if word not in ("a", "of")}


def _thing_pattern() -> str:
    adjectives = "".join(f"(?: {_any(_inverse(table))})?" for table in ADJECTIVES.values())
    one, many = zip(*(pair for pairs in (*NOUNS.values(), ANY_SHAPE) for pair in pairs))
    single = rf"(?:a(?! [aeiou])|an(?= [aeiou])|{_any(COUNTS[1])}){adjectives} {_any(one)}"
    group = rf"{_any(wording for count in (2, 3, 4) for wording in COUNTS[count])}{adjectives} {_any(many)}"
    after = f"(?: with {_any(_inverse(TEXTURE_NOUNS))})?"
    return f"(?:(?:{single}|{group}){after}|something {_any(_inverse(COLOURS))})"


def _caption_patterns() -> list[re.Pattern]:
    thing, relation = _thing_pattern(), _any(_inverse(RELATIONS))
    opening = f"(?:(?P<opening>there is|there are|{'|'.join(OPENINGS)}) )?"
    verb = f"(?(opening)|(?: (?P<verb>{_any((*VERBS, *VERBS.values()))}))?)"  # only where nothing opens
    things = f"(?P<first>{thing})(?: (?:and|with) (?P<second>{thing}))?(?: and (?P<third>{thing}))?"
    place = f"(?: (?P<place>{_any(_inverse(PLACES))}))?"
    adjectives = [_any(_inverse(table)) for table in ADJECTIVES.values()]
    noun = _any(pair[0] for pairs in NOUNS.values() for pair in pairs)
    definite = f"the {''.join(f'(?:{words} )?' for words in adjectives)}{noun} is {_any(adjectives)}"
    return [
        re.compile(f"{opening}{things}{place}"),
        re.compile(f"{opening}(?P<first>{thing}){verb} (?P<relation>{relation}) (?P<second>{thing}){place}"),
        re.compile(f"(?P<view>{_any(_inverse(VIEWS))}) with {things}"),
        re.compile(f"(?P<first>{definite})"),
    ]


_MEANINGS = _meanings()
_CAPTIONS = _caption_patterns()
_RELATION_OF = _inverse(RELATIONS)
_BACKGROUND_OF = _inverse(PLACES) | _inverse(VIEWS)


def _read(parts: Mapping[str, str | None]) -> Description | None:
    things = [_thing(parts[name]) for name in ("first", "second", "third") if parts.get(name)]
    verb = (parts.get("verb") or parts.get("opening") or "").split(" ")[-1]
    if None in things or verb in (VERBS if things[0].plural else VERBS.values()):
        return None
    background = _BACKGROUND_OF.get(parts.get("place") or parts.get("view"))
    return Description(tuple(things), _RELATION_OF.get(parts.get("relation")), background)


def _thing(phrase: str) -> Thing | None:
    """Reads a thing off its words; None where it names an attribute twice ("a striped ring with dots")."""
    said = [_MEANINGS[word] for word in phrase.split() if word in _MEANINGS]
    return Thing(**dict(said)) if len(dict(said)) == len(said) else None
