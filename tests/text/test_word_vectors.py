"""Word vectors of every kind of file, written by the tests."""

import gzip

import numpy as np
import pytest

from im2txt.errors import UserError
from im2txt.text.vocabulary import Vocabulary
from im2txt.text.word_vectors import read_word_vectors

WORDS = Vocabulary.build([["a", "dog", "dog", "dog"], ["paris", "zebra"]], min_count=1)
VECTORS = {"the": [9, 9, 9], "dog": [1, 2, 3], "Dog": [7, 7, 7], "a": [-1, 0.5, 2], "Paris": [4, 5, 6]}


def text(vectors=VECTORS):
    return "".join(f"{word} {' '.join(map(str, vector))}\n" for word, vector in vectors.items()).encode()


def binary(end=b"\n"):
    words = b"".join(word.encode() + b" " + np.array(vector, "<f4").tobytes() + end for word, vector in VECTORS.items())
    return b"5 3\n" + words


FILES = {
    "glove": text(),
    "word2vec text": b"5 3\n" + text(),
    "word2vec binary": binary(),
    "word2vec binary without line feeds": binary(b""),
}


def vector(read, word):
    return read.vectors[WORDS.words.index(word)].tolist()


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("kind", FILES)
def test_every_kind_of_file_gives_the_same_vectors(tmp_path, kind, zipped):
    path = tmp_path / ("vectors.gz" if zipped else "vectors")
    path.write_bytes(gzip.compress(FILES[kind]) if zipped else FILES[kind])
    read = read_word_vectors(path, WORDS, 3)
    assert read.vectors.dtype == np.float32
    assert vector(read, "dog") == [1, 2, 3]  # and not those of Dog, wherever they stand
    assert vector(read, "a") == [-1, 0.5, 2]
    assert vector(read, "paris") == [4, 5, 6]
    assert {word for word, found in zip(WORDS.words, read.found) if found} == {"a", "dog", "paris"}
    assert read.token_share == pytest.approx(5 / 6)


def test_other_words_get_random_vectors_of_the_same_spread(tmp_path):
    many = Vocabulary.build([["a", "dog", *(f"word{n}" for n in range(3000))]], min_count=1)
    (tmp_path / "v.txt").write_bytes(text())
    read = read_word_vectors(tmp_path / "v.txt", many, 3)
    known, other = read.vectors[read.found], read.vectors[~read.found]
    assert abs(other.mean() - known.mean()) < 0.1
    assert abs(other.std() - known.std()) < 0.1
    np.testing.assert_array_equal(read.vectors, read_word_vectors(tmp_path / "v.txt", many, 3).vectors)


def test_words_with_spaces_in_them_are_one_word(tmp_path):
    (tmp_path / "v.txt").write_bytes(text({". . .": [1, 1, 1], "dog": [1, 2, 3]}))
    assert vector(read_word_vectors(tmp_path / "v.txt", WORDS, 3), "dog") == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            text({"dog": [1, 2]}),
            "v has vectors of 2 numbers. Set the width of the decoder's words to 2, decoder",
        ),
        (text({"dog": [1, 2, 3, 4]}), "v has vectors of 4 numbers. Set the width of the decoder's words to 4, decoder"),
        (b"2 3\n" + text({"a": [1, 2, 3], "dog": ["x", 2, 3]}), "v, line 3 is no word with its vector"),
        (b"5 2\n", r"to 2, decoder\.units of a Transformer and decoder\.embedding of others; it is 3\."),
        (b"dog 1 2 three\n", "v, line 1 is no word with its vector: b'dog 1 2 three"),
        (text({"chien": [1, 2, 3]}), "v has vectors for none of the 4 words"),
        (b"", "v has vectors for none of the 4 words"),
        (binary()[:-20], "v is cut off: it ends within word 5 of 5|v is cut off or damaged"),
        (b"9 3\n" + binary()[4:], "v is cut off or damaged: word 6 of 9 cannot be read"),
    ],
)
def test_bad_files_are_told(tmp_path, content, message):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_word_vectors(tmp_path / "v", WORDS, 3)


def test_a_damaged_archive_is_told(tmp_path):
    content = bytearray(gzip.compress(text(), mtime=0))
    content[12] ^= 0xFF
    (tmp_path / "v.gz").write_bytes(content)
    with pytest.raises(UserError, match=r"v\.gz cannot be read: .*Give a file of GloVe or word2vec vectors"):
        read_word_vectors(tmp_path / "v.gz", WORDS, 3)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"gone cannot be read: .*Give a file of GloVe or word2vec vectors"):
        read_word_vectors(tmp_path / "gone", WORDS, 3)
