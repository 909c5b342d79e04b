"""What people's ratings say of each system: mean, distribution, interval, and how far the raters agree.

As in Show and Tell (Vinyals et al. 2015, section 4.2 on the human evaluation) the ratings that several raters gave one
caption are averaged; the average is the caption's score, the system's is the mean of these, and the cumulative
distribution is the share of captions whose score reaches a threshold. The interval is a bootstrap over images, as
theirs is (`im2txt.metrics.significance`). The shares of 1, 2, 3 and 4 count single ratings.

A file of ratings, as the page saves it:

    {"format": "im2txt ratings 1", "page": "5f1d0c...", "rater": "Ada", "saved": "2025-01-31T12:00:00.000Z",
     "ratings": {"9b2c41d07e3a": 4}}
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from im2txt.errors import UserError
from im2txt.metrics.agreement import krippendorff_alpha, same_rating
from im2txt.metrics.coco_format import list_ids
from im2txt.metrics.significance import confidence_interval, mean_statistics

FORMAT = "im2txt ratings 1"
SCALE = {1: "unrelated", 2: "somewhat related", 3: "minor errors", 4: "no errors"}


class Key(NamedTuple):
    """What a key file says: the page's id, the systems, and of each caption its image and the systems that wrote it."""

    page: str
    systems: tuple[str, ...]
    captions: dict[str, tuple[str, tuple[str, ...]]]


class Rated(NamedTuple):
    """What one person rated: {key of the caption: rating}."""

    rater: str
    ratings: dict[str, int]


def parse_key(content: object, where: str) -> Key:
    """Returns the content of a key file.

    Raises:
        UserError: it is none.
    """
    try:
        captions = {
            caption["key"]: (image["image_id"], tuple(caption["systems"]))
            for image in content["images"]
            for caption in image["captions"]
        }
        return Key(content["page"], tuple(content["systems"]), captions)
    except (KeyError, TypeError):
        raise UserError(
            f"{where} is no key file: it lacks `page`, `systems` or `images`. Give the *.key.json that was written "
            "beside the page."
        ) from None


def parse_ratings(content: object, where: str, key: Key) -> Rated:
    """Returns one person's ratings of the page that `key` belongs to.

    Raises:
        UserError: the content has another form, is of another page, or has no rating.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{where} is no file of ratings. Give the JSON files that raters saved from the page.")
    if content.get("page") != key.page:
        raise UserError(
            f"{where} was saved from page {content.get('page')}, but the key is of page {key.page}. "
            "Give the key that was written with that page."
        )
    rater, ratings = content.get("rater"), content.get("ratings")
    if not isinstance(rater, str) or not rater.strip():
        raise UserError(f"{where}: `rater` must be the rater's name, found {rater!r}.")
    if not isinstance(ratings, dict) or not ratings:
        raise UserError(f"{where} ({rater}) has no ratings. Leave it out.")
    unknown = [caption for caption in ratings if caption not in key.captions]
    if unknown:
        raise UserError(f"{where}: {len(unknown)} captions are not in the key: {list_ids(unknown)}.")
    wrong = {caption: rating for caption, rating in ratings.items() if type(rating) is not int or rating not in SCALE}
    if wrong:
        caption, rating = next(iter(wrong.items()))
        raise UserError(f"{where}: a rating must be 1, 2, 3 or 4, found {rating!r} for caption {caption}.")
    return Rated(rater.strip(), ratings)


def summarize(key: Key, rated: Sequence[Rated], seed: int = 0) -> dict:
    """Returns all that is to be said of the ratings, as JSON; `seed` draws the bootstrap resamples.

    Raises:
        UserError: two files are by the same rater.
    """
    twice = [rater for rater, count in Counter(person.rater for person in rated).items() if count > 1]
    if twice:
        raise UserError(f"Two files of ratings are by {twice[0]}. Give only the one that was saved last.")
    units: dict[str, list[int]] = {}
    for person in rated:
        for caption, rating in person.ratings.items():
            units.setdefault(caption, []).append(rating)
    raters = Counter(image for person in rated for image in {key.captions[caption][0] for caption in person.ratings})
    return {
        "page": key.page,
        "raters": {person.rater: len(person.ratings) for person in rated},
        "images": len(raters),
        "images_of_two_raters": sum(count > 1 for count in raters.values()),
        "agreement": _agreement(list(units.values())),
        "systems": {system: _system(system, key, units, seed) for system in key.systems},
    }


def _agreement(units: Sequence[Sequence[int]]) -> dict:
    return {
        "captions": sum(len(unit) > 1 for unit in units),
        "alpha_ordinal": krippendorff_alpha(units, "ordinal"),
        "alpha_interval": krippendorff_alpha(units, "interval"),
        "same_rating": same_rating(units),
    }


def _system(system: str, key: Key, units: Mapping[str, Sequence[int]], seed: int) -> dict:
    """Returns the numbers of one system; a system has one caption an image, so captions are images here."""
    own = [ratings for caption, ratings in units.items() if system in key.captions[caption][1]]
    if not own:
        nothing = {"mean": None, "interval": None, "shares": None, "at_least": None}
        return {"captions": 0, "ratings": 0, **nothing}
    scores = [fmean(ratings) for ratings in own]
    single = Counter(rating for ratings in own for rating in ratings)
    interval = confidence_interval(mean_statistics(scores), np.random.default_rng(seed))
    return {
        "captions": len(own),
        "ratings": single.total(),
        "mean": fmean(scores),
        "interval": list(interval),
        "shares": {str(rating): single[rating] / single.total() for rating in SCALE},
        "at_least": {str(least): fmean(score >= least for score in scores) for least in (2, 3, 4)},
    }
