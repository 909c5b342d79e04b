"""What people see of a run: a progress bar, metrics.jsonl and TensorBoard, all from the same numbers.

metrics.jsonl holds one JSON object a line: {"step": 100, "epoch": 0.17, "loss": 4.2, ...} of training, and, of a
validation, the same with keys that begin with `val/`. The `learning_rate` is that of the step to come.
"""

import json
import os
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from im2txt.files import write_whole

LOG = "metrics.jsonl"


class RunLog:
    """Writes a run's numbers. Lines that a stopped run wrote beyond `step`, where it resumes, are dropped."""

    def __init__(self, workdir: str | os.PathLike, step: int, steps: int, captions_per_step: float) -> None:
        self._path = Path(workdir) / LOG
        self._drop_after(step)
        self._writer = tf.summary.create_file_writer(str(Path(workdir) / "tensorboard"))
        self._bar = tqdm(total=steps, initial=step, unit="step", dynamic_ncols=True, smoothing=0.05)
        self._captions_per_step = captions_per_step

    def advance(self, steps: int = 1) -> None:
        """Moves the progress bar."""
        self._bar.update(steps)

    def write(self, step: int, epoch: float, numbers: dict[str, float]) -> None:
        """Appends a line to metrics.jsonl and sends the same numbers to TensorBoard."""
        line = {"step": step, "epoch": round(epoch, 4), **{name: float(value) for name, value in numbers.items()}}
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        with self._writer.as_default(step=step):
            for name, value in numbers.items():
                tf.summary.scalar(name, value)

    def show(self, epoch: float, loss: float, **more: float) -> None:
        """Shows numbers beside the bar: captions/s, loss, epoch."""
        rate = (self._bar.format_dict["rate"] or 0.0) * self._captions_per_step
        self._bar.set_postfix({"captions/s": f"{rate:.0f}", "epoch": f"{epoch:.1f}", "loss": f"{loss:.3f}", **more})

    def say(self, text: str) -> None:
        """Prints a line above the bar."""
        self._bar.write(text)

    def close(self) -> None:
        """Ends the bar and flushes TensorBoard's file."""
        self._bar.close()
        self._writer.close()

    def _drop_after(self, step: int) -> None:
        if self._path.is_file():
            lines = [line for line in self._path.read_text(encoding="utf-8").splitlines() if _step(line) <= step]
            write_whole(self._path, "".join(f"{line}\n" for line in lines))


def _step(line: str) -> float:
    """Returns the step of a line; a line cut by a crash counts as beyond all."""
    try:
        return json.loads(line)["step"]
    except (ValueError, KeyError, TypeError):
        return float("inf")
