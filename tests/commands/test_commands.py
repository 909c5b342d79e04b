"""What all commands share, on a small command and on small experiment files."""

import dataclasses
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
import tensorflow as tf
from absl import flags

from im2txt.commands import define_config_flag, run
from im2txt.errors import UserError
from tests.helpers import Done

ROOT = Path(__file__).parents[2]


@dataclasses.dataclass
class Inner:
    units: int = 1
    name: str = "a"


@dataclasses.dataclass
class ExperimentConfig:
    rate: float = 0.5
    fast: bool = False
    inner: Inner = dataclasses.field(default_factory=Inner)


EXPERIMENT = """
from tests.commands.test_commands import ExperimentConfig, Inner

def get_config():
    return ExperimentConfig(inner=Inner(units=3))
"""


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs a command with `--config`, `--word` and `--config`'s fields; what `main` gets goes through `seen`."""

    def command(main, *arguments, positional=False):
        values = flags.FlagValues()
        define_config_flag(values, required=False)
        flags.DEFINE_string("word", "hello", "what to say", flag_values=values)
        flags.DEFINE_integer("count", None, "how often", required=True, lower_bound=1, flag_values=values)
        module = ModuleType("small_command", "Says something.\n\n    python -m small_command --count=2\n")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        main = partial(main, values)
        main.__module__ = module.__name__
        monkeypatch.setattr(sys, "argv", ["small_command", *map(str, arguments)])
        code = 0
        try:
            run(main, values, positional)
        except SystemExit as stop:
            code = stop.code
        return Done(code, *capsys.readouterr())

    return command


def say(values, argv):
    sys.stdout.write(f"{values.word} {values.count} {argv}\n")


def show(values, argv):
    sys.stdout.write(f"{values.config}\n")


@pytest.fixture
def experiment(tmp_path):
    path = tmp_path / "experiment.py"
    path.write_text(EXPERIMENT)
    return path


def test_help_shows_the_docstring_and_the_flags(command):
    code, out, err = command(say, "--help")
    assert (code, err) == (0, "")
    assert out.startswith("Says something.\n\n    python -m small_command --count=2\n\nFlags:\n")
    assert "  --word: what to say (default: 'hello')\n" in out
    assert "  --count: how often\n" in out


def test_flags_and_arguments_may_be_mixed(command):
    done = command(say, "a", "--count=2", "b", "--word", "hi", positional=True)
    assert done == (0, "hi 2 ['a', 'b']\n", "")


def test_arguments_are_refused_where_there_are_none(command):
    done = command(say, "--count=2", "false")
    assert done == (1, "", "error: Unexpected argument 'false': everything is given as --flag=value.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: flag --count=None: Flag --count must have a value other than None.\n"),
        (["--count=0"], "error: flag --count=0: 0 is not a positive integer\n"),
        (["--cuont=1"], "error: Unknown command line flag 'cuont'. Did you mean: count ?\n"),
        (["--config.rate=1", "--count=1"], "error: --config.rate: give --config=FILE before it.\n"),
    ],
)
def test_mistyped_flags_are_one_line(command, arguments, message):
    assert command(say, *arguments) == (1, "", message)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UserError("It is broken. Mend it."), 1, "error: It is broken. Mend it.\n"),
        (PermissionError(13, "Permission denied", "x/y"), 1, "error: [Errno 13] Permission denied: 'x/y'\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (
            tf.errors.ResourceExhaustedError(None, None, "{{node SaveV2}} x/y; No space left on device"),
            1,
            "error: The disk is full: x/y; No space left on device\n",
        ),
        (
            tf.errors.ResourceExhaustedError(None, None, "x/y; Disk quota exceeded"),
            1,
            "error: The disk is full: x/y; Disk quota exceeded\n",
        ),
        (
            tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor.\n\t [[node a]]"),
            1,
            "error: Memory does not suffice: OOM when allocating tensor. Make batches smaller: "
            "--config.data.images_per_batch or --batch_size.\n",
        ),
    ],
)
def test_what_the_user_can_mend_has_no_traceback(command, error, code, message):
    def fail(values, argv):
        raise error

    assert command(fail, "--count=1") == (code, "", message)


