"""Ctrl-C, and a machine that is taken away, wait for the end of a step, or of a batch of validation.

Python raises KeyboardInterrupt wherever it happens to be, most likely right after a training step has changed the
weights and before it has been counted; a checkpoint of that moment would take the step twice. SIGTERM, which clouds and
job queues send some seconds before they take the machine, would leave none at all.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupt_event() -> Iterator[threading.Event]:
    """Sets the event on the first Ctrl-C or SIGTERM; the second one acts as usual.

    Leaves alone what is ignored (Ctrl-C for a `command &` in a script), and does nothing outside the main thread, which
    alone may.
    """
    event = threading.Event()
    alone = threading.current_thread() is not threading.main_thread()
    before = {} if alone else {number: signal.getsignal(number) for number in SIGNALS}
    handled = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}

    def note(number: int, _: object) -> None:
        again = "Ctrl-C again" if number == signal.SIGINT else "the same signal again"
        sys.stderr.write(f"\nstopping after this step; {again} stops at once, without a checkpoint\n")
        event.set()
        signal.signal(number, handled[number])

    for number in handled:
        signal.signal(number, note)
    try:
        yield event
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
