"""Whom the kinds of this installation work for: what they see of the runner beyond `Reception`."""

from __future__ import annotations

from typing import Protocol

from custagent.channels.hub import Hub
from custagent.channels.reception import Reception
from custagent.core.agent import Assignment
from custagent.core.conversation import Begun
from custagent.core.message import InboundMessage
from custagent.runtime.bootstrap import Application
from custagent.runtime.in_force import InForce


class Host(Reception, Protocol):
    """The runner, for kinds that may look into the workspace themselves."""

    @property
    def app(self) -> Application:
        """The open workspace."""
        ...

    @property
    def hub(self) -> Hub:
        """Where streams wait for what is new."""
        ...

    @property
    def in_force(self) -> InForce:
        """What is live."""
        ...

    @property
    def fence(self) -> int:
        """The token of the runner's lease, with which its writes prove that no other runner has taken over."""
        ...

    async def receive(self, inbound: InboundMessage) -> Begun:
        """Mask one contact's message and write it down, as `receive_all` does with many."""
        ...

    def team_works(self, assignment: Assignment) -> bool:
        """Whether it is the hours of the people whom the agent hands over to (ASG-5). Raises ConfigError, StoreError."""
        ...
