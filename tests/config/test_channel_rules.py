"""What must hold between channels, told where it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.config.report import Report

Write = Callable[[str, str], Path]
Check = Callable[..., Report]
META = "access_token: '${A}', app_secret: '${B}', verify_token: '${C}'"
SET = dict.fromkeys("ABCP", "secret")
MAIL = "address: a@b.example, imap_host: imap.b.example, smtp_host: s.b.example, password: '${P}'"


def channel(name: str, settings: str) -> str:
    return f"  - {{name: {name}, {settings}}}\n"


@pytest.mark.parametrize(
    ("settings", "other"),
    [
        (f"kind: whatsapp, phone_number_id: '123', {META}", f"kind: whatsapp, phone_number_id: '124', {META}"),
        (
            f"kind: messenger, page_id: '12', app_id: '1', {META}",
            f"kind: messenger, page_id: '13', app_id: '1', {META}",
        ),
        (f"kind: email, username: Help, {MAIL}", f"kind: email, username: help, folder: Shop, {MAIL}"),
    ],
)
def test_two_channels_do_not_hear_the_same_messages(write: Write, check: Check, settings: str, other: str) -> None:
    write("custagent.yaml", "name: N\nchannels:\n" + channel("one", settings) + channel("two", settings))
    (finding,) = check(environment=SET).findings
    assert (finding.rule, finding.line) == ("duplicate-channel", 4)
    assert "the channel 'one' on line 3 hears the same messages" in finding.message
    write("custagent.yaml", "name: N\nchannels:\n" + channel("one", settings) + channel("two", other))
    assert check(environment=SET).findings == ()


@pytest.mark.parametrize(
    ("address", "found"), [("http://meta.example", 1), ("http://127.0.0.1:8000", 0), ("https://m.example", 0)]
)
def test_secrets_are_not_sent_in_the_clear(write: Write, check: Check, address: str, found: int) -> None:
    settings = f"kind: whatsapp, phone_number_id: '123', graph_base_url: '{address}', {META}"
    write("custagent.yaml", "name: N\nchannels:\n" + channel("one", settings))
    assert [finding.rule for finding in check(environment=SET).findings] == ["channel-not-encrypted"] * found
