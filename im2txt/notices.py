"""What a command tells besides its output: one line each on stderr. Needs the standard library alone."""

import sys


def notice(text: str) -> None:
    """Tells the user what they should know; what the terminal cannot show is escaped, as stderr always does."""
    sys.stderr.write(f"note: {text}\n")
