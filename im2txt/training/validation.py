"""Validation in the middle of training: the captions of a split by beam search, and how well it predicts people's."""

import math
from collections.abc import Sequence

import tensorflow as tf

from im2txt.decoding.beam_search import DecodingConfig
from im2txt.evaluation.captions import CaptionFinder, SplitImage
from im2txt.metrics.caption_scores import score_captions
from im2txt.models.captioner import Captioner
from im2txt.objectives.cross_entropy import CrossEntropy, CrossEntropyConfig
from im2txt.text.vocabulary import Vocabulary

MONITOR = "val/CIDEr-D"
CHANGE = "val/attention_change"
_LOGGED = ("cross_entropy", "attention_entropy", "attention_change")


class Validation:
    """Scores a captioner on a split; what it returns goes to the logs under `val/`."""

    def __init__(
        self,
        captioner: Captioner,
        vocabulary: Vocabulary,
        images: Sequence[SplitImage],
        batches: tf.data.Dataset,
        decoding: DecodingConfig,
    ) -> None:
        objective = CrossEntropy(CrossEntropyConfig(doubly_stochastic=0.0))
        self._images = images
        self._batches = batches
        self._find_captions = CaptionFinder(captioner, vocabulary, decoding)
        self._sums = tf.function(lambda batch: objective(captioner, batch, None), reduce_retracing=True)

    def __call__(self) -> dict[str, float]:
        """Returns `val/cross_entropy` a word and, unless that is NaN, the scores of the best captions.

        Where the decoder attends, `val/attention_entropy` tells how wide its map is, and `val/attention_change` how
        much it moves from word to word.
        """
        means = self._means()
        if not math.isfinite(means["val/cross_entropy"]):
            return means  # such a model has no captions
        found = dict(self._find_captions(self._batches))
        candidates = {image.image_id: found[i][0].text for i, image in enumerate(self._images) if i in found}
        references = {image.image_id: image.captions for i, image in enumerate(self._images) if i in found}
        corpus = score_captions(candidates, references).corpus
        scores = {f"val/{name}": score for name, score in corpus.items() if score is not None}
        return {**scores, **means}

    def _means(self) -> dict[str, float]:
        """Returns means a word of people's captions."""
        losses = [self._sums({k: v for k, v in batch.items() if k != "index"}) for batch in self._batches]
        words = sum(loss.weight for loss in losses)
        names = [name for name in _LOGGED if name in losses[0].sums]
        return {f"val/{name}": float(sum(loss.sums[name] for loss in losses) / words) for name in names}
