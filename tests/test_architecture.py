"""Every command is made alike. That imports go one way is tested in test_imports.py."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from tests.helpers import run_command

ROOT = Path(__file__).parents[1]
PACKAGES = ("im2txt", "data_prep")
COMMANDS = sorted(
    f"{package}.{path.stem}"
    for package in PACKAGES
    for path in (ROOT / package).glob("*.py")
    if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
)


def test_the_commands_are_found():
    assert {"im2txt.train", "im2txt.caption", "data_prep.build_records"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_a_console_entry_flags_and_an_example(name):
    module = importlib.import_module(name)
    assert callable(module.console)
    assert callable(module.main)
    assert f"    python -m {name} " in module.__doc__
    assert len(list(module.FLAGS)) > 0


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_the_docstring_and_every_flag(name):
    module = importlib.import_module(name)
    code, out, err = run_command(module, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(module.__doc__.strip())
    for flag in module.FLAGS:
        assert re.search(rf"^  --{flag}: \S", out, re.MULTILINE)


def test_every_command_is_a_console_script():
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    scripts = [
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and ":console" in str(node.value)
    ]
    expected = {
        f"{name.replace('data_prep.', 'im2txt.').replace('.', '-').replace('_', '-')} = {name}:console"
        for name in COMMANDS
    }
    assert set(scripts) == expected


def test_every_module_and_package_is_described():
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_no_file_is_long():
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path
