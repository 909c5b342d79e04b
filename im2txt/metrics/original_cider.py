"""The original CIDEr (Vedantam et al. 2015, equations 1-3); what the COCO scorer prints as "CIDEr" is CIDEr-D.

A caption's score is 10 times the mean, over the references of its image and n = 1..4, of the cosines of their tf-idf
vectors. CIDEr-D clips the caption's weights and punishes a difference in length, so that it is lower, on human
captions of COCO by a tenth. Tokens and document frequencies are as for CIDEr-D. As in ruotianluo/cider, words are not
stemmed, which the paper does, and there is the factor of 10, which it adds only for CIDEr-D.
"""

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from im2txt.metrics.caption_scores import Scores
from im2txt.metrics.cider import DocumentFrequencies
from im2txt.metrics.diversity import cider_kernel

CIDER = "CIDEr"


def original_cider(captions: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns the original CIDEr of each image's caption, [images]; the corpus score is the mean.

    Args:
        captions: [images] of space-separated tokens.
        references: [images][captions] of space-separated tokens; document frequencies are of these.
    """
    frequencies = DocumentFrequencies.of(references)
    pairs = tqdm(zip(captions, references, strict=True), CIDER, len(captions), unit=" images", dynamic_ncols=True)
    return [10 * float(cider_kernel([caption, *each], frequencies)[0, 1:].mean()) for caption, each in pairs]


def with_original_cider(scores: Scores, captions: Sequence[str], references: Sequence[Sequence[str]]) -> Scores:
    """Returns scores with `CIDEr` beside the others, of tokens in the order of the images of `scores`."""
    values = original_cider(captions, references)
    images = zip(scores.per_image.items(), values, strict=True)
    per_image = {image: {**each, CIDER: value} for (image, each), value in images}
    return Scores({**scores.corpus, CIDER: float(np.mean(values))}, per_image)
