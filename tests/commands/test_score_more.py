"""What im2txt.score tells besides the scores, as users ask for it."""

import json

import pytest

from tests.commands.score_files import CAPTIONS, annotations, results, run, scored


def test_diversity_is_that_of_the_tokens(files, tmp_path):
    # a cat sleeps, a dog runs: 6 words, 5 different; 4 pairs
    written, _ = scored(tmp_path, *files)
    lengths = {"mean": 3, "deviation": 0, "shortest": 3, "median": 3, "longest": 3}
    counts = {"captions": 2, "words": 6, "vocabulary": 5, "unique": 2, "unique_share": 1, "lengths": lengths}
    shares = {"distinct-1": pytest.approx(5 / 6), "distinct-2": pytest.approx(4 / 6)}
    assert written["diversity"] == counts | shares


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.txt", "A dog runs .\n\nsomething else\n"),
        ("t.txt", "A dog runs\r\nsomething else"),
        ("t.json", annotations({"7": ["A dog runs."], "8": ["x", ""]})),
        ("noname", annotations({"7": ["A dog runs."]})),
    ],
)
def test_copied_captions_are_those_with_the_tokens_of_a_training_caption(files, tmp_path, name, text):
    (tmp_path / name).write_bytes(text.encode())
    written, _ = scored(tmp_path, *files, f"--training={tmp_path / name}")
    assert written["diversity"]["copied"] == 1 / 2


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.txt", b"\n \n", "t.txt: there is no caption in it."),
        ("t.txt", b"a\n\xff", "t.txt is not UTF-8 text: byte 0xff at place 2"),
        ("t.json", b'{"images": []}', "t.json: expected COCO annotations"),
        ("t.json", b"a dog", "t.json is not valid JSON"),
    ],
)
def test_bad_training_captions_are_named(files, tmp_path, name, text, message):
    (tmp_path / name).write_bytes(text)
    code, out, err = run(*files, f"--training={tmp_path / name}")
    assert (code, out) == (1, "")
    assert message in err


def test_chair_of_captions(files, tmp_path):
    # image 1: a dog, annotated; image 2: a cat, which only its references name, and a person, whom nothing does
    objects = {"synonyms": [["person", "girl"], ["dog"], ["cat"]], "images": {"1": ["dog"], "2": [], "3": []}}
    (tmp_path / "o.json").write_text(json.dumps(objects), encoding="utf-8")
    (tmp_path / "p.json").write_text(results({**CAPTIONS, "2": "A girl, a cat."}), encoding="utf-8")
    code, out, _ = run(*files, f"--chair={tmp_path / 'o.json'}")
    assert code == 0
    assert "\nObjects:\nCHAIR_i   0.3333\nCHAIR_s   0.5000\n" in out
    found = scored(tmp_path, *files, f"--chair={tmp_path / 'o.json'}")[0]["chair"]
    assert (found["CHAIR_i"], found["CHAIR_s"]) == (1 / 3, 1 / 2)
    assert found["per_image"]["2"] == {"mentioned": ["person", "cat"], "hallucinated": ["person"]}


def test_bad_objects_are_named(files, tmp_path):
    (tmp_path / "o.json").write_text('{"synonyms": [["dog"]], "images": {"1": []}}', encoding="utf-8")
    code, out, err = run(*files, f"--chair={tmp_path / 'o.json'}")
    assert (code, out) == (1, "")
    assert "o.json: 1 of 2 images have no objects: 2." in err


@pytest.fixture
def n_best(tmp_path):
    """Writes several captions of each image; returns the arguments."""

    def write(sets):
        items = [{"image_id": image, "captions": captions} for image, captions in sets.items()]
        (tmp_path / "n.json").write_text(json.dumps(items), encoding="utf-8")
        return [f"--n_best={tmp_path / 'n.json'}"]

    return write


