"""Tries a mailbox's connection step by step, without reading or sending a mail (ASG-1)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from custagent.channels.aside import aside
from custagent.channels.email.imap import connect as connect_imap
from custagent.channels.email.imap import open_folder
from custagent.channels.email.imap import sign_in as sign_in_imap
from custagent.channels.email.login import MailLogin, MailServer, ehlo_name
from custagent.channels.email.smtp import connect as connect_smtp
from custagent.channels.email.smtp import open_submission, told
from custagent.core.channel import EmailChannel
from custagent.core.errors import ChannelError

Step = tuple[str, Callable[[], str]]


async def check(channel: EmailChannel, login: MailLogin) -> Sequence[tuple[str, str]]:
    """Each step with what is wrong and what to do, "" when it is right. After a fault on one server the other is tried."""
    return await aside(
        lambda: (*_tried(_reading(channel, login)), *_tried(_sending(channel, login))), name=f"check {channel.name}"
    )


def _reading(channel: EmailChannel, login: MailLogin) -> Sequence[Step]:
    server = login.imap
    return (
        (f"{server} is known and answers", lambda: _reach(server)),
        (f"the connection to {server} is encrypted and can be trusted", lambda: _quietly(connect_imap(login).shutdown)),
        (f"{server} lets {login.username} in", lambda: _imap_login(login)),
        (f"the folder {channel.folder} can be opened", lambda: _quietly(open_folder(login, channel.folder).close)),
        (f"the folder for sent mail is there ({channel.sent_folder})", lambda: _sent(channel, login)),
    )


def _sending(channel: EmailChannel, login: MailLogin) -> Sequence[Step]:
    server, ehlo = login.smtp, ehlo_name(channel)
    return (
        (f"{server} is known and answers", lambda: _reach(server)),
        (f"the connection to {server} is encrypted and can be trusted", lambda: _smtp(login, ehlo)),
        (f"{server} lets {login.username} in", lambda: _smtp_login(login, ehlo)),
        (f"{server} sends as {channel.address}", lambda: _may_send(channel, login, ehlo)),
    )


def _tried(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """Up to the first fault: what follows cannot go well either."""
    for name, step in steps:
        try:
            wrong = step()
        except ChannelError as error:
            wrong = f"{error.message}. {error.hint}".strip()
        yield name, wrong
        if wrong:
            return


def _reach(server: MailServer) -> str:
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except OSError as error:
        reason = error.strerror or error
        return f"nobody knows the name {server.host} ({reason}). Check the host in custagent.yaml."
    with told(str(server)):
        socket.create_connection((str(found[0][4][0]), server.port), timeout=10).close()
    return ""


def _imap_login(login: MailLogin) -> str:
    client = connect_imap(login)
    try:
        sign_in_imap(client, login)
    finally:
        with suppress(OSError):
            client.shutdown()
    return ""


def _sent(channel: EmailChannel, login: MailLogin) -> str:
    if channel.sent_folder == "none":
        return ""
    folder = open_folder(login, channel.folder)
    try:
        if channel.sent_folder == "auto" or folder.has(channel.sent_folder):
            return ""
    finally:
        folder.close()
    return (
        f"the mailbox has no folder {channel.sent_folder}. Set `sent_folder:` to one that it has, to auto, or to none."
    )


def _smtp(login: MailLogin, ehlo: str) -> str:
    with told(str(login.smtp)):
        connect_smtp(login, ehlo=ehlo).close()
    return ""


def _smtp_login(login: MailLogin, ehlo: str) -> str:
    with open_submission(login, ehlo=ehlo):
        return ""


def _may_send(channel: EmailChannel, login: MailLogin, ehlo: str) -> str:
    with open_submission(login, ehlo=ehlo) as submission:
        wrong = submission.may_send_as(channel.address)
    return f"it does not: {wrong}. Let the account send as this address at your mail provider." if wrong else ""


def _quietly(close: Callable[[], object]) -> str:
    with suppress(OSError):
        close()
    return ""
