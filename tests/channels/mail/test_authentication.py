"""A sender's address is proven only by our own server's topmost finding, for the very domain in From."""

from __future__ import annotations

import pytest

from custagent.channels.mail.authentication import is_verified
from custagent.channels.mail.parse import read

PASSED = "mx.northwind.example; spf=pass smtp.mailfrom=berg.example; dmarc=pass (p=REJECT) header.from=berg.example"


def verified(
    *results: str, sender: str = "anna@berg.example", server: str = "mx.northwind.example", more: str = ""
) -> bool:
    head = "".join(f"Authentication-Results: {result}\n" for result in results)
    return is_verified(read(f"{head}From: {sender}\n{more}Subject: S\n\nHi".encode()), server)


@pytest.mark.parametrize(
    "result",
    [
        PASSED,
        "MX.Northwind.Example 1; DMARC=Pass header.from=Berg.example",
        'mx.northwind.example (our own; really);\n\tdmarc=pass (comment (nested; dmarc=fail)) header.from="berg.example"',
    ],
)  # fmt: skip
def test_what_our_server_proved_is_proven(result: str) -> None:
    assert verified(result)


@pytest.mark.parametrize(
    "results",
    [
        (),
        ("mx.evil.example; dmarc=pass header.from=berg.example",),
        # Ours is not the topmost: somebody else put it there.
        ("mx.northwind.example; dmarc=fail header.from=berg.example", PASSED),
        ("mx.evil.example; none", PASSED),
        ("mx.northwind.example; dmarc=fail header.from=berg.example",),
        ("mx.northwind.example; dmarc=none",),
        ("mx.northwind.example; dmarc=pass header.from=evil.example",),
        ("mx.northwind.example; dmarc=pass",),
        ("mx.northwind.example; spf=pass smtp.mailfrom=berg.example; dkim=pass header.d=berg.example",),
        ('mx.northwind.example; spf=pass reason="; dmarc=pass header.from=berg.example"x; dmarc=fail',),
        ("mx.northwind.example (; dmarc=pass header.from=berg.example); dmarc=fail header.from=berg.example",),
        ("mx.northwind.example; dmarc=pass header.from=berg.example; dmarc=fail header.from=berg.example",),
        ("mx.northwind.example.evil.example; dmarc=pass header.from=berg.example",),
        ("none",), ("",), (";",),
    ],
)  # fmt: skip
def test_nothing_else_is(results: tuple[str, ...]) -> None:
    assert not verified(*results)


def test_a_server_that_is_not_named_proves_nothing() -> None:
    assert not verified(PASSED, server="")
    assert not verified(PASSED.replace("mx.northwind.example", ""), server="")


def test_a_mail_of_two_senders_is_nobodys() -> None:
    assert not verified(PASSED, more="From: anna@berg.example\n")
    assert not verified(PASSED, sender="somebody")
    assert not verified(PASSED, sender="eve@mail.berg.example")
    assert not verified(PASSED, sender="anna@berg.example, eve@evil.example")
