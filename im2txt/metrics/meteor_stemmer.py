"""The Snowball English stemmer ("Porter2") in its form of about 2010, as METEOR 1.5 uses it.

Written from Martin Porter's description, https://snowballstem.org/algorithms/english/stemmer.html. Today's Snowball
stems some words otherwise (`added`: here ad; `evening`: even), nltk some in `-ization` and `-ationally`, and METEOR's
scores depend on it. R1 is what follows the first consonant after a vowel, R2 the same within R1.
"""

import re

_IRREGULAR = {
    "skis": "ski", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "idly": "idl", "gently": "gentl",
    "ugly": "ugli", "early": "earli", "only": "onli", "singly": "singl",
}  # fmt: skip
_INVARIANT = frozenset("sky news howe atlas cosmos bias andes".split())
_DONE_AFTER_PLURAL = frozenset("inning outing canning herring earring proceed exceed succeed".split())

_STEP_2 = {
    "tional": "tion", "enci": "ence", "anci": "ance", "abli": "able", "entli": "ent", "izer": "ize", "ization": "ize",
    "ational": "ate", "ation": "ate", "ator": "ate", "alism": "al", "aliti": "al", "alli": "al", "fulness": "ful",
    "ousli": "ous", "ousness": "ous", "iveness": "ive", "iviti": "ive", "biliti": "ble", "bli": "ble", "ogi": "og",
    "fulli": "ful", "lessli": "less", "li": "",
}  # fmt: skip
_STEP_3 = {
    "tional": "tion", "ational": "ate", "alize": "al", "icate": "ic", "iciti": "ic", "ical": "ic", "ful": "",
    "ness": "", "ative": "",
}  # fmt: skip
_STEP_4 = "al ance ence er ic able ible ant ement ment ent ism ate iti ous ive ize ion".split()


def _longest_ending(endings: object) -> re.Pattern:
    return re.compile(f"(?:{'|'.join(sorted(endings, key=len, reverse=True))})$")


_ENDING_2, _ENDING_3, _ENDING_4 = map(_longest_ending, (_STEP_2, _STEP_3, _STEP_4))
_CONSONANT_Y = re.compile("([aeiouy])y")
_REGION = re.compile("[aeiouy][^aeiouy]")
_REGION_1_PREFIX = re.compile("gener|commun|arsen")
_POSSESSIVE = re.compile("'(?:s'?)?$")
_PAST = re.compile("(?:eedly|ingly|edly|eed|ing|ed)$")
_WITHOUT_E = re.compile("(?:at|bl|iz)$")
_DOUBLE = re.compile("(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$")
_SHORT_SYLLABLE = re.compile("(?:[^aeiouy][aeiouy][^aeiouywxY]|^[aeiouy][^aeiouy])$")
_FINAL_Y = re.compile("(?<=.[^aeiouy])[yY]$")


def stem(word: str) -> str:
    """Returns the stem of a word in lower case."""
    if len(word) <= 2 or word in _INVARIANT:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    word = _mark_consonants(word.removeprefix("'"))
    regions = _regions(word)
    word = _strip_plural(_POSSESSIVE.sub("", word))
    if word not in _DONE_AFTER_PLURAL:
        word = _FINAL_Y.sub("i", _strip_past(word, regions[0]))
        for step in (_step_2, _step_3, _step_4, _step_5):
            word = step(word, *regions)
    return word.replace("Y", "y")


def _mark_consonants(word: str) -> str:
    """Writes Y for a y that is a consonant: the first letter, or after a vowel."""
    if word.startswith("y"):
        word = f"Y{word[1:]}"
    return _CONSONANT_Y.sub(r"\1Y", word)


def _regions(word: str) -> tuple[int, int]:
    """Returns where R1 and R2 begin."""
    found = _REGION_1_PREFIX.match(word) or _REGION.search(word)
    first = found.end() if found else len(word)
    found = _REGION.search(word, first)
    return first, found.end() if found else len(word)


def _has_vowel(part: str) -> bool:
    return not set("aeiouy").isdisjoint(part)


def _strip_plural(word: str) -> str:
    """Step 1a."""
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ied", "ies")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")) and _has_vowel(word[:-2]):
        return word[:-1]
    return word


def _strip_past(word: str, first: int) -> str:
    """Step 1b."""
    found = _PAST.search(word)
    if not found:
        return word
    if found[0].startswith("eed"):
        return f"{word[: found.start()]}ee" if found.start() >= first else word
    rest = word[: found.start()]
    if not _has_vowel(rest):
        return word
    if _WITHOUT_E.search(rest):
        return f"{rest}e"
    if _DOUBLE.search(rest):
        return rest[:-1]
    return f"{rest}e" if len(rest) == first and _SHORT_SYLLABLE.search(rest) else rest


def _step_2(word: str, first: int, second: int) -> str:
    del second
    found = _ENDING_2.search(word)
    if not found or found.start() < first:
        return word
    before = word[: found.start()]
    if (found[0] == "ogi" and before[-1:] != "l") or (found[0] == "li" and before[-1:] not in tuple("cdeghkmnrt")):
        return word
    return before + _STEP_2[found[0]]


def _step_3(word: str, first: int, second: int) -> str:
    found = _ENDING_3.search(word)
    if not found or found.start() < (second if found[0] == "ative" else first):
        return word
    return word[: found.start()] + _STEP_3[found[0]]


def _step_4(word: str, first: int, second: int) -> str:
    del first
    found = _ENDING_4.search(word)
    if not found or found.start() < second:
        return word
    before = word[: found.start()]
    return word if found[0] == "ion" and not before.endswith(("s", "t")) else before


def _step_5(word: str, first: int, second: int) -> str:
    before = word[:-1]
    if word.endswith("e") and (len(before) >= second or (len(before) >= first and not _SHORT_SYLLABLE.search(before))):
        return before
    return before if word.endswith("ll") and len(before) >= second else word
