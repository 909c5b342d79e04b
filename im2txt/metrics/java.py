"""Runs the Java programs of others: the same in every locale, not for ever, and with their complaints told.

Language and encoding are set, for METEOR writes 0,27 where the locale has decimal commas. A program works in a folder
that its caller gives and removes; when it is left, by Ctrl-C too, it is killed with all that it started. What it says
on stderr is told when it fails.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from im2txt.errors import UserError

_SETTINGS = ("-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8")
_TOLD = 20  # lines of stderr


class Limits(NamedTuple):
    """What each Java program may take: seconds, and heap as in `4G` (None: what the program usually gets)."""

    seconds: float = 3600.0
    memory: str | None = None


class Program(NamedTuple):
    """What is to be run: `arguments` are those after Java's own, `memory` the heap that the program usually gets."""

    name: str
    arguments: Sequence[str]
    memory: str = "2G"
    versions: str = "8 or later"


class JavaProgram:
    """A running Java program; use it in a `with` block, which ends it.

    All its methods raise UserError where the program fails, or takes too long.
    """

    def __init__(self, program: Program, folder: Path, limits: Limits) -> None:
        """Starts a program in a folder.

        Raises:
            UserError: there is no Java.
        """
        java = shutil.which("java")
        if java is None:
            raise UserError(
                f"{program.name} needs Java {program.versions}, but there is no `java` on the PATH. "
                "Install one from your system's packages or from adoptium.net."
            )
        settings = [*_SETTINGS, f"-Djava.io.tmpdir={folder}", f"-Xmx{limits.memory or program.memory}"]
        self._program, self._seconds, self._expired = program, limits.seconds, False
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the program)
        self._process = subprocess.Popen(
            [java, *settings, *program.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,  # no pipe: a full one would stop the program
            cwd=folder,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            start_new_session=True,  # `java` may be a script, whose children are to be killed too
        )
        self._timer = threading.Timer(limits.seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> "JavaProgram":
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._process.poll() is None:
            self._kill()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self._complaints.close()

    def tell(self, line: str) -> None:
        """Writes a line to the program."""
        try:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._failure() from None

    def answer(self) -> str:
        """Returns the next line that the program writes, without its end."""
        line = self._process.stdout.readline()
        if not line:
            raise self._failure()
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def finish(self) -> str:
        """Waits for the end of the program, and returns all that it writes."""
        text, _ = self._process.communicate()
        if self._process.returncode:
            raise self._failure()
        return text.decode("utf-8", "replace")

    def _expire(self) -> None:
        self._expired = True
        self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _failure(self) -> UserError:
        code, name = self._process.wait(), self._program.name
        if self._expired:
            return UserError(f"{name} was stopped after {self._seconds:g} seconds. Give it more with --timeout.")
        self._complaints.seek(0)
        said = self._complaints.read().decode("utf-8", "replace").splitlines()
        lines = [line for line in said if line.strip() and not line.startswith("\tat ")]  # places in Java code
        told = "\n".join(["It says:", *lines[-_TOLD:]]) if lines else "It says nothing."
        return UserError(f"{name} failed, with exit code {code}; it needs Java {self._program.versions}. {told}")
