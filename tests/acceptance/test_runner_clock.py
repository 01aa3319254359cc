"""The real runner on a machine whose clock was set while nobody ran, by a day either way (R8)."""

from __future__ import annotations

import time

#: Hours that each runner's clock is ahead of ours, and whether the message it hears begins a new conversation.
RUNS = ((0, True), (25, True), (-20, False), (0, False), (25, True))


def test_a_clock_that_was_set_between_two_runners(new_house, start, contact):
    house, visitor, conversations = new_house(), None, 0
    for hours, new in RUNS:
        began = time.monotonic()
        # Nearly now: exactly 0 would be the command itself, and not the program with a clock of its own.
        runner = start(house, ahead=hours or 0.001).ready()
        assert time.monotonic() - began < 30, "the lease of a runner that was killed is in the future, or long ago"
        visitor = visitor or contact(runner.port)
        visitor.port = runner.port
        assert visitor.wait_for_reply(visitor.send())["text"]
        conversations += new
        assert len({conversation for conversation, _ in house.charges()}) == conversations
        runner.kill()
    assert house.charges() == list(dict.fromkeys(house.charges())), "each was charged once"
    shown = [message["id"] for message in visitor.heard]
    assert shown == sorted(set(shown)), "by number, not by time"
    kinds = [kind for _, kind, _ in house.threads()[visitor.key] if kind != "disclosure"]
    assert kinds == ["inbound", "answer"] * len(RUNS)
    assert house.custagent("credits", "verify").returncode == 0
