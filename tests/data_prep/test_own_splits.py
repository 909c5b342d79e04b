"""Splits of the user's own data: names, and shares by hash that adding images does not move."""

import pytest

from data_prep.datasets.own_splits import Shares
from im2txt.errors import UserError

IDS = [f"photos/{number}.jpg" for number in range(2000)]


def splits(ids=IDS, **shares):
    return {image_id: Shares(**shares).split(image_id, "") for image_id in ids}


def count(assigned, split):
    return list(assigned.values()).count(split)


def test_all_is_train_unless_shares_are_asked_for():
    assert set(splits().values()) == {"train"}


def test_shares_are_put_aside_as_far_as_chance_allows():
    assigned = splits(val=0.1, test=0.2)
    # of 2,000: 200 and 400 expected, standard deviations 13 and 18
    assert 150 < count(assigned, "val") < 250
    assert 330 < count(assigned, "test") < 470


def test_the_hash_is_that_of_every_machine():
    # python -c "import hashlib; print(int(hashlib.sha256(b'dog.jpg').hexdigest()[:12], 16) / 2**48)"
    position = 0.861537378568773
    assert Shares(test=position + 0.001).split("dog.jpg", "") == "test"
    assert Shares(test=position - 0.001).split("dog.jpg", "") == "train"
    assert Shares(val=1 - position + 0.001).split("dog.jpg", "") == "val"
    assert Shares(val=1 - position - 0.001).split("dog.jpg", "") == "train"


def test_more_images_move_no_other_one():
    few = splits(IDS[::3], val=0.1, test=0.1)
    assert few.items() <= splits(reversed(IDS), val=0.1, test=0.1).items()


@pytest.mark.parametrize("raised", ["val", "test"])
def test_raising_a_share_takes_from_train_alone(raised):
    before, after = splits(val=0.1, test=0.1), splits(**{"val": 0.1, "test": 0.1, raised: 0.3})
    moved = {(before[image_id], after[image_id]) for image_id in IDS if before[image_id] != after[image_id]}
    assert moved == {("train", raised)}


def test_shares_may_be_all():
    assert set(splits(test=1).values()) == {"test"}
    assert set(splits(val=1).values()) == {"val"}
    assert set(splits(val=0.4, test=0.6).values()) == {"val", "test"}


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Val", "val"),
        ("TEST", "test"),
        *[("validation", "val"), ("valid", "val"), ("dev", "val")],
    ],
)
def test_a_name_goes_before_shares(name, split):
    assert Shares(val=0.5, test=0.5).split("dog.jpg", name) == split


def test_an_unknown_name_is_a_reason():
    with pytest.raises(ValueError, match=r"there is no split 'trian'\. Did you mean `train`\? Known: dev, test, train"):
        Shares().split("dog.jpg", "trian")


@pytest.mark.parametrize("shares", [{"val": -0.1}, {"test": -0.1}, {"val": 0.6, "test": 0.5}, {"val": float("nan")}])
def test_shares_that_are_none(shares):
    with pytest.raises(UserError, match=r"--option=val=.* --option=test=.*: expected two shares of the images"):
        Shares(**shares)
