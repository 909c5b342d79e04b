r"""Penn Treebank tokens of captions, as the official COCO caption scorer makes them.

The official scorer sends all captions, one a line, through Stanford's tokenizer (CoreNLP 3.4.1, `-preserveLines
-lowerCase`), then drops 17 punctuation tokens. This module gives the same tokens without Java; it was written
from the observed behaviour of that program. The tokenizer is a table of rules: at every place the longest match
wins, its right context included, and among equally long ones the first in the table.

What surprises, and is kept because published scores contain it:

* Captions are one stream. A last single letter with a dot, or `No.`, is read with the beginning of the NEXT
  caption: `reads K.` gives `k` before `The dog`, but `k.` before `dogs`. So captions are tokenized as a list.
* Lower-casing comes before the dropping, so that brackets stay, as `-lrb-` and `-rrb-`; so do `!!!` and `?!`.
* `1 1/2` is one token with a no-break space inside.

Two deviations. Inside a caption the official program takes `\r`, `\v`, `\f`, U+2028 and U+2029 for the end of the
line, and from there on every caption gets the words of another; here they are spaces. Scripts other than Latin are
kept as words and not followed character by character.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

PUNCTUATION = frozenset("'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;".split())


def tokenize_captions(captions: Sequence[str]) -> list[str]:
    """Returns the tokens of each caption joined by single spaces; order and neighbours matter (see above)."""
    lines = [_LINE_BREAK.sub(" ", caption) for caption in captions]
    stream = "\n".join(lines)
    tokenized, start = [], 0
    for line in lines:
        end = start + len(line)
        simple = _SIMPLE_LINE.fullmatch(line)
        words = simple[1].lower().split() if simple else _tokens(stream, start, end)
        tokenized.append(" ".join(words))
        start = end + 1
    return tokenized


def _tokens(stream: str, start: int, end: int) -> Iterator[str]:
    """Yields the tokens of the line stream[start:end] in lower case, without punctuation."""
    while start < end:
        match, rewrite = _longest_match(stream, start)
        if match is None:
            start += 1  # white space, or a character that the official tokenizer drops
            continue
        for token in rewrite(match["token"]).lower().split(" "):
            if token not in PUNCTUATION:
                yield token
        start = match.end("token")


def _longest_match(stream: str, start: int) -> tuple[re.Match | None, Callable[[str], str]]:
    plain = _PLAIN_WORD.match(stream, start)
    if plain:
        return plain, str
    longest, length, rewrite = None, 0, str
    for rule in _RULES:
        match = rule.pattern.match(stream, start)
        if match and match.end() - start > length:
            longest, length, rewrite = match, match.end() - start, rule.rewrite
    return longest, rewrite


class _Rule(NamedTuple):
    """What a token looks like, what must follow it, and how it is written."""

    pattern: re.Pattern
    rewrite: Callable[[str], str]


def _rule(token: str, followed_by: str = "", rewrite: Callable[[str], str] = str) -> _Rule:
    return _Rule(re.compile(f"(?P<token>{token}){followed_by}"), rewrite)


def _any_of(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


_LINE_BREAK = re.compile("[\n\r\v\f\u2028\u2029]")
_SPACE = "[ \\t\\n\u00a0\u2000-\u200b\u3000]"
_ALNUM = "[A-Za-z0-9]"
_MARK = "\u0300-\u036f\u0591-\u05bd\u064b-\u0655\u0900-\u0dff\u0e30-\u0e4e"
_NUMERAL = "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209c\u2150-\u2189\u2460-\u249b"  # no letters, though \w has them
_LETTER = f"(?:[^\\W\\d_{_NUMERAL}]|[\u00ad{_MARK}]|&[aeiouAEIOU](?:acute|grave|uml);)"
_WORD = f"{_LETTER}(?:{_LETTER}|\\d)*(?:[.!?]{_LETTER}(?:{_LETTER}|\\d)*)*"
_APOSTROPHE = "(?:['\u0092\u2019]|&apos;)"
_APOSTROPHES = "(?:['\u0092\u2019`\u0091\u2018\u201b]|&apos;)"
_CLITIC = f"{_APOSTROPHE}(?i:[msd]|re|ve|ll)"
_NOT = f"[nN]{_APOSTROPHES}[tT]"
_NUMBER = "(?:\\d*(?:[.:,\u00ad]\\d+)+|\\d+)"
_FRACTIONS = {"\u00bc": "1/4", "\u00bd": "1/2", "\u00be": "3/4", "\u2153": "1/3", "\u2154": "2/3"}
_SIGNS = {"\u00a2": "cents", "\u00a3": "#", "\u00a4": "$", "\u0080": "$", "\u20a0": "$", "\u20ac": "$"}
_BRACKETS = {"(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}

# Abbreviations keep their dot. The second list needs its capital: `Wash.`, but `wash .`.
_ABBREVIATION = _any_of(
    "jan feb mar apr jun jul aug sept? oct nov dec mon tues? wed thu thurs fri ala ariz az calif colo conn ct dak fla "
    "ga ind kans? ky md mich minn mo mont neb nev okla penn tenn va vt wisc? wyo jr sr bros (?:ed|ph)\\.d blvd rd "
    "esq inc cos? corp pte ptys? ltd plc bancorp dept bhd assn univ intl sys mrs? ms drs? profs? sens? reps? attys? lt "
    "col gen messrs govs? adm rev maj sgt cpl pvt capt ste? ave pres lieut hon brig co?mdr pfc spc supts? det mt ft "
    "adj adv asst assoc ens insp mlle mme msgr sfc invt elec natl m[ft]g vs alex wm jos cie cf treas etc al seq bldg "
    "est ext sq tel"
)
_CAPITAL_ABBREVIATION = _any_of("Ark ARK Az AZ Del DEL Ill ILL La LA Mass MASS Miss MISS Ore ORE Pa PA Tex TEX Wash WASH")
_NUMBER_ABBREVIATION = _any_of("art bldg ca figs? nos? op pp prop")
_SENTENCE_START = _any_of(
    "A About According Additionally After An As At But Earlier He Her Here However If In It Last Many More Mr\\. "
    "Ms\\. Now Once One Other Our She Since So Some Such That The Their Then There These They This We What When "
    "While Yet You"
)
_SPLIT_WORDS = {"can": "not", "gon": "na", "got": "ta", "wan": "na", "lem": "me", "gim": "me"}



def _no_break(token: str) -> str:
    return token.replace(" ", "\u00a0")


def _brackets(token: str) -> str:
    return "".join(_BRACKETS.get(character, character) for character in _no_break(token))


def _without_soft_hyphen(token: str) -> str:
    return token.replace("\u00ad", "")


def _plain_apostrophe(token: str) -> str:
    return "'" + token[len("&apos;") :] if token.startswith("&apos;") else "'" + token[1:]


def _rules() -> list[_Rule]:
    apostrophe_words = _any_of(
        f"{_APOSTROPHE}n{_APOSTROPHE}? [lLdDjJ]{_APOSTROPHE} Dunkin{_APOSTROPHE} somethin{_APOSTROPHE} [oO]l{_APOSTROPHE} "
        f"{_APOSTROPHE}[eE][mM] [A-HJ-XZn]{_APOSTROPHES}{_LETTER}{{2,}} {_APOSTROPHE}[2-9]0s {_APOSTROPHE}till? "
        f"{_LETTER}+[aeiouyAEIOUY]{_APOSTROPHES}[aeiouA-Z]{_LETTER}* {_APOSTROPHE}cause cont'd\\. nor'easter c'mon "
        "e'er s'mores ev'ry li'l nat'l"
    )
    hyphen = "[-_\u058a\u2010\u2011]"
    end = "[^ \\t\\n\"<>|.!?(){},-]"
    path = f"(?:/[^ \\t\\n\"<>|()]+{end})?"
    slash_word = f"{_ALNUM}+(?:-[A-Za-z]+){{0,2}}"
    gap = "[- \u00a0]"
    part = f"(?:[dDoOlL]{_APOSTROPHES}(?:{_LETTER}|\\d))?(?:{_LETTER}|\\d)+"
    rules = [
        _rule("<(?:[?!][A-Za-z-][^>\\n]*|/?[A-Za-z][\\w:.-]*(?: +[A-Za-z][\\w:.-]*(?:=(?:\"[^\"\\n]*\"|'[^'\\n]*'))?)* */?) *>", rewrite=_no_break),
        *(_rule(f"(?i:{first})", f"(?i:{second})") for first, second in _SPLIT_WORDS.items()),
        _rule("'[tT]", "(?i:is|was)"),
        _rule(_WORD, _CLITIC, _without_soft_hyphen),
        _rule("[A-Za-z\u00ad]*[A-MO-Za-mo-z]\u00ad*", _NOT, _without_soft_hyphen),
        _rule(_WORD, rewrite=_without_soft_hyphen),
        _rule(apostrophe_words),
        _rule(f"[yY]{_APOSTROPHE}", "[A-Za-z]"),
        _rule(f"(?i:https?)://[^ \\t\\n\"<>|()]+{end}"),
        _rule(f"(?i:www)\\.(?:[^ \\t\\n\"<>|.!?(){{}},]+\\.)+[a-zA-Z]{{2,4}}{path}"),
        _rule(f"(?:[^ \\t\\n\"`'<>|.!?(){{}},\\-_$]+\\.)+(?i:com|net|org|edu){path}"),
        _rule("[a-zA-Z0-9][^ \\t\\n\"<>|()\u00a0]*@(?:[^ \\t\\n\"<>|(){}.\u00a0]+\\.)*[^ \\t\\n\"<>|(){}.\u00a0]+"),
        _rule("@[a-zA-Z_][a-zA-Z_0-9]*"),
        _rule(f"#{_LETTER}+"),
        _rule(_CLITIC, "(?![A-Za-z])", _plain_apostrophe),
        _rule(_NOT, "", lambda token: token.replace("\u2019", "'").replace("\u0092", "'")),
        _rule("\\d{1,2}[-/]\\d{1,2}[-/]\\d{2,4}"),
        _rule(f"[-+]?{_NUMBER}", rewrite=_without_soft_hyphen),
        _rule(f"(?:\\d{{1,4}}{gap})?\\d{{1,4}}(?:\\\\?/|\u2044)\\d{{1,4}}", rewrite=_no_break),
        _rule(f"[{''.join(_FRACTIONS)}]", rewrite=_FRACTIONS.get),
        _rule(f"(?:[A-Z]*\\$|#)"),
        _rule(f"[{''.join(_SIGNS)}]", rewrite=_SIGNS.get),
        _rule("-(?:[LR][RCS]B)-|C\\.D\\.s|pro-|anti-|S(?:&|&amp;)P-500|S(?:&|&amp;)Ls|[cC]\\+\\+|[CF]#|[Cc]ap'n|c'est"),
        _rule(f"{part}(?:{hyphen}{part})*", rewrite=_without_soft_hyphen),
        _rule("[A-Z]+(?:(?:[+&]|&amp;)[A-Z]+)+", rewrite=lambda token: token.replace("&amp;", "&")),
        _rule(f"{slash_word}(?:\\\\?/{slash_word}){{1,2}}"),
        _rule(f"{_ALNUM}[A-Za-z0-9.,\u00ad]*(?:-(?:[A-Za-z](?:\\.[A-Za-z])+\\.|[A-Za-z0-9\u00ad]+))+"),
        _rule(
            f"(?:\\(\\d{{2,3}}\\)[ \u00a0]?|(?:\\+\\+?)?(?:\\d{{2,4}}{gap})?\\d{{2,4}}{gap})\\d{{3,4}}{gap}?\\d{{3,5}}"
            "|(?:(?:\\+\\+?)?\\d{2,4}\\.)?\\d{2,4}\\.\\d{3,4}\\.\\d{3,5}",
            rewrite=_brackets,
        ),
        _rule("[A-Za-z]", f"\\.{_SPACE}+{_SENTENCE_START}{_SPACE}"),
        _rule(f"(?:(?i:{_ABBREVIATION})|{_CAPITAL_ABBREVIATION})\\."),
        _rule("[A-Za-z](?:\\.[A-Za-z])*\\."),
        _rule(f"(?i:{_NUMBER_ABBREVIATION})\\.", f"{_SPACE}?\\d"),
        _rule("[<>]?[:;=][-o*']?[()DPdpO\\\\{@|\\[\\]]", "(?![A-Za-z])", _brackets),
        _rule("\\(?[-^x=~<>'][_.]?[-^x=~<>']\\)?|[-^x=~<>']_[-^x=~<>']", rewrite=_brackets),
        _rule("(?i:&amp;)|&", rewrite=lambda token: "&"),
        _rule("(?i:&lt;)", rewrite=lambda token: "<"),
        _rule("(?i:&gt;)", rewrite=lambda token: ">"),
        _rule("(?i:&(?:quot|apos|nbsp|mdash|ndash);)", rewrite=lambda token: "--"),
        _rule("&#\\d+;"),
        _rule("[!?]{2,}|@+|#+|_+|\\*+|<<|>>"),
        _rule("-+", rewrite=lambda token: token if len(token) > 4 else "-"),
        _rule("\\.{3,5}|(?:\\.[ \u00a0]){2,4}\\.", rewrite=lambda token: "..."),
        _rule("[][(){}]", rewrite=_BRACKETS.get),
        _rule("[!%+,./:;<=>?\\\\^`'|~\u201a\u201e\u201f\u00a1-\u00b9\u00bf\u00d7\u00f7\u02c2-\u02df\u2022\u2100-\u2bff]"),
    ]
    return rules


_SIMPLE_LINE = re.compile("(?!x)x")
_PLAIN_WORD = re.compile("(?P<token>(?!(?:cannot|gonna|gotta|wanna|lemme|gimme)\\b)[A-Za-z]+)(?= )", re.I)
_RULES = _rules()
