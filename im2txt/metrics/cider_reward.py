"""CIDEr-D of sampled ids as the reward of self-critical training (Rennie et al. 2017), a whole batch at once.

    reward = CiderReward(references)        # [images][captions][words], the ids of the training captions
    reward(images, sequences)               # float64 [batch], 0 to 10

N-grams are weighed by how many training images have them, as in the paper and in ruotianluo/self-critical.pytorch.

The end of a caption is a word, in references, frequencies and samples alike: without it, CIDEr-D rises by up to four
points on captions that stop at "with a" (Hu et al. 2023, "A request for clarity over the End of Sequence token in the
Self-Critical Sequence Training", arXiv 2305.12254, which calls this way the standard one). A sample that was cut for
its length has no end and is not paid for one. `count_end=False` leaves ends out: that is the CIDEr-D of reports, but
for the collection that n-grams are counted in.
"""

from collections.abc import Sequence

import numpy as np

from im2txt.metrics.cider import CiderScorer
from im2txt.metrics.ngram_frequencies import NgramFrequencies
from im2txt.metrics.ngrams import Captions, References
from im2txt.text.vocabulary import END, PAD, UNK


class CiderReward:
    """Rewards sampled captions of images whose references stay the same. Threads may share it.

    Attributes:
        frequencies: those in use.
    """

    def __init__(
        self,
        references: Sequence[Sequence[Sequence[int]]],
        frequencies: NgramFrequencies | None = None,
        count_end: bool = True,
    ) -> None:
        """Makes ready the references of each image.

        Args:
            references: ids of words, without `<pad>`, `<start>` and `<end>`: [images][captions][words].
            frequencies: of other references, counted with the same `count_end`; by default of these.
            count_end: whether the end of a caption is a word.
        """
        joined = References.of_ids(references)
        if joined.captions.words.size and joined.captions.words.min() < UNK:
            raise ValueError("Expected references without <pad>, <start> and <end>. Received: one with.")
        if count_end:
            joined = References(joined.captions.with_last(END), joined.sizes)
        self._count_end = count_end
        self.frequencies = frequencies or NgramFrequencies.of(joined)
        self._scorer = CiderScorer(joined, self.frequencies)

    def __call__(self, images: np.ndarray, sequences: np.ndarray) -> np.ndarray:
        """Returns the reward of each caption, float64 [batch].

        Args:
            images: the place of the image of each caption in the references, int [batch].
            sequences: ids, int [batch, length]; the first `<end>` or `<pad>` ends a caption.
        """
        if sequences.ndim != 2 or images.shape != sequences.shape[:1]:
            raise ValueError(
                "Expected `images` of shape [batch] and `sequences` of shape [batch, length]. "
                f"Received: {list(images.shape)} and {list(sequences.shape)}."
            )
        return self._scorer.score(self._captions(sequences), images)

    def _captions(self, sequences: np.ndarray) -> Captions:
        closed = np.pad(sequences.astype(np.int64), [(0, 0), (0, 1)], constant_values=PAD)
        lengths = ((closed == PAD) | (closed == END)).argmax(axis=1)
        if self._count_end:
            lengths += closed[np.arange(len(closed)), lengths] == END
        return Captions(closed[np.arange(closed.shape[1]) < lengths[:, None]], lengths)
