"""The reader of JSON lines, with every fault that a line can have."""

import base64
import hashlib
import json

import pytest

from data_prep.datasets import jsonl
from data_prep.datasets.own_splits import Shares
from data_prep.examples import CaptionedImage
from data_prep.skipped import Skipped
from im2txt.data.regions import Region
from im2txt.errors import UserError
from tests.helpers import photo

PHOTO = photo()
ENCODED = base64.b64encode(PHOTO).decode()
DOG = {"image": "dog.jpg", "captions": ["A dog runs .", "Dogs"]}


@pytest.fixture
def source(tmp_path):
    (tmp_path / "dog.jpg").write_bytes(PHOTO)
    return tmp_path


def read_lines(source, *lines, **options):
    (source / "captions.jsonl").write_bytes("".join(f"{line}\n" for line in lines).encode())
    return list(jsonl.read(source, jsonl.Config(**options)))


def read(source, *objects, **options):
    return read_lines(source, *map(json.dumps, objects), **options)


def test_a_line_is_an_image(source):
    region = {"box": [0, 0.1, 1, 0.5], "phrase": " a dog "}
    full = {**DOG, "split": "validation", "image_id": 7, "regions": [region], "metadata": {"a": [1, None]}}
    assert read(source, DOG, full) == [
        CaptionedImage("dog.jpg", "train", ("A dog runs .", "Dogs"), source / "dog.jpg", where="captions.jsonl:1"),
        CaptionedImage(
            image_id="7",
            split="val",
            captions=("A dog runs .", "Dogs"),
            image=source / "dog.jpg",
            regions=(Region((0.0, 0.1, 1.0, 0.5), "a dog"),),
            metadata={"a": [1, None]},
            where="captions.jsonl:2",
        ),
    ]


def test_an_image_may_stand_in_the_line(source):
    broken = "\n".join(ENCODED[start : start + 76] for start in range(0, len(ENCODED), 76))
    first, second = read(
        source,
        {"image_base64": ENCODED, "caption": "Noise"},
        {"image_base64": broken, "caption": "Noise", "image_id": "noise"},
    )
    assert first.image == second.image == PHOTO
    assert (first.image_id, second.image_id) == (hashlib.sha256(PHOTO).hexdigest(), "noise")
    assert first.captions == ("Noise",)


def test_another_file_and_another_folder_of_images(source):
    (source / "photos").mkdir()
    (source / "dog.jpg").rename(source / "photos" / "dog.jpg")
    (source / "more.jsonl").write_text(json.dumps(DOG), encoding="utf-8")
    (item,) = jsonl.read(source, jsonl.Config(file="more.jsonl", images="photos"))
    assert (item.image, item.where) == (source / "photos" / "dog.jpg", "more.jsonl:1")


def test_null_is_absent(source):
    (item,) = read(source, {**DOG, "split": None, "regions": None, "image_base64": None, "metadata": None})
    assert (item.split, item.regions, item.metadata) == ("train", (), {})


def test_regions_without_captions_will_do(source):
    (item,) = read(source, {"image": "dog.jpg", "regions": [{"box": [0, 0, 1, 1], "phrase": "a dog"}]})
    assert (item.captions, item.regions) == ((), (Region((0.0, 0.0, 1.0, 1.0), "a dog"),))


def test_a_box_may_stick_out_by_rounding(source):
    (item,) = read(source, {**DOG, "regions": [{"box": [-1e-9, 0.2, 1 + 1e-9, 1], "phrase": "a dog"}]})
    assert item.regions[0].box == (0.0, 0.2, 1.0, 1.0)


def test_without_splits_shares_are_put_aside_by_the_id(source):
    objects = [{**DOG, "image_id": number} for number in range(20)]
    assigned = [item.split for item in read(source, *objects, val=0.3, test=0.4)]
    assert assigned == [Shares(val=0.3, test=0.4).split(str(number), "") for number in range(20)]
    assert set(assigned) == {"train", "val", "test"}
    assert read(source, {**DOG, "split": "train"}, test=1)[0].split == "train"


def test_blank_lines_count_as_lines_and_do_no_harm(source):
    first, second = read_lines(source, "", json.dumps(DOG) + "\r", "", json.dumps(DOG))
    assert (first.where, second.where) == ("captions.jsonl:2", "captions.jsonl:4")


# Lines that are skipped


