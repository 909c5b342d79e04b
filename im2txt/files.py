"""Files that are whole or absent, and their checksums. Imports nothing but the standard library."""

import hashlib
import os
from pathlib import Path


def write_whole(path: str | os.PathLike, content: str | bytes) -> None:
    """Writes a file under a temporary name beside its place, then renames it: it is whole or it is absent."""
    path = Path(path)
    part = path.with_name(f"{path.name}.part-{os.getpid()}")
    part.write_bytes(content.encode() if isinstance(content, str) else content)
    part.replace(path)


def sha256_file(path: str | os.PathLike) -> str:
    """Returns the hexadecimal SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
