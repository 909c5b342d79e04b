"""Small METEOR data in the formats of pycocoevalcap, written for these tests."""

import gzip
import zipfile

import pytest

from im2txt.metrics.meteor_data import meteor_data

FUNCTION_WORDS = ["a", "the", "on", "of", "is"]
PREFIXES = ["# words before a dot", "", "Dr", "No #NUMERIC_ONLY#"]
SYNSETS = {"dog": "01 02", "hound": "02", "child": "03", "kid": "03 04", "box": "05", "case": "05", "goat": "04"}
BASES = {"child": "children", "goose": "geese"}
PARAPHRASES = [
    ("in front of", "ahead of"),
    ("in front of", "before"),
    ("next to", "beside"),
    ("beside", "next to"),
    ("a lot of", "many"),
]


class Package:
    """A pycocoevalcap folder, of which `change` writes parts anew."""

    def __init__(self, folder):
        self.folder = folder / "pycocoevalcap" / "meteor"
        (self.folder / "data").mkdir(parents=True)
        (self.folder.parent / "__init__.py").touch()  # hides one that is really installed
        self.jar, self.table = self.folder / "meteor-1.5.jar", self.folder / "data" / "paraphrase-en.gz"
        self.change()

    def change(self, synsets=SYNSETS, paraphrases=PARAPHRASES):
        files = {
            "synonym/english.synsets": [line for pair in synsets.items() for line in pair],
            "synonym/english.exceptions": [line for pair in BASES.items() for line in pair],
            "function/english.words": FUNCTION_WORDS,
            "nonbreaking/english.prefixes": PREFIXES,
        }
        with zipfile.ZipFile(self.jar, "w") as archive:
            for name, lines in files.items():
                archive.writestr(name, "".join(f"{line}\n" for line in lines))
        with gzip.open(self.table, "wt", encoding="utf-8") as file:
            file.writelines(f"0.5\n{phrase}\n{other}\n" for phrase, other in paraphrases)


@pytest.fixture
def meteor_package(tmp_path, monkeypatch):
    """Installs a pycocoevalcap with small data, and an empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path / "site")
    return Package(tmp_path / "site")


@pytest.fixture
def small_data(meteor_package):
    """METEOR's data as read from the small package."""
    return meteor_data()
