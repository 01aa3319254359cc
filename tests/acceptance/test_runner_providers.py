"""Providers at their worst: every message ends answered or with a person, nothing hangs, nothing piles up (R12)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import PATIENCE
from tests.acceptance.fault_proxy import Fault, FaultProxy, Weather, completion, passed_on
from tests.acceptance.full_disk import heard
from tests.acceptance.providers import SPARE, TIMEOUT, WRITTEN, come_through, furnish, is_no_reply, slowest_turn

MESSAGES = 20


@pytest.fixture(scope="module")
def meta(new_meta):
    return new_meta()


def test_bad_lines_to_the_model_and_to_the_provider(meta, new_phone_house, start, record, require):
    require("/proc", Path("/proc").is_dir(), "what a process holds is read there")
    house = new_phone_house(meta)
    model, phone = (
        FaultProxy(completion(WRITTEN), Weather()),
        FaultProxy(passed_on(meta.address), Weather(), spared=is_no_reply),
    )
    with model, phone:
        furnish(house, model, phone)
        runner = start(house).ready()
        meta.reach(runner.address)
        with heard(runner.process) as told:
            storm = come_through(house, meta, runner, (model, phone), messages=MESSAGES)
            runner.process.terminate()
            assert runner.process.wait(PATIENCE) == 0
    assert model.seen.keys() >= set(Fault)
    assert phone.seen.keys() >= set(Fault)
    assert min(storm.ends["answer"], storm.ends["handoff"]) > 1
    # The first one waits for the library to be loaded as well; every turn has a place for at most its time-out.
    assert slowest_turn(house) < MESSAGES * TIMEOUT
    assert storm.after.grown_beyond_pools(storm.before).within(SPARE), storm
    assert not any("Traceback" in line for line in told), "".join(told[-80:])
    record(
        f"{MESSAGES} messages, {len(Fault)} faults on the line to the model and on that to the provider:"
        f" {dict(storm.ends)} in {storm.seconds:.1f} s, {storm.before} -> {storm.after}"
    )
