r"""The rules of the Penn Treebank tokenizer for captions: what a token looks like, and how it is written.

`im2txt.metrics.tokenize_ptb` applies them: the longest match wins, right context included, and among equally long
ones the first of the table. They were fitted to the output of Stanford's tokenizer (CoreNLP 3.4.1); word lists and
quirks are its behaviour, not taste. Measured: no difference on 35,000 Flickr8k captions, as they stand and with their
punctuation joined to the words, nor on 8,430 COCO captions, and 3 on 280,000 lines of random changes, characters and
pieces. Left out on purpose: scripts other than Latin are words, not followed character by character; a soft hyphen
vanishes in every word.
"""

import functools
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

SPLIT_WORDS = {"cannot": 3, "gonna": 3, "gotta": 3, "wanna": 3, "lemme": 3, "gimme": 3}  # where the second word begins

# Words that keep their dot. _TITLES precede a name; the others may end a sentence.
_ABBREVIATIONS = frozenset(
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri ala ariz calif colo conn ct dak "
    "fla ga ind kan kans ky md mich minn mo mont neb nev okla penn tenn va vt wis wisc wyo jr sr bros ed.d ph.d blvd "
    "rd esq inc co cos corp ltd plc bancorp dept bhd assn univ intl sys etc al seq bldg est ext sq tel".split()
)
_TITLES = frozenset(
    "mr mrs ms dr drs prof profs sen sens rep reps atty attys lt col gen messrs gov govs adm rev maj sgt cpl pvt capt "
    "st ste ave pres lieut hon brig cmdr comdr pfc spc supt supts det mt rt ft adj adv asst assoc ens insp mlle mme "
    "msgr sfc invt elec natl ph vs alex wm jos cie cf treas".split()
)
# These keep their dot in this spelling only: `Wash.` is Washington, `wash .` ends a sentence.
_CASED_ABBREVIATIONS = frozenset(
    "Ark ARK Az AZ Del DEL Ill ILL La LA Mass MASS Miss MISS Ore ORE Pa PA Tex TEX Wash WASH "
    "Mfg mfg Mtg mtg Pte pte Ptes ptes Pty pty Ptys ptys Ppte ppte Ppty ppty".split()
)
_BEFORE_NUMBER = frozenset("art bldg ca fig figs no nos op pp prop".split())
MAY_KEEP_DOT = _ABBREVIATIONS | _TITLES | _BEFORE_NUMBER | {word.lower() for word in _CASED_ABBREVIATIONS}
_SENTENCE_STARTS = (
    "a about according additionally after an as at but earlier he her here however if in it last many more mr. ms. "
    "now once one other our she since so some such that the their then there these they this we what when while yet "
    "you"
).split()
_FILE_TYPES = (
    "bat bmp c class cgi cpp dll doc docx exe gif gz h htm html jar java jpeg jpg mov mp3 pdf php pl png ppt ps py sql "
    "tar txt wav x xml zip"
).split()


class Rule(NamedTuple):
    """One kind of token: `pattern` has the group `token` and then the right context; `rewrite` spells the token."""

    pattern: str
    rewrite: Callable[[str], str]


def _rule(token: str, followed_by: str = "", rewrite: Callable[[str], str] = str) -> Rule:
    return Rule(f"(?P<token>{token}){followed_by}", rewrite)


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(words)))})"


def _spelled(table: dict[str, str]) -> Callable[[str], str]:
    """Replaces single characters."""
    characters = str.maketrans(table)
    return lambda token: token.translate(characters)


def _always(spelling: str) -> Callable[[str], str]:
    return lambda token: spelling