def region(**changes):
    return {**DOG, "regions": [{"box": [0, 0, 1, 1], "phrase": "a"}, {"box": [0, 0, 1, 1], "phrase": "b", **changes}]}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ([1, 2], "expected a JSON object, found [1, 2]"),
        ({"captions": ["A dog"]}, "expected one of `image` and `image_base64`"),
        ({**DOG, "image_base64": ENCODED}, "expected one of `image` and `image_base64`"),
        ({**DOG, "image": "x.jpg"}, "there is no such file: x.jpg"),
        ({**DOG, "image": "x" * 300}, "there is no such file: xxxxx"),
        ({**DOG, "image": "a\0"}, "there is no such file: a"),
        ({**DOG, "image": 5}, "image: expected a text, found 5"),
        ({**DOG, "image": ""}, "image: is empty"),
        ({"image_base64": 5, "caption": "A"}, "image_base64: expected a text, found 5"),
        ({"image_base64": "abc", "caption": "A"}, "image_base64: is no base64 (Incorrect padding)"),
        ({"image_base64": "\u00e9bcd", "caption": "A"}, "image_base64: is no base64 ("),
        ({**DOG, "image_id": True}, "image_id: expected a text, found True"),
        ({**DOG, "image_id": 1.5}, "image_id: expected a text, found 1.5"),
        ({**DOG, "image_id": " "}, "image_id: is empty"),
        ({**DOG, "split": "trian"}, "there is no split 'trian'. Did you mean `train`?"),
        ({**DOG, "split": 1}, "split: expected a text, found 1"),
        ({**DOG, "caption": "A dog"}, "expected `caption` or `captions`, found both"),
        ({**DOG, "captions": "A dog"}, "captions: expected a list, found 'A dog'"),
        ({**DOG, "captions": ["A dog", 5]}, "captions[1]: expected a text, found 5"),
        ({**DOG, "captions": ["A dog", ""]}, "captions[1]: is empty"),
        ({**DOG, "captions": []}, "there is neither a caption nor a region"),
        ({"image": "dog.jpg"}, "there is neither a caption nor a region"),
        ({"image": "dog.jpg", "caption": "\ud800"}, r"caption: holds half a character (a surrogate): '\ud800'"),
        ({**DOG, "metadata": [1]}, "metadata: expected an object, found [1]"),
        ({**DOG, "regions": {"a": 1}}, "regions: expected a list, found {'a': 1}"),
        ({**DOG, "regions": ["a dog"]}, "regions[0]: expected an object, found 'a dog'"),
        ({**DOG, "regions": [{"phrase": "a dog"}]}, "regions[0]: there is no `box`"),
        ({**DOG, "regions": [{"box": [0, 0, 1, 1]}]}, "regions[0]: there is no `phrase`"),
        (region(phrase=""), "regions[1].phrase: is empty"),
        *[
            (region(box=box), "regions[1].box: expected [ymin, xmin, ymax, xmax], fractions of height and width, found")
            for box in (
                [10, 20, 200, 300],
                [-1, 0, 1, 1],
                [0, 0, 0, 1],
                [0, 0.9, 1, 0.1],
                [0, 0, 1],
                [0, 0, 1, True],
                5,
            )
        ],
    ],
)
def test_a_faulty_object_is_skipped_with_its_number(source, fields, reason):
    first, item, last = read(source, DOG, fields, DOG)
    assert isinstance(item, Skipped)
    assert item.where == "captions.jsonl:2"
    assert item.reason.startswith(reason)
    assert first.captions == last.captions == ("A dog runs .", "Dogs")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"image": "dog.jpg", "caption": "A dog"', "is no JSON: Expecting ',' delimiter at column 40"),
        ('{"image": "dog.jpg", "metadata": {"x": NaN}}', "is no JSON: NaN is no number of it"),
        ("image\tcaption", "is no JSON: Expecting value at column 1"),
        ("[" * 100_000, "is no JSON that can be read: it is nested too deeply"),
    ],
)
def test_a_line_that_is_no_json_is_skipped(source, line, reason):
    assert read_lines(source, line) == [Skipped("", "captions.jsonl:1", reason)]


@pytest.mark.parametrize(
    ("fields", "image_id"),
    [
        ({"image": "x.jpg", "caption": "A"}, "x.jpg"),
        ({"image": "x.jpg", "image_id": 5}, "5"),
        ({"image": "dog.jpg", "image_id": "a\ud800"}, "a?"),
        ({"image": "x" * 100}, "x" * 80),
        ([1], ""),
    ],
)
def test_a_skipped_object_is_named_as_far_as_it_can_be(source, fields, image_id):
    (item,) = read(source, fields)
    assert item.image_id == image_id


# What stops a build


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {**DOG, "spilt": "val"},
            r"captions\.jsonl:2: there is no key 'spilt'\. Did you mean `split`\? Known: caption, captions, image, ",
        ),
        (region(name="x"), r"captions\.jsonl:2: regions\[1\]: there is no key 'name'\. Known: box, phrase\."),
    ],
)
def test_an_unknown_key_stops_the_build(source, fields, message):
    with pytest.raises(UserError, match=message):
        read(source, DOG, fields)


def test_a_file_that_is_not_utf8(source):
    (source / "captions.jsonl").write_bytes(b'{"image": "caf\xe9.jpg"}\n')
    with pytest.raises(UserError, match=r"captions\.jsonl is not UTF-8"):
        list(jsonl.read(source, jsonl.Config()))


def test_no_source():
    with pytest.raises(UserError, match=r"--dataset=jsonl needs --source=DIR, .*\nNothing to download"):
        list(jsonl.read(None, jsonl.Config()))


def test_no_file(tmp_path):
    with pytest.raises(UserError, match=r"the file of JSON lines is not there \(one of: captions\.jsonl\)\.\nNothing"):
        list(jsonl.read(tmp_path, jsonl.Config()))


def test_shares_are_checked():
    with pytest.raises(UserError, match="expected two shares of the images"):
        jsonl.Config(val=0.7, test=0.7)


def test_nobody_else_knows_how_many_images_there_should_be():
    assert jsonl.expected(jsonl.Config()) == {}
