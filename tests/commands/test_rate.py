"""im2txt.rate, run as raters' hosts run it: the page and its key, and the summary of what raters send back."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from im2txt import rate
from im2txt.evaluation.rating_page import key_path, plain, shown_captions
from im2txt.text.vocabulary import Vocabulary
from tests.helpers import captioned_images, photo, run_command, write_records

run = partial(run_command, rate)
IDS = ("1", "2", "3")
CAPTIONS = {
    "alpha": ["A dog runs.", "a cat </script>", "two birds"],
    "beta": ["a dog runs", "a red car", "three birds"],
}


def write_json(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def source(tmp_path):
    """Returns the arguments of a page of three photos and two systems."""
    (tmp_path / "photos").mkdir()
    for number, name in enumerate(["1.png", "COCO_val2014_000000000002.jpg", "3.jpeg", "other.png"]):
        (tmp_path / "photos" / name).write_bytes(photo(number))
    files = [
        write_json(tmp_path / f"{name}.json", [{"image_id": int(i), "caption": text} for i, text in zip(IDS, texts)])
        for name, texts in CAPTIONS.items()
    ]
    annotations = [{"image_id": int(image), "caption": f"People's words {image}."} for image in IDS]
    write_json(tmp_path / "r.json", {"images": [{"id": int(image)} for image in IDS], "annotations": annotations})
    predictions = [f"--predictions={name}={path}" for name, path in zip(CAPTIONS, files)]
    return [f"--images={tmp_path / 'photos'}", *predictions, f"--output={tmp_path / 'rate.html'}"]


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page)[1])


def read_page(tmp_path):
    page = (tmp_path / "rate.html").read_text(encoding="utf-8")
    return page, data_of(page), json.loads((tmp_path / "rate.key.json").read_text(encoding="utf-8"))


def test_the_page_holds_photos_and_captions_and_no_names(source, tmp_path):
    done = run(*source, "--count=3")
    assert (done.code, done.err) == (0, "")
    assert "3 photos with the captions of alpha, beta" in done.out
    page, data, key = read_page(tmp_path)
    assert "alpha" not in page
    assert "beta" not in page
    assert data["page"] == key["page"]
    for shown, image in zip(data["photos"], key["images"], strict=True):
        assert base64.b64decode(shown["jpeg"]).startswith(b"\xff\xd8")
        assert shown["captions"] == [[caption["key"], caption["caption"]] for caption in image["captions"]]
    assert sorted(image["image_id"] for image in key["images"]) == list(IDS)
    by_image = {image["image_id"]: image["captions"] for image in key["images"]}
    assert [(caption["caption"], caption["systems"]) for caption in by_image["1"]] == [("a dog runs", [*CAPTIONS])]
    assert {caption["caption"]: caption["systems"] for caption in by_image["3"]} == {
        "two birds": ["alpha"],
        "three birds": ["beta"],
    }


def test_the_page_loads_nothing_and_runs_only_its_own_script(source, tmp_path):
    run(*source)
    page, data, _ = read_page(tmp_path)
    assert "a cat </script>" in [text for shown in data["photos"] for _, text in shown["captions"]]
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert len(script) == 1
    assert f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page
    assert not re.search(r"https?://", page)
    assert "{{" not in page


def test_a_seed_gives_the_same_page_again_and_another_another(source, tmp_path):
    assert run(*source).code == 0
    first = (tmp_path / "rate.html").read_bytes()
    assert run(*source).code == 0
    assert (tmp_path / "rate.html").read_bytes() == first
    done = run(*source, "--seed=1")
    assert done.code == 1
    assert "rate.key.json is there already and belongs to another page" in done.err
    assert (tmp_path / "rate.html").read_bytes() == first


def test_orders_differ_from_image_to_image():
    captions = {"alpha": "one", "beta": "two"}
    firsts = {shown_captions(str(image), captions, 0)[0].text for image in range(20)}
    assert firsts == {"one", "two"}
    swapped = dict(reversed(captions.items()))
    texts = [[caption.text for caption in shown_captions("7", each, 0)] for each in (captions, swapped)]
    assert texts[0] == texts[1]


def test_no_form_tells_a_system():
    assert plain(" A girl ,  smiling , runs . ") == plain("a girl, smiling, runs") == "a girl, smiling, runs"
    assert plain("a dog 's ball is n't red") == plain("A dog's ball isn't red.") == "a dog's ball isn't red"


def test_people_are_one_more_system(source, tmp_path):
    assert run(*source, f"--references={tmp_path / 'r.json'}").code == 0
    _, _, key = read_page(tmp_path)
    assert key["systems"] == ["alpha", "beta", "humans"]
    captions = [caption for image in key["images"] for caption in image["captions"]]
    assert {caption["caption"] for caption in captions if caption["systems"] == ["humans"]} == {
        f"people's words {image}" for image in IDS
    }


def test_a_part_is_drawn_and_what_is_left_out_is_told(source, tmp_path):
    write_json(tmp_path / "beta.json", [{"image_id": i, "caption": "a"} for i in (1, 3)])
    (tmp_path / "photos" / "3.jpeg").write_bytes(b"no image")
    done = run(*source)
    assert done.code == 0
    assert "note: 1 of 3 images of alpha are not in all files: left out.\n" in done.err
    assert "note: 1 images cannot be read and are left out: 3.\n" in done.err
    assert "note: Only 2 images of --count=100 are there.\n" in done.err
    assert len(read_page(tmp_path)[1]["photos"]) == 1


def test_photos_come_from_records_too(source, tmp_path):
    vocabulary = Vocabulary.build([["a"]], min_count=1)
    images = [
        image._replace(image_id=number)
        for image, number in zip(captioned_images([["a"]] * 3, vocabulary), ("3", "9", "1"))
    ]
    write_records(tmp_path / "records", {"test": images}, vocabulary)
    done = run(f"--images={tmp_path / 'records'}", "--split=test", *source[1:])
    assert done.code == 0
    drawn = [image["image_id"] for image in read_page(tmp_path)[2]["images"]]
    assert sorted(drawn) == ["1", "3"]
    done = run(f"--images={tmp_path / 'records'}", "--split=tset", *source[1:])
    assert "has no split `tset`. Did you mean `test`?" in done.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--images": "gone"}, "--images=gone: there is no such folder."),
        ({"--images": "."}, "has none of the 3 captioned images (1, 2, 3). Give the images"),
        ({"--images": None}, "--images is missing; a page needs"),
        ({"--predictions": None}, "--predictions is missing; a page needs"),
        ({"--predictions": "a.json"}, "--predictions=a.json: give a name and a file"),
        ({"--predictions": "a=gone.json"}, "Cannot read gone.json: No such file or directory."),
        ({"--output": "rate.json"}, "--output=rate.json: the page's name must end in .html."),
        ({"--output": "gone/rate.html"}, "Cannot write gone/rate.html: there is no folder gone."),
        ({"--ratings": "a.json"}, "to sum up ratings, not both."),
    ],
)
def test_mistakes_of_a_page_are_one_line(source, tmp_path, monkeypatch, change, message):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    kept = [flag for flag in source if flag.partition("=")[0] not in change]
    done = run(*kept, *(f"{flag}={value}" for flag, value in change.items() if value))
    assert (done.code, done.out) == (1, "")
    assert message in done.err
    assert not (tmp_path / "rate.html").exists()


def test_names_and_files_must_be_told_apart(source, tmp_path):
    again = f"--predictions=alpha={tmp_path / 'beta.json'}"
    assert "there is already a system `alpha`" in run(*source, again).err
    humans = f"--predictions=humans={tmp_path / 'beta.json'}"
    assert "there is already a system `humans`" in run(*source, humans, f"--references={tmp_path / 'r.json'}").err
    (tmp_path / "photos" / "1.jpg").write_bytes(photo())
    assert "1.jpg and 1.png may both be image 1. Keep one of them." in run(*source).err
    write_json(tmp_path / "beta.json", [{"image_id": 8, "caption": "a"}])
    assert "No image has captions of all systems (alpha 3, beta 1 images)" in run(*source).err


def test_photos_that_are_none_make_no_page(source, tmp_path):
    for path in (tmp_path / "photos").iterdir():
        path.write_bytes(b"no image")
    assert "None of the 3 images can be read as an image." in run(*source).err


def test_neither_task_is_told():
    done = run()
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "Give --images and --predictions to make a page, or --ratings and --key to sum up ratings." in done.err


def test_a_page_of_files_needs_no_tensorflow(source, tmp_path):
    code = "import sys; sys.modules['tensorflow'] = None; from im2txt import rate; rate.console()"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, *source], capture_output=True, text=True, check=False, cwd=root)
    assert (done.returncode, "3 photos" in done.stdout) == (0, True), done.stderr


# ---------------------------------------------------------------- the summary

KEY = {
    "page": "p1",
    "seed": 0,
    "systems": ["alpha", "beta", "gamma"],
    "images": [
        {"image_id": "1", "captions": [{"key": "k1", "caption": "a dog", "systems": ["alpha", "beta"]}]},
        {
            "image_id": "2",
            "captions": [
                {"key": "k2", "caption": "a cat", "systems": ["alpha"]},
                {"key": "k3", "caption": "a car", "systems": ["beta"]},
            ],
        },
    ],
}


def saved(rater, **ratings):
    return {"format": "im2txt ratings 1", "page": "p1", "rater": rater, "saved": "", "ratings": ratings}


@pytest.fixture
def rated(tmp_path):
    """Returns the arguments of a summary of two raters."""
    write_json(tmp_path / "k.json", KEY)
    write_json(tmp_path / "ada.json", saved("Ada", k1=4, k2=2, k3=1))
    write_json(tmp_path / "bob.json", saved("Bob <b>", k1=3))
    return [f"--ratings={tmp_path / 'ada.json'}", f"--ratings={tmp_path / 'bob.json'}", f"--key={tmp_path / 'k.json'}"]


def test_the_summary_is_computed_by_hand(rated, tmp_path):
    done = run(*rated, f"--output={tmp_path / 's.json'}", f"--html={tmp_path / 'r.html'}")
    assert (done.code, done.err) == (0, "")
    summary = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert summary["raters"] == {"Ada": 3, "Bob <b>": 1}
    assert (summary["images"], summary["images_of_two_raters"]) == (2, 1)
    # one pair, 4 and 3: both differ by 1 whatever is drawn, so alpha = 1 - (2 - 1) * 2 / 2
    assert summary["agreement"] == {"captions": 1, "alpha_ordinal": 0, "alpha_interval": 0, "same_rating": 0}
    alpha = summary["systems"]["alpha"]
    assert (alpha["captions"], alpha["ratings"], alpha["mean"]) == (2, 3, (3.5 + 2) / 2)
    assert alpha["interval"] == [2, 3.5]
    assert alpha["shares"] == {"1": 0, "2": 1 / 3, "3": 1 / 3, "4": 1 / 3}
    assert alpha["at_least"] == {"2": 1, "3": 0.5, "4": 0}
    assert summary["systems"]["beta"]["mean"] == (3.5 + 1) / 2
    assert summary["systems"]["gamma"] == {
        "captions": 0,
        "ratings": 0,
        **dict.fromkeys(("mean", "interval", "shares", "at_least")),
    }
    assert re.search(r"^alpha +2 +3 +2\.75 +2\.00 to 3\.50 +0\.0% +33\.3% ", done.out, re.MULTILINE)
    assert "images: 2, of which 1 by two raters or more\n" in done.out
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert "Bob &lt;b&gt;" in page
    assert not re.search(r"https?://|<script|\{\{", page)


def test_what_is_not_defined_is_said(rated):
    done = run(rated[0], rated[2])
    assert "same rating by two raters: not defined\n" in done.out
    assert "Krippendorff's alpha, ordinal: not defined\n" in done.out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ([], "ada.json is no file of ratings."),
        ({"format": "x"}, "ada.json is no file of ratings."),
        ({"page": "p2"}, "ada.json was saved from page p2, but the key is of page p1."),
        ({"rater": " "}, "ada.json: `rater` must be the rater's name, found ' '."),
        ({"rater": "Bob <b>"}, "Two files of ratings are by Bob <b>. Give only the one that was saved last."),
        ({"ratings": {}}, "ada.json (Ada) has no ratings. Leave it out."),
        ({"ratings": {"k9": 1}}, "ada.json: 1 captions are not in the key: k9."),
        ({"ratings": {"k1": 5}}, "ada.json: a rating must be 1, 2, 3 or 4, found 5 for caption k1."),
        ({"ratings": {"k1": True}}, "found True for caption k1."),
    ],
)
def test_bad_ratings_are_named(rated, tmp_path, change, message):
    write_json(tmp_path / "ada.json", saved("Ada", k1=4) | change if change else [])
    done = run(*rated, f"--output={tmp_path / 's.json'}")
    assert (done.code, done.out) == (1, "")
    assert message in done.err
    assert not (tmp_path / "s.json").exists()


def test_bad_keys_are_named(rated, tmp_path):
    assert "--key is missing; a summary needs" in run(*rated[:2]).err
    assert "--ratings is missing; a summary needs" in run(rated[2]).err
    assert "there is no folder gone." in run(*rated, "--html=gone/r.html").err
    for content in ([], {"page": "p1"}, saved("Ada")):
        write_json(tmp_path / "k.json", content)
        assert "k.json is no key file: it lacks `page`, `systems` or `images`." in run(*rated).err
    (tmp_path / "k.json").write_text("{")
    assert "k.json is not valid JSON" in run(*rated).err


def test_what_the_page_saves_can_be_summed_up(source, tmp_path):
    run(*source)
    page, data, _ = read_page(tmp_path)
    assert f'"{saved("Ada")["format"]}"' in page  # the script writes the form that the summary reads
    ratings = {key: 3 for shown in data["photos"] for key, _ in shown["captions"]}
    write_json(tmp_path / "ada.json", saved("Ada", **ratings) | {"page": data["page"]})
    done = run(f"--ratings={tmp_path / 'ada.json'}", f"--key={key_path(tmp_path / 'rate.html')}")
    assert re.search(r"^beta +3 +3 +3\.00 ", done.out, re.MULTILINE)


def test_a_seed_below_nought_is_told(tmp_path):
    code, _, err = run(f"--ratings={tmp_path / 'a.json'}", f"--key={tmp_path / 'k.json'}", "--seed=-1")
    assert code == 1
    assert "seed" in err
    assert "Traceback" not in err
