"""Mail of all kinds through a real mailbox, and what must have become of each: in the short form and the long."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from custagent.channels.mail.compose import answered
from custagent.channels.mail.gate import writer
from custagent.channels.mail.model import Handling
from custagent.channels.mail.parse import read
from tests.acceptance.letters import ADDRESS, CHANNEL, Writer
from tests.acceptance.mail_servers import Dovecot, Submission
from tests.channels.mail.mixed import Mixed, mixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What is there when all mails have been read."""

    house: Any
    mails: tuple[Mixed, ...]
    submission: Submission
    seconds: float

    def of(self, *handlings: Handling) -> list[Mixed]:
        return [mail for mail in self.mails if mail.handling in handlings]

    @property
    def written(self) -> dict[str, list[tuple[str, str]]]:
        """(text, status of its conversation) of what each contact wrote, by the contact's key."""
        with self.house.rows() as rows:
            found = rows.execute(
                "SELECT contacts.key, messages.text, conversations.status FROM inbound"
                " JOIN messages ON messages.id = inbound.message"
                " JOIN conversations ON conversations.id = messages.conversation"
                " JOIN contacts ON contacts.id = conversations.contact"
            ).fetchall()
        by_writer: dict[str, list[tuple[str, str]]] = {}
        for key, *message in found:
            by_writer.setdefault(key, []).append(tuple(message))
        return by_writer

    @property
    def replies(self) -> Counter[str]:
        """How many mails went to whom; everybody wrote once."""
        return Counter(recipient.lower() for one in list(self.submission.taken) for recipient in one.recipients)

    def writers(self, handling: Handling) -> dict[str, str]:
        """The kind of each mail, by the address that it would be answered to."""
        return {answered(read(mail.raw)).lower(): mail.kind for mail in self.of(handling)}


def read_all(
    house: Any,
    start: Callable[..., Any],
    servers: tuple[Dovecot, Submission],
    *,
    count: int,
    seed: int,
    patience: float,
) -> Aftermath:
    """Deliver so many mails to a runner that works, and wait until nothing is left to do."""
    dovecot, submission = servers
    runner = start(house, log=house.folder.with_name("mixed.log")).ready()
    _until(lambda: _progress(house) is not None, 90)
    asks = Writer(dovecot, submission, "first@example.org")
    asks.write()
    own = str(asks.wait_for(1)[0].mail["Message-ID"]).strip("<>")
    made = list(mixed(count, seed=seed, own_id=lambda _: own))
    began = time.monotonic()
    dovecot.deliver_all([(one.raw, _envelope_sender(one.raw)) for one in made], ADDRESS)
    _until(lambda: (_progress(house) or 0) >= count + 1 and not _waits(house), patience)
    taken = time.monotonic() - began
    code, told = runner.stop()
    assert (code, "Traceback" in told) == (0, False), told
    return Aftermath(house=house, mails=tuple(map(_as_seen, made)), submission=submission, seconds=taken)


def _as_seen(mail: Mixed) -> Mixed:
    """Their replies go to the one reply of ours that there is, and it was another contact's."""
    return replace(mail, handling=Handling.PEOPLE) if mail.kind == "reply" else mail


def _writer(mail: Mixed) -> str:
    sender = writer(read(mail.raw))
    return sender.key if sender else "unknown sender"


def _progress(house: Any) -> int | None:
    """The number of the last mail that was read."""
    with house.rows() as rows:
        row = rows.execute("SELECT value FROM channel_progress WHERE channel = ?", (CHANNEL,)).fetchone()
    return int(json.loads(row[0])[2]) if row else None


def _waits(house: Any) -> bool:
    """Whether something is still to be answered, or to be sent."""
    with house.rows() as rows:
        queued = rows.execute("SELECT count(*) FROM outbox WHERE status = 'queued'").fetchone()[0]
        unhandled = rows.execute(
            "SELECT count(*) FROM inbound JOIN messages ON messages.id = inbound.message"
            " JOIN conversations ON conversations.id = messages.conversation"
            " WHERE inbound.handled = 0 AND conversations.status = 'pending'"
        ).fetchone()[0]
    return bool(queued or unhandled)


def _envelope_sender(raw: bytes) -> str:
    """Who the mail says that it was handed over by; the server notes it anew."""
    found = re.search(rb"^return-path: <([^>\r\n]*)>", raw, re.IGNORECASE | re.MULTILINE)
    return found[1].decode() if found else ""


def _until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


class AfterMixedMail:
    """Mixed into a test class that has an `aftermath`."""

    def test_what_a_contact_asks_is_answered_once(self, aftermath):
        asked = aftermath.writers(Handling.ANSWER)
        replies = aftermath.replies
        assert {address: (kind, replies[address]) for address, kind in asked.items() if replies[address] != 1} == {}

    def test_nothing_else_is_answered(self, aftermath):
        quiet = [aftermath.writers(one) for one in (Handling.ASIDE, Handling.REPORT, Handling.PEOPLE)]
        assert {address: one[address] for one in quiet for address in aftermath.replies if address in one} == {}
        assert aftermath.replies.total() == len(aftermath.of(Handling.ANSWER)) + 1

    def test_nothing_of_a_contact_is_lost(self, aftermath):
        written = aftermath.written
        for mail in aftermath.of(Handling.ANSWER, Handling.PEOPLE):
            assert [text for text, _ in written.get(_writer(mail), ()) if mail.says in text], mail.kind
        assert sum(map(len, written.values())) == len(aftermath.of(Handling.ANSWER, Handling.PEOPLE)) + 1

    def test_people_have_what_is_theirs(self, aftermath):
        written = aftermath.written
        for handling, status in ((Handling.PEOPLE, "open"), (Handling.ANSWER, "pending")):
            found = {status for mail in aftermath.of(handling) for _, status in written[_writer(mail)]}
            assert found == {status}

    def test_machines_bother_nobody(self, aftermath):
        written, left = aftermath.written, aftermath.of(Handling.ASIDE, Handling.REPORT)
        assert left
        assert [mail.kind for mail in left if _writer(mail) in written] == []

    def test_the_bounces_were_understood(self, aftermath):
        assert aftermath.house.delivery(CHANNEL).get("failed") == 1