def test_what_the_terminal_cannot_write_is_escaped():
    program = (
        "import sys; sys.argv = ['x']; from absl import flags; from im2txt.commands import run; "
        "run(lambda argv: print('caf\\udce9 \\u72ac'), flags.FlagValues())"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1:strict"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "caf\\udce9 \\u72ac\n"), done.stderr


def test_what_only_a_programmer_can_mend_has_one(command):
    def fail(values, argv):
        raise ValueError("Expected 1. Received: 2.")

    with pytest.raises(ValueError, match="Expected 1"):
        command(fail, "--count=1")


def test_fields_of_the_config_can_be_changed(command, experiment):
    overrides = ["--config.rate=0.25", "--config.fast", "--config.inner.name=b"]
    _, out, _ = command(show, "--count=1", f"--config={experiment}", *overrides)
    assert out == f"{ExperimentConfig(0.25, True, Inner(3, 'b'))}\n"
    _, out, _ = command(show, "--count=1", "--config", experiment, "--config.inner.units", "5")
    assert out == f"{ExperimentConfig(inner=Inner(5))}\n"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("--config.rat=1", "the config has no field `rat` there. Did you mean `rate`? Known: fast, inner, rate.\n"),
        ("--config.inner.unitz=1", "no field `unitz` there. Did you mean `units`? Known: name, units.\n"),
        ("--config.rate.units=1", "--config.rate.units=1: the config has no field `units` there. Known: none.\n"),
        ("--config.inner=big", "--config.inner=big: `inner` is a group of fields (units, name); change one of them.\n"),
        ("--config.inner.units=big", "--config.inner.units=big: invalid literal for int() with base 10: 'big'\n"),
    ],
)
def test_mistyped_fields_are_one_line(command, experiment, override, message):
    code, out, err = command(show, "--count=1", f"--config={experiment}", override)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.endswith(message)
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ": the file must have a get_config() that returns an ExperimentConfig.\n"),
        ("def get_config():\n    pass\n", ": the file must have a get_config() that returns an ExperimentConfig.\n"),
        (
            EXPERIMENT.replace("(inner=Inner(units=3))", ""),
            ": the file must have a get_config() that returns an ExperimentConfig.\n",
        ),
        (
            EXPERIMENT.replace("ExperimentConfig(inner", "dict(inner"),
            ": the file must have a get_config() that returns an ExperimentConfig.\n",
        ),
        ("x = 1\ndef get_config(:\n", ": SyntaxError: invalid syntax (experiment.py, line 2).\n"),
        ("import im2text\n", ":1: ModuleNotFoundError: No module named 'im2text'.\n"),
        (
            EXPERIMENT.replace("units", "unitz"),
            ":5: TypeError: Inner.__init__() got an unexpected keyword argument 'unitz'.\n",
        ),
    ],
)
def test_a_broken_experiment_is_told_with_its_line(command, experiment, content, message):
    experiment.write_text(content)
    done = command(show, "--count=1", f"--config={experiment}", "--config.rate=1")
    assert done == (1, "", f"error: --config={experiment}{message}")


@pytest.mark.parametrize("name", ["gone.py", "gone", ""])
def test_a_missing_experiment_is_told(command, tmp_path, name):
    path = tmp_path / name
    done = command(show, "--count=1", f"--config={path}")
    assert done == (1, "", f"error: --config={path}: there is no such Python file.\n")


def run_python(*arguments, **environment):
    """Runs a Python of its own from the project's root, where TF_CPP_MIN_LOG_LEVEL is set only if given."""
    kept = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=kept | environment)


def test_a_command_can_be_run_as_a_module():
    done = run_python("-m", "im2txt.score", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Scores captions against references")
    done = run_python("-m", "im2txt.score", "--predictions=gone.json", "--references=gone.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: Cannot read gone.json: No such file or directory.\n"


FIRST_IMPORT = """
import os, sys

class Spy:
    def find_spec(self, name, *_):
        if name in ("tensorflow", "keras"):
            print(os.environ.get("TF_CPP_MIN_LOG_LEVEL"), flush=True)
            os._exit(0)

sys.meta_path.insert(0, Spy())
import im2txt.train
"""


@pytest.mark.parametrize(("given", "expected"), [({}, "2\n"), ({"TF_CPP_MIN_LOG_LEVEL": "0"}, "0\n")])
def test_tensorflow_is_told_to_be_quiet_before_it_is_imported(given, expected):
    assert run_python("-c", FIRST_IMPORT, **given).stdout == expected
