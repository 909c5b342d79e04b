"""What all commands share: absl flags of their own, a clean `--help`, and user errors without a traceback.

Each command holds its flags in a `flags.FlagValues()` of its own rather than in absl's global one, so that several
commands can live in one process (as in the tests), and so that `--help` shows the same text for
`python -m im2txt.train` as for the console script `im2txt-train`.
"""

import dataclasses
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from absl import flags
from ml_collections import config_flags

from im2txt.errors import UserError, did_you_mean, tensorflow_reason

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # commands import this module before TensorFlow reads it

EXPERIMENT = "ExperimentConfig"  # of im2txt.experiment, which this module cannot import
OVERRIDE = re.compile(r"--?config\.([\w.]+)")


def run(main: Callable[[list[str]], None], flag_values: flags.FlagValues, positional: bool = False) -> None:
    """Parses `sys.argv` into `flag_values` and calls `main` with the positional arguments.

    A `UserError`, a mistyped flag, a file that cannot be written, or what TensorFlow raises where memory or a disk is
    full becomes one message on stderr and exit code 1; `--help` prints the command's module docstring and its flags and
    exits with code 0; Ctrl-C exits with code 130. Positional arguments are refused unless `positional`.
    """
    if {"--help", "-h", "-help"} & set(sys.argv[1:]):
        print(_help(main, flag_values))  # noqa: T201
        raise SystemExit(0)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names and captions may be beyond its encoding
    try:
        arguments = _parse(flag_values)
        if arguments and not positional:
            raise UserError(f"Unexpected argument {arguments[0]!r}: everything is given as --flag=value.")
        main(arguments)
    except (UserError, flags.Error, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    except Exception as error:
        if type(error).__name__ != "ResourceExhaustedError":
            raise
        print(f"error: {_exhausted(tensorflow_reason(error))}", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)  # noqa: T201
        raise SystemExit(130) from None


def _exhausted(reason: str) -> str:
    """Returns what to tell of TensorFlow's ResourceExhaustedError, and what to do."""
    if "No space left" in reason or "quota" in reason:
        return f"The disk is full: {reason}"
    return f"Memory does not suffice: {reason} Make batches smaller: --config.data.images_per_batch or --batch_size."


def define_checkpoint_flag(flag_values: flags.FlagValues) -> None:
    """Defines `--checkpoint`, which weights of a run a command uses."""
    what = "averaged weights of the best validation, or the last ones as they are"
    flags.DEFINE_enum("checkpoint", "best", ["best", "latest"], what, flag_values=flag_values)


def define_config_flag(
    flag_values: flags.FlagValues,
    description: str = "experiment file; --config.FIELD=VALUE changes a field of it",
    required: bool = True,
) -> None:
    """Defines `--config=FILE`, whose fields `--config.FIELD=VALUE` overrides."""
    config_flags.DEFINE_config_file("config", None, description, flag_values, lock_config=False)
    flag_values["config"].parser = _ExperimentFile()
    if required:
        flags.mark_flag_as_required("config", flag_values=flag_values)


class _ExperimentFile(flags.ArgumentParser):
    """Loads an experiment, in place of ml_collections' own parser, which answers mistakes with tracebacks."""

    def parse(self, path: str) -> Any:
        """Returns what `get_config()` of the file returns, having checked that it has the fields to be changed."""
        config = _load_config(path)
        for argument in sys.argv:
            override = OVERRIDE.match(argument)
            if override:
                _check_field(config, override[1].split("."), argument)
        return config


def _load_config(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("experiment", path)
    if spec is None or not Path(path).is_file():
        raise UserError(f"--config={path}: there is no such Python file.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        config = module.get_config() if hasattr(module, "get_config") else None
    except Exception as error:
        raise UserError(f"--config={path}{_line(error, path)}: {type(error).__name__}: {error}.") from None
    if type(config).__name__ != EXPERIMENT:
        raise UserError(f"--config={path}: the file must have a get_config() that returns an {EXPERIMENT}.")
    return config


def _line(error: Exception, path: str) -> str:
    """Returns `:number` of the line of the file that an error comes from; a syntax error names it itself."""
    path = os.path.abspath(path)
    numbers = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f":{numbers[-1]}" if numbers else ""


def _check_field(config: Any, names: Sequence[str], argument: str) -> None:
    """Raises UserError unless the dotted `names` lead to a field of the config that holds a single value."""
    for name in names:
        known = [field.name for field in dataclasses.fields(config)] if dataclasses.is_dataclass(config) else []
        if name not in known:
            raise UserError(f"{argument}: the config has no field `{name}` there. {did_you_mean(name, known)}")
        config = getattr(config, name)
    if dataclasses.is_dataclass(config):
        known = ", ".join(field.name for field in dataclasses.fields(config))
        raise UserError(f"{argument}: `{names[-1]}` is a group of fields ({known}); change one of them.")


def _parse(flag_values: flags.FlagValues) -> list[str]:
    try:
        return flag_values(sys.argv)[1:]
    except flags.UnrecognizedFlagError as error:
        if error.flagname.startswith("config."):
            raise UserError(f"--{error.flagname}: give --config=FILE before it.") from None
        raise


def _help(main: Callable, flag_values: flags.FlagValues) -> str:
    module = sys.modules[main.__module__]
    lines = [(module.__doc__ or "").strip(), "", "Flags:"]
    for name in sorted(flag_values):
        flag = flag_values[name]
        default = "" if flag.default is None else f" (default: {flag.default_as_str})"
        lines.append(f"  --{name}: {flag.help}{default}")
    return "\n".join(lines)
