"""The images and captions of a split, and log P(caption | image) of every pair, as far as it is not on disk yet.

Each image is encoded once. Equal captions are scored once too, which saves time and leaves them exactly level.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from im2txt.data.pipeline import eval_dataset
from im2txt.data.records import parse_records, read_manifest, shard_paths
from im2txt.errors import UserError
from im2txt.evaluation.caption_likelihood import TREE, CaptionLikelihood, WordIds
from im2txt.evaluation.captions import SplitImage, read_captioned_split
from im2txt.evaluation.similarity_file import missing_rows, write_rows
from im2txt.models.captioner import Batch, Captioner
from im2txt.text.vocabulary import END


class Candidates(NamedTuple):
    """The images and captions of a split that are to find each other.

    Attributes:
        images: in file order.
        captions: those of one image after those of the one before, as people wrote them.
        ids: of each caption, its words and <end>.
        owners: int [captions], the place of the image that each caption belongs to.
    """

    images: list[SplitImage]
    captions: list[str]
    ids: list[WordIds]
    owners: np.ndarray


def read_candidates(records: str | os.PathLike, split: str, images: int = 0, captions_per_image: int = 5) -> Candidates:
    """Reads the first images of a split with the first captions of each; 0 means all.

    Raises:
        UserError: the folder or the split is not to be had, or nobody captioned it.
    """
    found = read_captioned_split(records, split)[: images or None]
    captions = [image.captions[: captions_per_image or None] for image in found]
    ids = [(*words, END) for each, own in zip(captions, _caption_ids(records, split)) for words in own[: len(each)]]
    owners = np.repeat(np.arange(len(found)), [len(each) for each in captions])
    return Candidates(found, list(chain.from_iterable(captions)), ids, owners)


def _caption_ids(records: str | os.PathLike, split: str) -> Iterator[list[list[int]]]:
    """Yields the word ids of the captions of each image, in file order."""
    field = "captions/ids"
    for serialized in tf.data.TFRecordDataset(shard_paths(records, split)).batch(256):
        yield from parse_records(serialized, [field])[field].to_list()


def fill_matrix(
    matrix: np.memmap,
    captioner: Captioner,
    records: str | os.PathLike,
    split: str,
    candidates: Candidates,
    pairs: int = 2048,
) -> None:
    """Writes log P(caption | image) into the rows of `matrix` that are missing, some images at a time.

    Args:
        matrix: float32 [images, captions], as `similarity_file.open_matrix` returns it.
        captioner: the model.
        records: image records, or features that the captioner's encoder made.
        split: name of the split.
        candidates: what `read_candidates` read of it.
        pairs: image-caption pairs scored at once, about.

    Raises:
        UserError: the model's log-probabilities are not numbers.
    """
    todo = missing_rows(matrix)
    if not todo.size:
        return
    likelihood = CaptionLikelihood(captioner, candidates.ids)
    place = {caption: number for number, caption in enumerate(likelihood.captions)}
    columns = [place[caption] for caption in candidates.ids]
    done, total = ((len(matrix) - missing) * len(place) for missing in (len(todo), 0))
    batches = _batches(captioner, records, split, len(matrix), max(1, pairs // min(TREE, len(place))))
    with tqdm(
        desc=f"score {split}", initial=done, total=total, unit=" pairs", unit_scale=True, dynamic_ncols=True
    ) as progress:
        for batch in batches:
            index = batch["index"].numpy()
            wanted = np.isin(index, todo)
            if wanted.any():
                values = _score(likelihood, batch, wanted, progress)
                _check_numbers(values, [candidates.images[row].image_id for row in index[wanted]])
                write_rows(matrix, index[wanted], values[:, columns])


def _batches(captioner: Captioner, records: str | os.PathLike, split: str, images: int, size: int) -> tf.data.Dataset:
    cached = bool(read_manifest(records).get("features"))
    fields, side = (captioner.decoder.reads, 0) if cached else (("image",), captioner.encoder.image_size)
    size = min(size, images)
    return eval_dataset(records, split, size, fields, side).take(-(-images // size))


def _score(likelihood: CaptionLikelihood, batch: Batch, wanted: np.ndarray, progress: tqdm) -> np.ndarray:
    """Returns float32 [wanted images, captions of the likelihood]; `wanted` is bool [images]."""
    values = []
    for part in likelihood(batch):
        values.append(part[wanted])
        progress.update(values[-1].size)
    return np.concatenate(values, axis=1)


def _check_numbers(values: np.ndarray, image_ids: Sequence[str]) -> None:
    broken = [image_id for image_id, row in zip(image_ids, values) if np.isnan(row).any()]
    if broken:
        raise UserError(
            f"The model's log-probabilities for image {broken[0]} are not numbers: its training has diverged. "
            "Take another checkpoint, or train again with a lower learning rate."
        )


def model_digest(captioner: Captioner) -> str:
    """Returns the SHA-256 of the weights of encoder and decoder."""
    digest = hashlib.sha256(captioner.encoder.digest().encode())
    for weight in captioner.decoder.weights:
        digest.update(weight.numpy().tobytes())
    return digest.hexdigest()
