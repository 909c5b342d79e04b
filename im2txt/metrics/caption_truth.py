"""Caption truth: the share of captions whose every statement is true of the scene, on the scenes dataset.

A caption is read back by the inverse grammar (`im2txt.text.scene_language`) and held against the scene graph
(its form: `data_prep.datasets.scene_sampling`). One that does not parse is false. What counts as true:

    a red circle            at least one object is red and a circle; more may be
    the circle is red       the same
    two red circles         exactly two objects are ("one", "a single": exactly one)
    a circle and a square   each is true, of different objects: "a star and a star" needs two stars
    A above B               an object that A names is above one that B names; of a counted group, all are
    small, large, huge      the size class of the object in the graph, whatever lies beside it
    on the grass            the kind of the background

Relations are those of the graph, which holds them only where they are clear. What stands on another is above
it too; what is inside another is not in front of it. What a caption leaves out does not make it false.
"""

import itertools
from collections.abc import Mapping
from typing import NamedTuple

from im2txt.text.scene_language import Description, Thing, parse


class Verdict(NamedTuple):
    """Whether a caption is true, and if not, the first reason why."""

    true: bool
    reason: str


class Truth(NamedTuple):
    """The share of true captions in [0, 1], and the verdict on each of them by image id."""

    share: float
    verdicts: dict[str, Verdict]


def caption_truth(captions: Mapping[str, str], scenes: Mapping[str, Mapping]) -> Truth:
    """Judges one caption for each image.

    Args:
        captions: image id to caption.
        scenes: image id to scene graph; may hold more images.

    Raises:
        ValueError: there is no caption, or an image has no scene graph.
    """
    missing = [image_id for image_id in captions if image_id not in scenes]
    if missing or not captions:
        received = f"no scene for {missing[0]}" if missing else "no captions"
        raise ValueError(f"Expected captions and a scene for each. Received: {received}.")
    verdicts = {image_id: judge(caption, scenes[image_id]) for image_id, caption in captions.items()}
    return Truth(sum(verdict.true for verdict in verdicts.values()) / len(verdicts), verdicts)


def is_scene(metadata: Mapping) -> bool:
    """Tells whether the metadata of a record is a scene graph."""
    return {"background", "objects", "relations"} <= metadata.keys()


def judge(caption: str, scene: Mapping) -> Verdict:
    """Tells whether every statement of a caption is true of a scene graph."""
    said = parse(caption)
    reason = "it is no sentence of the grammar" if said is None else _falsity(said, scene)
    return Verdict(not reason, reason)


def _falsity(said: Description, scene: Mapping) -> str:
    """Returns the first reason why a description is false, or nothing if it is true."""
    if said.background not in (None, scene["background"]):
        return f"the background is {scene['background']}, not {said.background}"
    candidates = []
    for thing in said.things:
        members = [index for index, candidate in enumerate(scene["objects"]) if thing.fits(candidate)]
        if not members:
            return f"there is no {_name(thing)}"
        if thing.count not in (None, len(members)):
            return f"the scene has {len(members)} x {_name(thing)}, not {thing.count}"
        candidates.append([members] if thing.count else [[index] for index in members])
    choices = [choice for choice in itertools.product(*candidates) if _apart(choice)]
    if not choices:
        return "it names more objects than there are"
    if said.relation and not any(_related(said.relation, choice, scene) for choice in choices):
        one, other = map(_name, said.things)
        return f"the {one} is not {said.relation} the {other}"
    return ""


def _apart(choice: tuple[list[int], ...]) -> bool:
    indices = [index for members in choice for index in members]
    return len(set(indices)) == len(indices)


def _related(relation: str, choice: tuple[list[int], ...], scene: Mapping) -> bool:
    true = {tuple(entry) for entry in scene["relations"]}
    return all((one, relation, other) in true for one, other in itertools.product(*choice))


def _name(thing: Thing) -> str:
    return " ".join(filter(None, [thing.size, thing.texture, thing.colour, thing.shape or "object"]))
