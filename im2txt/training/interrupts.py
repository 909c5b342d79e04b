"""Ctrl-C that waits for the end of a step.

Python raises KeyboardInterrupt wherever it happens to be, most likely right after a training step has changed the
weights and before it has been counted; a checkpoint of that moment would take the step twice.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupt_event() -> Iterator[threading.Event]:
    """Sets the event on the first Ctrl-C; the second one acts as usual.

    Does nothing where Ctrl-C is ignored (`command &` in a script), nor outside the main thread, which alone may.
    """
    event = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def note(*_: object) -> None:
        sys.stderr.write("\nstopping after this step; Ctrl-C again stops at once, without a checkpoint\n")
        event.set()
        signal.signal(signal.SIGINT, before)

    if before is signal.SIG_IGN or threading.current_thread() is not threading.main_thread():
        yield event
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)
