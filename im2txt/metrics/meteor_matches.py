"""Which words and phrases of two captions METEOR may match: exact, by stem, by synonym, by paraphrase.

Denkowski and Lavie 2014, on scoring; what counts as which:

    exact        the same word
    stem         other words of the same stem
    synonym      other words with a WordNet synset in common, base forms included
    paraphrase   a phrase and its paraphrase in METEOR's table, read from either side: 1 to 7 words each

Two captions of the same words are matched exactly and no otherwise. The order of the candidates at a place of the
reference decides ties of the search, so it is kept: modules as above; words by their place in the hypothesis;
paraphrases first from the phrases of the reference, then from those of the hypothesis, each by place, length, table
order and place of the other phrase. What both sides find is two candidates, as in the official program.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from im2txt.metrics.meteor_data import MeteorData
from im2txt.metrics.meteor_stemmer import stem
from im2txt.metrics.meteor_words import words_of

EXACT, STEM, SYNONYM, PARAPHRASE = range(4)
_UNKNOWN = "\0"  # stands for a word without a sign; no phrase has it


class Match(NamedTuple):
    """`length` words of the reference from `start` on match `hypothesis_length` words of the hypothesis."""

    start: int
    length: int
    hypothesis_start: int
    hypothesis_length: int
    module: int

    @property
    def bits(self) -> int:
        """A bit for each of its words in the reference."""
        return ((1 << self.length) - 1) << self.start

    @property
    def hypothesis_bits(self) -> int:
        """A bit for each of its words in the hypothesis."""
        return ((1 << self.hypothesis_length) - 1) << self.hypothesis_start


class Caption(NamedTuple):
    """What matching and scoring need of a caption.

    Attributes:
        words: its words.
        function_words: a bit for each word that is a function word.
        places: the places of each word.
        phrases: the places and lengths of each phrase that paraphrases a phrase of any caption.
        rewordings: place, length and paraphrases of each phrase that has any among the captions, in table order.
    """

    words: list[str]
    function_words: int
    places: dict[str, list[int]]
    phrases: dict[str, list[tuple[int, int]]]
    rewordings: list[tuple[int, int, dict[str, None]]]


class Matcher:
    """Finds the candidate matches between some captions, of which it must be told beforehand.

    Attributes:
        captions: each caption as given to its analysis.
    """

    def __init__(self, data: MeteorData, captions: Iterable[str]) -> None:
        words = {caption: words_of(caption, data.prefixes) for caption in captions}
        vocabulary = sorted({word for each in words.values() for word in each})
        self._stems, self._synonyms = _related(vocabulary, data)
        self._other = {word: self._stems[word] | self._synonyms[word] for word in vocabulary}
        signs = {word: data.sign(word) or _UNKNOWN for word in vocabulary}
        texts = {caption: "".join([signs[word] for word in each]) for caption, each in words.items()}
        rewordings = _rewordings(texts.values(), data)
        linked = set().union(*rewordings.values())
        self.captions = {
            caption: Caption(
                each,
                sum(1 << place for place, word in enumerate(each) if word in data.function_words),
                _grouped((word, place) for place, word in enumerate(each)),
                _grouped((p, (i, len(p))) for i, p in _phrases(texts[caption], data.longest) if p in linked),
                [(i, len(p), rewordings[p]) for i, p in _phrases(texts[caption], data.longest) if p in rewordings],
            )
            for caption, each in words.items()
        }

    def candidates(self, hypothesis: Caption, reference: Caption) -> dict[int, list[Match]]:
        """Returns the candidates by their place in the reference."""
        found: dict[int, list[Match]] = defaultdict(list)
        same, places = hypothesis.words == reference.words, hypothesis.places
        for start, word in enumerate(reference.words):
            found[start] += [Match(start, 1, place, 1, EXACT) for place in places.get(word, ())]
            if not same and not self._other[word].isdisjoint(places):
                found[start] += self._related_words(start, word, places)
        if not same:
            self._add_paraphrases(found, hypothesis, reference)
        return {start: matches for start, matches in found.items() if matches}

    def _related_words(self, start: int, word: str, places: dict[str, list[int]]) -> Iterator[Match]:
        for module, related in ((STEM, self._stems[word]), (SYNONYM, self._synonyms[word])):
            common = related.intersection(places)
            for place in sorted(place for other in common for place in places[other]):
                yield Match(start, 1, place, 1, module)

    def _add_paraphrases(self, found: dict[int, list[Match]], hypothesis: Caption, reference: Caption) -> None:
        for start, length, paraphrases in reference.rewordings:
            if not paraphrases.keys().isdisjoint(hypothesis.phrases):
                for paraphrase in paraphrases:
                    for other, other_length in hypothesis.phrases.get(paraphrase, ()):
                        found[start].append(Match(start, length, other, other_length, PARAPHRASE))
        for other, other_length, paraphrases in hypothesis.rewordings:
            if not paraphrases.keys().isdisjoint(reference.phrases):
                for paraphrase in paraphrases:
                    for start, length in reference.phrases.get(paraphrase, ()):
                        found[start].append(Match(start, length, other, other_length, PARAPHRASE))


def _related(vocabulary: list[str], data: MeteorData) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Returns for each word the other words of its stem, and those that have a synset in common with it."""
    stems = _grouped((stem(word), word) for word in vocabulary)
    synsets = _grouped((synset, word) for word in vocabulary for synset in data.synsets(word))
    by_stem = {word: set(group) - {word} for group in stems.values() for word in group}
    by_synset = {word: set().union(*(synsets[synset] for synset in data.synsets(word))) - {word} for word in vocabulary}
    return by_stem, by_synset


def _rewordings(texts: Iterable[str], data: MeteorData) -> dict[str, dict[str, None]]:
    """Returns the phrases in the texts that have paraphrases in the texts, with these in the order of the table."""
    texts = set(texts)
    parts = {phrase for text in texts for _, phrase in _phrases(text, data.longest)}
    rewordings = {}
    for text in texts:
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                phrase = text[start:end]
                paraphrases = data.paraphrases(phrase)
                if paraphrases is None:
                    break
                if phrase not in rewordings:
                    rewordings[phrase] = {other: None for other in paraphrases.split("\n") if other in parts}
    return {phrase: others for phrase, others in rewordings.items() if others}


def _phrases(text: str, longest: int) -> Iterator[tuple[int, str]]:
    """Yields the parts of a text up to a length, with their starts: by start, then by length."""
    for start in range(len(text)):
        for end in range(start + 1, min(start + longest, len(text)) + 1):
            yield start, text[start:end]


def _grouped(pairs: Iterable[tuple]) -> dict:
    groups: dict = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
