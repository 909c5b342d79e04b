"""`--option=NAME=VALUE`: types, and each message."""

from dataclasses import dataclass

import pytest

from data_prep.dataset_options import parse_options
from im2txt.errors import UserError


@dataclass(frozen=True)
class Config:
    train: int = 10
    share: float = 0.5
    flip: bool = False
    name: str = "a"


def test_fields_take_the_type_of_their_annotation():
    config = parse_options(Config, ["train=6000", "share=0.25", "flip=True", "name=x=y"])
    assert config == Config(6000, 0.25, True, "x=y")


def test_fields_that_are_not_set_keep_their_defaults():
    assert parse_options(Config, []) == Config()


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("train", r"--option=train: expected --option=NAME=VALUE"),
        (
            "trian=3",
            r"--option=trian=3: there is no option `trian`\. Did you mean `train`\? Known: flip, name, ",
        ),
        ("train=many", r"--option=train=many: `train` takes a value of type int"),
        ("flip=yes", r"--option=flip=yes: `flip` takes a value of type bool"),
    ],
)
def test_messages(assignment, message):
    with pytest.raises(UserError, match=message):
        parse_options(Config, [assignment])
