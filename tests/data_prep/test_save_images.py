"""Images of records as files, by the command."""

from functools import partial

import pytest

from data_prep import save_images
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, damage, photo, run_command, write_records

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


def test_ids_that_give_the_same_name_are_numbered(tmp_path):
    ids = ("a/b.png", "a b.png", "a_b.png", "a/b")
    images = [image._replace(image_id=ids[i]) for i, image in enumerate(captioned_images([["a dog"]] * 4, VOCABULARY))]
    done = run(
        f"--records={write_records(tmp_path / 'same', {'test': images}, VOCABULARY)}", f"--output={tmp_path / 'out'}"
    )
    assert done.out == f"Saved 4 images in {tmp_path / 'out'}\n"
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert files == {name: photo(i) for i, name in enumerate(("a_b.png", "a_b-2.png", "a_b-3.png", "a_b-4.png"))}


def test_damaged_records_are_told(folder, tmp_path):
    damage(next(folder.glob("test-*.tfrecord")))
    done = run(f"--records={folder}", f"--output={tmp_path / 'out'}")
    assert done.code == 1
    assert done.err.startswith(
        f"error: A shard of {folder} is damaged. Find out which with: python -m data_prep.inspect"
    )


def test_a_mistake_makes_no_folder(folder, tmp_path):
    done = run(f"--records={folder}", f"--output={tmp_path / 'out'}", "--split=tset")
    assert done.code == 1
    assert "has no split `tset`. Did you mean `test`?" in done.err
    assert not (tmp_path / "out").exists()
