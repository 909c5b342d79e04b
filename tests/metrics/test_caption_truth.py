import pytest

from im2txt.metrics.caption_truth import caption_truth, judge


def thing(shape, colour, size="small", texture="plain"):
    return {"shape": shape, "colour": colour, "size": size, "texture": texture, "box": [0, 0, 1, 1]}


# Two red circles on either side of a large striped blue square, a yellow star above it, on grass.
SCENE = {
    "background": "grass",
    "objects": [
        thing("square", "blue", "large", "striped"),
        thing("circle", "red"),
        thing("circle", "red"),
        thing("star", "yellow"),
    ],
    "relations": [
        [1, "left of", 0],
        [0, "right of", 1],
        [2, "right of", 0],
        [0, "left of", 2],
        [2, "right of", 1],
        [1, "left of", 2],
        [3, "above", 0],
        [0, "below", 3],
    ],
}


@pytest.mark.parametrize(
    "caption",
    [
        "a red circle",
        "two red circles",
        "a red circle and a red disc",
        "four shapes on the grass",
        "three plain objects",
        "the square is striped",
        "a single large blue box with stripes",
        "something yellow is above something blue",
        "a star above one square",
        "a circle is left of a blue square",
        "a circle is right of a blue square",
        "a red circle is left of a red circle",
        "a blue square under a star",
        "a grassy field with two circles and a star and a square",
    ],
)
def test_true_captions(caption):
    assert judge(caption, SCENE) == (True, "")


@pytest.mark.parametrize(
    ("caption", "reason"),
    [
        ("a blue circle", "there is no blue circle"),
        ("a large red circle", "there is no large red circle"),
        ("a dotted square", "there is no dotted square"),
        ("a ring", "there is no ring"),
        ("one red circle", "the scene has 2 x red circle, not 1"),
        ("three red circles", "the scene has 2 x red circle, not 3"),
        ("two shapes", "the scene has 4 x object, not 2"),
        ("a star and a star", "it names more objects than there are"),
        ("two red circles and a circle", "it names more objects than there are"),
        ("two circles are left of a square", "the circle is not left of the square"),
        ("a star below a square", "the star is not below the square"),
        ("a star next to a square", "the star is not next to the square"),
        ("a star is left of a star", "it names more objects than there are"),
        ("a red circle on the sand", "the background is grass, not sand"),
        ("a red red circle", "it is no sentence of the grammar"),
        ("", "it is no sentence of the grammar"),
    ],
)
def test_false_captions_say_why(caption, reason):
    assert judge(caption, SCENE) == (False, reason)


def test_a_relation_of_a_group_holds_for_all_of_it():
    relations = [[1, "left of", 0], [2, "left of", 0]]
    scene = {**SCENE, "relations": relations}
    assert judge("two circles left of a square", scene).true
    assert not judge("two circles left of a square", {**scene, "relations": relations[:1]}).true


def test_the_share_counts_true_captions():
    captions = {"a": "a red circle", "b": "a green circle", "c": "two stars", "d": "a star"}
    truth = caption_truth(captions, dict.fromkeys("abcde", SCENE))
    assert truth.share == 0.5
    assert [truth.verdicts[image_id].true for image_id in "abcd"] == [True, False, False, True]


def test_every_caption_needs_a_scene():
    with pytest.raises(ValueError, match="Received: no scene for x"):
        caption_truth({"x": "a star"}, {"y": SCENE})
    with pytest.raises(ValueError, match="Received: no captions"):
        caption_truth({}, {})
