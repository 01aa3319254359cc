"""What the demo does when it is ended; what it shows is an acceptance test."""

from __future__ import annotations

import os
import signal

import pytest

from custagent.runtime.proving.demo import Interruption


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_interrupts_while_a_program_is_started_is_heard_after_it(number: int) -> None:
    """Else what is just being started would belong to nobody, and go on in a folder that is gone."""
    interruption = Interruption()
    before = signal.getsignal(number)
    interruption.listen()
    started = []

    def start() -> None:
        with interruption.held():
            os.kill(os.getpid(), number)
            started.append("the program")

    try:
        with pytest.raises(KeyboardInterrupt):
            start()
        assert started
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    finally:
        interruption.leave()
    assert signal.getsignal(number) is before
