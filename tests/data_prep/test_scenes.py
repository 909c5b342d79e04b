"""The scenes dataset: pictures, captions and graphs agree, and nothing depends on who asks for how many."""

import dataclasses
import io
import itertools
import json
import pickle
import random
import re

import numpy as np
import pytest
from PIL import Image

from data_prep.datasets.scene_captions import caption_scene
from data_prep.datasets.scene_layout import EXTENTS
from data_prep.datasets.scene_sampling import HELD_OUT
from data_prep.datasets.scenes import Config, read, scene_example
from im2txt.errors import UserError
from im2txt.metrics.caption_truth import judge
from im2txt.text.scene_language import parse, realise
from im2txt.text.scene_lexicon import BACKGROUNDS, COLOURS, COUNTS, RELATIONS, SHAPES, SIZES, TEXTURES
from im2txt.text.tokenizer import Tokenizer

CONFIG = Config(train=500, val=60, test=40, heldout=120)


@pytest.fixture(scope="module")
def examples():
    return list(read(None, CONFIG))


def pairs(example):
    return {(thing["shape"], thing["colour"]) for thing in example.metadata["objects"]}


def captioned(examples):
    return [(caption, example) for example in examples for caption in example.captions]


def test_splits_have_the_sizes_asked_for(examples):
    counts = {split: sum(e.split == split for e in examples) for split in ("train", "val", "test", "heldout")}
    assert counts == {"train": 500, "val": 60, "test": 40, "heldout": 120}
    assert len({example.image_id for example in examples}) == 720


def test_every_caption_is_true_and_said_once(examples):
    for example in examples:
        assert len(set(example.captions)) == 5
        for caption in example.captions:
            assert judge(caption, example.metadata) == (True, ""), (caption, example.metadata)


def test_a_swapped_attribute_makes_a_caption_false(examples):
    rng, changed = random.Random(0), dict.fromkeys(("shape", "colour", "size", "texture"), 0)
    tables = {"shape": SHAPES, "colour": COLOURS, "size": SIZES, "texture": TEXTURES}
    for (caption, example), name in itertools.product(captioned(examples), changed):
        said = parse(caption)
        absent = sorted(set(tables[name]) - {thing[name] for thing in example.metadata["objects"]})
        if absent and getattr(said.things[0], name):
            first = dataclasses.replace(said.things[0], **{name: absent[0]})
            wrong = realise(dataclasses.replace(said, things=(first, *said.things[1:])), rng)
            assert not judge(wrong, example.metadata).true, wrong
            changed[name] += 1
    assert min(changed.values()) > 100, changed


def test_another_background_makes_a_caption_false(examples):
    rng = random.Random(0)
    for caption, example in captioned(examples):
        said = parse(caption)
        for background in sorted(set(BACKGROUNDS) - {example.metadata["background"]}):
            wrong = realise(dataclasses.replace(said, background=background), rng)
            assert not judge(wrong, example.metadata).true, wrong


def test_an_inverted_relation_makes_a_caption_false(examples):
    opposites = [("left of", "right of"), ("above", "below"), ("in front of", "behind")]
    swap = dict([*opposites, *[(b, a) for a, b in opposites]])
    said = re.compile(rf"\b({'|'.join(swap)})\b")
    changed = 0
    for caption, example in captioned(examples):
        if parse(caption).relation and said.search(caption):
            wrong = said.sub(lambda match: swap[match[0]], caption)
            assert parse(wrong) is not None, wrong
            assert not judge(wrong, example.metadata).true, wrong
            changed += 1
    assert changed > 50


def test_another_number_makes_a_caption_false(examples):
    after = {"two": "three", "three": "four", "four": "two"}
    changed = 0
    for caption, example in captioned(examples):
        wrong = re.sub(r"\b(two|three|four)\b", lambda match: after[match[0]], caption, count=1)
        if wrong != caption:
            assert parse(wrong) is not None, wrong
            assert not judge(wrong, example.metadata).true, wrong
            changed += 1
    assert changed > 100


def test_a_scene_depends_on_seed_split_and_number_alone():
    few, many = (list(read(None, Config(train, 1, 0, 1))) for train in (2, 4))
    assert [(e.captions, e.regions, e.metadata, e.read()) for e in few[:2]] == [
        (e.captions, e.regions, e.metadata, e.read()) for e in many[:2]
    ]
    assert few[2].metadata == many[4].metadata
    assert scene_example("train", 1, Config(seed=1)).metadata != few[1].metadata
    assert len({e.captions for e in many}) == 6


