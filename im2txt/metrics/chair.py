"""CHAIR: how often captions name objects that are not in the image.

Rohrbach et al. 2018, "Object Hallucination in Image Captioning". Lower is better:

    CHAIR_i    mentions of objects that the image does not have / all mentions of objects
    CHAIR_s    captions with such a mention / all captions

A mention is counted each time: "a dog and a dog" are two. Mentions are found with a table of objects and their
words, as synonyms.txt of the authors has it (github.com/LisaAnne/Hallucination; the user's to download), and with
readings of phrases, that stand in their program:

    wine glass, cup, ...                         a line an object of COCO: its name, then its synonyms
    "passenger train" -> "train"                 not also a person: `passenger` is a synonym of that
    "hot dog" -> "hot dog"                       not also a dog
    "home plate" -> "home plate"                 no object of the table: nothing is mentioned ("train track", too)
    "seat" where the caption has a "toilet"      not a chair

The objects of an image are those of its annotated boxes and, since annotators leave out much, those that its
reference captions mention (`objects_of`).

Deviations. At every word the longest phrase wins, of any length, where the authors look two words far: "stove top
oven" is one mention, not two. Where they make every word singular with the library `pattern`, which turns "glass"
into "glas", here the last word of each phrase also gets plurals (`plurals`), and a phrase that is in the table keeps
its own meaning. Of words that the table has in the plural alone (scissors) no singular is guessed. Captions come as
tokens without their commas, so that "a baby, dog and cat" is read as of a baby dog; the authors keep commas.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

_ANIMALS = ("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "animal", "cub")
_VEHICLES = ("jet", "train")
_AS_WRITTEN = (
    "motor bike, motor cycle, air plane, traffic light, street light, traffic signal, stop light, fire hydrant, "
    "stop sign, parking meter, suit case, sports ball, baseball bat, baseball glove, tennis racket, wine glass, "
    "hot dog, cell phone, mobile phone, teddy bear, hair drier, potted plant, laptop computer, stove top oven, "
    "home plate, train track"
).split(", ")

# What the authors' program holds for the objects of COCO: how phrases are read, and what silences a word.
COCO_READINGS: Mapping[str, str] = MappingProxyType(
    {phrase: phrase for phrase in _AS_WRITTEN}
    | {f"{age} {animal}": animal for age in ("baby", "adult") for animal in _ANIMALS}
    | {f"passenger {vehicle}": vehicle for vehicle in _VEHICLES}
    | {"bow tie": "tie", "toilet seat": "toilet"}
)
COCO_SILENCED: Mapping[str, str] = MappingProxyType({"seat": "toilet"})

_IRREGULAR = {"man": "men", "child": "children", "person": "people", "mouse": "mice", "goose": "geese"}


@dataclass(frozen=True)
class ObjectTable:
    """The words for objects, lower-case; a phrase is one or more of them with single spaces.

    Attributes:
        synonyms: object to the phrases that name it; its own name does, too.
        readings: phrase to the phrase it is read as; if no object has that, to none.
        silenced: phrase to another, in whose company in a caption it names nothing.
    """

    synonyms: Mapping[str, Sequence[str]]
    readings: Mapping[str, str] = field(default_factory=dict)
    silenced: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        owners: dict[str, str] = {}
        for name, phrases in self.synonyms.items():
            for phrase in (name, *phrases):
                if owners.setdefault(phrase, name) != name:
                    raise ValueError(
                        f"Expected each phrase under one object. Received: {phrase!r} under {owners[phrase]!r} and "
                        f"{name!r}."
                    )

    def mentions(self, caption: str) -> list[str]:
        """Returns the objects that a caption of space-separated tokens mentions, in its order, each time."""
        words, place, read = caption.lower().split(), 0, []
        while place < len(words):
            for length in range(min(self._longest, len(words) - place), 0, -1):
                phrase = self._phrases.get(" ".join(words[place : place + length]))
                if phrase is not None:
                    read.append(phrase)
                    break
            place += length
        heard = [phrase for phrase in read if self.silenced.get(phrase) not in read]
        return [self._names[phrase] for phrase in heard if phrase in self._names]

    def name(self, phrase: str) -> str:
        """Returns the object that a phrase names, in the form of the table.

        Raises:
            ValueError: it names none.
        """
        name = self._names.get(phrase.lower())
        if name is None:
            raise ValueError(f"Expected the name of an object of the table. Received: {phrase!r}.")
        return name

    @cached_property
    def _names(self) -> dict[str, str]:
        """Phrase to the object it names."""
        return {phrase: name for name, phrases in self.synonyms.items() for phrase in (name, *phrases)}

    @cached_property
    def _phrases(self) -> dict[str, str]:
        """Every phrase as captions may have it to how it is read: itself, or its reading."""
        known = {phrase: phrase for phrase in (*self._names, *self.silenced.values())} | dict(self.readings)
        return {plural: reading for phrase, reading in known.items() for plural in plurals(phrase)} | known

    @cached_property
    def _longest(self) -> int:
        return max((len(phrase.split()) for phrase in self._phrases), default=1)


class Mentions(NamedTuple):
    """The objects that a caption mentions, each time, and those of them that the image does not have."""

    mentioned: tuple[str, ...]
    hallucinated: tuple[str, ...]


class Chair(NamedTuple):
    """CHAIR_i and CHAIR_s in [0, 1], and what each caption mentions, by image id."""

    instances: float
    sentences: float
    per_image: dict[str | int, Mentions]


def parse_synonyms(lines: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Reads lines `object, synonym, synonym ...` as synonyms.txt has them; case and spaces do not matter."""
    rows = [[" ".join(phrase.lower().split()) for phrase in line.split(",")] for line in lines if line.strip()]
    return {name: tuple(dict.fromkeys(filter(None, phrases))) for name, *phrases in rows}


