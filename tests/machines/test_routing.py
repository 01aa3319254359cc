"""People come and go, and every conversation finds its way (`routing`)."""

from __future__ import annotations

import os

from hypothesis import settings

from tests.machines.routing import Routing

#: The long form is asked for, as that of the conversations is.
LONG = bool(os.environ.get("CUSTAGENT_STRESS"))

TestRouting = Routing.TestCase
TestRouting.settings = settings(
    max_examples=1000 if LONG else 60, stateful_step_count=60 if LONG else 30, deadline=None
)
