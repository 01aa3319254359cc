"""The machine, in a few seconds; `tests/stress/test_model.py` is the long run."""

from hypothesis import HealthCheck, settings

from tests.machines.machine import Conversations

Conversations.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestConversations = Conversations.TestCase
