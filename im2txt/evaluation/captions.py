"""Captioning a whole split: the truth about it, read from the records, and the captions a model finds for it."""

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from im2txt.data.records import damage_told, parse_records, shard_paths
from im2txt.decoding.beam_search import DecodingConfig, Hypotheses, beam_search
from im2txt.errors import UserError
from im2txt.models.captioner import Batch, Captioner
from im2txt.text.vocabulary import Vocabulary, spelled
from im2txt.text.whole_words import whole_words, word_maps


class SplitImage(NamedTuple):
    """What the records say of an image: its id, its captions as people wrote them, its metadata as JSON text."""

    image_id: str
    captions: tuple[str, ...]
    metadata: str


class Caption(NamedTuple):
    """A caption a model found.

    Attributes:
        text: the caption.
        words: those of `text`, as spaces part them.
        log_probability: sum over the steps, <end> included, natural log.
        attention: float32 [words, regions], of a word the mean over its pieces; None where the decoder does not
            attend, and of all but the best caption of an image, for it takes room and nobody looks at it.
    """

    text: str
    words: tuple[str, ...]
    log_probability: float
    attention: np.ndarray | None = None


def read_split(records: str | os.PathLike, split: str) -> list[SplitImage]:
    """Reads the images of a split of image or feature records, in file order, without their pixels.

    Raises:
        UserError: the folder or the split is not to be had, or a shard is damaged.
    """
    batches = tf.data.TFRecordDataset(shard_paths(records, split)).batch(256)
    with damage_told(records):
        return [image for batch in batches for image in _images(batch)]


def _images(serialized: tf.Tensor) -> Iterator[SplitImage]:
    parsed = parse_records(serialized, ("image/id", "captions/text", "metadata"))
    columns = parsed["image/id"].numpy(), parsed["captions/text"].to_list(), parsed["metadata"].numpy()
    for image_id, captions, metadata in zip(*columns):
        texts = tuple(caption.decode() for caption in captions)
        yield SplitImage(image_id.decode(), texts, metadata.decode())


def read_captioned_split(records: str | os.PathLike, split: str) -> list[SplitImage]:
    """Reads the images of a split that are to be compared with captions.

    Raises:
        UserError: the folder or the split is not to be had, or nobody captioned it.
    """
    images = read_split(records, split)
    bare = [image.image_id for image in images if not image.captions]
    if bare or len(images) < 2:
        found = f"{len(bare)} of its {len(images)} images have none" if bare else f"it has {len(images)} images"
        raise UserError(
            f"The split `{split}` of {records} has no captions to compare with: {found}. "
            "Scores need two images or more, each with captions."
        )
    return images


def check_same_images(records: str | os.PathLike, others: str | os.PathLike, split: str) -> None:
    """Raises UserError where a split of two records folders does not hold the same images in the same order."""
    first, second = ([image.image_id for image in read_split(folder, split)] for folder in (records, others))
    if first != second:
        raise UserError(f"Split `{split}` of {records} holds other images than that of {others}, or in another order.")


class CaptionFinder:
    """Finds the captions of batches by beam search; its graph is built once, for as many passes as are made."""

    def __init__(self, captioner: Captioner, vocabulary: Vocabulary, decoding: DecodingConfig) -> None:
        def search(batch: Batch) -> Hypotheses:
            features = captioner.features(batch)
            state = captioner.decoder.start(features)
            return beam_search(captioner.decoder.step, state, decoding, tf.shape(batch["index"])[0])

        self._search = tf.function(search, reduce_retracing=True)
        self._vocabulary = vocabulary

    def __call__(self, batches: Iterable[Batch]) -> Iterator[tuple[int, list[Caption]]]:
        """Yields (index in the split, captions best first) of every real image of `batches`."""
        for batch in batches:
            inputs = {name: batch[name] for name in ("image", "pooled", "regions", "index") if name in batch}
            found = Hypotheses(*(None if leaf is None else leaf.numpy() for leaf in self._search(inputs)))
            for row, index in enumerate(batch["index"].numpy()):
                if index >= 0:
                    yield int(index), _captions(found, row, self._vocabulary)


def _captions(found: Hypotheses, row: int, vocabulary: Vocabulary) -> list[Caption]:
    captions = []
    for beam in range(found.tokens.shape[1]):
        pieces = vocabulary.pieces_of(found.tokens[row, beam])
        words = whole_words(pieces)
        attends = found.attention is not None and not captions
        attention = word_maps(words, found.attention[row, beam]) if attends else None
        if found.lengths[row, beam]:
            texts = tuple(word.text for word in words)
            captions.append(Caption(spelled(pieces), texts, float(found.scores[row, beam]), attention))
    return captions
