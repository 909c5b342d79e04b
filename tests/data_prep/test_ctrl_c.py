"""Ctrl-C while other threads run, and what becomes of images that were sent ahead when the rest is not wanted."""

import concurrent.futures
import os
import signal
import threading
import time

import pytest

from data_prep.examples import CaptionedImage
from data_prep.image_checks import ImageCheckers, ImageOptions, _ctrl_c_blocked
from tests.helpers import photo


@pytest.fixture
def other_thread():
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()
    yield
    release.set()
    thread.join()


def interrupted_block(ended):
    with _ctrl_c_blocked():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
        ended.append(True)


@pytest.mark.usefixtures("other_thread")
def test_ctrl_c_waits_even_if_another_thread_gets_it():
    ended = []
    with pytest.raises(KeyboardInterrupt):
        interrupted_block(ended)
    assert ended


def test_what_was_sent_ahead_is_given_up_when_the_rest_is_not_wanted(monkeypatch):
    cancel, given_up = concurrent.futures.Future.cancel, []

    def watched(future):
        given_up.append(cancel(future))
        return given_up[-1]

    monkeypatch.setattr(concurrent.futures.Future, "cancel", watched)
    examples = [CaptionedImage(str(number), "train", ("a",), photo(0, 256)) for number in range(200)]
    checks = ImageCheckers(2)(examples, ImageOptions(image_size=128))
    next(checks)
    checks.close()
    assert True in given_up
