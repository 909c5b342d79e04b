"""Vocabularies from counted words: whole words, pieces of words, bytes; and growing one that a model knows already.

Pieces are learned by the WordPiece learner of tensorflow_text, which keras_nlp's `compute_word_piece_vocabulary`
calls too. It is called directly as that function would first spread the counted words out again, leave out words
with characters other than the 1,000 most frequent, which Chinese has more of, and fix the least count of a piece.
The characters of the training captions are always pieces, so that all of their words can be spelled: `c` for the
first one of a word, `##c` for the others; but only the forms that some word needs.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from im2txt.errors import UserError
from im2txt.text.tokenizer import Tokenizer
from im2txt.text.vocabulary import BYTE_WORDS, CONTINUES, SPECIAL_WORDS, UNK, Vocabulary, frequent_first

WORDPIECES = 8000  # where no size is given

_BYTES_INSTEAD = ", or --tokenizer=bytes, which needs 260"


def build_vocabulary(
    counts: Counter[str], captions: int, tokenizer: Tokenizer, min_count: int, max_size: int | None
) -> Vocabulary:
    """Makes the vocabulary of training captions.

    Args:
        counts: occurrences of every word of the captions, as the tokenizer made them.
        captions: their number.
        tokenizer: decides what the vocabulary is made of: whole words, pieces or bytes.
        min_count: rarer words become `<unk>`; of pieces, the least count to be learned. Bytes are kept in any case.
        max_size: at most so many words, special ones included; None means no limit, but `WORDPIECES` for pieces.

    Raises:
        UserError: `max_size` leaves no room for the characters or bytes that there must be.
    """
    if tokenizer.kind == "bytes":
        _check_room(len(BYTE_WORDS), "bytes", "", max_size)
        return _recounted([*SPECIAL_WORDS, *BYTE_WORDS], counts, captions)
    if tokenizer.kind == "wordpiece":
        return _wordpieces(counts, captions, min_count, max_size or WORDPIECES)
    return Vocabulary.from_counts(counts, captions, min_count, max_size)


def grow_vocabulary(
    old: Vocabulary, counts: Counter[str], captions: int, min_count: int, max_size: int | None
) -> Vocabulary:
    """Adds the words of further captions to a vocabulary; its own words keep their ids.

    Appended are words that `old` cannot say, from frequent to rare; if it is made of pieces, first the characters
    that it lacks. Counts become sums; what `old` counted as `<unk>` stays so.

    Args:
        old: the vocabulary that a model was trained with.
        counts: occurrences of every word of the further captions.
        captions: their number.
        min_count: words that occur less often become `<unk>`.
        max_size: at most so many words, special ones included; the rarest give way, but none of `old`.
    """
    unknown = Counter({word: count for word, count in counts.items() if UNK in old.encode([word])})
    frequent = [word for word in frequent_first(unknown) if unknown[word] >= min_count]
    characters = frequent_first(_characters(unknown)) if _has_pieces(old) else []
    room = None if max_size is None else max(0, max_size - len(old))
    known = set(old.words)
    added = [word for word in dict.fromkeys([*characters, *frequent]) if word not in known][:room]
    fresh = _recounted([*old.words, *added], counts, captions)
    sums = (*map(sum, zip(old.counts, fresh.counts)), *fresh.counts[len(old) :])
    return _sorted_from(len(old), Vocabulary(fresh.words, sums))


def check_vocabulary(path: Path, vocabulary: Vocabulary, tokenizer: Tokenizer) -> None:
    """Raises UserError where the words of a vocabulary file are not of the kind that the tokenizer makes."""
    if BYTE_WORDS[0] in vocabulary.words:
        made_of, kinds = "bytes", ("bytes",)
    elif _has_pieces(vocabulary):
        made_of, kinds = "pieces of words", ("wordpiece",)
    else:  # wordpiece has no pieces to make where all words are single characters
        made_of, kinds = "whole words", ("nltk", "unicode_words", "wordpiece")
    if tokenizer.kind not in kinds:
        raise UserError(
            f"--vocabulary={path} is made of {made_of}, --tokenizer={tokenizer.kind} makes something else. Give the "
            "tokenizer that it was built with; the manifest.json beside it says which."
        )


def _wordpieces(counts: Counter[str], captions: int, min_count: int, max_size: int) -> Vocabulary:
    characters = frequent_first(_characters(counts))
    _check_room(len(characters), "characters (of words' beginnings, and of what follows)", _BYTES_INSTEAD, max_size)
    room = max_size - len(SPECIAL_WORDS) - len(characters)
    learned = _learned(counts, min_count, room)
    vocabulary = _recounted([*SPECIAL_WORDS, *characters, *learned], counts, captions)
    return _sorted_from(len(SPECIAL_WORDS), vocabulary)


def _has_pieces(vocabulary: Vocabulary) -> bool:
    return any(word.startswith(CONTINUES) for word in vocabulary.words)


def _characters(counts: Counter[str]) -> Counter[str]:
    """Returns the pieces of one character that spell these words, and how often each is needed."""
    found: Counter[str] = Counter()
    for word, count in counts.items():
        found[word[0]] += count
        for character in word[1:]:
            found[CONTINUES + character] += count
    return found


def _learned(counts: Counter[str], min_count: int, room: int) -> list[str]:
    """Returns at most `room` pieces of two characters and more, the most useful first."""
    long = sorted((word, count) for word, count in counts.items() if len(word) > 1)
    if not long or room <= 0:
        return []
    from tensorflow_text.tools.wordpiece_vocab import wordpiece_tokenizer_learner_lib as learner  # takes seconds

    alphabet = len(set().union(*(word for word, _ in long)))
    size = room + 2 * alphabet  # the learner counts each character in both forms
    pieces = learner.learn(long, size, [], lower_thresh=min_count, max_unique_chars=alphabet)
    return [piece for piece in pieces if len(piece.removeprefix(CONTINUES)) > 1][:room]


def _recounted(words: Sequence[str], counts: Counter[str], captions: int) -> Vocabulary:
    """Returns the vocabulary of `words`, in their order, with how often each is said in captions of `counts`."""
    uncounted = Vocabulary(tuple(words), (0,) * len(words))
    found = [0, captions, captions, *uncounted.counts[UNK:]]
    for word, count in counts.items():
        for word_id in uncounted.encode([word]):
            found[word_id] += count
    return Vocabulary(uncounted.words, tuple(found))


def _sorted_from(first: int, vocabulary: Vocabulary) -> Vocabulary:
    """Returns the vocabulary with the words from id `first` on in order, from frequent to rare."""
    counts = dict(zip(vocabulary.words[first:], vocabulary.counts[first:]))
    words = frequent_first(counts)
    return Vocabulary(
        (*vocabulary.words[:first], *words), (*vocabulary.counts[:first], *(counts[word] for word in words))
    )


def _check_room(needed: int, what: str, remedy: str, max_size: int | None) -> None:
    least = len(SPECIAL_WORDS) + needed
    if max_size is not None and max_size < least:
        raise UserError(
            f"--vocabulary_size={max_size}: {needed:,} {what} and {len(SPECIAL_WORDS)} special words must be among "
            f"the words. Give {least} or more{remedy}."
        )
