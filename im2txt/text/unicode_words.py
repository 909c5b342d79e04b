r"""Words of a caption in any language, by the properties that Unicode gives to characters.

    A girl's T-shirt, 10:30!    a  girl's  t-shirt  10:30
    नीली साइकिल।                 नीली  साइकिल
    猫が2匹いる                  猫  が  2  匹  い  る
    สองตัว                      ส  อ  ง  ตั  ว
    👩🏽‍🚀 in Türkiye 🇹🇷           👩🏽‍🚀  in  türkiye  🇹🇷

A word is a run of letters, digits and their combining marks; an apostrophe or a hyphen may stand inside it, a point,
a comma or a colon between its digits. Chinese, Japanese, and the scripts of South East Asia put no spaces between
words: where a word ends there takes a dictionary, so every character, with its marks, is a word of its own. An emoji
is one too, with its skin colour, its variation selector and all that joiners tie to it; a flag is one, of two letters.

Captions are composed (NFC) and in lower case. `lower` and not `casefold`, which is made for comparing: it spells
straße as strasse and Greek words without their final sigma, and people are to read what the model says. Turkish
dotted İ becomes i; the other half, I to dotless ı, would take to know the language. One spelling is chosen for
apostrophes (') and hyphens (-) inside words. Characters that steer the layout (soft hyphens, marks of direction)
are left out. Assigned code points are those of Python's `unicodedata`; later ones count as letters, or as emoji and
ideographs where their block says so.

Words follow https://www.unicode.org/reports/tr29/ (rules WB5 to WB13, WB15), simplified, and emoji
https://www.unicode.org/reports/tr51/ (ED-17), but for the dictionary scripts.
"""

import re
import unicodedata

# Scripts without spaces: https://www.unicode.org/reports/tr14/ classes SA and ID, of the latter the letters.
_SPACELESS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19FF),  # Tai Le, New Tai Lue, Khmer symbols
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x2E80, 0x2FDF),  # radicals of Han
    (0x3005, 0x3007),  # iteration mark, closing mark and zero of Han
    (0x3021, 0x30FF),  # numerals of Han, Hiragana, Katakana
    (0x31F0, 0x31FF),  # Katakana extensions
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),  # Han
    (0xA9E0, 0xA9FF),  # Myanmar
    (0xAA60, 0xAADF),  # Myanmar, Tai Viet
    (0xF900, 0xFAFF),  # Han
    (0xFF66, 0xFF9F),  # halfwidth Katakana
    (0x11700, 0x1174F),  # Ahom
    (0x1AFF0, 0x1B16F),  # Kana
    (0x20000, 0x3FFFF),  # Han, planes 2 and 3
)
_PICTURES = ((0x2300, 0x23FF), (0x2600, 0x27BF), (0x2B00, 0x2BFF), (0x1F000, 0x1FAFF))  # symbols there are emoji
_MARKS = "\u0e33\u0eb3\uff9e\uff9f"  # vowels am of Thai and Lao, voicing of halfwidth Katakana: letters by category
_STACKERS = "\u1039\u17d2\u1a60"  # of Myanmar, Khmer and Tai Tham: the next letter goes below this one

# The class of a character is a letter; patterns run over a text of such letters, as long as the caption.
_CLASSES = {
    **dict.fromkeys("'-\u00b7\u05f3\u05f4", "a"),  # inside words: apostrophe, hyphen, Catalan dot, Hebrew geresh
    **dict.fromkeys(".,:\u066b\u066c", "c"),  # between digits
    **dict.fromkeys(_MARKS, "m"),
    **dict.fromkeys(_STACKERS, "v"),
    **dict.fromkeys(map(chr, range(0x1F1E6, 0x1F200)), "r"),  # two make a flag
    **dict.fromkeys(map(chr, range(0x1F3FB, 0x1F400)), "k"),  # skin colours
    **dict.fromkeys(map(chr, range(0xE0020, 0xE0080)), "t"),  # tags: flags of regions
    "\ufe0f": "f",  # asks for an emoji
    "\u200c": "n",  # non-joiner: inside words of Persian and Indian languages
    "\u200d": "j",  # joiner: there, and in emoji
}
_SPELLING = str.maketrans(
    {
        "\u2019": "'",
        "\u2010": "-",
        "\u2011": "-",
        "\u0130": "i",
        "\u200b": " ",  # a space of no width
        **dict.fromkeys("\u00ad\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff", ""),
        **dict.fromkeys(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))), ""),  # direction
    }
)
_GERSHAYIM = re.compile('(?<=[\u05d0-\u05ea])"(?=[\u05d0-\u05ea])')  # keyboards lack the sign of Hebrew acronyms

_PICTURE = "(?:(?:[ek]f?k?|[pacds]f)[mvf]*t*)"
_EMOJI = f"rr?|{_PICTURE}(?:j{_PICTURE})*"
_UNIT = "[wd](?:[mvf]|[jn](?=[mvfwd]))*"
_WORD = f"{_UNIT}(?:a?{_UNIT}|(?<=d)c(?=d))*"
_CHARACTER = "s(?:[mf]|vs?)*"
_WORDS = re.compile(f"{_EMOJI}|{_WORD}|{_CHARACTER}")
_WORDS_AND_PUNCTUATION = re.compile(f"{_EMOJI}|{_WORD}|{_CHARACTER}|[pac]")


def unicode_words(caption: str, keep_punctuation: bool) -> list[str]:
    """Returns the words of a caption; every punctuation mark or sign is one of them, or none is."""
    text = unicodedata.normalize("NFC", caption).translate(_SPELLING).lower()
    text = _GERSHAYIM.sub("\u05f4", unicodedata.normalize("NFC", text))
    pattern = _WORDS_AND_PUNCTUATION if keep_punctuation else _WORDS
    return [text[match.start() : match.end()] for match in pattern.finditer(text.translate(_classes))]


class _Classes(dict):
    """Code point -> class, found out when first asked."""

    def __missing__(self, codepoint: int) -> str:
        self[codepoint] = found = _class(codepoint, unicodedata.category(chr(codepoint)))
        return found


_classes = _Classes({ord(character): letter for character, letter in _CLASSES.items()})


def _class(codepoint: int, category: str) -> str:
    if category[0] == "M":
        return "m"
    if category in ("So", "Cn") and _within(codepoint, _PICTURES):
        return "e"
    if category in ("Lm", "Lo", "Nl", "Cn") and _within(codepoint, _SPACELESS):
        return "s"
    if category[0] == "N":
        return "d"
    if category[0] == "L" or category in ("Cn", "Co"):
        return "w"
    return "p" if category[0] in "PS" else "o"  # o: spaces, control characters, halves of surrogate pairs


def _within(codepoint: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= codepoint <= last for first, last in ranges)
