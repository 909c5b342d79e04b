"""Validation in the middle of training: the captions of a split by beam search, and how well it predicts people's."""

import math
from collections.abc import Sequence

import tensorflow as tf

from im2txt.decoding.beam_search import DecodingConfig
from im2txt.evaluation.captions import SplitImage, caption_batches
from im2txt.metrics.caption_scores import score_captions
from im2txt.models.captioner import Captioner
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.text.vocabulary import Vocabulary

MONITOR = "val/CIDEr-D"


class Validation:
    """Scores a captioner on a split; what it returns goes to the logs under `val/`."""

    def __init__(
        self,
        images: Sequence[SplitImage],
        batches: tf.data.Dataset,
        vocabulary: Vocabulary,
        decoding: DecodingConfig,
    ) -> None:
        self._images = images
        self._batches = batches
        self._vocabulary = vocabulary
        self._decoding = decoding
        self._objective = CrossEntropy(CrossEntropyConfig(doubly_stochastic=0.0))

    def __call__(self, captioner: Captioner) -> dict[str, float]:
        """Returns `val/cross_entropy` a word and, unless that is NaN, the scores of the best captions."""
        loss = self._loss(captioner)
        if not math.isfinite(loss):
            return {"val/cross_entropy": loss}  # such a model has no captions
        found = dict(caption_batches(captioner, self._vocabulary, self._batches, self._decoding))
        candidates = {image.image_id: found[i][0].text for i, image in enumerate(self._images) if i in found}
        references = {image.image_id: image.captions for i, image in enumerate(self._images) if i in found}
        corpus = score_captions(candidates, references).corpus
        scores = {f"val/{name}": score for name, score in corpus.items() if score is not None}
        return {**scores, "val/cross_entropy": loss}

    def _loss(self, captioner: Captioner) -> float:
        score = tf.function(lambda batch: self._objective(captioner, batch, None)[:2], reduce_retracing=True)
        sums = [score({k: v for k, v in batch.items() if k != "index"}) for batch in self._batches]
        return float(sum(total for total, _ in sums) / sum(weight for _, weight in sums))
