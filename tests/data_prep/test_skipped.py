"""The bound on what may be skipped."""

import pytest

from data_prep.skipped import Skipped, check_skipped
from im2txt.errors import UserError


def test_as_many_as_allowed_may_be_skipped():
    check_skipped([Skipped("x", "list:1", "no file")], images=4, share=0.25)


def test_one_more_is_too_many():
    items = [Skipped("x", "list:1", "no file"), Skipped("y", "list:2", "no caption")]
    message = (
        r"2 images or captions of 4 images had to be skipped, more than --max_skipped=0\.25 allows: "
        r"list:1: no file; list:2: no caption\. Mend the source, or raise --max_skipped\."
    )
    with pytest.raises(UserError, match=message):
        check_skipped(items, images=4, share=0.25)


def test_nothing_skipped_is_always_allowed():
    check_skipped([], images=0, share=0.0)
