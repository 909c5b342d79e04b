"""Several captions of each image, as a beam or sampling finds them: their JSON format, and how varied they are.

    [{"image_id": 1, "captions": ["a dog runs", "a dog"]}, ...]

Of an image the best comes first; whatever else an item holds, as `log_probabilities` of im2txt.evaluate, is not read.
`im2txt.metrics.diversity` says what the measures are.
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tqdm import tqdm

from im2txt.errors import UserError
from im2txt.metrics.cider import DocumentFrequencies
from im2txt.metrics.coco_format import list_ids
from im2txt.metrics.diversity import div_n, mutual_bleu, self_cider

_EXAMPLE = '{"image_id": 1, "captions": ["a dog", "the dog"]}'
_SHOWN = 60  # characters of an item that is something else

Values = dict[str, float | int | None]


class SetScores(NamedTuple):
    """Measures by their names: of the corpus, and of each image in the order of the images."""

    corpus: Values
    per_image: list[Values]


def parse_n_best(content: object, where: str) -> dict[str, list[str]]:
    """Returns {image id: captions}, two or more of each; `where` names the origin in messages.

    Raises:
        UserError: the content has another form, an image is there twice, or it has fewer than two captions.
    """
    if not isinstance(content, list):
        raise UserError(f"{where}: expected a list [{_EXAMPLE}, ...], found {_shown(content)}.")
    pairs = [_set_of(item, f"{where}, item {place}") for place, item in enumerate(content)]
    twice = [image for image, count in Counter(image for image, _ in pairs).items() if count > 1]
    if twice:
        raise UserError(f"{where}: {len(twice)} images have more than one item: {list_ids(twice)}. Keep one of each.")
    few = [image for image, captions in pairs if len(captions) < 2]
    if few:
        raise UserError(
            f"{where}: {len(few)} of {len(pairs)} images have fewer than two captions: {list_ids(few)}. Give two or "
            "more of each image, as im2txt.evaluate writes them with a --beam_size of 2 or more."
        )
    return dict(pairs)


def score_sets(sets: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> SetScores:
    """Returns how varied the captions of each image are.

    Args:
        sets: [images][captions] of space-separated tokens, two or more of each image.
        references: [images][captions]; document frequencies for self-CIDEr are of these.

    mBLEU is None where the images have different numbers of captions, of which it is not defined.
    """
    frequencies = DocumentFrequencies.of(references)
    columns = {"self-CIDEr": self_cider(tqdm(sets, "self-CIDEr", unit=" images", dynamic_ncols=True), frequencies)}
    columns |= {f"Div-{order}": div_n(sets, order) for order in (1, 2)}
    columns["captions an image"] = [len(captions) for captions in sets]
    corpus = {name: sum(values) / len(values) for name, values in columns.items()}
    names = [f"mBLEU-{order}" for order in range(1, 5)]
    whole, each = [None] * 4, [[None] * 4] * len(sets)
    if len(set(columns["captions an image"])) == 1:
        whole, each = mutual_bleu(sets)
    rows = zip(*columns.values(), each)
    per_image = [dict(zip(columns, values)) | dict(zip(names, bleus)) for *values, bleus in rows]
    return SetScores(corpus | dict(zip(names, whole)), per_image)


def _set_of(item: object, where: str) -> tuple[str, list[str]]:
    image, captions = (item.get(key) if isinstance(item, dict) else None for key in ("image_id", "captions"))
    known = isinstance(image, (str, int)) and not isinstance(image, bool)
    if not known or not isinstance(captions, list) or not all(isinstance(caption, str) for caption in captions):
        raise UserError(f"{where}: expected {_EXAMPLE}, found {_shown(item)}.")
    return str(image), captions


def _shown(content: object) -> str:
    text = json.dumps(content)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
