"""A channel without a provider."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from custagent.core.errors import ChannelError
from custagent.core.message import DeliveryReceipt, DeliveryStatus, OutboundMessage
from custagent.core.ports import ChannelAdapter


class FakeChannel(ChannelAdapter):
    """A ChannelAdapter that delivers to a list. It fails first, once for each of `failures`, which say why."""

    def __init__(self, name: str = "fake", failures: Iterable[str] = ()) -> None:
        self._name = name
        self._failures = iter(failures)
        #: What was delivered, in order.
        self.sent: list[OutboundMessage] = []

    @property
    def name(self) -> str:
        """See the port."""
        return self._name

    @property
    def idempotent(self) -> bool:
        """See the port: what is sent twice is in the list twice."""
        return False

    async def send(self, outbound: OutboundMessage) -> DeliveryReceipt:
        """See the port."""
        failure = next(self._failures, None)
        if failure is not None:
            raise ChannelError(failure)
        self.sent.append(outbound)
        return DeliveryReceipt(status=DeliveryStatus.SENT, external_id=f"{self._name}-{len(self.sent)}")

    async def check(self) -> Sequence[tuple[str, str]]:
        """See the port: all is well."""
        return [("it is a fake", "")]