def test_a_worker_process_draws_the_same_picture():
    example = scene_example("train", 0, CONFIG)
    assert pickle.loads(pickle.dumps(example)).read() == example.read()


def test_pictures_have_the_size_asked_for():
    for size in (64, 96):
        image = Image.open(io.BytesIO(scene_example("val", 3, Config(size=size)).read()))
        assert (image.size, image.mode, image.format) == ((size, size), "RGB", "PNG")


def test_the_graph_is_json(examples):
    for example in examples[:50]:
        assert json.loads(json.dumps(example.metadata)) == example.metadata


def test_held_out_pairs_are_seen_and_named_in_their_split_alone(examples):
    for example in examples:
        named = [{(t.shape, t.colour) for t in parse(caption).things} for caption in example.captions]
        if example.split == "heldout":
            assert pairs(example) & set(HELD_OUT)
            assert all(things & set(HELD_OUT) for things in named)
        else:
            assert not pairs(example) & set(HELD_OUT)
            assert not any(things & set(HELD_OUT) for things in named)


def test_every_held_out_pair_comes_up_and_its_shape_and_colour_are_seen_in_training(examples):
    train, heldout = (set().union(*(pairs(e) for e in examples if e.split == split)) for split in ("train", "heldout"))
    assert set(HELD_OUT) <= heldout
    assert train == set(itertools.product(SHAPES, COLOURS)) - set(HELD_OUT)


def test_all_that_the_language_knows_comes_up(examples):
    graphs = [example.metadata for example in examples]
    assert {graph["background"] for graph in graphs} == set(BACKGROUNDS)
    assert {name for graph in graphs for _, name, _ in graph["relations"]} == set(RELATIONS)
    assert {thing["texture"] for graph in graphs for thing in graph["objects"]} == set(TEXTURES)
    assert {thing["size"] for graph in graphs for thing in graph["objects"]} == set(EXTENTS)
    assert {len(graph["objects"]) for graph in graphs} == {1, 2, 3, 4}
    said = [parse(caption) for caption, _ in captioned(examples)]
    assert {description.relation for description in said} == {None, *RELATIONS}
    assert {description.background for description in said} == {None, *BACKGROUNDS}
    assert {thing.count for description in said for thing in description.things} == {None, *COUNTS}
    assert any(len(description.things) == 3 for description in said)


def test_the_language_is_rich(examples):
    captions = [caption for caption, _ in captioned(examples)]
    assert len({word for caption in captions for word in caption.split()}) >= 80
    assert len(set(captions)) > 2000


def test_captions_are_their_own_tokens(examples):
    for caption, _ in captioned(examples):
        assert " ".join(Tokenizer().tokenize(caption)) == caption


def test_some_captions_are_short_and_some_leave_objects_out(examples):
    lengths = [len(caption.split()) for caption, _ in captioned(examples)]
    assert np.mean(np.array(lengths) <= 4) > 0.2
    assert max(lengths) < 25
    alone = [len(parse(caption).things) == 1 for caption, e in captioned(examples) if len(pairs(e)) > 2]
    assert 0.2 < np.mean(alone) < 0.9


def test_regions_name_the_object_in_the_box(examples):
    for example in examples:
        assert len(example.regions) == len(example.metadata["objects"])
        for region, thing in zip(example.regions, example.metadata["objects"]):
            assert list(region.box) == thing["box"]
            (named,) = parse(f"one {region.phrase}").things
            assert named.fits(thing)
            assert named.shape
            assert named.colour


def test_a_small_scene_still_has_five_captions():
    thing = {
        "shape": "star",
        "colour": "red",
        "size": "small",
        "texture": "plain",
        "box": [0.1, 0.1, 0.3, 0.3],
    }
    scene = {"background": "plain", "objects": [thing], "relations": []}
    captions = caption_scene(scene, random.Random(0), must=("star", "red"))
    assert len(set(captions)) == 5
    assert all(judge(caption, scene).true and "red" in caption and "star" in caption for caption in captions)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (Config(train=-1), "Option train=-1: dataset scenes cannot draw a negative number of images."),
        (Config(size=20), "Option size=20: a scene needs 32 pixels or more to be seen."),
    ],
)
def test_options_that_make_no_sense(config, message):
    with pytest.raises(UserError, match=re.escape(message)):
        read(None, config)


def test_a_source_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"is drawn, not read: it takes no --source=.*Leave --source out"):
        read(tmp_path, Config())
