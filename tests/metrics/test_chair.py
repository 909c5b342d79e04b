"""CHAIR of a few captions, counted by hand, with a small table in the form of the authors' synonyms.txt."""

import numpy as np
import pytest

from im2txt.metrics.chair import COCO_READINGS, COCO_SILENCED, ObjectTable, chair, objects_of, parse_synonyms, plurals

LINES = """\
person, man, woman, child, people, children, baby, adult, passenger
motorcycle, scooter,  motor bike, motorbike
airplane, plane, jet
train, locomotive
bird, goose
dog, puppy
bear
tie, bow tie
wine glass
knife
chair, seat
toilet, potty
traffic light, street light
dining table, table
oven, stove, stove top oven
cell phone, phone, iPhone
hot dog
teddy bear
scissors
""".splitlines()
TABLE = ObjectTable(parse_synonyms(LINES), COCO_READINGS, COCO_SILENCED)
PLAIN = ObjectTable({"dog": ("puppy",), "cat": (), "car": ("taxi",)})


@pytest.mark.parametrize(
    ("caption", "mentioned"),
    [
        ("a man with a dog", ["person", "dog"]),
        ("a dog and another dog", ["dog", "dog"]),
        ("men , women and children", ["person"] * 3),
        ("A Puppy", ["dog"]),
        ("two geese and knives on tables", ["bird", "knife", "dining table"]),
        ("a bird of prey", ["bird"]),
        ("a field of grass", []),
        ("", []),
        # phrases, the longest first
        ("a hot dog", ["hot dog"]),
        ("hot dogs and a dog", ["hot dog", "dog"]),
        ("a teddy bear", ["teddy bear"]),
        ("a stove top oven", ["oven"]),
        ("a dining table", ["dining table"]),
        ("street lights", ["traffic light"]),
        ("wine glasses", ["wine glass"]),
        ("a glass of wine", []),
        ("a man in a bow tie", ["person", "tie"]),
        ("a motor bike", ["motorcycle"]),
        # qualifiers that are no persons
        ("a baby bird", ["bird"]),
        ("baby birds", ["bird"]),
        ("a baby and a bird", ["person", "bird"]),
        ("an adult bear", ["bear"]),
        ("a baby animal", []),
        ("a passenger train", ["train"]),
        ("passenger jets", ["airplane"]),
        ("home plate", []),
        ("train tracks", []),
        # toilet seats
        ("a toilet seat", ["toilet"]),
        ("the seat of the toilet", ["toilet"]),
        ("seats beside toilets", ["toilet"]),
        ("a seat beside a potty", ["chair", "toilet"]),
        ("a seat", ["chair"]),
        # words that the table has in the plural
        ("scissors", ["scissors"]),
        ("a scissor", []),
        ("an iphone", ["cell phone"]),
    ],
)
def test_mentions(caption, mentioned):
    assert TABLE.mentions(caption) == mentioned


def test_a_table_without_readings_takes_every_word():
    assert ObjectTable(parse_synonyms(LINES)).mentions("a baby bird on a toilet seat") == [
        "person",
        "bird",
        "toilet",
        "chair",
    ]


def test_a_silencing_phrase_need_not_be_an_object():
    table = ObjectTable({"chair": ("seat",)}, silenced={"seat": "car park"})
    assert table.mentions("a seat in a car park") == []
    assert table.mentions("a seat in a park") == ["chair"]


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("dog", ["dogs"]),
        ("wine glass", ["wine glasses"]),
        ("box", ["boxes"]),
        ("couch", ["couches"]),
        ("toothbrush", ["toothbrushes"]),
        ("pony", ["ponies"]),
        ("key", ["keys"]),
        ("tv", ["tvs"]),
        ("knife", ["knives", "knifes"]),
        ("calf", ["calves", "calfs"]),
        ("potato", ["potatos", "potatoes"]),
        ("policeman", ["policemen", "policemans"]),
        ("mouse", ["mice", "mouses"]),
        ("person", ["people", "persons"]),
    ],
)
def test_plurals(phrase, expected):
    assert plurals(phrase) == expected


