"""The language data of METEOR 1.5 for English: function words, prefixes, synonyms, paraphrases.

They belong to METEOR and WordNet and are not part of this project: they are read from an installed `pycocoevalcap`
(`pip install im2txt[official]`), from its `meteor-1.5.jar` and its paraphrase table. The first time, an index of about
60 MB is built from them in `$XDG_CACHE_HOME/im2txt` (`~/.cache/im2txt`), which takes about half a minute; its name
holds a digest of both files, so that other files get another index.
"""

import functools
import hashlib
import importlib.util
import os
import sqlite3
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

from im2txt.files import sha256_file
from im2txt.metrics.meteor_index import FORMAT, build_index
from im2txt.metrics.meteor_words import Prefixes
from im2txt.notices import notice

_JAR, _PARAPHRASES = Path("meteor/meteor-1.5.jar"), Path("meteor/data/paraphrase-en.gz")
_UNUSABLE = (OSError, EOFError, KeyError, ValueError, sqlite3.Error, zipfile.BadZipFile, zlib.error)
_CACHED_PHRASES = 1 << 17
_CACHED_WORDS = 1 << 16

# WordNet's rules of detachment, ending/replacement, in the order in which METEOR tries them.
_DETACHMENTS = "s/ ses/s xes/x zes/z ches/ch shes/sh men/man ies/y es/e es/ ed/e ed/ ing/e ing/ er/ est/ er/e est/e"


class _Sources(NamedTuple):
    """The files the data come from, with the sizes and times that tell whether they changed."""

    jar: Path
    paraphrases: Path
    stamps: tuple[tuple[int, int], ...]


class MeteorData:
    """Looks words and phrases up in an index; see `im2txt.metrics.meteor_index` for what a phrase in signs is.

    Attributes:
        function_words: articles, prepositions and the like, which weigh less.
        prefixes: words that keep their dot.
        longest: words of the longest phrase that has paraphrases.
    """

    def __init__(self, index: Path) -> None:
        """Opens an index.

        Raises:
            sqlite3.Error: there is none, or it is damaged.
        """
        uri = f"{index.absolute().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        lists = dict(self._connection.execute("SELECT key, value FROM lists"))
        self.function_words = frozenset(lists["function"].split("\n"))
        self.prefixes = Prefixes(*(frozenset(lists[name].split("\n")) for name in ("prefixes", "number_prefixes")))
        self.longest = int(lists["longest"])
        self.synsets = functools.lru_cache(_CACHED_WORDS)(self._synsets)
        self.sign = functools.lru_cache(_CACHED_WORDS)(self._sign)
        self.paraphrases = functools.lru_cache(_CACHED_PHRASES)(self._paraphrases)

    def _synsets(self, word: str) -> frozenset[str]:
        """Returns the synsets of a word and of its base forms."""
        found = self._get("synsets", word) or ""
        bases = self._get("bases", word)
        for base in self._detached(word) if bases is None else bases.split("\n"):
            found += f"\n{self._get('synsets', base) or ''}"
        return frozenset(found.split())

    def _detached(self, word: str) -> list[str]:
        """Returns the first base form that WordNet's rules give and that exists, if any."""
        if len(word) > 2 and not word.endswith("ss"):
            for ending, replacement in (rule.split("/") for rule in _DETACHMENTS.split()):
                base = word[: len(word) - len(ending)] + replacement
                if word.endswith(ending) and self._get("synsets", base) is not None:
                    return [base]
        return []

    def _sign(self, word: str) -> str | None:
        """Returns the sign of a word; None if it is in no phrase."""
        return self._get("signs", word)

    def _paraphrases(self, phrase: str) -> str | None:
        """Returns the paraphrases of a phrase, one a line, all in signs; None if no longer phrase begins so either."""
        return self._get("paraphrases", phrase)

    def _get(self, table: str, key: str) -> str | None:
        row = self._connection.execute(f"SELECT value FROM {table} WHERE key = ?", (key,)).fetchone()
        return row and row[0]


def meteor_data() -> MeteorData | None:
    """Returns the data; None if they are not installed or cannot be used, which a note on stderr explains."""
    sources = _find_sources()
    return sources and _load(sources, _cache_folder())


def _find_sources() -> _Sources | None:
    package = importlib.util.find_spec("pycocoevalcap")
    for folder in (package and package.submodule_search_locations) or ():
        files = (Path(folder) / _JAR, Path(folder) / _PARAPHRASES)
        if all(file.is_file() for file in files):
            return _Sources(*files, tuple((file.stat().st_size, file.stat().st_mtime_ns) for file in files))
    return None


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "im2txt"


@functools.lru_cache(maxsize=1)
def _load(sources: _Sources, folder: Path) -> MeteorData | None:
    try:
        digest = hashlib.sha256("".join(map(sha256_file, sources[:2])).encode()).hexdigest()
        index = folder / f"meteor-en-{FORMAT}-{digest[:16]}.sqlite"
        try:
            return MeteorData(index)
        except (sqlite3.Error, KeyError):
            notice(f"building the index of METEOR's data in {index}; this is done once and takes about half a minute")
            build_index(sources.jar, sources.paraphrases, index)
            return MeteorData(index)
    except _UNUSABLE as error:
        notice(
            f"METEOR is not available: no index of {sources.jar.parent} could be made in {folder} ({error}). "
            "Install pycocoevalcap anew, or name a folder that can be written in XDG_CACHE_HOME."
        )
        return None
