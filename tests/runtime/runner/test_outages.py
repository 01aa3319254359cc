"""How long a channel that is out is left alone, and what is remembered of it."""

from __future__ import annotations

from datetime import UTC, datetime

from custagent.runtime.runner.outages import Outages


def test_pauses_grow_to_a_minute_and_begin_anew_after_the_outage():
    now, until = [0.0], datetime(2026, 1, 15, tzinfo=UTC)
    outages = Outages(lambda: now[0])
    pauses = []
    for _ in range(10):
        pauses.append(outages.pause("web", 0.0, lambda: 1.0))
        outages.failed("web", pauses[-1], until)
        assert set(outages.resting()) == {"web"}
        assert outages.held_until("web") == until
        now[0] += pauses[-1]
        assert not outages.resting()
        assert outages.held_until("web") is None
        assert outages.is_out("web")
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert outages.pause("web", 900.0, lambda: 0.0) == 900.0
    assert outages.pause("web", 0.0, lambda: 0.0) == 45.0
    assert outages.works("web") == until
    assert outages.works("web") is None
    assert not outages.is_out("web")
    assert outages.pause("web", 0.0, lambda: 1.0) == 1.0
