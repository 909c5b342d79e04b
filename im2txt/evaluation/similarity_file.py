"""A large matrix that is computed row by row and kept on disk, so that a stop loses little.

similarity.json       what the matrix belongs to; written first
similarity.npy.part   float32 [images, captions] while rows are missing: those hold NaN
similarity.npy        the same, once it is whole
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from im2txt.errors import UserError
from im2txt.files import write_whole

NAME = "similarity.npy"
PART = f"{NAME}.part"
IDENTITY = "similarity.json"


def open_matrix(
    folder: str | os.PathLike, shape: tuple[int, int], identity: Mapping[str, object], told: Mapping[str, object]
) -> np.memmap:
    """Returns the matrix of a folder as it is on disk: new and all NaN, begun by an earlier run, or whole.

    Args:
        folder: made if absent.
        shape: rows and columns.
        identity: what two runs must agree on for their rows to belong together.
        told: further facts for people, kept beside it.

    Raises:
        UserError: the folder holds the matrix of another identity.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    facts = {**identity, "shape": list(shape)}
    if (folder / IDENTITY).exists():
        _check_same(folder / IDENTITY, facts)
    elif (folder / NAME).exists():
        raise UserError(f"{folder} holds {NAME}, but no {IDENTITY} that says what of. Choose another output folder.")
    else:
        _write_empty(folder / PART, shape)
        write_whole(folder / IDENTITY, json.dumps({**facts, **told}, indent=2) + "\n")
    if (folder / NAME).exists():
        return _load(folder / NAME, "r")
    if not (folder / PART).exists():
        _write_empty(folder / PART, shape)
    return _load(folder / PART, "r+")


def missing_rows(matrix: np.ndarray) -> np.ndarray:
    """Returns the numbers of rows that are not whole yet."""
    return np.array([number for number, row in enumerate(matrix) if np.isnan(row).any()], int)


def write_rows(matrix: np.memmap, rows: Sequence[int], values: np.ndarray) -> None:
    """Writes whole rows, and waits until they are on disk."""
    matrix[rows] = values
    matrix.flush()


def close_matrix(folder: str | os.PathLike) -> np.memmap:
    """Gives a matrix that is whole its name, and returns it."""
    folder = Path(folder)
    if (folder / PART).exists():
        (folder / PART).replace(folder / NAME)
    return _load(folder / NAME, "r")


def _load(path: Path, mode: str) -> np.memmap:
    try:
        np.load(path, mmap_mode="r")  # to write, a file that is too short would be filled up with zeros
        return np.load(path, mmap_mode=mode)
    except (ValueError, EOFError) as error:
        raise UserError(f"{path} is damaged ({error}). Remove it; the same command then computes it anew.") from None


def _write_empty(path: Path, shape: tuple[int, int]) -> None:
    """Writes every byte now, so that a full disk is told now and not where a memory map meets it."""
    new = path.with_name(f"{path.name}.new")
    with open(new, "wb") as file:
        np.save(file, np.full(shape, np.nan, np.float32))
    new.replace(path)


def _check_same(path: Path, facts: Mapping[str, object]) -> None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = {}
    other = sorted(name for name in facts if found.get(name) != facts[name])
    if other:
        raise UserError(
            f"{path.parent} holds the similarities of something else: {', '.join(other)} of {path} differ. Choose "
            "another output folder, or remove its similarity.* files."
        )
