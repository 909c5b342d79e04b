"""Notices reach any terminal."""

import os
import subprocess
import sys

from im2txt.notices import notice


def test_a_notice_is_a_line_on_stderr(capsys):
    notice("two photos are gone")
    assert capsys.readouterr() == ("", "note: two photos are gone\n")


def test_what_a_terminal_cannot_show_is_escaped():
    code = "from im2txt.notices import notice; notice('caf\\xe9 \\ud83d')"
    environment = os.environ | {"PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert done.stderr == b"note: caf\\xe9 \\ud83d\n"