def objects_of(annotated: Iterable[str], references: Iterable[str], table: ObjectTable) -> frozenset[str]:
    """Returns the objects of an image: those annotated, by any of their names, and those its references mention.

    Raises:
        ValueError: the table does not have an annotated object.
    """
    mentioned = chain.from_iterable(table.mentions(caption) for caption in references)
    return frozenset(chain(map(table.name, annotated), mentioned))


def chair(captions: Mapping[str | int, str], objects: Mapping[str | int, Collection[str]], table: ObjectTable) -> Chair:
    """Scores one caption for each image; where no caption mentions an object, CHAIR_i is 0.

    Args:
        captions: image id to caption of space-separated tokens.
        objects: image id to its objects, by their names in the table; may hold more images.
        table: the words for objects.

    Raises:
        ValueError: there is no caption, or the objects of an image are not given.
    """
    missing = [image_id for image_id in captions if image_id not in objects]
    if missing or not captions:
        received = f"no objects for {missing[0]}" if missing else "no captions"
        raise ValueError(f"Expected captions and the objects of each image. Received: {received}.")
    per_image = {image_id: _judge(caption, objects[image_id], table) for image_id, caption in captions.items()}
    mentioned = sum(len(mentions.mentioned) for mentions in per_image.values())
    hallucinated = sum(len(mentions.hallucinated) for mentions in per_image.values())
    faulty = sum(bool(mentions.hallucinated) for mentions in per_image.values())
    return Chair(hallucinated / max(1, mentioned), faulty / len(captions), per_image)


def plurals(phrase: str) -> list[str]:
    """Returns the plurals that a phrase may have: its last word by the rules of spelling, and the irregular ones.

    -s, -x, -z, -ch, -sh take -es; a consonant and -y give -ies; -f and -fe give -ves and -s; -o takes -s and -es;
    all others take -s. A few words, also as the end of others (policeman), have their own.
    """
    own = [phrase.removesuffix(one) + many for one, many in _IRREGULAR.items() if phrase.endswith(one)]
    if phrase.endswith(("s", "x", "z", "ch", "sh")):
        return [*own, phrase + "es"]
    if phrase.endswith("y") and phrase[-2:-1] not in tuple("aeiou"):
        return [*own, phrase[:-1] + "ies"]
    if phrase.endswith(("f", "fe")):
        return [*own, phrase.removesuffix("e")[:-1] + "ves", phrase + "s"]
    return [*own, phrase + "s", *([phrase + "es"] if phrase.endswith("o") else [])]


def _judge(caption: str, objects: Collection[str], table: ObjectTable) -> Mentions:
    mentioned = tuple(table.mentions(caption))
    return Mentions(mentioned, tuple(name for name in mentioned if name not in objects))
