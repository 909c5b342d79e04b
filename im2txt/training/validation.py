"""Validation in the middle of training: the captions of a split by beam search, and how well it predicts people's."""

import math
from collections.abc import Callable, Sequence

import tensorflow as tf

from im2txt.decoding.beam_search import DecodingConfig
from im2txt.evaluation.captions import CaptionFinder, SplitImage
from im2txt.metrics.caption_scores import score_captions
from im2txt.models.captioner import Batch, Captioner, encoded
from im2txt.objectives.base import Loss
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
        self._encode = tf.function(captioner.encode, reduce_retracing=True)
        self._find_captions = CaptionFinder(captioner, vocabulary, decoding)
        self._sums = tf.function(lambda batch: objective(captioner, batch, None), reduce_retracing=True)

    def __call__(self, stop: Callable[[], bool] = lambda: False) -> dict[str, float]:
        """Returns `val/cross_entropy` a word and, unless that is NaN, the scores of the best captions.

        Asks `stop` before every batch; once it says so, returns nothing.

        Where the decoder attends, `val/attention_entropy` tells how wide its map is, and `val/attention_change` how
        much it moves from word to word.
        """
        losses, found = [], {}
        for batch in self._batches:
            if stop():
                return {}
            batch = self._encoded(batch)
            losses.append(self._sums({name: tensor for name, tensor in batch.items() if name != "index"}))
            if not math.isfinite(losses[-1].total):
                return _means(losses)  # such a model has no captions
            found.update(self._find_captions([batch]))
        candidates = {image.image_id: found[i][0].text for i, image in enumerate(self._images) if i in found}
        references = {image.image_id: image.captions for i, image in enumerate(self._images) if i in found}
        corpus = score_captions(candidates, references).corpus
        scores = {f"val/{name}": score for name, score in corpus.items() if score is not None}
        return {**scores, **_means(losses)}

    def _encoded(self, batch: Batch) -> Batch:
        """Returns a batch with features in the place of images: they are encoded once, for all that is done."""
        return encoded(batch, self._encode(batch["image"])) if "image" in batch else batch


def _means(losses: Sequence[Loss]) -> dict[str, float]:
    """Returns means a word of people's captions."""
    words = sum(loss.weight for loss in losses)
    names = [name for name in _LOGGED if name in losses[0].sums]
    return {f"val/{name}": float(sum(loss.sums[name] for loss in losses) / words) for name in names}
