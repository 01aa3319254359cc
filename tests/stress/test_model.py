"""R5 at length: the machine of conversations and credits, 5,000 examples of 50 steps (`CUSTAGENT_EXAMPLES`)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

from tests.machines.machine import Conversations

EXAMPLES = int(os.environ.get("CUSTAGENT_EXAMPLES") or 5_000)


class LongConversations(Conversations):
    """The same, with settings of its own."""


LongConversations.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=50,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
TestLongConversations = LongConversations.TestCase
