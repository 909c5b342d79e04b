"""Ctrl-C that waits; how the loop uses it is tested with the loop."""

import signal
import threading

import pytest

from im2txt.training.interrupts import interrupt_event


def test_the_first_interrupt_is_an_event_and_the_second_is_not(capsys):
    with interrupt_event() as event:
        assert not event.is_set()
        signal.raise_signal(signal.SIGINT)
        assert event.is_set()
        assert "Ctrl-C again stops at once" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_machine_that_is_taken_away_is_an_event_too(capsys):
    before, calls = signal.signal(signal.SIGTERM, lambda *_: calls.append("usual")), []
    try:
        with interrupt_event() as event:
            signal.raise_signal(signal.SIGTERM)
            assert event.is_set()
            assert "the same signal again stops at once" in capsys.readouterr().err
            assert calls == []
            signal.raise_signal(signal.SIGTERM)
            assert calls == ["usual"]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_ignored_signal_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupt_event() as event:
            signal.raise_signal(signal.SIGINT)
            assert not event.is_set()
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_other_threads_can_train_too():
    entered = []

    def train():
        with interrupt_event() as event:
            entered.append(event)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert len(entered) == 1
