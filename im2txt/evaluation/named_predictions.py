"""The captions of several systems, each a file that the user names: --predictions=NAME=FILE, once a system."""

from collections.abc import Collection, Sequence

from im2txt.errors import UserError
from im2txt.files import read_user_json
from im2txt.metrics.coco_format import parse_predictions


def read_named_predictions(given: Sequence[str], taken: Collection[str] = ()) -> dict[str, dict[str, str]]:
    """Returns {name: {image id: caption}} of `NAME=FILE` each, COCO result files; names in `taken` are refused.

    Raises:
        UserError: a name is missing or there twice, or a file is not to be had.
    """
    systems: dict[str, dict[str, str]] = {}
    for argument in given:
        name, _, path = argument.partition("=")
        if not name or not path:
            raise UserError(
                f"--predictions={argument}: give a name and a file, as in --predictions=nic=predictions.json."
            )
        if name in systems or name in taken:
            raise UserError(f"--predictions={argument}: there is already a system `{name}`. Give each its own name.")
        systems[name] = parse_predictions(read_user_json(path), path)
    return systems
