"""The matrix of a split: what it holds, and that what is there already is not computed again."""

import re

import numpy as np
import pytest
import tensorflow as tf

from im2txt.data.pipeline import eval_dataset
from im2txt.errors import UserError
from im2txt.evaluation import caption_likelihood
from im2txt.evaluation.caption_similarity import fill_matrix, model_digest, read_candidates
from im2txt.evaluation.similarity_file import missing_rows, open_matrix
from im2txt.text.vocabulary import END, UNK, Vocabulary
from tests.helpers import captioned_images, small_captioner, write_records

WORDS = Vocabulary.build([["a", "dog", "runs"], ["two", "cats"]], min_count=1)
CAPTIONS = [["a dog runs", "a dog"], ["two cats"], ["a dog", "two dogs", "cats"]]


@pytest.fixture(scope="module")
def captioner():
    return small_captioner("soft_attention", len(WORDS))


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("similarity") / "records"
    return write_records(folder, {"val": captioned_images(CAPTIONS, WORDS)}, WORDS)


def new_matrix(folder, candidates):
    return open_matrix(folder, (len(candidates.images), len(candidates.ids)), {}, {})


def filled(folder, captioner, records, pairs=2048):
    candidates = read_candidates(records, "val")
    matrix = new_matrix(folder, candidates)
    fill_matrix(matrix, captioner, records, "val", candidates, pairs)
    return matrix


def test_candidates_are_the_captions_in_order_with_their_owners(records):
    candidates = read_candidates(records, "val")
    assert [image.image_id for image in candidates.images] == ["image0", "image1", "image2"]
    assert candidates.captions == ["a dog runs", "a dog", "two cats", "a dog", "two dogs", "cats"]
    assert candidates.owners.tolist() == [0, 0, 1, 2, 2, 2]
    expected = [(*WORDS.encode(caption.split()), END) for caption in candidates.captions]
    assert candidates.ids == expected
    assert candidates.ids[4][1] == UNK  # "dogs"


def test_only_the_first_images_and_captions_may_be_taken(records):
    candidates = read_candidates(records, "val", images=2, captions_per_image=1)
    assert candidates.captions == ["a dog runs", "two cats"]
    assert candidates.owners.tolist() == [0, 1]
    assert len(candidates.images) == len(candidates.ids) == 2
    assert len(read_candidates(records, "val", captions_per_image=0).ids) == 6


def test_the_matrix_holds_what_the_captioner_says_when_it_is_taught(captioner, records, tmp_path):
    matrix = filled(tmp_path, captioner, records)
    (batch,) = eval_dataset(records, "val", 3, ("image",), 48)
    for image in range(3):
        one = {"image": batch["image"][image : image + 1], "input_ids": batch["input_ids"]}
        one["input_ids"] = tf.reshape(batch["input_ids"], [1, 9, -1])  # every slot of every image
        nll = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.reshape(batch["target_ids"], [9, -1]), captioner(one).logits
        )
        sums = -tf.reduce_sum(nll * tf.reshape(batch["weights"], [9, -1]), axis=1).numpy()
        np.testing.assert_allclose(matrix[image], sums[[0, 1, 3, 6, 7, 8]], rtol=1e-4)
    np.testing.assert_array_equal(matrix[:, 1], matrix[:, 3])  # twice "a dog"


@pytest.mark.parametrize("pairs", [1, 8])
def test_how_many_pairs_are_scored_at_once_changes_nothing(captioner, records, tmp_path, pairs, monkeypatch):
    whole = filled(tmp_path / "whole", captioner, records)
    monkeypatch.setattr(caption_likelihood, "TREE", 4)
    np.testing.assert_allclose(filled(tmp_path / "parts", captioner, records, pairs), whole, rtol=1e-5)


def test_rows_that_are_there_are_not_computed_again(captioner, records, tmp_path, capsys):
    whole = filled(tmp_path / "whole", captioner, records)
    matrix = new_matrix(tmp_path / "begun", read_candidates(records, "val"))
    matrix[1] = 7.0
    filled(tmp_path / "begun", captioner, records, pairs=1)
    assert (matrix[1] == 7.0).all()
    np.testing.assert_allclose(matrix[[0, 2]], whole[[0, 2]], rtol=1e-5)
    assert "15.0/15.0" in capsys.readouterr().err  # three images, five different captions
    filled(tmp_path / "begun", captioner, records)
    assert capsys.readouterr().err == ""  # nothing is left to do


def test_a_model_whose_numbers_are_none_is_told(records, tmp_path):
    captioner = small_captioner("lstm", len(WORDS))
    captioner.decoder.output_layer.bias.assign([np.nan] * len(WORDS))
    with pytest.raises(UserError, match=re.escape("for image image0 are not numbers: its training has diverged.")):
        filled(tmp_path, captioner, records)
    assert missing_rows(new_matrix(tmp_path, read_candidates(records, "val"))).size == 3


def test_the_digest_tells_models_apart(captioner):
    before = model_digest(captioner)
    assert model_digest(captioner) == before
    bias = captioner.decoder.output_layer.bias
    bias.assign_add(tf.ones_like(bias))
    other = model_digest(captioner)
    bias.assign_sub(tf.ones_like(bias))
    assert other != before
