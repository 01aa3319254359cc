"""A channel that nothing here can serve: its replies wait, and its check says why."""

from __future__ import annotations

from collections.abc import Sequence

from custagent.core.errors import ChannelError, SendFault
from custagent.core.message import DeliveryReceipt, OutboundMessage
from custagent.core.ports import ChannelAdapter


class UnservedAdapter(ChannelAdapter):
    """A ChannelAdapter for a kind whose package is not installed, or whose settings it cannot read.

    Nothing is given up: once the package is there, or the settings are mended, what waits goes out.
    """

    def __init__(self, name: str, *, step: str, wrong: str) -> None:
        """`wrong` is what is wrong, in a sentence, with the `step` of the connection."""
        self._name = name
        self._step = (step, wrong)

    @property
    def name(self) -> str:
        """See the port."""
        return self._name

    @property
    def idempotent(self) -> bool:
        """See the port: nothing is ever sent."""
        return True

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """See the port. Raises ChannelError, always."""
        del outbound
        raise ChannelError(self._step[1], fault=SendFault.CHANNEL_OUT)

    async def check(self) -> Sequence[tuple[str, str]]:
        """See the port."""
        return [self._step]
