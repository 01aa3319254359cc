"""Every kind of channel with a provider on this machine, as the contract of `ChannelAdapter` is tried on it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from custagent.channels.email.adapter import EmailAdapter
from custagent.channels.hub import Hub
from custagent.channels.live_chat.adapter import LiveChatAdapter
from custagent.channels.messenger.adapter import MessengerAdapter
from custagent.channels.reception import Surroundings
from custagent.channels.whatsapp.adapter import WhatsAppAdapter
from custagent.config.secrets import resolve_all
from custagent.core.channel import EmailChannel, MessengerChannel, WhatsAppChannel
from custagent.core.errors import SendFault
from custagent.core.ports import ChannelAdapter
from custagent.testing import FakeChannel
from custagent.testing.messenger import FakeMessenger, PageAccount
from custagent.testing.meta import Account, FakeMeta
from custagent.testing.meta_transport import Fault, Habits
from tests.acceptance.mail_servers import PASSWORD
from tests.telegram import EXAMPLE, TOKEN, FakeTelegram

NAME = "website"


class Now:
    """The machine's clock: the doubles go by it too."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(kw_only=True)
class Provided:
    """An adapter, and what the test can do at the provider's end."""

    adapter: ChannelAdapter
    #: Contacts who may be written to.
    contacts: list[str]
    #: All that a contact was sent, in order.
    texts: Callable[[str], list[str]]
    #: How the next sending is made to fail.
    faults: Mapping[SendFault, Callable[[], object]] = field(default_factory=dict)
    #: The same channel at a provider that is not there, and without its secrets.
    unreachable: ChannelAdapter | None = None
    without_secrets: ChannelAdapter | None = None
    #: How the contact shows what it may choose from: in the text, or as buttons.
    options: Callable[[str], list[str]] | None = None
    #: What the message was called that the contact wrote last.
    last: str = "x1"


def around(environment: Mapping[str, str], root: Path = Path()) -> Surroundings:
    return Surroundings(
        hub=Hub(), clock=Now(), environ=environment, secrets=lambda name: resolve_all(name, environment),
        company=lambda: "Northwind", key=lambda: b"k" * 32, root=root,
    )  # fmt: skip


