"""The real `custagent run` with a webhook channel: batches in, replies out, and a provider that is not always well."""

from __future__ import annotations

import json
import signal
import time

import pytest

from custagent.channels.signature import sign
from custagent.testing.meta import Fault
from tests.acceptance.phone import ANSWER, CHANNEL, Caller


@pytest.fixture(scope="module")
def meta(new_meta):
    return new_meta(again=0.3)


@pytest.fixture(scope="module")
def house(meta, new_phone_house):
    return new_phone_house(meta)


@pytest.fixture(scope="module")
def runner(house, meta, start):
    runner = start(house).ready()
    meta.reach(runner.address)
    return runner


def test_contacts_on_both_channels_are_answered(runner, meta, house, contact, wait_until):
    visitor = contact(runner.port)
    callers = [Caller(meta, f"4670000{number}") for number in range(20)]
    for caller in callers:
        caller.ask()
    assert visitor.wait_for_reply(visitor.send())["text"] == ANSWER
    for caller in callers:
        assert caller.wait()
        disclosure, answer = meta.replies_to(caller.phone)
        assert answer.text == ANSWER
        assert disclosure.text != ANSWER
    # What became of each reply comes back, in any order, and twice; the furthest counts.
    wait_until(lambda: meta.idle)
    assert house.delivery(CHANNEL) == {"read": 40}
    assert {status for status, _ in meta.answers} == {200}
    assert len(house.charges()) == 21


def test_the_provider_is_told_that_it_may_come(runner, meta):
    assert meta.verify() == (200, b"1158201444")
    assert meta.verify("something else")[0] == 403
    assert meta.verify("")[0] == 403


def test_what_is_not_signed_is_not_read(runner, meta, house):
    before = house.inbound()
    body = json.dumps({"object": "whatsapp_business_account"}).encode()
    assert meta.deliver(body, signature="") == 401
    assert meta.deliver(body, signature=sign(body, "another secret")) == 403
    assert meta.deliver(body + b" ", signature=sign(body, meta.account.app_secret)) == 403
    assert meta.deliver(b"not JSON") == 500
    assert meta.deliver(body) == 200
    assert house.inbound() == before


@pytest.mark.parametrize("fault", [Fault.FAIL, Fault.SLOW_DOWN, Fault.DROP])
def test_a_fault_that_passes_costs_no_reply(runner, meta, house, fault):
    caller = Caller(meta, f"46711{list(Fault).index(fault)}")
    meta.disturb(fault)
    caller.ask()
    assert caller.wait()
    references = [reply.reference for reply in meta.replies_to(caller.phone)]
    # Even what was taken without a word is not sent again: the provider's own news of it comes first.
    assert len(references) == len(set(references)) == 2


@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.LOSE])
def test_a_reply_that_nobody_will_ever_get_is_given_up(runner, meta, house, wait_until, fault):
    caller = Caller(meta, f"46712{list(Fault).index(fault)}")
    meta.disturb(fault)
    caller.ask()
    if fault is Fault.REFUSE:
        # Whoever the agent cannot reach is left to people, who may have another way.
        wait_until(lambda: house.json("conversations", "list")[0]["status"] == "open")
    else:
        assert caller.wait()
    wait_until(lambda: house.delivery(CHANNEL).get("failed"))
    (letter,) = house.json("status")["last_dead_letters"][:1]
    assert letter["channel"] == CHANNEL
    assert "Message undeliverable" in letter["error"]


def test_the_connection_can_be_checked(runner, meta, house):
    assert house.custagent("channels", "check", CHANNEL).returncode == 0
    del house.environment["WHATSAPP_SECRET"]
    failed = house.custagent("channels", "check", CHANNEL)
    house.environment["WHATSAPP_SECRET"] = meta.account.app_secret
    assert failed.returncode == 1
    assert "WHATSAPP_SECRET" in failed.stdout + failed.stderr


def test_stopping_with_work_open_on_both_channels(*, new_meta, new_phone_house, start, contact, record, wait_until):
    """R15: a clean end within ten seconds; the next one does what was left."""
    meta = new_meta(again=0.2)
    house = new_phone_house(meta)
    runner = start(house).ready()
    meta.reach(runner.address)
    callers = [Caller(meta, f"4673{number}") for number in range(30)]
    visitors = [contact(runner.port) for _ in range(10)]
    for caller in callers:
        caller.ask()
    sent = {visitor: visitor.send() for visitor in visitors}
    wait_until(lambda: len(meta.acknowledged) >= 20)
    in_flight = house.waiting()
    began = time.monotonic()
    runner.signal(signal.SIGTERM)
    code, told = runner.ends()
    took = time.monotonic() - began
    record(f"stopped with work on both channels, {in_flight} unanswered and unsent, in {took:.2f} s")
    assert (code, "Traceback" in told) == (0, False), told
    assert took < 10
    assert any(in_flight)
    again = start(house).ready()
    meta.reach(again.address)
    for visitor, number in sent.items():
        visitor.port = again.port
        assert visitor.wait_for_reply(number)["text"] == ANSWER
    assert all(caller.wait() for caller in callers)
    # None twice: one that stops in order leaves nothing half-noted.
    references = [reply.reference for reply in meta.replies]
    assert len(references) == len(set(references))
    assert again.stop()[0] == 0
    assert len({conversation for conversation, _ in house.charges()}) == len(house.charges()) == 40
