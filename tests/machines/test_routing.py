"""People come and go, and every conversation finds its way (`routing`)."""

from __future__ import annotations

import os

from hypothesis import settings

from custagent.core.people import Seat
from tests.machines.routing import Routing

#: The long form is asked for, as that of the conversations is.
LONG = bool(os.environ.get("CUSTAGENT_STRESS"))

TestRouting = Routing.TestCase
TestRouting.settings = settings(
    max_examples=1000 if LONG else 25, stateful_step_count=60 if LONG else 30, deadline=None
)


def test_who_gives_one_up_is_given_another_in_the_same_look() -> None:
    """Nobody answers in time; bo, who may have one, can take anna's only once anna has bo's."""
    state = Routing()
    state.begin(to=("team:support",), after=None)
    state.pass_time(minutes=5, looks=False)
    state.assignment_changes(after="5m", on=(), to=("team:support",))
    state.user_changes(name="bo", seat=Seat.SERVICE, capacity=1, works={}, looks=True)
    state.teardown()
