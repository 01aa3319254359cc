"""One mailbox, read for as long as the runner works: what came is written down, then remembered as read, then marked.

A runner that is killed in between reads the same mails again, and they are known by their ids. Mail stays where it is:
nothing is ever deleted or moved.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from custagent.channels.aside import aside
from custagent.channels.email.imap import WHOLE, Fetched, ImapFolder, Waiting, open_folder
from custagent.channels.email.intake import Intake
from custagent.channels.email.login import login_of
from custagent.channels.email.state import ReadUpTo
from custagent.core.channel import EmailChannel
from custagent.core.errors import CustagentError, LeaseHeld, Overloaded, StoreError
from custagent.core.written import seconds

_log = logging.getLogger(__name__)

#: Seconds after which a server is asked anew to tell of mail: shorter than routers forget a silent connection.
IDLE = 540.0
#: Seconds before a mailbox that failed is tried again; doubled with each failure in a row, up to the longest.
FIRST_BACK_OFF, LONGEST_BACK_OFF = 2.0, 300.0
#: Seconds that what is under way may take when the runner stops.
FINISH = 3.0
#: How many mails are worked on at a time, and how many bytes are held of them, unless a single mail is longer.
AT_ONCE, BYTES = 50, 16 * 1024 * 1024
#: When the numbers of mails have changed, what came so long before the last look is looked at again: a day of a server's
#: search is one of its own time zone.
LOOK_BACK = timedelta(days=2)


class MailReader:
    """Reads one mailbox."""

    def __init__(self, channel: EmailChannel, intake: Intake) -> None:
        self._channel = channel
        self._intake = intake
        self._reception = intake.reception
        self._around = intake.reception.around
        self._failures = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Read until `stop` is set; whatever goes wrong is told, and tried again later. Raises LeaseHeld."""
        reading, stopped = asyncio.create_task(self._read_on(stop)), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([reading, stopped], return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                await asyncio.wait([reading], timeout=FINISH)
            if reading.done():
                reading.result()
        finally:
            reading.cancel()
            stopped.cancel()

    async def _read_on(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._connection(stop)
            except LeaseHeld:
                raise
            except Overloaded as error:
                await _pause(stop, error.retry_after)
            except CustagentError as error:
                await self._tell(error)
                await _pause(stop, min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(self._failures, 10)))
                self._failures += 1

    async def _tell(self, error: CustagentError) -> None:
        """Once for many: a server that is out stays out for a while. Whom else it concerns, the runner knows."""
        level = logging.ERROR if self._failures % 20 == 0 else logging.INFO
        _log.log(level, "%s: mail cannot be read now, it is tried again: %s", self._channel.name, error.message)
        try:
            await self._reception.trouble(self._channel.name, error.message)
        except LeaseHeld:
            raise
        except StoreError as failure:
            _log.error("%s: that could not be noted: %s", self._channel.name, failure.message)

    async def _connection(self, stop: asyncio.Event) -> None:
        """Stay connected until `stop` is set. Raises what ends the connection."""
        login = login_of(self._channel, self._around.secrets, self._around.root)
        name = f"imap {self._channel.name}"
        folder = await aside(partial(open_folder, login, self._channel.folder), name=name)
        try:
            while not stop.is_set():
                await self._catch_up(folder, stop)
                await self._works()
                if not stop.is_set():
                    await self._wait(folder, stop)
            await aside(folder.close, name=name, abandon=folder.abandon)
        except BaseException:
            folder.abandon()
            raise

    async def _works(self) -> None:
        if self._failures:
            _log.warning("%s: mail can be read again", self._channel.name)
            self._failures = 0
        await self._reception.trouble(self._channel.name, "")

    async def _wait(self, folder: ImapFolder, stop: asyncio.Event) -> None:
        """Until there may be something new."""
        poll, name = float(seconds(self._channel.poll)), f"imap {self._channel.name}"
        if folder.tells:
            # Also where the server tells: what it fails to tell is found all the same.
            wait = partial(folder.wait, min(IDLE, max(poll, 60.0)), stop.is_set)
            await aside(wait, name=name, abandon=folder.abandon)
        else:
            await _pause(stop, poll)
            await aside(folder.keep_alive, name=name, abandon=folder.abandon)

    async def _catch_up(self, folder: ImapFolder, stop: asyncio.Event) -> None:
        """Take everything that is new."""
        name, now = self._channel.name, self._around.clock.now()
        known = ReadUpTo.of(await self._reception.remembered(name), self._channel.folder)
        if known is None:
            # What was there before the channel was is not ours to answer.
            await self._remember(folder, folder.uid_next - 1)
            return
        if known.uid_validity == folder.uid_validity:
            new = partial(folder.after, known.uid)
        else:
            _log.warning("%s: the server has numbered its mail anew; what came of late is looked at again", name)
            new = partial(folder.since, (known.at - LOOK_BACK).date())
        uids = await aside(new, name=f"imap {name}", abandon=folder.abandon)
        same = known.uid_validity == folder.uid_validity
        for start in range(0, len(uids), AT_ONCE):
            if stop.is_set():
                return
            some = uids[start : start + AT_ONCE]
            waiting = await aside(partial(folder.look, some), name=f"imap {name}", abandon=folder.abandon)
            for batch in _batches(waiting):
                fetched = await aside(partial(_read, folder, batch), name=f"imap {name}", abandon=folder.abandon)
                await self._intake.take(fetched)
                if same:
                    await self._remember(folder, batch[-1].uid)
                await aside(
                    partial(folder.mark, [one.uid for one in batch]), name=f"imap {name}", abandon=folder.abandon
                )
        if not same:
            await self._remember(folder, max([folder.uid_next - 1, *uids]))
        elif not uids and now - known.at > LOOK_BACK / 4:
            # So that a new numbering does not send us back to the last mail of a quiet mailbox.
            await self._remember(folder, known.uid)

    async def _remember(self, folder: ImapFolder, uid: int) -> None:
        reached = ReadUpTo(
            folder=self._channel.folder, uid_validity=folder.uid_validity, uid=uid, at=self._around.clock.now()
        )
        await self._reception.remember(self._channel.name, str(reached))


def _batches(waiting: Sequence[Waiting]) -> Iterator[list[Waiting]]:
    """So many at a time that they fit into memory."""
    batch: list[Waiting] = []
    size = 0
    for one in waiting:
        length = min(one.size, WHOLE)
        if batch and size + length > BYTES:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    if batch:
        yield batch


def _read(folder: ImapFolder, batch: Sequence[Waiting]) -> list[Fetched]:
    return list(folder.read(batch))


async def _pause(stop: asyncio.Event, seconds_: float) -> None:
    """Not all mailboxes at the same moment."""
    try:
        async with asyncio.timeout(seconds_ * (0.75 + random.random() / 2)):  # noqa: S311 - anybody may guess it
            await stop.wait()
    except TimeoutError:
        return