def test_a_phrase_of_the_table_keeps_its_meaning_where_it_is_also_a_plural():
    assert ObjectTable({"glass": (), "eyewear": ("glasses",)}).mentions("glass and glasses") == ["glass", "eyewear"]


def test_corpus_values_and_hallucinations_of_three_images():
    captions = {1: "a dog and a puppy in a car", 2: "a cat and cats", 3: "a field"}
    result = chair(captions, {1: {"dog"}, 2: {"dog"}, 3: set(), 4: {"car"}}, PLAIN)
    # five mentions; the car and both mentions of cats are false; two of three captions have one
    assert result.instances == 3 / 5
    assert result.sentences == 2 / 3
    assert result.per_image == {
        1: (("dog", "dog", "car"), ("car",)),
        2: (("cat", "cat"), ("cat", "cat")),
        3: ((), ()),
    }


def test_captions_without_objects_hallucinate_nothing():
    assert chair({"x": "a field", "y": ""}, {"x": [], "y": []}, PLAIN)[:2] == (0, 0)


def test_all_or_nothing():
    captions = {"x": "a dog", "y": "cats"}
    assert chair(captions, {"x": {"dog"}, "y": {"cat"}}, PLAIN)[:2] == (0, 0)
    assert chair(captions, {"x": {"cat"}, "y": {"dog"}}, PLAIN)[:2] == (1, 1)


def test_the_order_of_images_does_not_matter_and_more_objects_lower_both():
    generator = np.random.default_rng(0)
    names = list(PLAIN.synonyms)
    captions = {i: " and ".join(generator.choice(names, generator.integers(1, 5))) for i in range(30)}
    objects = {i: set(generator.choice(names, generator.integers(0, 3))) for i in range(30)}
    result = chair(captions, objects, PLAIN)
    assert chair(dict(reversed(captions.items())), objects, PLAIN) == result
    more = chair(captions, {i: have | {"dog"} for i, have in objects.items()}, PLAIN)
    assert 0 <= more.instances < result.instances <= 1
    assert 0 <= more.sentences < result.sentences <= 1


def test_objects_are_those_annotated_and_those_in_references():
    references = ["a woman on a train", "seat of a toilet"]
    assert objects_of(["puppy", "Cell phone"], references, TABLE) == {"dog", "cell phone", "person", "train", "toilet"}
    assert objects_of([], [], TABLE) == frozenset()


def test_an_annotated_object_that_the_table_lacks_is_refused():
    with pytest.raises(ValueError, match=r"the name of an object of the table. Received: 'zebra'"):
        objects_of(["zebra"], [], TABLE)


def test_synonyms_are_read_without_case_doubles_and_stray_spaces():
    lines = ["bicycle, bike, bicycle, bike\n", "\n", "cell  phone,  iPhone, "]
    assert parse_synonyms(lines) == {"bicycle": ("bike", "bicycle"), "cell phone": ("iphone",)}


def test_a_phrase_under_two_objects_is_refused():
    with pytest.raises(ValueError, match=r"Received: 'bike' under 'bicycle' and 'motorcycle'"):
        ObjectTable({"bicycle": ("bike",), "motorcycle": ("bike",)})


@pytest.mark.parametrize(
    ("captions", "received"), [({}, "no captions"), ({"x": "a dog", "y": "a cat"}, "no objects for y")]
)
def test_unusable_input_is_refused(captions, received):
    with pytest.raises(ValueError, match=rf"the objects of each image. Received: {received}"):
        chair(captions, {"x": {"dog"}}, PLAIN)


def test_the_special_phrases_of_coco():
    assert COCO_READINGS["baby giraffe"] == "giraffe"
    assert COCO_READINGS["passenger train"] == "train"
    assert COCO_READINGS["bow tie"] == "tie"
    assert COCO_READINGS["toilet seat"] == "toilet"
    assert COCO_READINGS["hot dog"] == "hot dog"
    assert len(COCO_READINGS) == 26 + 2 * 12 + 2 + 2
