"""Words by Unicode properties; the expected ones were parted by hand."""

import random
import unicodedata

import pytest

from im2txt.text.unicode_words import unicode_words


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("A girl's T-shirt, 10:30!", "a girl's t-shirt 10:30"),
        ("1,000.5 dogs, 3 cats: 5.", "1,000.5 dogs 3 cats 5"),
        ("'tis dogs' -- a_b @user #tag $5", "tis dogs a b user tag 5"),
        ("isn’t rock‑n‐roll", "isn't rock-n-roll"),
        ("Straße ŒUVRE", "straße œuvre"),
        ("İSTANBUL'da I", "istanbul'da i"),
        ("ΜΑΎΡΟΣ ΣΚΎΛΟΣ", "μαύρος σκύλος"),
        ("J\u030c ǰ", "ǰ ǰ"),
        ("Donau\u00addampf \u202bכלב\u202c", "donaudampf כלב"),
        ("नीली साइकिल।", "नीली साइकिल"),
        ("رَجُلٌ، کتاب\u200cها", "رَجُلٌ کتاب\u200cها"),
        ('צה"ל "כלב"', "צה״ל כלב"),
        ("col·lecció", "col·lecció"),
        ("ሰው፡ውሻ", "ሰው ውሻ"),
        ("개가 뛰고 있다.", "개가 뛰고 있다"),
        ("猫が2匹いる。", "猫 が 2 匹 い る"),
        ("黒いTシャツ", "黒 い t シ ャ ツ"),
        ("カー々〇ﾊﾟ", "カ ー 々 〇 ﾊﾟ"),
        ("か\u3099", "が"),
        ("𠮷野", "𠮷 野"),
        ("สองตัว น้ำ ๑๒", "ส อ ง ตั ว น้ำ ๑๒"),
        ("ໝາ", "ໝ າ"),
        ("ក្រហម", "ក្រ ហ ម"),
        ("ဗုဒ္ဓ", "ဗု ဒ္ဓ"),
        ("👩🏽‍🚀👨‍👩‍👧‍👦 🏳️‍🌈", "👩🏽‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈"),
        ("🇹🇷🇩🇪 🇹", "🇹🇷 🇩🇪 🇹"),
        ("1️⃣ ❤️ ❤ ©️ © 🙂‍↔️", "1️⃣ ❤️ ❤ ©️ 🙂‍↔️"),
        ("🏴\U000e0067\U000e0062\U000e007fx", "🏴\U000e0067\U000e0062\U000e007f x"),
        ("\U0001fae8 \U00031350\U00031351", "\U0001fae8 \U00031350 \U00031351"),  # newer than some Pythons
        ("\u0301 \ud83d \x07 \u200d", ""),
        ("", ""),
    ],
)
def test_words_of_a_caption(caption, words):
    assert unicode_words(caption, keep_punctuation=False) == words.split()


def test_every_mark_is_a_word_on_request():
    assert unicode_words("Oh… no!! $5 (a-b)", keep_punctuation=True) == "oh … no ! ! $ 5 ( a-b )".split()


@pytest.mark.parametrize("keep", [False, True])
def test_words_stay_what_they_are_and_begin_with_no_mark(keep):
    rng = random.Random(0)
    blocks = [(0x20, 0x24F), (0x300, 0x7FF), (0x900, 0x109F), (0x1780, 0x17FF), (0x2000, 0x30FF), (0x1F1E6, 0x1F6FF)]
    for _ in range(2000):
        caption = "".join(chr(rng.randint(*rng.choice(blocks))) for _ in range(rng.randint(1, 12)))
        words = unicode_words(caption, keep)
        assert unicode_words(" ".join(words), keep) == words, ascii(caption)
        categories = {unicodedata.category(word[0]) for word in words}
        assert not categories & {"Mn", "Mc", "Me", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs"}, ascii(caption)
        if keep:  # nothing but layout, spaces and stray marks is lost
            left = set(unicodedata.normalize("NFC", caption.lower())) - {*"".join(words), "\u0e33", "\u0eb3"}
            assert not [c for c in left if unicodedata.category(c) in ("Ll", "Lo", "Nd", "So")], ascii(caption)
