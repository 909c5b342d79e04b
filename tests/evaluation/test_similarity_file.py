"""A matrix on disk that goes on where it was left, and is not taken for another."""

import json

import numpy as np
import pytest

from im2txt.errors import UserError
from im2txt.evaluation.similarity_file import close_matrix, missing_rows, open_matrix, write_rows

WHOSE = {"model": "a", "split": "val"}


def opened(folder, shape=(4, 3), **changes):
    return open_matrix(folder, shape, {**WHOSE, **changes}, {"run": "demo"})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_matrix_misses_every_row_and_says_what_it_is_of(tmp_path):
    matrix = opened(tmp_path / "new" / "folder")
    assert (matrix.shape, matrix.dtype) == ((4, 3), np.float32)
    assert missing_rows(matrix).tolist() == [0, 1, 2, 3]
    assert names(tmp_path / "new" / "folder") == ["similarity.json", "similarity.npy.part"]
    facts = json.loads((tmp_path / "new" / "folder" / "similarity.json").read_text())
    assert facts == {**WHOSE, "shape": [4, 3], "run": "demo"}


def test_rows_stay_and_a_row_with_a_gap_is_missing(tmp_path):
    write_rows(opened(tmp_path), [2, 0], np.array([[1, 2, 3], [4, 5, np.nan]], "f4"))
    matrix = opened(tmp_path)
    assert missing_rows(matrix).tolist() == [0, 1, 3]
    assert matrix[2].tolist() == [1, 2, 3]


def test_a_whole_matrix_gets_its_name_and_is_only_read_from_then_on(tmp_path):
    write_rows(opened(tmp_path), range(4), np.ones([4, 3], "f4"))
    whole = close_matrix(tmp_path)
    assert names(tmp_path) == ["similarity.json", "similarity.npy"]
    again = opened(tmp_path)
    assert missing_rows(again).size == 0
    assert not again.flags.writeable
    np.testing.assert_array_equal(close_matrix(tmp_path), whole)


@pytest.mark.parametrize(
    ("changes", "named"), [({"model": "b"}, "model"), ({"split": "test", "shape": (4, 2)}, "shape, split")]
)
def test_the_matrix_of_something_else_is_refused(tmp_path, changes, named):
    opened(tmp_path)
    with pytest.raises(UserError, match=rf"of something else: {named} of .*similarity\.json differ\. Choose another"):
        opened(tmp_path, **changes)


def test_a_claim_that_cannot_be_read_is_refused(tmp_path):
    opened(tmp_path)
    (tmp_path / "similarity.json").write_text("{")
    with pytest.raises(UserError, match="model, shape, split of"):
        opened(tmp_path)


def test_a_matrix_that_nothing_is_known_of_is_refused_and_left_alone(tmp_path):
    (tmp_path / "similarity.npy").write_bytes(b"mine")
    with pytest.raises(UserError, match=r"holds similarity\.npy, but no similarity\.json that says what of"):
        opened(tmp_path)
    assert (tmp_path / "similarity.npy").read_bytes() == b"mine"


@pytest.mark.parametrize("kept", [slice(-4), slice(0)], ids=["cut", "empty"])
def test_a_damaged_matrix_is_told_and_made_anew_once_it_is_gone(tmp_path, kept):
    opened(tmp_path)
    part = tmp_path / "similarity.npy.part"
    part.write_bytes(part.read_bytes()[kept])
    with pytest.raises(UserError, match=r"similarity\.npy\.part is damaged \(.*\)\. Remove it; the same command"):
        opened(tmp_path)
    part.unlink()
    assert missing_rows(opened(tmp_path)).tolist() == [0, 1, 2, 3]
