"""Images of records as files, by the command."""

from functools import partial

import pytest

from data_prep import save_images
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, photo, run_command, write_records

VOCABULARY = Vocabulary.build([["a", "dog"]], min_count=1)
run = partial(run_command, save_images)


@pytest.fixture
def folder(tmp_path):
    first, second, third = captioned_images([["a dog"]] * 3, VOCABULARY)
    jpeg = second._replace(image_id="b/c.jpg", image_bytes=photo(1, 16, "JPEG"))
    return write_records(tmp_path / "records", {"test": [first, jpeg, third]}, VOCABULARY)


def test_the_first_images_are_saved_as_they_are(folder, tmp_path):
    done = run(f"--records={folder}", f"--output={tmp_path / 'new' / 'out'}", "--count=2")
    assert (done.code, done.out) == (0, f"Saved 2 images in {tmp_path / 'new' / 'out'}\n")
    files = {path.name: path.read_bytes() for path in (tmp_path / "new" / "out").iterdir()}
    assert files == {"image0.png": photo(0), "b_c.jpg": photo(1, 16, "JPEG")}


def test_a_mistake_makes_no_folder(folder, tmp_path):
    done = run(f"--records={folder}", f"--output={tmp_path / 'out'}", "--split=tset")
    assert done.code == 1
    assert "has no split `tset`. Did you mean `test`?" in done.err
    assert not (tmp_path / "out").exists()
