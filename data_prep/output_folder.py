"""The records folder of a build: finished, unfinished, another's, or empty.

A build writes, in this order: its lock, the vocabulary, the plan, shards each with its report, and the manifest; then
it removes all but the vocabulary, the shards and the manifest. So a plan means an unfinished build that can go on, a
manifest a finished one; and in a folder with neither a manifest nor a lock, no file is ours.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from data_prep.plan import PLAN, Plan
from im2txt.data.records import MANIFEST, VOCABULARY, read_manifest, write_manifest
from im2txt.errors import UserError
from im2txt.notices import notice
from im2txt.text.vocabulary import Vocabulary

LOCK = "build.lock"
_SHARDS = "*-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9].tfrecord"
_REPORTS = f"{_SHARDS}.json"
_PARTS = tuple(f"{name}.part-*" for name in (_SHARDS, _REPORTS, PLAN, MANIFEST, VOCABULARY))
_PASSING = (PLAN, _REPORTS, *_PARTS)  # what a finished build has no need of
_OURS = (MANIFEST, *_PASSING, _SHARDS, VOCABULARY)  # in this order they are removed: the manifest first


def begun(folder: Path) -> bool:
    """Is there a build, finished or not, that a new one must be compared with?"""
    return (folder / MANIFEST).exists() or (folder / PLAN).exists()


def finished_manifest(folder: Path, identity: dict) -> dict | None:
    """Returns the manifest of a finished build of the same identity; None where there is none that is whole.

    Args:
        folder: the records folder.
        identity: the manifest's `dataset` and `config` that the build would have.

    Raises:
        UserError: the folder holds records of another configuration, schema or kind.
    """
    if not (folder / MANIFEST).exists():
        return None
    manifest = read_manifest(folder)
    if manifest.get("features"):
        raise UserError(f"--output={folder} holds feature records. Choose another --output for images.")
    _refuse_others(folder, manifest, identity, "records")
    damage = _damage(folder, manifest)
    if damage:
        notice(f"{folder} is built anew, for {damage}")
    return None if damage or (folder / LOCK).exists() else manifest


class OutputFolder:
    """A folder that a build writes to, and no other one as long as this context lasts.

    Raises:
        UserError: it is not to be had: a file, another's folder, one that cannot be written, or another build is at it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made = False
        self._lock: IO | None = None

    def __enter__(self) -> Self:
        if self.path.exists() and not self.path.is_dir():
            raise UserError(f"--output={self.path} is a file; it must be a folder.")
        self._refuse_foreign_files()
        self._made = not self.path.exists()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.path / LOCK, "ab")
        except OSError as error:
            raise UserError(f"--output={self.path} cannot be written: {error.strerror}.") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise UserError(f"Another build is writing to --output={self.path}. Wait for it, or stop it.") from None
        except OSError as error:  # some network file systems
            self.__exit__(type(error), error, error.__traceback__)
            reason = f"{self.path} cannot be locked: {error.strerror}"
            raise UserError(f"--output={reason}. Choose a folder on another file system.") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leaves an unfinished build to be gone on with; where there is none, nothing of ours stays."""
        if not self.has_plan():
            if not (self.path / MANIFEST).exists():
                self._remove(*_OURS)
            (self.path / LOCK).unlink()
        self._lock.close()
        if self._made and kind:
            with contextlib.suppress(OSError):  # it is not empty
                self.path.rmdir()

    def has_plan(self) -> bool:
        """Is there an unfinished build?"""
        return (self.path / PLAN).exists()

    def ended(self) -> dict | None:
        """Returns the manifest of a build that is whole and was stopped while it tidied up, which is done now."""
        if not (self.path / MANIFEST).exists() or _damage(self.path, manifest := read_manifest(self.path)):
            return None
        self._remove(*_PASSING)
        return manifest

    def go_on(self, identity: dict) -> bool:
        """Is there an unfinished build to go on with? If not, the folder is emptied for a new one.

        Raises:
            UserError: there is one of another configuration.
        """
        if self.has_plan():
            there = self._facts()
            if _differ_in_source_alone(there, identity):
                notice(f"the source has changed since the unfinished build in {self.path}, which begins anew")
            else:
                _refuse_others(self.path, there, identity, "an unfinished build")
                self._remove(*_PARTS)
                return True
        self._remove(*_OURS)
        return False

    def plan(self) -> Plan:
        """Opens the plan."""
        return Plan(self.path / PLAN)

    @contextlib.contextmanager
    def new_plan(self) -> Iterator[Plan]:
        """Gives an empty plan to fill; it appears in the folder when the block ends well."""
        part = self.path / f"{PLAN}.part-new"
        with contextlib.closing(Plan(part, writable=True)) as plan:
            yield plan
        part.replace(self.path / PLAN)

    def finish(self, manifest: dict) -> None:
        """Writes the manifest and removes what only an unfinished build needs."""
        write_manifest(self.path, manifest)
        self._remove(*_PASSING)

    def _facts(self) -> dict:
        with contextlib.closing(self.plan()) as plan:
            return plan.facts

    def _remove(self, *patterns: str) -> None:
        for pattern in patterns:
            for path in self.path.glob(pattern):
                path.unlink()

    def _refuse_foreign_files(self) -> None:
        """Raises UserError for files that are not ours: all of them where there is no build."""
        if not self.path.is_dir() or (self.path / MANIFEST).exists():
            return
        ours = (*_OURS, LOCK) if (self.path / LOCK).exists() else ()
        for path in sorted(self.path.iterdir()):
            if not any(path.match(pattern) for pattern in ours):
                raise UserError(
                    f"--output={self.path} holds {path.name}, which is no part of a build. "
                    "Choose a new or empty folder."
                )


def _damage(folder: Path, manifest: dict) -> str:
    """Returns what is not as the manifest says, as far as can be seen without reading the shards."""
    for shard in (shard for split in manifest["splits"].values() for shard in split["shards"]):
        path = folder / shard["name"]
        if not path.is_file():
            return f"{shard['name']} is missing"
        if path.stat().st_size != shard["bytes"]:
            return f"{shard['name']} has {path.stat().st_size:,} bytes in place of {shard['bytes']:,}"
    try:
        same = Vocabulary.load(folder / VOCABULARY).sha256() == manifest["vocabulary_sha256"]
    except UserError:
        same = False
    return "" if same else f"{VOCABULARY} is not the one that it was built with"


def _refuse_others(folder: Path, there: dict, here: dict, what: str) -> None:
    for (field, found), (_, wanted) in zip(_flat(there, here), _flat(here, here)):
        if found != wanted:
            raise UserError(
                f"--output={folder} holds {what} of another configuration: {field} is {found!r} there and "
                f"{wanted!r} here. Choose another --output, or delete that folder first."
            )


def _differ_in_source_alone(there: dict, here: dict) -> bool:
    differing = [field for (field, a), (_, b) in zip(_flat(there, here), _flat(here, here)) if a != b]
    return differing == ["config.source_sha256"]


def _flat(values: Any, like: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yields (dotted name, value) of every leaf of `like`, with the value that `values` has there."""
    if not isinstance(like, dict):
        yield name, values
        return
    for key, part in like.items():
        value = values.get(key) if isinstance(values, dict) else None
        yield from _flat(value, part, f"{name}.{key}" if name else key)