def nobody() -> str:
    """An address on this machine at which nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def fake(_: pytest.FixtureRequest) -> Iterator[Provided]:
    adapter = FakeChannel(NAME)

    def texts(contact: str) -> list[str]:
        return [one.message.text for one in adapter.sent if one.contact_key == contact]

    def fail() -> None:
        adapter._failures = iter(["away"])

    yield Provided(adapter=adapter, contacts=keys("k"), texts=texts, faults={SendFault.RETRY: fail})


@contextmanager
def live_chat(_: pytest.FixtureRequest) -> Iterator[Provided]:
    # What it sends is in the database already: the widget reads it there.
    adapter = LiveChatAdapter(NAME, ["https://www.northwind.example"], Hub())
    yield Provided(adapter=adapter, contacts=keys("k"), texts=lambda _: [])


@contextmanager
def whatsapp(_: pytest.FixtureRequest) -> Iterator[Provided]:
    account, numbers = Account(), keys("4670000")

    def adapter(base: str, environment: Mapping[str, str]) -> WhatsAppAdapter:
        settings = {
            "name": NAME, "kind": "whatsapp", "phone_number_id": account.phone_number_id,
            "business_account_id": account.business, "access_token": "${WHATSAPP_TOKEN}",
            "app_secret": "${WHATSAPP_SECRET}", "verify_token": "${WHATSAPP_VERIFY}", "graph_base_url": base,
        }  # fmt: skip
        return WhatsAppAdapter(WhatsAppChannel(**settings), around(environment), unsure=0.0)

    with FakeMeta(habits=Habits(statuses=(), patience=1.0)) as meta:
        for number in numbers:
            meta.open_window(number)
        written = meta.write(numbers[0], "Hej")
        yield Provided(
            adapter=adapter(meta.address, meta.environment),
            contacts=numbers,
            texts=lambda contact: [reply.text for reply in meta.replies_to(contact)],
            faults={
                SendFault.RETRY: partial(meta.refuse, 500, 131000, "Something went wrong"),
                SendFault.CHANNEL_OUT: partial(meta.refuse, 401, 190, "The token has expired"),
                SendFault.SLOW_CHANNEL: partial(meta.refuse, 429, 130429, "Too many"),
                SendFault.SLOW_CONTACT: partial(meta.refuse, 400, 131056, "Too many to this one"),
                SendFault.WINDOW_CLOSED: partial(meta.refuse, 400, 131047, "Re-engagement message"),
                SendFault.PERMANENT: partial(meta.refuse, 400, 131026, "Undeliverable"),
            },
            unreachable=adapter(nobody(), meta.environment),
            without_secrets=adapter(meta.address, {}),
            last=written,
        )


@contextmanager
def messenger(_: pytest.FixtureRequest) -> Iterator[Provided]:
    account, people = PageAccount(), keys("73019455265")

    def adapter(base: str, environment: Mapping[str, str]) -> MessengerAdapter:
        settings = {
            "name": NAME, "kind": "messenger", "page_id": account.page_id, "app_id": account.app_id,
            "access_token": "${MESSENGER_TOKEN}", "app_secret": "${MESSENGER_SECRET}",
            "verify_token": "${MESSENGER_VERIFY}", "graph_base_url": base,
        }  # fmt: skip
        return MessengerAdapter(MessengerChannel(**settings), around(environment))

    with FakeMessenger(habits=Habits(statuses=())) as meta:
        written = [meta.write(psid, "Hej", heard=False) for psid in people]
        yield Provided(
            adapter=adapter(meta.address, meta.environment),
            contacts=people,
            texts=lambda contact: [reply.text for reply in meta.replies_to(contact)],
            faults={
                SendFault.RETRY: partial(meta.disturb, Fault.FAIL),
                SendFault.SLOW_CHANNEL: partial(meta.disturb, Fault.SLOW_DOWN),
                SendFault.WINDOW_CLOSED: partial(meta.age, people[0], 30 * 3600.0),
                SendFault.PERMANENT: partial(meta.disturb, Fault.REFUSE),
            },
            unreachable=adapter(nobody(), meta.environment),
            without_secrets=adapter(meta.address, {}),
            last=written[0],
        )


@contextmanager
def email(request: pytest.FixtureRequest) -> Iterator[Provided]:
    dovecot, submission = request.getfixturevalue("servers")
    submission.habits.__init__()
    submission.taken.clear()
    people = [f"{key}@example.org" for key in keys("kim")]

    def adapter(imap: int, smtp: int, environment: Mapping[str, str]) -> EmailAdapter:
        settings = {
            "name": NAME, "kind": "email", "address": "support@northwind.example",
            "imap_host": f"localhost:{imap}", "smtp_host": f"localhost:{smtp}", "username": "support@northwind.example",
            "password": "${PASSWORD}", "ca_file": str(dovecot.cert), "sent_folder": "none",
        }  # fmt: skip
        return EmailAdapter(EmailChannel(**settings), around(environment))

    def said(contact: str) -> list[str]:
        mails = (one.mail.get_body(("plain",)) for one in submission.to(contact))
        return [mail.get_content() for mail in mails if mail]

    closed = int(nobody().rpartition(":")[2])
    yield Provided(
        adapter=adapter(dovecot.imaps, submission.port, {"PASSWORD": PASSWORD}),
        contacts=people,
        texts=said,
        faults={
            SendFault.RETRY: partial(setattr, submission.habits, "refuses_content", "451 4.3.0 Try again later"),
            SendFault.PERMANENT: partial(
                submission.habits.refuses.__setitem__, people[0], "550 5.1.1 No such user"
            ),
        },
        unreachable=adapter(closed, closed, {"PASSWORD": PASSWORD}),
        without_secrets=adapter(dovecot.imaps, submission.port, {}),
        last="q1@example.org",
    )  # fmt: skip


@contextmanager
def telegram(request: pytest.FixtureRequest) -> Iterator[Provided]:
    request.getfixturevalue("monkeypatch").setattr(sys, "path", [*sys.path, str(EXAMPLE)])
    from custagent_telegram import TelegramAdapter, TelegramChannel

    def adapter(base: str, environment: Mapping[str, str]) -> Any:
        channel = TelegramChannel(name=NAME, kind="telegram", token="${T}", api_base_url=base)
        return TelegramAdapter(channel, around(environment))

    with FakeTelegram() as double:
        double.chats.update(people := keys("8000"))

        def fail(code: int, wait: int = 0) -> None:
            double.faults.append((code, "as the test wishes", wait))

        yield Provided(
            adapter=adapter(double.url, {"T": TOKEN}),
            contacts=people,
            texts=lambda contact: [text for chat, text, _ in double.sent if chat == contact],
            faults={
                SendFault.RETRY: partial(fail, 500),
                SendFault.CHANNEL_OUT: partial(fail, 401),
                SendFault.SLOW_CHANNEL: partial(fail, 429, 7),
                SendFault.PERMANENT: partial(fail, 403),
            },
            unreachable=adapter(nobody(), {"T": TOKEN}),
            without_secrets=adapter(double.url, {}),
            options=lambda contact: [key for chat, _, keys_ in double.sent if chat == contact for key in keys_],
        )


def keys(stem: str) -> list[str]:
    return [f"{stem}{number:04}" for number in range(12)]


#: An implementation joins by a line here.
KINDS: dict[str, Callable[[pytest.FixtureRequest], Any]] = {
    "fake": fake,
    "live-chat": live_chat,
    "whatsapp": whatsapp,
    "messenger": messenger,
    "email": email,
    "telegram": telegram,
}
#: Those with somebody at the other end.
REMOTE = ("whatsapp", "messenger", "email", "telegram")
_F = SendFault
#: What each provider can be made to say.
FAULTS: dict[str, tuple[SendFault, ...]] = {
    "fake": (_F.RETRY,),
    "whatsapp": tuple(_F),
    "messenger": (_F.RETRY, _F.SLOW_CHANNEL, _F.WINDOW_CLOSED, _F.PERMANENT),
    "email": (_F.RETRY, _F.PERMANENT),
    "telegram": (_F.RETRY, _F.CHANNEL_OUT, _F.SLOW_CHANNEL, _F.PERMANENT),
}
