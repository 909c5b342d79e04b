"""Options of a dataset from the command line: `--option=train=6000` sets field `train` of its `Config`."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

from im2txt.errors import UserError, did_you_mean


def parse_options(config_class: type, assignments: Sequence[str]) -> Any:
    """Returns a config with the fields that `name=value` assignments set; int, float, bool and str fields.

    Raises:
        UserError: an assignment is malformed, its name is unknown, or its value is of another type.
    """
    types = get_type_hints(config_class)
    fields = {field.name for field in dataclasses.fields(config_class)}
    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise UserError(f"--option={assignment}: expected --option=NAME=VALUE.")
        if name not in fields:
            raise UserError(f"--option={assignment}: there is no option `{name}`. {did_you_mean(name, fields)}")
        try:
            values[name] = _PARSERS[types[name]](text)
        except ValueError:
            kind = types[name].__name__
            raise UserError(f"--option={assignment}: `{name}` takes a value of type {kind}.") from None
    return config_class(**values)


def _parse_bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_PARSERS: dict[type, Callable[[str], Any]] = {int: int, float: float, bool: _parse_bool, str: str}
