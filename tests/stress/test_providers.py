"""R12 at length: half of all exchanges go wrong, on both lines; `CUSTAGENT_STORM` is the number of messages."""

from __future__ import annotations

import os

from tests.acceptance.fault_proxy import Fault, FaultProxy, Weather, completion, passed_on
from tests.acceptance.full_disk import heard
from tests.acceptance.providers import WRITTEN, come_through, furnish, is_no_reply

MESSAGES = int(os.environ.get("CUSTAGENT_STORM") or 300)


def test_a_long_storm(new_meta, new_phone_house, start, record):
    meta = new_meta()
    house = new_phone_house(meta)
    model, phone = (
        FaultProxy(completion(WRITTEN), Weather(1)),
        FaultProxy(passed_on(meta.address), Weather(2), spared=is_no_reply),
    )
    with model, phone:
        furnish(house, model, phone)
        runner = start(house).ready()
        meta.reach(runner.address)
        with heard(runner.process) as told:
            storm = come_through(house, meta, runner, (model, phone), messages=MESSAGES, probability=0.5)
            runner.process.terminate()
            assert runner.process.wait(30) == 0
    grown = storm.after.grown_beyond_pools(storm.before)
    assert grown.files <= 10, storm
    assert grown.threads <= 2, storm
    assert not any("Traceback" in line for line in told), "".join(told[-80:])
    faults = sum(count for line in (model, phone) for fault, count in line.seen.items() if fault in set(Fault))
    record(
        f"R12: {MESSAGES} messages through {faults} faults: {dict(storm.ends)} in {storm.seconds:.0f} s, {storm.after}"
    )
