"""How far a run has come, and the time it takes."""

import json
import math
import time
from dataclasses import asdict, dataclass, field

import tensorflow as tf


@dataclass(eq=False)
class Progress(tf.train.experimental.PythonState):
    """The state of a run beside weights: plain numbers, which are checkpointed too.

    Attributes:
        step: steps taken.
        seconds: of training and validation, in all.
        best_score: the best validation's.
        stale: validations since then.
        validated: the step of the last one.
        sums: of what the steps since the last line of the logs gave, by name.
        summed: how many steps these are.
    """

    step: int = 0
    seconds: float = 0.0
    best_score: float = -math.inf
    stale: int = 0
    validated: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    summed: int = 0

    def serialize(self) -> str:
        """Returns the text that a checkpoint holds."""
        return json.dumps(asdict(self))

    def deserialize(self, text: str) -> None:
        """The inverse of `serialize`."""
        vars(self).update(json.loads(text))


class Clock:
    """Seconds since the last lap and since the last checkpoint."""

    def __init__(self) -> None:
        self._lap = self._save = time.monotonic()

    def lap(self) -> float:
        """Ends a lap; returns its seconds."""
        now = time.monotonic()
        seconds, self._lap = now - self._lap, now
        return seconds

    def since_save(self) -> float:
        """Returns the seconds since the last checkpoint."""
        return time.monotonic() - self._save

    def saved(self) -> None:
        """There is a checkpoint now."""
        self._save = time.monotonic()
