"""PTB tokens: official output in shared golden files, and small cases whose official output is written here.

The expected tokens below were read off Stanford CoreNLP 3.4.1 (`PTBTokenizer -preserveLines -lowerCase`).
"""

import json
import os
from pathlib import Path

import pytest

from im2txt.metrics.tokenize_ptb import tokenize_captions

GOLDEN = Path(os.environ.get("IM2TXT_SHARED", "../shared")) / "golden" / "metrics"


@pytest.mark.parametrize("name", ["tokenizer_coco", "tokenizer_edge"])
def test_golden_captions_give_the_official_tokens(name):
    path = GOLDEN / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    rows = json.loads(path.read_text(encoding="utf-8"))["captions"]
    tokens = tokenize_captions([row["raw"] for row in rows])
    different = [(row["raw"], row["tok"], found) for row, found in zip(rows, tokens) if row["tok"] != found]
    assert not different


@pytest.mark.parametrize(
    ("caption", "tokens"),
    [
        ("", ""),
        (" . ", ""),
        ("A man, a plan.", "a man a plan"),
        ("a dog...", "a dog"),
        ("the dog's ball", "the dog 's ball"),
        ("the dogs' ball", "the dogs ball"),
        ("It isn't; he won't, she cannot", "it is n't he wo n't she can not"),
        ("we're gonna wanna", "we 're gon na wan na"),
        ("'tis 5 o'clock, y'all", "'t is 5 o'clock y' all"),
        ("a 'stop' sign", "a stop sign"),
        ("the '90s, 1980's", "the '90s 1980 's"),
        ('a "quoted" \u201cword\u201d', "a quoted word"),
        ("don\u2019t", "do n't"),
        ("(a) [b] {c}", "-lrb- a -rrb- -lsb- b -rsb- -lcb- c -rcb-"),
        ("wow!!! really?!", "wow !!! really ?!"),
        ("well-dressed x-ray and/or T-shirt", "well-dressed x-ray and/or t-shirt"),
        ("one--two - three", "one two three"),
        ("1/2 and 1 1/2, \u00bd", "1/2 and 1\u00a01/2 1/2"),
        ("$5.00, 50%, #41", "$ 5.00 50 % # 41"),
        ("10:30 a.m.", "10:30 a.m."),
        ("Main St. and 2nd Ave.", "main st. and 2nd ave."),
        ("Wash. and wash.", "wash. and wash"),
        ("AT&T and at&t", "at&t and at & t"),
        ("a <unk> b [UNK]", "a <unk> b -lsb- unk -rsb-"),
        (":) ;-)", ":-rrb- ;--rrb-"),
        ("www.example.com, me@example.com", "www.example.com me@example.com"),
        ("caf\u00e9\u00a0na\u00efve", "caf\u00e9 na\u00efve"),
        ("emoji \U0001f600 man", "emoji man"),
    ],
)
def test_one_caption(caption, tokens):
    assert tokenize_captions([caption]) == [tokens]


@pytest.mark.parametrize(
    ("captions", "tokens"),
    [
        (["reads K.", "The dog"], "reads k"),
        (["reads K.", "the dog"], "reads k."),
        (["reads K.", "Dogs run"], "reads k."),
        (["reads K.", "", "A dog"], "reads k"),
        (["reads K.", "The"], "reads k."),  # at the very end of the stream nothing follows the article
        (["room No.", "5 dogs"], "room no."),
        (["room No.", "dogs"], "room no"),
        (["on Main St.", "The dog"], "on main st."),
    ],
)
def test_the_next_caption_decides_on_a_last_dot(captions, tokens):
    assert tokenize_captions(captions)[0] == tokens


@pytest.mark.parametrize("line_break", ["\n", "\r", "\v", "\f", "\u2028", "\u2029"])
def test_a_line_break_inside_a_caption_is_a_space(line_break):
    assert tokenize_captions([f"first{line_break}half", "a dog"]) == ["first half", "a dog"]


def test_the_short_cut_for_plain_captions_changes_nothing(monkeypatch):
    captions = [
        "A man, a t-shirt .",
        "the dog's bowl",
        "on St.",
        "a. dog",
        "park..",
        "We cannot",
        "at b.",
        "A c",
        "No.",
        "7 x",
    ]
    quick = tokenize_captions(captions)
    monkeypatch.setattr("im2txt.metrics.tokenize_ptb._plain_tokens", lambda line: None)
    assert tokenize_captions(captions) == quick


def test_no_captions_give_no_tokens():
    assert tokenize_captions([]) == []
