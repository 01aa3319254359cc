"""Mails that nobody would write: from raw bytes, from what headers and bodies are made of, and from real ones with damage."""

from __future__ import annotations

import random

from hypothesis import strategies as st

_HEADS = (
    b"From", b"To", b"Subject", b"Date", b"Message-ID", b"References", b"In-Reply-To", b"Content-Type", b"Content-Disposition",
    b"Content-Transfer-Encoding", b"Content-ID", b"Reply-To", b"Return-Path", b"Delivered-To", b"Auto-Submitted", b"List-Id",
    b"Authentication-Results", b"Content-Language", b"Precedence", b"X-Failed-Recipients",
)  # fmt: skip
_VALUES = (
    b"<a@b>", b"a@b.example", b'"A, B" <a@b.example>', b"=?utf-8?Q?=C3?=", b"=?utf-8?B?w6", b"=?x?b?=?=", b"=?utf-8*en?q?a?=",
    b"(((((((", b'"""', b"<<<>>>", b"a:b;c,d", b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=b",
    b"multipart/report; report-type=delivery-status; boundary=b", b"message/rfc822", b"message/delivery-status",
    b"text/html; charset=utf-7", b"text/plain; charset=idna; format=flowed; delsp=yes", b"text/calendar; method=REPLY",
    b'multipart/signed; boundary="b', b"application/pkcs7-mime", b"application/ms-tnef", b"attachment; filename*=utf-16''%ff%00",
    b"attachment; filename*0*=x'y'%; filename*999=z; filename=../../etc", b"inline; filename=\xff\xfe.exe", b"base64", b"x-uuencode",
    b"quoted-printable", b"8bit", b"text/plain; charset=unicode_escape", b"text/plain; charset=rot13", b"text/plain; charset=\x00",
    b"Mon, 99 Foo 99999 99:99:99 +9999", b"Thu, 1 Jan 1970 00:00:00 -0000", b"1 1 1 1 1", b"auto-replied", b"<>", b"\xff\xfe\x00",
    b"mx.example; dmarc=pass header.from=b.example", b"x" * 300, b"en-GB", b"bulk", b"\xe2\x80\xae", b"text", b"/", b";;;;", b"",
)  # fmt: skip
_BODIES = (
    b"--b", b"--b--", b"", b"<p>Hello<blockquote type=cite>x", b"<script>", b"<!--", b"<a href='https://x.example'>y", b"&#xD800;&#0;&amp",
    b"<div class=gmail_quote>", b"> quoted", b"On 1.1.2026 10:00 A <a@b.example> wrote:", b"begin 644 x", b"M123", b"end", b"=\xff=3D=",
    b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----BEGIN PGP MESSAGE-----", b"Action: failed", b"Status: 5.1.1", b"Final-Recipient: rfc822;x",
    b"BEGIN:VCALENDAR", b"METHOD:REPLY", b"DTSTART:20269999T999999Z", b"550 5.1.1 no", b"Message-ID: <a@b>", b"\x00\x01\x02", b"\xc3\x28",
    b"-- ", b"From: a@b.example", b"Sent: x", b"Subject: y", b"aGVsbG8=", b"Feedback-Type: abuse", b"\x1b$B", b" flowed ", b"+AGE-",
)  # fmt: skip
_ENDS = (b"\r\n", b"\n", b"\r", b"\r\n ", b"\n\t")


def damaged(raw: bytes, seed: int) -> bytes:
    """A mail with some bytes flipped, pieces cut out, doubled and moved: the same for the same seed."""
    chance = random.Random(seed)
    data = bytearray(raw)
    for _ in range(chance.randint(1, 8)):
        if not data:
            break
        at, length = chance.randrange(len(data)), chance.randint(1, 60)
        piece = bytes(data[at : at + length])
        match chance.randrange(5):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = piece
            case 3:
                data[at:at] = chance.choice((*_VALUES, *_BODIES, *_ENDS))
            case _:
                del data[at : at + length]
                there = chance.randint(0, len(data))
                data[there:there] = piece
    return bytes(data)


def assembled(chance: random.Random) -> bytes:
    """A mail of the pieces that mails are made of, put together without sense."""
    out = bytearray()
    for _ in range(chance.randint(0, 4)):
        for _ in range(chance.randint(0, 5)):
            out += (
                chance.choice(_HEADS)
                + b": "
                + chance.choice(_VALUES)
                + chance.choice((b" ", b"; ", b""))
                + chance.choice(_VALUES)
            )
            out += chance.choice(_ENDS)
        out += chance.choice((b"\r\n", b"\n", b""))
        for _ in range(chance.randint(0, 5)):
            out += chance.choice(_BODIES) + chance.choice(_ENDS)
    return bytes(out)


#: Hypothesis's way to all of them.
MAILS = st.binary(max_size=600) | st.integers(0, 2**32).map(lambda seed: assembled(random.Random(seed)))
