"""What all commands share: absl flags of their own, a clean `--help`, and user errors without a traceback.

Each command holds its flags in a `flags.FlagValues()` of its own rather than in absl's global one, so that several
commands can live in one process (as in the tests), and so that `--help` shows the same text for
`python -m im2txt.train` as for the console script `im2txt-train`.
"""

import dataclasses
import re
import sys
from collections.abc import Callable

from absl import flags
from ml_collections import config_flags

from im2txt.errors import UserError, did_you_mean

OVERRIDE = re.compile(r"--?config\.([\w.]+)")


def run(main: Callable[[list[str]], None], flag_values: flags.FlagValues) -> None:
    """Parses `sys.argv` into `flag_values` and calls `main` with the positional arguments.

    A `UserError` or a mistyped flag becomes one message on stderr and exit code 1; `--help` prints the command's
    module docstring and its flags and exits with code 0; Ctrl-C exits with code 130.
    """
    if {"--help", "-h", "-help"} & set(sys.argv[1:]):
        print(_help(main, flag_values))  # noqa: T201
        raise SystemExit(0)
    try:
        main(_parse(flag_values)[1:])
    except (UserError, flags.Error) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)  # noqa: T201
        raise SystemExit(130) from None


def define_config_flag(flag_values: flags.FlagValues) -> None:
    """Defines `--config=FILE`, whose fields `--config.FIELD=VALUE` overrides."""
    config_flags.DEFINE_config_file(
        "config",
        None,
        "experiment file; --config.FIELD=VALUE changes a field of it",
        flag_values=flag_values,
        lock_config=False,
    )
    flags.mark_flag_as_required("config", flag_values=flag_values)


def _parse(flag_values: flags.FlagValues) -> list[str]:
    try:
        return flag_values(sys.argv)
    except (KeyError, AttributeError):
        raise UserError(_unknown_field(flag_values)) from None
    except OSError as error:
        raise UserError(f"--config: {error}") from None


def _unknown_field(flag_values: flags.FlagValues) -> str:
    """Names the first field that `--config.FIELD` asks for and the config does not have."""
    for argument in sys.argv:
        holder = flag_values["config"].value
        for name in OVERRIDE.match(argument)[1].split(".") if OVERRIDE.match(argument) else ():
            fields = [field.name for field in dataclasses.fields(holder)] if dataclasses.is_dataclass(holder) else []
            if name not in fields:
                return f"{argument}: the config has no field `{name}` there. {did_you_mean(name, fields)}"
            holder = getattr(holder, name)
    return "--config: the file has no function get_config(), or it fails."


def _help(main: Callable, flag_values: flags.FlagValues) -> str:
    module = sys.modules[main.__module__]
    lines = [(module.__doc__ or "").strip(), "", "Flags:"]
    for name in sorted(flag_values):
        flag = flag_values[name]
        default = "" if flag.default is None else f" (default: {flag.default_as_str})"
        lines.append(f"  --{name}: {flag.help}{default}")
    return "\n".join(lines)
