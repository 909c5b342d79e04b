"""The places of a build: a small Flickr8k folder, and a records folder that is not there yet."""

import pytest

from tests.data_prep.flickr8k_builds import TRAIN, VAL
from tests.helpers import write_flickr8k


@pytest.fixture
def source(tmp_path):
    return write_flickr8k(tmp_path / "flickr8k", {"train": TRAIN, "val": VAL})


@pytest.fixture
def output(tmp_path):
    return tmp_path / "records"
