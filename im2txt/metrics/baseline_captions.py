"""What captions are worth that need no model: random ones, those of similar images, and people's own.

* A random training caption: what the grammar of captions alone scores.
* The nearest neighbour: the first caption of the training image whose features are most alike, by cosine.
* The consensus of the nearest neighbours: Devlin et al. 2015, "Exploring Nearest Neighbor Approaches for Image
  Captioning", and "Language Models for Image Captioning: The Quirks and What Works". Of all captions C of the k nearest
  training images, the one that agrees best with the m captions it agrees best with:

      argmax over c in C of  max over M in C without c, |M| = m, of  sum over c' in M of similarity(c, c')

  The m spare a good caption the captions of wrong neighbours.
* People: one caption of each image is held out and scored against the others of the image.

Deviations from Devlin et al.: a caption is not its own neighbour (nearly a constant), and the idf of CIDEr is that of
the training captions, so that nothing is known of the images to be captioned.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from im2txt.metrics.pairwise_similarity import Similarity

RANDOM, NEAREST, CONSENSUS, HUMAN = "Random", "Nearest neighbour", "Nearest neighbours' consensus", "Human"
_BLOCK = 256  # images compared with all training images at once; bounds the memory


class BaselineOptions(NamedTuple):
    """How the baselines are made.

    Attributes:
        neighbours: k, the training images whose captions are candidates of the consensus.
        consensus: m, the candidates that a candidate has to agree with.
        similarity: a name of `im2txt.metrics.pairwise_similarity.SIMILARITIES`.
        draws: how often random captions are drawn.
        seed: of the draws.
    """

    neighbours: int = 60
    consensus: int = 125
    similarity: str = "cider"
    draws: int = 5
    seed: int = 0


def random_captions(training: Sequence[str], images: int, seed: int, draw: int) -> list[str]:
    """Returns a training caption for each image, every one equally likely; another `draw` gives others."""
    chosen = np.random.default_rng([seed, draw]).integers(len(training), size=images)
    return [training[place] for place in chosen]


def nearest_images(features: np.ndarray, training: np.ndarray, count: int) -> np.ndarray:
    """Returns the rows of `training` with the greatest cosine, int64 [images, count], nearest first.

    Args:
        features: [images, depth].
        training: [training images, depth].
        count: how many, at most the training images.
    """
    if not 1 <= count <= len(training):
        raise ValueError(f"Expected a count from 1 to {len(training)}. Received: {count}.")
    features, training = _unit(features), _unit(training)
    blocks = [_largest(features[i : i + _BLOCK] @ training.T, count) for i in range(0, len(features), _BLOCK)]
    return np.concatenate(blocks)


def consensus(similarities: np.ndarray, closest: int) -> int:
    """Returns the row with the greatest mean of its `closest` largest similarities to others; of equals the first.

    Args:
        similarities: [captions, captions]; the diagonal is not read.
        closest: m; all others where there are fewer.
    """
    others = len(similarities) - 1
    if not others:
        return 0
    closest = min(closest, others)
    similarities = similarities.copy()
    np.fill_diagonal(similarities, -np.inf)
    largest = np.partition(similarities, -closest, axis=1)[:, -closest:]
    return int(np.argmax(np.sort(largest, axis=1).mean(axis=1)))  # sorted, or equals would differ by their rounding


def consensus_captions(
    neighbours: Iterable[np.ndarray], owners: np.ndarray, similarity: Similarity, closest: int
) -> Iterator[int]:
    """Yields for each image the position of the caption that the captions of its neighbours agree on.

    Args:
        neighbours: for each image its training images, nearest first.
        owners: int64 [captions], ascending: the training image of each training caption.
        similarity: of training captions, by their positions.
        closest: as in `consensus`.
    """
    starts = np.searchsorted(owners, np.arange(owners.max() + 2))
    for nearest in neighbours:
        candidates = np.concatenate([np.arange(starts[image], starts[image + 1]) for image in nearest])
        yield int(candidates[consensus(similarity(candidates), closest)])


def hold_out(references: Mapping[str, Sequence[str]], place: int) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Returns the caption at `place` of each image, and the others of the image."""
    held = {image: captions[place] for image, captions in references.items()}
    rest = {image: [*captions[:place], *captions[place + 1 :]] for image, captions in references.items()}
    return held, rest


def _unit(features: np.ndarray) -> np.ndarray:
    features = features.astype(np.float32)
    norms = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.where(norms > 0, norms, 1)


def _largest(similarities: np.ndarray, count: int) -> np.ndarray:
    """Returns the columns of the largest, [rows, count], largest first and of equals the first one first."""
    columns = np.sort(np.argpartition(-similarities, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(similarities, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)