def test_several_captions_of_each_image(files, tmp_path, n_best):
    # tokens a dog, a dog: 2 of 4 words differ, 1 pair of 4 words; a cat sleeps, the cat: 4 of 5, 3 of 5
    arguments = [*files, *n_best({"1": ["A dog.", "a dog"], "2": ["a cat sleeps", "The cat"]})]
    found = scored(tmp_path, *arguments)[0]["n_best"]
    assert list(found["per_image"]) == ["2", "1"]
    assert [found["per_image"][image]["Div-1"] for image in "12"] == [2 / 4, 4 / 5]
    assert [found["per_image"][image]["Div-2"] for image in "12"] == [1 / 4, 3 / 5]
    assert found["Div-1"] == pytest.approx((2 / 4 + 4 / 5) / 2)
    assert found["per_image"]["1"]["self-CIDEr"] == pytest.approx(0, abs=1e-9)
    assert found["per_image"]["2"]["self-CIDEr"] > 0.1
    assert found["per_image"]["1"]["mBLEU-2"] == pytest.approx(1, rel=1e-6)
    out = run(*arguments).out
    section = out[out.index("\nSeveral captions of each image:\n") :].splitlines()[2:]
    names = ["self-CIDEr", "Div-1", "Div-2", "captions an image", *(f"mBLEU-{order}" for order in range(1, 5))]
    assert [line[:18].strip() for line in section] == names
    assert f"Div-1             {0.65:8.4f}" in section


def test_sets_of_different_sizes_have_no_mutual_bleu(files, tmp_path, n_best):
    written, err = scored(tmp_path, *files, *n_best({"1": ["a dog", "dogs", "a"], "2": ["a cat", "cats"]}))
    assert (written["n_best"]["mBLEU-1"], written["n_best"]["captions an image"]) == (None, 2.5)
    assert "note: mBLEU is not available: it needs the same number of captions of each image, and the images" in err
    assert "have 2 to 3." in err


def test_several_captions_are_matched_as_predictions_are(files, tmp_path, n_best):
    arguments = [*files, *n_best({"1": ["a", "b"], "2": ["a\rb", "b"], "3": ["a", "b"]})]
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert "n.json: 1 of 3 captions are for images that have no references: 3." in err
    written, err = scored(tmp_path, *arguments, "--subset")
    assert list(written["n_best"]["per_image"]) == ["2", "1"]
    assert "n.json: captions of 1 images hold a carriage return" in err
    assert "n.json: 1 of 3 captions are left out: 3." in written["left_out"][0]


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({"1": ["a", "b"]}, "n.json: 1 of 2 images have references but no caption: 2."),
        ({}, "n.json: 2 of 2 images have references but no caption: 2, 1."),
        ({"1": ["a"], "2": ["b", "c"]}, "n.json: 1 of 2 images have fewer than two captions: 1."),
        ({"1": "a"}, "n.json, item 0: expected "),
    ],
)
def test_bad_sets_of_captions_are_named(files, n_best, sets, message):
    code, out, err = run(*files, *n_best(sets))
    assert (code, out) == (1, "")
    assert message in err


def test_words_that_a_vocabulary_lacks(files, tmp_path):
    # of a cat sleeps, a dog runs it lacks dog and runs; sleeps is spelled in pieces
    lines = ["<pad>\t0", "<start>\t1", "<end>\t1", "<unk>\t1", "a\t2", "cat\t1", "sleep\t1", "##s\t1"]
    (tmp_path / "vocabulary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    arguments = [*files, f"--vocabulary={tmp_path / 'vocabulary.txt'}"]
    assert scored(tmp_path, *arguments)[0]["diversity"]["unknown_word_share"] == pytest.approx(2 / 6)
    assert f"unknown_word_share{2 / 6:9.4f}\n" in run(*arguments).out


def test_a_bad_vocabulary_is_named(files, tmp_path):
    code, out, err = run(*files, f"--vocabulary={tmp_path / 'none.txt'}")
    assert (code, out) == (1, "")
    assert f"Vocabulary file {tmp_path / 'none.txt'} does not exist." in err
