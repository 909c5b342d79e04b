"""The records folder before a build: finished, unfinished, another's, or empty."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from im2txt.data.records import MANIFEST, VOCABULARY, read_manifest
from im2txt.errors import UserError

_SHARDS = "*-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9].tfrecord"
# In this order they are removed. A build writes the vocabulary first: shards without one are not ours.
_OURS = (_SHARDS, f"{_SHARDS}.part-*", f"{MANIFEST}.part-*", VOCABULARY, f"{VOCABULARY}.part-*")


def finished_manifest(output: Path, identity: dict) -> dict | None:
    """Returns the manifest of a finished build of the same identity, or None where there is none.

    Args:
        output: the records folder.
        identity: the manifest's `dataset` and `config` that the build would have.

    Raises:
        UserError: the folder holds records of another configuration, schema or kind, or files that are no records.
    """
    if output.exists() and not output.is_dir():
        raise UserError(f"--output={output} is a file; it must be a folder.")
    if not (output / MANIFEST).exists():
        _refuse_foreign_files(output)
        return None
    manifest = read_manifest(output)
    if manifest.get("features"):
        raise UserError(f"--output={output} holds feature records. Choose another --output for the image records.")
    for (field, there), (_, here) in zip(_flat(manifest, identity), _flat(identity, identity)):
        if there != here:
            raise UserError(
                f"--output={output} holds records of another configuration: {field} is {there!r} there and "
                f"{here!r} here. Choose another --output, or delete that folder first."
            )
    shards = [output / shard["name"] for split in manifest["splits"].values() for shard in split["shards"]]
    return manifest if all(path.is_file() for path in [*shards, output / VOCABULARY]) else None


def clear(output: Path) -> None:
    """Removes what an unfinished build left in the folder, and the folder itself if nothing else is in it."""
    if not output.is_dir():
        return
    (output / MANIFEST).unlink(missing_ok=True)  # first: without it, the folder is unfinished
    for pattern in _OURS:
        for path in output.glob(pattern):
            path.unlink()
    if not any(output.iterdir()):
        output.rmdir()


def _refuse_foreign_files(output: Path) -> None:
    ours = _OURS if (output / VOCABULARY).exists() else _OURS[-1:]
    for path in sorted(output.iterdir()) if output.is_dir() else ():
        if not any(path.match(pattern) for pattern in ours):
            raise UserError(
                f"--output={output} holds {path.name}, which is no part of records. Choose a new or empty folder."
            )


def _flat(values: Any, like: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yields (dotted name, value) of every leaf of `like`, with the value that `values` has there."""
    if not isinstance(like, dict):
        yield name, values
        return
    for key, part in like.items():
        value = values.get(key) if isinstance(values, dict) else None
        yield from _flat(value, part, f"{name}.{key}" if name else key)
