"""The one error that is addressed to the user.

A `UserError` is raised for everything that someone outside the code can mend. Its message says what is wrong,
where, what was found, and what to do; commands print it in one sentence and exit with code 1.
"""

import difflib
import re
from collections.abc import Iterable


class UserError(Exception):
    """Something the user can mend; the message says what, where and how."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns a remedy for a mistyped name: the nearest known one if any is near, and all of them."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    guess = f"Did you mean `{near[0]}`? " if near else ""
    return f"{guess}Known: {', '.join(known) or 'none'}."


def tensorflow_reason(error: Exception) -> str:
    """Returns what an error of TensorFlow says, without the node of the graph that its first line may begin with."""
    return re.sub(r"^{{.*?}} ?", "", str(error).partition("\n")[0])
