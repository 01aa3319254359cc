"""Mail in the runner: every mailbox of the workspace read beside the others, and the rows that decide about a mail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from custagent.channels.email.adapter import EmailAdapter
from custagent.channels.mail.model import Traffic
from custagent.channels.reception import Surroundings
from custagent.core.channel import Channel, EmailChannel
from custagent.core.conversation import Conversation
from custagent.core.errors import CustagentError, LeaseHeld
from custagent.core.ports import ChannelAdapter
from custagent.runtime.bootstrap import Application
from custagent.runtime.kinds.host import Host
from custagent.runtime.waiting import wait_for_any

if TYPE_CHECKING:
    from starlette.routing import BaseRoute


_log = logging.getLogger(__name__)

#: Seconds between looks for channels that were added, changed or removed.
POLL = 1.0
#: Seconds before a mailbox is read again whose reading ended by a fault of ours.
_REST = 60.0
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


class EmailKind:
    """Mailboxes."""

    def adapter(self, channel: Channel, around: Surroundings) -> ChannelAdapter:
        """See ServedKind."""
        if not isinstance(channel, EmailChannel):
            raise TypeError(f"{channel.name} is a {channel.kind} channel")
        return EmailAdapter(channel, around)

    def routes(self, host: Host) -> Sequence[BaseRoute]:
        """Mail is fetched: nobody knocks."""
        del host
        return ()

    def work(self, host: Host, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        """See ServedKind."""
        return (Mailboxes(host).run(stop),)

    def guide(self, channel: Channel, address: str) -> Sequence[str]:
        """What is still to be done for a new mailbox. `address` is the runner's, which mail does not need."""
        del address
        told = [f"Try both servers, without sending anything: custagent channels check {channel.name}"]
        if isinstance(channel, EmailChannel) and not channel.authserv_id:
            told.append(
                "To know which senders are proved, set `authserv_id:` to the name at the beginning of the header"
                " Authentication-Results in any mail of that mailbox."
            )
        return told


@dataclass(slots=True)
class _Reading:
    """A mailbox that is being read."""

    channel: EmailChannel
    stop: asyncio.Event
    task: asyncio.Task[None]


class Mailboxes:
    """Reads them all. A fault of one stops no other."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._records = MailRecords(host.app)
        self._readings: dict[str, _Reading] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Raises LeaseHeld."""
        try:
            while not stop.is_set():
                self._look()
                await wait_for_any(stop, seconds=POLL)
        finally:
            for reading in self._readings.values():
                reading.stop.set()
            tasks = [reading.task for reading in self._readings.values()]
            if tasks:
                await asyncio.wait(tasks)

    def _look(self) -> None:
        """End what is not wanted any more, begin what is new."""
        try:
            wanted = _mailboxes(self._host.channels())
        except LeaseHeld:
            raise
        except CustagentError as error:
            _log.error("the mailboxes cannot be looked up for the moment: %s", error.message)
            return
        for name, reading in list(self._readings.items()):
            if reading.task.done():
                del self._readings[name]
                reading.task.result()
            elif wanted.get(name) != reading.channel:
                # One that was changed begins anew once this one has ended: never two at a time.
                reading.stop.set()
        for name, channel in wanted.items():
            if name not in self._readings:
                ends = asyncio.Event()
                self._readings[name] = _Reading(
                    channel=channel, stop=ends, task=asyncio.create_task(self._read(channel, ends))
                )

    async def _read(self, channel: EmailChannel, stop: asyncio.Event) -> None:
        from custagent.channels.email.intake import Intake
        from custagent.channels.email.reading import MailReader

        try:
            await MailReader(channel, Intake(channel, self._host, self._records)).run(stop)
        except LeaseHeld:
            raise
        except Exception:  # noqa: BLE001 - see below
            # The task's boundary: one mailbox's fault must not stop the others.
            _log.exception("%s: reading mail ended, it begins again in a minute", channel.name)
            await wait_for_any(stop, seconds=_REST)


class MailRecords:
    """See `intake.MailRecords`."""

    def __init__(self, app: Application) -> None:
        self._store = app.store
        self._clock = app.clock

    async def conversation(self, id_: str) -> Conversation | None:
        """The conversation of this id, on whatever channel. Raises StoreError."""
        return await asyncio.to_thread(self._store.conversations.conversation, id_)

    async def traffic(self, channel: str, address: str, conversation: str) -> Traffic:
        """How much went to and fro with an address, and in a conversation. Raises StoreError."""
        return await asyncio.to_thread(self._traffic, channel, address, conversation)

    def _traffic(self, channel: str, address: str, conversation: str) -> Traffic:
        now, counts = self._clock.now(), self._store.mail_traffic
        return Traffic(
            replies_in_day=counts.replies(channel, address, now - _DAY),
            mails_in_hour=counts.messages(conversation, now - _HOUR) if conversation else 0,
        )


def _mailboxes(channels: Mapping[str, Channel]) -> Mapping[str, EmailChannel]:
    return {name: channel for name, channel in channels.items() if isinstance(channel, EmailChannel)}
