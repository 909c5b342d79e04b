"""Java programs: ended whatever happens, and heard when they fail."""

import contextlib
import os
import time
from pathlib import Path

import pytest

from im2txt.errors import UserError
from im2txt.metrics.java import JavaProgram, Limits, Program
from tests.fake_java import FakeJava

ECHO = "for line in sys.stdin: print('heard', line, end='', flush=True)"


@pytest.fixture
def java(tmp_path, monkeypatch):
    return FakeJava(tmp_path, monkeypatch)


@pytest.fixture
def start(tmp_path):
    def start(seconds=60, memory=None, **options):
        program = Program("The program", ["-jar", "x.jar", "a b"], **options)
        return JavaProgram(program, tmp_path, Limits(seconds, memory))

    return start


def alive(process):
    """Tells whether a process runs; one that waits to be buried does not."""
    with contextlib.suppress(OSError):
        os.kill(process, 0)
        status = Path(f"/proc/{process}/status")
        return not status.exists() or "\nState:\tZ" not in status.read_text()
    return False


def test_locale_encoding_folder_and_memory_are_set(java, start, tmp_path):
    java.plays("print('done')")
    with start() as program:
        assert program.finish() == "done\n"
    with start(memory="512m") as program:
        program.finish()
    first, second = java.calls()
    assert (first["folder"], first["locale"]) == (str(tmp_path), "C.UTF-8")
    *settings, memory = first["arguments"][:-3]
    assert settings == [
        "-Duser.language=en",
        "-Duser.country=US",
        "-Dfile.encoding=UTF-8",
        f"-Djava.io.tmpdir={tmp_path}",
    ]
    assert (memory, second["arguments"][-4]) == ("-Xmx2G", "-Xmx512m")
    assert first["arguments"][-3:] == ["-jar", "x.jar", "a b"]


def test_questions_and_answers(java, start):
    java.plays(ECHO)
    with start() as program:
        for text in ("one", "zwölf"):
            program.tell(text)
            assert program.answer() == f"heard {text}"


SCRIPT = """
import subprocess
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


def test_leaving_kills_the_program_and_what_it_started(java, start, tmp_path):
    java.plays(SCRIPT)
    with contextlib.suppress(KeyboardInterrupt), start() as program:
        child = int(program.answer())
        assert alive(child)
        raise KeyboardInterrupt
    assert not alive(java.calls()[0]["process"])
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(child)


@pytest.mark.parametrize("wait", ["finish", "answer"])
def test_a_program_that_takes_too_long_is_stopped(java, start, wait):
    java.plays("time.sleep(600)")
    message = r"The program was stopped after 0.2 seconds. Give it more with --timeout."
    with start(seconds=0.2) as program, pytest.raises(UserError, match=message):
        getattr(program, wait)()


LOUD = r"""
sys.stdin.close()
print("x" * 100_000, *["y"] * 18, "Exception: no memory", "\tat A.b(Unknown Source)", sep="\n", file=sys.stderr)
sys.exit(3)
"""


def tell_much(program):
    while True:
        program.tell("x" * 10_000)


@pytest.mark.parametrize("wait", [JavaProgram.finish, JavaProgram.answer, tell_much])
def test_a_failure_is_told_with_what_the_program_says(java, start, wait):
    java.plays(LOUD)  # more than a pipe holds
    with start(versions="8 to 14") as program, pytest.raises(UserError) as caught:
        wait(program)
    head, *said = str(caught.value).split("\n")
    assert head == "The program failed, with exit code 3; it needs Java 8 to 14. It says:"
    assert said == ["x" * 100_000, *["y"] * 18, "Exception: no memory"]


def test_a_program_may_fail_in_silence(java, start):
    java.plays("sys.exit(1)")
    message = r"with exit code 1; it needs Java 8 or later. It says nothing."
    with start() as program, pytest.raises(UserError, match=message):
        program.finish()


def test_no_java_is_told(java, start):
    message = r"The program needs Java 8 or later, but there is no `java` on the PATH. Install one from"
    with pytest.raises(UserError, match=message):
        start()
