"""The records folder of a build: finished, unfinished, another's, or empty.

A build writes, in this order: the vocabulary, the plan, shards each with its report, and the manifest; then it removes
the plan and the reports. So a plan means an unfinished build that can go on, a manifest a finished one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data_prep.plan import PLAN, Plan
from data_prep.source_files import notice
from im2txt.data.records import MANIFEST, VOCABULARY, read_manifest, write_manifest
from im2txt.errors import UserError

_SHARDS = "*-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9].tfrecord"
_REPORTS = f"{_SHARDS}.json"
_PARTS = tuple(f"{name}.part-*" for name in (_SHARDS, _REPORTS, PLAN, MANIFEST, VOCABULARY))
# In this order they are removed. A build writes the vocabulary first: shards without one are not ours.
_OURS = (PLAN, _REPORTS, _SHARDS, *_PARTS, VOCABULARY)


class OutputFolder:
    """A folder that a build writes to.

    Raises:
        UserError: the path is a file, or the folder holds files that are no records.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise UserError(f"--output={path} is a file; it must be a folder.")
        if not self.begun():
            self._refuse_foreign_files()

    def begun(self) -> bool:
        """Is there a build, finished or not, that a new one must be compared with?"""
        return (self.path / MANIFEST).exists() or self.has_plan()

    def has_plan(self) -> bool:
        """Is there an unfinished build to go on with?"""
        return (self.path / PLAN).exists()

    def match(self, identity: dict) -> dict | None:
        """Returns the manifest of a finished build of the same identity; readies the folder otherwise.

        Args:
            identity: the manifest's `dataset` and `config` that the build would have.

        Raises:
            UserError: the folder holds records of another configuration, schema or kind.
        """
        if (self.path / MANIFEST).exists():
            manifest = read_manifest(self.path)
            if manifest.get("features"):
                raise UserError(f"--output={self.path} holds feature records. Choose another --output for images.")
            self._refuse_others(manifest, identity, "records")
            if self._is_whole(manifest):
                self._remove(PLAN, _REPORTS, *_PARTS)
                return manifest
            self.clear()
            return None
        plan = self.plan()
        there = plan.facts
        plan.close()
        self._remove(*_PARTS)
        if _differ_in_source_alone(there, identity):  # then nothing of it is of use any more
            notice(f"the source has changed since the unfinished build in {self.path}, which begins anew")
            self.clear()
            return None
        self._refuse_others(there, identity, "an unfinished build")
        return None

    def plan(self) -> Plan:
        """Opens the plan."""
        return Plan(self.path / PLAN)

    @contextmanager
    def new_plan(self) -> Iterator[Plan]:
        """Gives an empty plan to fill; it appears in the folder when the block ends well, else nothing stays."""
        self.clear()
        self.path.mkdir(parents=True, exist_ok=True)
        part = self.path / f"{PLAN}.part-new"
        plan = Plan(part, writable=True)
        try:
            yield plan
            plan.close()
            part.replace(self.path / PLAN)
        except BaseException:
            plan.close()
            self.clear()
            raise

    def finish(self, manifest: dict) -> None:
        """Writes the manifest and removes what only an unfinished build needs."""
        write_manifest(self.path, manifest)
        self._remove(PLAN, _REPORTS, *_PARTS)

    def clear(self) -> None:
        """Removes all that a build left in the folder, and the folder itself if nothing else is in it."""
        if self.path.is_dir():
            self._remove(MANIFEST, *_OURS)  # the manifest first: without it, the folder is unfinished
            if not any(self.path.iterdir()):
                self.path.rmdir()

    def _remove(self, *patterns: str) -> None:
        for pattern in patterns:
            for path in self.path.glob(pattern):
                path.unlink()

    def _is_whole(self, manifest: dict) -> bool:
        shards = [self.path / shard["name"] for split in manifest["splits"].values() for shard in split["shards"]]
        return all(path.is_file() for path in [*shards, self.path / VOCABULARY])

    def _refuse_others(self, there: dict, here: dict, what: str) -> None:
        for (field, found), (_, wanted) in zip(_flat(there, here), _flat(here, here)):
            if found != wanted:
                raise UserError(
                    f"--output={self.path} holds {what} of another configuration: {field} is {found!r} there and "
                    f"{wanted!r} here. Choose another --output, or delete that folder first."
                )

    def _refuse_foreign_files(self) -> None:
        vocabulary = (VOCABULARY, f"{VOCABULARY}.part-*", f"{PLAN}.part-*")
        ours = _OURS if (self.path / VOCABULARY).exists() else vocabulary
        for path in sorted(self.path.iterdir()) if self.path.is_dir() else ():
            if not any(path.match(pattern) for pattern in ours):
                raise UserError(
                    f"--output={self.path} holds {path.name}, which is no part of records. "
                    "Choose a new or empty folder."
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
