"""What im2txt.score tells besides the scores: for each section a key of its JSON output, and lines to print."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from im2txt.metrics.caption_scores import Scores
from im2txt.metrics.cross_check import cross_check, cross_check_lines
from im2txt.metrics.diversity import copied_share, unknown_word_share, variety
from im2txt.metrics.n_best import score_sets
from im2txt.metrics.object_annotations import hallucinations
from im2txt.metrics.score_comparison import caption_statistics, compare_systems
from im2txt.metrics.score_tables import comparison_lines, value_lines
from im2txt.notices import notice
from im2txt.text.vocabulary import BYTE_WORDS, UNK, Vocabulary


class System(NamedTuple):
    """The captions of a system as written and as tokens, in the order of the references, and our scores of them.

    `where` is the file that they are from.
    """

    where: str
    captions: dict[str, str]
    tokens: list[str]
    scores: Scores


class Section(NamedTuple):
    """A part of the output: `content` stands under `key` in the JSON, `lines` are printed, the first is the title."""

    key: str
    content: dict[str, Any]
    lines: list[str]


def cross_check_section(ours: Scores, official: Scores) -> Section:
    """Tells what our scores differ from those of the official scorer."""
    found = cross_check(ours, official)
    return Section("cross_check", _as_dicts(found), ["Ours and those of pycocoevalcap:", *cross_check_lines(found)])


def diversity_section(
    tokens: Sequence[str], training: Sequence[str] | None = None, vocabulary: Vocabulary | None = None
) -> Section:
    """Tells how varied captions are, which are copies of training captions, and what a vocabulary lacks of their words.

    Captions and training captions are tokens. A word that a vocabulary spells in pieces or bytes is not lacking.
    """
    found = variety(tokens)._asdict()
    content = {name.replace("distinct_", "distinct-"): value for name, value in found.items()}
    content["lengths"] = found["lengths"]._asdict()
    if training is not None:
        content["copied"] = copied_share(tokens, training)
    if vocabulary is not None:
        words = {word for caption in tokens for word in caption.split()}
        spells_all = set(BYTE_WORDS) <= set(vocabulary.words)
        known = {word for word in words if spells_all or UNK not in vocabulary.encode([word])}
        content["unknown_word_share"] = unknown_word_share(tokens, known)
    lengths = {f"length, {name}": value for name, value in content["lengths"].items()}
    flat = {name: value for name, value in content.items() if name != "lengths"} | lengths
    return Section("diversity", content, ["Diversity:", *value_lines(flat)])


def n_best_section(sets: Mapping[str, Sequence[str]], targets: Sequence[Sequence[str]]) -> Section:
    """Tells how varied the several captions of each image are; `sets` are tokens in the order of the references."""
    found = score_sets(list(sets.values()), targets)
    sizes = [values["captions an image"] for values in found.per_image]
    if len(set(sizes)) > 1:
        notice(
            f"mBLEU is not available: it needs the same number of captions of each image, and the images have "
            f"{min(sizes)} to {max(sizes)}."
        )
    content = {**found.corpus, "per_image": dict(zip(sets, found.per_image))}
    return Section("n_best", content, ["Several captions of each image:", *value_lines(found.corpus)])


def chair_section(system: System, targets: Sequence[Sequence[str]], objects: Any, where: str) -> Section:
    """Tells which objects captions name that their images, by `objects` of the file `where`, do not have."""
    tokens, references = dict(zip(system.captions, system.tokens)), dict(zip(system.captions, targets))
    found = hallucinations(tokens, references, objects, where)
    shares = {"CHAIR_i": found.instances, "CHAIR_s": found.sentences}
    per_image = {image: mentions._asdict() for image, mentions in found.per_image.items()}
    return Section("chair", {**shares, "per_image": per_image}, ["Objects:", *value_lines(shares)])


def comparison_section(
    first: System, second: System, targets: Sequence[Sequence[str]], samples: int, seed: int
) -> Section:
    """Tells whether the first of two systems is better."""
    statistics = [caption_statistics(each.scores, each.tokens, targets) for each in (first, second)]
    found = compare_systems(*statistics, samples, seed)
    content = {"predictions": second.where, "samples": samples, "seed": seed, "metrics": _as_dicts(found)}
    title = f"{first.where} (first) against {second.where} (second), {samples} samples:"
    return Section("against", content, [title, *comparison_lines(found)])


def _as_dicts(results: Mapping[str, Any]) -> dict[str, Any]:
    return {name: result and result._asdict() for name, result in results.items()}
