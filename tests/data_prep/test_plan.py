"""The plan of a build: order, duplicates, what is left out, and memory that does not grow with the dataset."""

import pytest

from data_prep.examples import CaptionedImage
from data_prep.plan import Plan, PlannedShard, SourceDigest
from data_prep.skipped import Skipped
from im2txt.data.regions import Region
from im2txt.text.tokenizer import Tokenizer


def example(image_id, split="train", captions=("A dog .",), **fields):
    return CaptionedImage(image_id, split, captions, b"", where=f"list:{image_id}", **fields)


@pytest.fixture
def plan(tmp_path):
    plan = Plan(tmp_path / "plan", writable=True)
    yield plan
    plan.close()


def ids(plan, split):
    return [image.example.image_id for shard in plan.shards(split, 2) for image in plan.images(shard)]


def test_splits_keep_the_order_of_the_source_with_train_last(plan):
    plan.fill([example("b"), example("a"), example("z", "test"), example("y", "val")], Tokenizer())
    assert list(plan.splits().items()) == [("test", 1), ("val", 1), ("train", 2)]
    assert ids(plan, "train") == ["b", "a"]


def test_shards_cover_a_split_once(plan):
    items = [example("v", "val"), example("a"), Skipped("x", "there", "gone"), example("b"), example("c")]
    plan.fill(items, Tokenizer())
    assert plan.shards("train", 2) == [
        PlannedShard("train-00000-of-00002.tfrecord", "train", 1, 4, 2),
        PlannedShard("train-00001-of-00002.tfrecord", "train", 4, 5, 1),
    ]
    assert plan.shards("nowhere", 2) == []


def test_of_an_id_the_first_stays_and_held_out_goes_before_train(plan):
    plan.fill([example("a"), example("b"), example("a", "val"), example("a", "test"), example("b")], Tokenizer())
    assert plan.splits() == {"val": 1, "train": 1}
    assert plan.skipped() == [
        Skipped("a", "list:a", "a is already in split val (list:a)"),
        Skipped("a", "list:a", "a is already in split val (list:a)"),
        Skipped("b", "list:b", "b is already in split train (list:b)"),
    ]
    assert plan.found == 2


def test_captions_without_words_and_images_without_captions_are_named(plan):
    plan.fill(
        [example("a", captions=("...", "A cat")), example("b", captions=()), example("c", captions=(" ",))], Tokenizer()
    )
    (image,) = plan.images(*plan.shards("train", 9))
    assert (image.example.captions, image.tokens) == (("A cat",), (("a", "cat"),))
    assert [item.reason for item in plan.skipped()] == [
        "the caption '...' has no words",
        "it has no caption with words",
        "the caption ' ' has no words",
        "it has no caption with words",
    ]
    assert plan.found == 3


def test_regions_alone_make_an_image_and_give_the_words(plan):
    regions = (Region((0.0, 0.0, 1.0, 0.5), "A red hat"), Region((0.0, 0.0, 1.0, 1.0), "!"))
    plan.fill([example("a", captions=(), regions=regions)], Tokenizer())
    (image,) = plan.images(*plan.shards("train", 9))
    assert image.tokens == ()
    assert image.example.regions == regions[:1]
    assert image.phrase_tokens == (("a", "red", "hat"),)
    assert list(plan.tokens("train")) == [["a", "red", "hat"]]
    assert [item.reason for item in plan.skipped()] == ["the phrase '!' has no words"]


def test_facts_outlive_the_plan(tmp_path):
    plan = Plan(tmp_path / "plan", writable=True)
    plan.fill([example("a")], Tokenizer())
    plan.note({"dataset": "scenes", "config": {"size": 96}})
    plan.close()
    again = Plan(tmp_path / "plan")
    assert again.facts == {"dataset": "scenes", "config": {"size": 96}}
    again.close()


def digest(items):
    digest = SourceDigest()
    assert list(digest.watch(items)) == items
    return digest.sha256()


def test_the_digest_of_a_source_tells_all_but_pixels_apart(tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"1234")
    path = CaptionedImage("a", "train", ("A dog .",), photo)
    variants = [
        [example("a")],
        [example("b")],
        [example("a", "val")],
        [example("a", captions=("A cat .",))],
        [example("a", metadata={"k": 1})],
        [example("a", regions=(Region((0.0, 0.0, 1.0, 1.0), "dog"),))],
        [example("a"), Skipped("x", "there", "gone")],
        [path],
    ]
    digests = [digest(items) for items in variants]
    assert len(set(digests)) == len(digests)
    assert digest([example("a")]) == digests[0]
    photo.write_bytes(b"12345")
    assert digest([path]) != digests[-1]
