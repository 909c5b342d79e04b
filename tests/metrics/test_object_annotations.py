"""The objects of images: what is read, and what is said of what cannot be read."""

import pytest

from im2txt.errors import UserError
from im2txt.metrics.object_annotations import hallucinations, parse_objects

CONTENT = {
    "synonyms": [["person", "Girl", "wine   lover"], ["dog", "puppy"], ["cat"]],
    "images": {"1": ["Puppy"], "2": [], "3": ["wine lover", "cat"]},
}
REFERENCES = {"1": ["a dog"], "2": ["a girl alone"]}


def test_words_become_the_objects_they_name():
    annotations = parse_objects(CONTENT, "o.json")
    assert annotations.images == {"1": ["dog"], "2": [], "3": ["person", "cat"]}
    assert annotations.table.mentions("two girls and wine lovers") == ["person", "person"]


def test_phrases_are_read_as_in_the_paper_unless_the_table_has_them():
    assert parse_objects(CONTENT, "o.json").table.mentions("a hot dog") == []
    tied = {"synonyms": [["tie"]], "images": {}}
    assert parse_objects(tied, "o.json").table.mentions("a bow tie") == ["tie"]
    apart = {"synonyms": [["tie"], ["bow tie"]], "images": {}}
    assert parse_objects(apart, "o.json").table.mentions("a bow tie") == ["bow tie"]


def test_hallucinations_are_neither_annotated_nor_in_the_references():
    # image 1: a dog (annotated) and a cat (nowhere); image 2: a girl (in its reference)
    captions = {"1": "a puppy and a cat", "2": "a girl"}
    found = hallucinations(captions, REFERENCES, parse_objects(CONTENT, "o.json"), "o.json")
    assert (found.instances, found.sentences) == (1 / 3, 1 / 2)
    assert found.per_image["1"].hallucinated == ("cat",)


def test_an_image_without_a_list_is_named():
    with pytest.raises(UserError, match=r"o.json: 1 of 2 images have no objects: 9. Give each a list; \[\] says"):
        hallucinations({"1": "a", "9": "b"}, REFERENCES, parse_objects(CONTENT, "o.json"), "o.json")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"synonyms": {"dog": []}}, r"o.json: expected .*`synonyms` must be a list of lists"),
        ({"images": [["dog"]]}, r"o.json: expected .*`images` an object"),
        ({"synonyms": [["dog"], "cat"]}, r"o.json, synonyms row 1: expected a list of words, at least one"),
        ({"synonyms": [[]]}, r"synonyms row 0: expected a list of words, at least one"),
        ({"synonyms": [["dog", " "]]}, r"synonyms row 0: expected a list of words"),
        ({"synonyms": [["dog", 7]]}, r"synonyms row 0: expected a list of words"),
        ({"synonyms": [["dog"], ["DOG", "x"]]}, r"o.json: `synonyms` has two rows for 'dog'. Make them one"),
        ({"synonyms": [["dog", "pet"], ["cat", "pet"]]}, r"o.json, synonyms: .*'pet' under 'dog' and 'cat'"),
        ({"images": {"5": "dog"}}, r"o.json, image 5: expected a list of words"),
        ({"images": {"5": [None]}}, r"o.json, image 5: expected a list of words"),
        ({"images": {"5": ["cow"]}}, r"o.json, image 5: .*'cow'. Add a row to `synonyms` or leave it out"),
    ],
)
def test_bad_objects_are_named(changes, message):
    with pytest.raises(UserError, match=message):
        parse_objects({**CONTENT, **changes}, "o.json")


def test_a_list_is_no_file_of_objects():
    with pytest.raises(UserError, match=r"o.json: expected \{"):
        parse_objects([], "o.json")
