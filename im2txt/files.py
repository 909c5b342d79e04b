"""Files that are whole or absent, their checksums, and files that users name. Needs the standard library alone."""

import errno
import hashlib
import json
import os
from pathlib import Path

from im2txt.errors import UserError


def write_whole(path: str | os.PathLike, content: str | bytes) -> None:
    """Writes a file under a temporary name beside its place, then renames it: it is whole or it is absent.

    What UTF-8 cannot say of a text, half a surrogate pair, is written as its escape.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    part = path.with_name(f"{path.name}.part-{os.getpid()}")
    try:
        part.write_bytes(content.encode(errors="backslashreplace") if isinstance(content, str) else content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def check_output_folder(path: str | os.PathLike) -> None:
    """Raises UserError where `--output` names no folder that can be made and written: before all work, not after it."""
    path = Path(path)
    there = next(each for each in (path, *path.absolute().parents) if each.exists())
    if there == path and not path.is_dir():
        raise UserError(f"--output={path} is a file; name a folder.")
    if not there.is_dir() or not os.access(there, os.W_OK):
        reason = "no permission to write there" if there.is_dir() else "it is a file"
        raise UserError(f"--output={path} cannot be made in {there}: {reason}.")


def refuse_patterns(path: str | os.PathLike) -> None:
    """Raises UserError for a path whose checkpoints TensorFlow would not find again: it takes it for a pattern."""
    whole = str(Path(path).resolve())
    found = sorted(set("[]*?") & set(whole))
    if found:
        raise UserError(f"{whole} has a {found[0]} in it, which TensorFlow takes for a pattern. Choose another name.")


def sha256_file(path: str | os.PathLike) -> str:
    """Returns the hexadecimal SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_user_text(path: str | os.PathLike) -> str:
    """Returns the text of a file that the user named, without the byte order mark that some editors put first.

    Raises:
        UserError: it cannot be read, or is not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        found = f"byte 0x{error.object[error.start]:02x} at place {error.start}"
        raise UserError(f"{path} is not UTF-8 text: {found} ({error.reason}). Save it as UTF-8.") from None


def parse_user_json(text: str, path: str | os.PathLike) -> object:
    """Returns what the JSON text of the file `path` says. Raises UserError where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not valid JSON: {error}.") from None


def read_user_json(path: str | os.PathLike) -> object:
    """Returns the content of a JSON file that the user named. Raises UserError as the two above do."""
    return parse_user_json(read_user_text(path), path)
