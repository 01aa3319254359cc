"""Whatever bytes come, reading and judging them ends, and ends well. The long form has a million inputs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings

from custagent.channels.mail.authentication import is_verified
from custagent.channels.mail.compose import details
from custagent.channels.mail.gate import judge
from custagent.channels.mail.model import Mail, Mailbox, Traffic, Verdict
from custagent.channels.mail.parse import read
from custagent.channels.mail.threads import Threads
from tests.channels.mail.fuzz import MAILS, assembled, damaged
from tests.channels.mail.mixed import OUR_ADDRESS, mixed

THREADS = Threads(key=b"k" * 32, address=OUR_ADDRESS)
BOX = Mailbox(addresses=(OUR_ADDRESS,))
PAYLOADS = Path(__file__).resolve().parents[2] / "payloads" / "mail"
#: Inputs of the damaged and of the assembled kind; the long form is in `tests/stress/test_mail.py`.
MANY = 400


def taken(raw: bytes) -> tuple[Mail, Verdict]:
    """All that is done with a mail before it is written down."""
    mail = read(raw)
    THREADS.conversation_of(mail)
    THREADS.bounced(mail)
    is_verified(mail, "mx.example")
    details(mail)
    return mail, judge(mail, BOX, THREADS, Traffic())


def is_storable(mail: Mail) -> None:
    """What is written down is text that every program can write down."""
    names = [file.name for file in mail.files]
    for text in (mail.text, mail.full_text, mail.subject, mail.message_id, mail.key, *names):
        assert "\x00" not in text
        text.encode()
    for line in (mail.subject, mail.message_id, *names, *mail.references, *(to.address + to.name for to in mail.to)):
        assert line.isprintable() or not line.isascii(), line
        assert "\n" not in line
        assert "\r" not in line
    assert all(name and "/" not in name and "\\" not in name and name not in {".", ".."} for name in names)


@given(MAILS)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    is_storable(taken(raw)[0])


def damaged_mails(count: int) -> Iterator[bytes]:
    whole = [one.raw for one in mixed(60, seed=3)] + [path.read_bytes() for path in sorted(PAYLOADS.glob("*.eml"))]
    yield from (damaged(whole[number % len(whole)], number) for number in range(count))


def assembled_mails(count: int) -> Iterator[bytes]:
    yield from (assembled(random.Random(number)) for number in range(count))


@pytest.mark.parametrize("made", [damaged_mails, assembled_mails])
def test_mails_that_nobody_would_write_are_mails(made: Callable[[int], Iterator[bytes]]) -> None:
    for raw in made(MANY):
        is_storable(taken(raw)[0])


def standard_library_mails() -> Iterator[Path]:
    spec = find_spec("test.test_email")
    if spec is not None and spec.origin:
        yield from sorted((Path(spec.origin).parent / "data").glob("msg_*.txt"))


def test_the_standard_librarys_mails_are_read(require) -> None:
    found = list(standard_library_mails())
    require("Python's test_email data", found, "it comes with Python's own tests")
    for path in found:
        raw = path.read_bytes()
        mail, _ = taken(raw)
        is_storable(mail)
        # Each holds words or files, or has nothing below its head.
        below = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2].strip()
        assert mail.text or mail.files or mail.report or not below, path.name


@pytest.mark.parametrize("depth", [10, 90, 200, 3_000])
def test_nesting_without_end_is_read_or_left_to_people(depth: int) -> None:
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (at, at) for at in range(depth))
    mail = read(b"From: a@b.example\nTo: c@d.example\nSubject: deep\n" + nested + b"\nHello")
    assert mail.sender is not None
    assert ("Hello" in mail.full_text) or mail.for_people
    assert bool(mail.for_people) == (depth > 100)


@pytest.mark.parametrize(
    "bomb",
    [
        b"Content-Type: text/plain" + b";a=b" * 100_000 + b"\n\nHello",
        b"From: " + b"(" * 100_000 + b"\n\nHello",
        b"Subject: " + b"=?utf-8?q?a?= " * 50_000 + b"\n\nHello",
        b"To: " + b"a@b.example, " * 50_000 + b"\n\nHello",
        b"References: " + b"<a@b> " * 50_000 + b"\n\nHello",
        b"x: y\n" * 100_000 + b"\nHello",
        b"Content-Type: text/html\n\nHello" + b"<div>" * 100_000,
        b"Content-Type: text/html\n\nHello" + b'<a "' * 100_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n\n" * 50_000 + b"--b\n\nHello",
        b"\n" + b"> " * 100_000 + b"\nHello",
        b"\nHello" + b"\n" * 300_000,
    ],
)  # fmt: skip
def test_bombs_are_read_in_time(bomb: bytes) -> None:
    started = time.process_time()
    assert "Hello" in read(bomb).full_text
    assert time.process_time() - started < 3.0
