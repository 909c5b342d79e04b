"""Words of captions. Expected tokens follow from the Treebank conventions, written down by hand."""

import random
import re

import pytest
from nltk.tokenize import NLTKWordTokenizer

from im2txt.text.tokenizer import KINDS, Tokenizer
from im2txt.text.vocabulary import SPECIAL_WORDS, Vocabulary

CAPTIONS = {
    "Arabic": "رجلٌ يركب درّاجةً",
    "Chinese": "一只黑狗在草地上跑",
    "Cyrillic": "чёрная собака бежит",
    "emoji": "👩🏽‍🚀 mit 🏴󠁧󠁢󠁥󠁮󠁧󠁿 und ❤️",
    "Georgian": "შავი ძაღლი გარბის",
    "Greek": "ένας μαύρος σκύλος",
    "Hebrew": "כלב שחור רץ",
    "Hindi": "काला कुत्ता दौड़ रहा है",
    "Japanese": "黒い犬が走っている",
    "Khmer": "ឆ្កែខ្មៅកំពុងរត់",
    "Korean": "검은 개가 뛰고 있다",
    "Persian": "سگ سیاه می‌دود",
    "Tamil": "கருப்பு நாய் ஓடுகிறது",
    "Thai": "สุนัขสีดำกำลังวิ่ง",
    "Turkish": "kırmızı bisikletli bir çocuk",
    "Vietnamese": "một con chó đen đang chạy",
}


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("A man .", ["a", "man"]),
        ("A man.", ["a", "man"]),
        ("  Two\tdogs\n run ", ["two", "dogs", "run"]),
        ("a tri-colored dog's ball", ["a", "tri-colored", "dog", "'s", "ball"]),
        ("It isn't here", ["it", "is", "n't", "here"]),
        ("A girl\u2019s hat isn\u2019t red.", ["a", "girl", "'s", "hat", "is", "n't", "red"]),
        ('He said "stop", (twice)!', ["he", "said", "stop", "twice"]),
        ("A dog runs. A cat sleeps! Why? ok", ["a", "dog", "runs", "a", "cat", "sleeps", "why", "ok"]),
        ("St. Bernard at 10:30", ["st", "bernard", "at", "10:30"]),
        ("Cafe\u0301", ["caf\u00e9"]),
        ("кот и собака .", ["кот", "и", "собака"]),
        ("a\u00a0man", ["a", "man"]),
        ("<start> of <pad>", ["start", "of", "pad"]),
        ("", []),
        (" . , -- ... & ", []),
    ],
)
def test_words_of_a_caption(caption, words):
    assert Tokenizer().tokenize(caption) == words


def test_punctuation_is_kept_on_request():
    words = Tokenizer(keep_punctuation=True).tokenize("A man, a plan. Go !")
    assert words == ["a", "man", ",", "a", "plan", ".", "go", "!"]
    words = Tokenizer(keep_punctuation=True).tokenize('A sign says "stop" here.')
    assert words == ["a", "sign", "says", '"', "stop", '"', "here", "."]


def test_bytes_are_those_of_the_composed_caption_on_one_line():
    assert Tokenizer("bytes").tokenize(" A\te\u0301!\n") == ["<0x41>", "<0x20>", "<0xC3>", "<0xA9>", "<0x21>"]
    assert Tokenizer("bytes").tokenize(" \n") == []
    assert Tokenizer("bytes").tokenize("\ud83d") == ["<0x3F>"]  # half a surrogate pair has no bytes: ?


def test_wordpiece_starts_from_the_words_of_unicode():
    caption = "A girl's T-shirt, 2匹!"
    for keep in (False, True):
        assert Tokenizer("wordpiece", keep).tokenize(caption) == Tokenizer("unicode_words", keep).tokenize(caption)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="Expected `kind` to be one of nltk, unicode_words, wordpiece, bytes"):
        Tokenizer("spaces")


@pytest.mark.parametrize("kind", KINDS)
def test_no_special_word_can_come_out_of_a_caption(kind):
    words = Tokenizer(kind, keep_punctuation=True).tokenize("<pad> <start> <end> <unk>")
    assert words
    assert not set(words) & set(SPECIAL_WORDS)


@pytest.mark.parametrize("kind", ["nltk", "unicode_words", "wordpiece"])
def test_no_word_looks_like_a_piece_or_a_byte(kind):
    rng = random.Random(0)
    parts = ["#", "##", "<", ">", "<0x41>", "0x", "41", "a", "dog", " ", ".", "'", "`", "-", "\ufe0f", "\u200d", "犬"]
    tokenizer = Tokenizer(kind, keep_punctuation=True)
    for caption in ["##ing", "a ##b", "<0x41>", *("".join(rng.choices(parts, k=8)) for _ in range(3000))]:
        words = tokenizer.tokenize(caption)
        assert not [word for word in words if word.startswith("##") or re.fullmatch(r"<0x..>", word)], caption


@pytest.mark.parametrize("kind", ["unicode_words", "wordpiece", "bytes"])
@pytest.mark.parametrize("language", CAPTIONS)
def test_captions_of_any_script_come_back(kind, language):
    caption, tokenizer = CAPTIONS[language], Tokenizer(kind)
    words = tokenizer.tokenize(caption)
    characters = sorted({character for word in words for character in word}) if kind == "wordpiece" else []
    vocabulary = Vocabulary.build([[*characters, *(f"##{c}" for c in characters)] or words], min_count=1)
    text = vocabulary.decode(vocabulary.encode(words))
    spaceless = kind != "bytes" and language in ("Chinese", "Japanese", "Khmer", "Thai")
    assert (text.replace(" ", "") if spaceless else text) == caption
    assert vocabulary.in_pieces == (kind != "unicode_words")


def test_both_spellings_of_vietnamese_and_korean_are_one():
    composed, parted = "một con chó", "mo\u0323\u0302t con cho\u0301"
    syllable, jamo = "개가", "\u1100\u1162\u1100\u1161"
    for kind in KINDS:
        assert Tokenizer(kind).tokenize(composed) == Tokenizer(kind).tokenize(parted)
        assert Tokenizer(kind).tokenize(syllable) == Tokenizer(kind).tokenize(jamo)


def test_plain_captions_get_the_very_words_of_treebank_boundaries():
    parts = ["a", "dog", "can", "not", "cannot", "gonna", "wanna", "7", "t-shirt", "us.", "-", ".", " ", "  ", ", "]
    draw = random.Random(0)
    captions = ["".join(draw.choices([*parts, " ", " "], k=draw.randint(1, 12))).strip() for _ in range(1000)]
    plain = [caption for caption in captions if len(re.split(r"[.!?]\s", caption)) == 1]
    assert len(plain) > 500
    for caption in plain:
        assert Tokenizer(keep_punctuation=True).tokenize(caption) == NLTKWordTokenizer().tokenize(caption), caption