_SPACE = "[ \t\n\u00a0\u2000-\u200b\u3000]"
_GAP = "[- \u00a0]"
_HYPHEN = "[-_\u058a\u2010\u2011]"
_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u0655\u0900-\u0dff\u0e30-\u0e4e"
_NUMERALS = "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209c\u2150-\u2189\u2460-\u249b"  # \w has them; they are no letters
_LETTER = f"(?:[^\\W\\d_{_NUMERALS}]|[\u00ad{_MARKS}]|&[aeiouAEIOU](?:acute|grave|uml);)"
_ALNUM = f"(?:{_LETTER}|\\d)"
_WORD = f"{_LETTER}{_ALNUM}*(?:[.!?]{_LETTER}{_ALNUM}*)*"
_APOSTROPHE = "(?:['\u0092\u2019]|&apos;)"
_APOSTROPHES = "(?:['\u0092\u2019`\u0091\u2018\u201b]|&apos;)"
_CLITIC = f"{_APOSTROPHE}(?:[msdMSD]|(?i:re|ve|ll))"
_NOT = f"[nN]{_APOSTROPHES}[tT]"
_PART = f"(?:[dDoOlL]{_APOSTROPHES}{_ALNUM})?{_ALNUM}+"  # of a hyphenated word: o'clock
_HYPHENATED = f"{_PART}(?:{_HYPHEN}{_PART})*"
_INITIALS = "[A-Z]+(?:(?:[+&]|&amp;)[A-Z]+)+"
_SLASHED = "[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}"
_NUMBER = "(?:\\d*(?:[.:,\u00ad]\\d+)+|\\d+)"
_URL_END = '[^ \t\n"<>|.!?(){},-]'
_PATH = f'(?:/[^ \t\n"<>|()]+{_URL_END})?'
_ADDRESS = '[^ \t\n"<>|(){}.\u00a0]'
_ATTRIBUTE = "[A-Za-z][A-Za-z0-9_:.-]*(?:=(?:\"[^\"\n]*\"|'[^'\n]*'))?"
_TAG = f"<(?:[?!][A-Za-z-][^>\n]*|/?[A-Za-z][A-Za-z0-9_:.-]*(?: +{_ATTRIBUTE})* */?) *>"
_PHONE = (
    f"(?:\\(\\d{{2,3}}\\)[ \u00a0]?|\\+{{0,2}}(?:\\d{{2,4}}{_GAP}){{1,2}})\\d{{3,4}}{_GAP}?\\d{{3,5}}"
    "|(?:\\+{0,2}\\d{2,4}\\.)?\\d{2,4}\\.\\d{3,4}\\.\\d{3,5}"
)
_APOSTROPHE_WORDS = (
    f"{_APOSTROPHE}[nN]{_APOSTROPHE}?",
    f"[lLdDjJ]{_APOSTROPHE}",
    f"(?:Dunkin|somethin|[oO][lL]){_APOSTROPHE}",
    f"{_APOSTROPHE}(?i:em|till?|cause)",
    f"{_APOSTROPHE}[2-9]0[sS]",
    f"[A-HJ-XZn]{_APOSTROPHES}{_LETTER}{{2,}}",
    f"{_LETTER}+[aeiouyAEIOUY]{_APOSTROPHES}[aeiouA-Z]{_LETTER}*",
    "(?i:cont'd\\.|nor'easter|c'mon|e'er|s'mores|ev'ry|li'l|nat'l|cap'n|c'est)",
)
_NO_BREAK = {" ": "\u00a0"}
_PARENTHESES = {"(": "-lrb-", ")": "-rrb-"}
_BRACKETS = {**_PARENTHESES, "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}
_FRACTIONS = {"\u00bc": "1/4", "\u00bd": "1/2", "\u00be": "3/4", "\u2153": "1/3", "\u2154": "2/3"}
_SIGNS = {"\u00a2": "cents", "\u00a3": "#", "\u00a4": "$", "\u0080": "$", "\u20a0": "$", "\u20ac": "$"}
_SINGLE_QUOTES = {
    "\u0091": "`",
    "\u2018": "`",
    "\u201b": "`",
    "\u2039": "`",
    "\u0092": "'",
    "\u2019": "'",
    "\u203a": "'",
}
_QUOTES = {
    **_SINGLE_QUOTES,
    "\u0093": "``",
    "\u201c": "``",
    "\u00ab": "``",
    "\u0094": "''",
    "\u201d": "''",
    "\u00bb": "''",
}
_SOFT_HYPHEN = {"\u00ad": ""}


def _clitic(token: str) -> str:
    return token.replace("&apos;", "'").replace("\u2019", "'").replace("\u0092", "'")


_RULES = (
    _rule(_TAG, rewrite=_spelled(_NO_BREAK)),
    *(_rule(f"(?i:{word[:cut]})", f"(?i:{word[cut:]})") for word, cut in SPLIT_WORDS.items()),
    _rule("'[tT]", "(?i:is|was)"),
    _rule(_WORD, _CLITIC, _spelled(_SOFT_HYPHEN)),
    _rule("[A-Za-z\u00ad]*[A-MO-Za-mo-z]\u00ad*", _NOT, _spelled(_SOFT_HYPHEN)),
    _rule(_WORD, rewrite=_spelled(_SOFT_HYPHEN)),
    *map(_rule, _APOSTROPHE_WORDS),
    _rule(f"[yY]{_APOSTROPHE}", "[A-Za-z]"),
    _rule(f'(?i:https?)://[^ \t\n"<>|()]+{_URL_END}'),
    _rule(f'(?i:www)\\.(?:[^ \t\n"<>|.!?(){{}},]+\\.)+[a-zA-Z]{{2,4}}{_PATH}'),
    _rule(f"(?:[a-z#%&*+~\u00a1-\uffff]+\\.)+(?i:com|net|org|edu){_PATH}"),
    _rule(f'(?:<|&lt;)?[a-zA-Z0-9][^ \t\n"<>|(){{}}\u00a0]*@(?:{_ADDRESS}+\\.)*{_ADDRESS}+(?:>|&gt;)?'),
    _rule("@[a-zA-Z_][a-zA-Z_0-9]*"),
    _rule(f"#{_LETTER}+"),
    _rule(_CLITIC, "(?:[^A-Za-z]|$)", _clitic),
    _rule("'", "[A-Za-z][^ \t\n\u00a0]"),  # opens a quotation, as in 'stop': longer than the clitic 's
    _rule(_CLITIC, rewrite=_clitic),
    _rule(_NOT, rewrite=_clitic),
    _rule("\\d{1,2}[-/]\\d{1,2}[-/]\\d{2,4}"),  # a date
    _rule(f"[-+]?{_NUMBER}", rewrite=_spelled(_SOFT_HYPHEN)),
    _rule(f"(?:\\d{{1,4}}{_GAP})?\\d{{1,4}}(?:\\\\?/|\u2044)\\d{{1,4}}", rewrite=_spelled(_NO_BREAK)),  # 1 1/2
    _rule(f"[{''.join(_FRACTIONS)}]", rewrite=_spelled(_FRACTIONS)),
    _rule(f"[{''.join(_SIGNS)}]", rewrite=_spelled(_SIGNS)),
    _rule("[A-Z]*\\$|#"),
    _rule("(?i:-[LR][RCS]B-)|C\\.D\\.s|(?i:pro-|anti-)|S(?:&|&amp;)(?:P-500|Ls)|[cC]\\+\\+|[cfCF]#"),
    _rule(_HYPHENATED, rewrite=_spelled(_SOFT_HYPHEN)),
    _rule(_INITIALS, rewrite=lambda token: token.replace("&amp;", "&")),  # R&B
    _rule(f"(?:{_WORD}|{_HYPHENATED}|{_INITIALS})\\.", "[,;:\u3001]"),  # a dot before a comma ends an abbreviation
    _rule(f"(?:(?i:{_any(_ABBREVIATIONS)})|{_any(_CASED_ABBREVIATIONS)})\\.", "(?:(?s:.){2})?"),
    _rule(f"{_SLASHED}(?:\\\\?/{_SLASHED}){{1,2}}"),  # and/or
    _rule("[A-Za-z0-9][A-Za-z0-9.,\u00ad]*(?:-(?:[A-Za-z](?:\\.[A-Za-z])+\\.|[A-Za-z0-9\u00ad]+))+"),  # U.S.-based
    _rule(_PHONE, rewrite=_spelled({**_NO_BREAK, **_PARENTHESES})),
    _rule("[A-Za-z]", f"\\.{_SPACE}+(?:(?=[A-Z])(?i:{_any(_SENTENCE_STARTS)})|{_TAG}){_SPACE}"),  # reads K. The
    _rule(f"(?:(?i:{_any(_TITLES)})|[A-Za-z](?:\\.[A-Za-z])*)\\."),
    _rule(f"(?i:{_any(_BEFORE_NUMBER)})\\.", f"{_SPACE}?\\d"),
    _rule(f"{_ALNUM}+(?:\\.{_ALNUM}+)*\\.(?i:{_any(_FILE_TYPES)})", "(?:[ \n.?!,]|$)"),
    _rule("[<>]?[:;=][-o*']?[()DPdpO\\\\{@|\\[\\]]", "(?![A-Za-z0-9])", _spelled(_PARENTHESES)),  # :-)
    _rule("\\([-^x=~<>'][_.]?[-^x=~<>']\\)|[-^x=~<>']_[-^x=~<>']", rewrite=_spelled(_PARENTHESES)),  # (^_^)
    _rule("(?i:&amp;)", rewrite=_always("&")),
    _rule("(?i:&lt;)", rewrite=_always("<")),
    _rule("(?i:&gt;)", rewrite=_always(">")),
    _rule("(?i:&(?:quot|apos|nbsp|mdash|ndash);)", rewrite=_always("--")),
    _rule("&#\\d+;"),
    _rule("[!?]{2,}|@+|#+|_+|\\*+|(?:\\\\\\*){1,3}|<<|>>|-{5,}"),
    _rule("-{1,4}", rewrite=_always("-")),
    _rule("\\.{3,5}|(?:\\.[ \u00a0]){2,4}\\.", rewrite=_always("...")),
    _rule(f"{_APOSTROPHE}\\d\\d", _SPACE),
    _rule("''"),
    _rule("[`\u0091-\u0094\u2018-\u201f\u2039\u203a\u00ab\u00bb]{1,2}", rewrite=_spelled(_QUOTES)),
    _rule("[][(){}]", rewrite=_spelled(_BRACKETS)),
    _rule(
        "[!%&+,./:;<=>?\\\\^'|~\u00a1\u00a5-\u00aa\u00ac\u00ae-\u00ba\u00bf\u00d7\u00f7\u02c2-\u02df\u2022\u2100-\u2bff]"
    ),
)


@functools.cache
def compiled_rules() -> list[tuple[re.Pattern, Callable[[str], str]]]:
    """Returns pattern and rewrite of each rule; compiled when first needed, for it takes longer than all imports."""
    return [(re.compile(rule.pattern), rule.rewrite) for rule in _RULES]
