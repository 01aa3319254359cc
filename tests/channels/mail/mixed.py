"""Mail as a support address gets it: ordinary questions and all that must not be answered, with what is to be done.

Made from templates by a seed: the same seed makes the same mails. Texts, names and ids are ours; the forms are those of the
programs they are named after.
"""

from __future__ import annotations

import base64
import quopri
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.header import Header

from custagent.channels.mail.model import Handling

OUR_ADDRESS = "support@northwind.example"
#: What `own_id` is given for mails that no reply of ours went before.
NO_ID = "never-sent@northwind.example"

_QUESTIONS = {
    "en": ("Where is my order?", "I ordered a lamp last week and it has not arrived. Where is it?"),
    "de": ("Frage zur Rückgabe", "Wie lange habe ich Zeit, die Lampe zurückzuschicken? Schöne Grüße"),
    "fr": ("Délai de livraison", "Quel est le délai de livraison pour la Corse ? Merci d'avance."),
    "es": ("Factura", "¿Dónde puedo descargar la factura del año pasado?"),
    "pl": ("Zwrot", "Czy mogę zwrócić żarówkę bez opakowania?"),
    "sv": ("Öppettider", "Vilka tider har ni öppet på lördagar i Malmö?"),
    "fi": ("Toimitus", "Kuinka kauan toimitus Rovaniemelle kestää?"),
    "it": ("Garanzia", "La garanzia è già scaduta dopo due anni?"),
}
#: What each language's text can be written in, beside UTF-8.
_CHARSETS = {"pl": "iso-8859-2", "fi": "iso-8859-15", "de": "windows-1252", "fr": "iso-8859-1", "sv": "cp437"}
_NAMES = ("Anna Berg", "Jörg Müller", "Łukasz Żak", "O'Brien, Sean", 'Ann "Annie" Lee', "山田太郎", "")
_HOSTS = ("mail.example", "example.org", "post.example.net", "xn--bcher-kva.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """One mail and what must become of it."""

    raw: bytes
    handling: Handling
    #: The template's name.
    kind: str
    #: What is in it, where the contact's words must be found; "" where nobody reads them.
    says: str = ""


@dataclass(slots=True)
class _Pen:
    """Writes the mails of one seed."""

    random: random.Random
    number: int
    own_id: str

    @property
    def address(self) -> str:
        return f"contact{self.number}@{self.random.choice(_HOSTS)}"

    def head(self, *, sender: str = "", subject: str = "", **more: str) -> list[str]:
        """The usual fields; `more` replaces or, with "", removes some: `auto_submitted="auto-replied"`."""
        name = self.random.choice(_NAMES)
        shown = f"{Header(name, 'utf-8').encode()} " if not name.isascii() else f'"{_escaped(name)}" ' if name else ""
        fields = {
            "return-path": f"<{sender or f'contact{self.number}@mail.example'}>",
            "from": f"{shown}<{sender or self.address}>",
            "to": OUR_ADDRESS,
            "subject": Header(subject, "utf-8").encode() if not subject.isascii() else subject,
            "date": f"Mon, {1 + self.number % 28} May 2026 {self.number % 24:02}:{self.number % 60:02}:07 +0200",
            "message-id": f"<{self.number}.{self.random.getrandbits(64):x}@{self.random.choice(_HOSTS)}>",
            "mime-version": "1.0",
        } | {key.replace("_", "-"): value for key, value in more.items()}
        return [f"{key.title()}: {value}" for key, value in fields.items() if value]

    def question(self) -> tuple[str, str, str]:
        """(language, subject, text), the text unlike any other's."""
        language = self.random.choice(sorted(_QUESTIONS))
        subject, text = _QUESTIONS[language]
        return language, subject, f"{text} ({self.number})"

    def report(self, parts: list[str], *, kind: str, sender: str = "mailer-daemon@mx.example", subject: str) -> bytes:
        boundary = f"report-{self.number}"
        fields = self.head(sender=sender, subject=subject, return_path="<>", auto_submitted="auto-replied")
        fields.append(f'Content-Type: multipart/report; report-type={kind}; boundary="{boundary}"')
        return _mail(fields, "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n")


def mixed(count: int, *, seed: int, own_id: Callable[[int], str] = lambda _: NO_ID) -> Iterator[Mixed]:
    """`count` mails. `own_id(number)` is the Message-ID of a reply of ours that the bounces among them are about."""
    kinds = [template for template, weight in _TEMPLATES for _ in range(weight)]
    for number in range(count):
        # A generator of its own each: one mail's making changes no other.
        pen = _Pen(random.Random(f"{seed}/{number}"), number, own_id(number))
        # Every kind comes once before any comes by chance.
        template = _TEMPLATES[number][0] if number < len(_TEMPLATES) else pen.random.choice(kinds)
        yield template(pen)


def _mail(fields: list[str], body: str | bytes) -> bytes:
    text = body.encode() if isinstance(body, str) else body
    return "\n".join(fields).replace("\n", "\r\n").encode() + b"\r\n\r\n" + text.replace(b"\n", b"\r\n")


def _escaped(name: str) -> str:
    return name.replace('"', '\\"')


def _answered(pen: _Pen, kind: str, raw: bytes, says: str) -> Mixed:
    return Mixed(raw=raw, handling=Handling.ANSWER, kind=kind, says=says)


def _plain(pen: _Pen) -> Mixed:
    _, subject, text = pen.question()
    fields = [*pen.head(subject=subject), "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    return _answered(pen, "plain", _mail(fields, f"{text}\n"), text)


def _quoted_printable(pen: _Pen) -> Mixed:
    language, subject, text = pen.question()
    charset = _CHARSETS.get(language, "iso-8859-1")
    fields = [*pen.head(subject=subject), f'Content-Type: text/plain; charset="{charset}"']
    fields.append("Content-Transfer-Encoding: quoted-printable")
    body = quopri.encodestring(text.encode(charset))
    return _answered(pen, "quoted-printable", _mail(fields, body), text)


def _undeclared(pen: _Pen) -> Mixed:
    charset = pen.random.choice(("unknown-8bit", "x-nonsense", "us-ascii", ""))
    text = f"Straße, café, señor ({pen.number})"
    told = f"; charset={charset}" if charset else ""
    fields = [*pen.head(subject="Hello"), f"Content-Type: text/plain{told}", "Content-Transfer-Encoding: 8bit"]
    return _answered(
        pen, "undeclared charset", _mail(fields, text.encode(pen.random.choice(("cp1252", "utf-8")))), text
    )


def _page(pen: _Pen) -> Mixed:
    _, subject, text = pen.question()
    fields = [*pen.head(subject=subject), "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64"]
    page = (
        f"<html><head><style>p {{ color: red }}</style></head><body><p>{text}</p><img width=1 height=1></body></html>"
    )
    return _answered(pen, "HTML only", _mail(fields, base64.encodebytes(page.encode())), text)


def _alternative(pen: _Pen) -> Mixed:
    _, subject, text = pen.question()
    fields = [*pen.head(subject=subject), 'Content-Type: multipart/alternative; boundary="alt"']
    body = (
        f"--alt\nContent-Type: text/plain; charset=utf-8; format=flowed\n\n{text} \nand more.\n"
        f"--alt\nContent-Type: text/html; charset=utf-8\n\n<div>{text} and more.</div>\n--alt--\n"
    )
    return _answered(pen, "alternative", _mail(fields, body), text)


def _with_file(pen: _Pen) -> Mixed:
    _, subject, text = pen.question()
    fields = [*pen.head(subject=subject), 'Content-Type: multipart/mixed; boundary="mix"']
    content = base64.encodebytes(pen.random.randbytes(200)).decode()
    body = (
        f"--mix\nContent-Type: text/plain; charset=utf-8\n\n{text}\n--mix\nContent-Type: application/pdf\n"
        f"Content-Disposition: attachment; filename*=utf-8''Rechnung%20{pen.number}.pdf\n"
        f"Content-Transfer-Encoding: base64\n\n{content}--mix--\n"
    )
    return _answered(pen, "with a file", _mail(fields, body), text)


def _odd_head(pen: _Pen) -> Mixed:
    """Broken dates, no Message-ID, raw bytes in the subject: old programs, and web forms that people wrote themselves."""
    _, subject, text = pen.question()
    odd = pen.random.choice(({"date": "gestern"}, {"message_id": ""}, {"date": ""}, {"mime_version": ""}))
    fields = [*pen.head(subject="", **odd), f"Subject: {subject}", "Content-Type: text/plain; charset=utf-8"]
    return _answered(pen, "odd head", _mail(fields, text), text)


def _reply(pen: _Pen) -> Mixed:
    _, subject, text = pen.question()
    fields = [
        *pen.head(subject=f"Re: {subject}", in_reply_to=f"<{pen.own_id}>"),
        "Content-Type: text/plain; charset=utf-8",
    ]
    quoted = f"{text}\n\nOn Mon, 4 May 2026 at 09:12, Northwind <{OUR_ADDRESS}> wrote:\n\n> Hello,\n> we are looking into it.\n"
    return _answered(pen, "reply", _mail(fields, quoted), text)


def _aside(pen: _Pen, kind: str, raw: bytes) -> Mixed:
    return Mixed(raw=raw, handling=Handling.ASIDE, kind=kind)


def _away(pen: _Pen) -> Mixed:
    more = pen.random.choice((
        {"auto_submitted": "auto-replied"}, {"auto_submitted": "auto-replied (vacation)"}, {"x_autoreply": "yes"},
        {"precedence": "auto_reply"}, {"x_autorespond": "1"}, {"return_path": "<>"}, {"precedence": "bulk"},
    ))  # fmt: skip
    return _aside(
        pen,
        "out of office",
        _mail(pen.head(subject="Out of office: Re: Your question", **more), "I am away until Monday.\n"),
    )


def _newsletter(pen: _Pen) -> Mixed:
    more = pen.random.choice((
        {"list_unsubscribe": "<mailto:off@news.example>"}, {"list_id": "News <news.example>"},
        {"precedence": "list"}, {"mailing_list": "list news@news.example"}, {"precedence": "junk"},
    ))  # fmt: skip
    return _aside(
        pen, "newsletter", _mail(pen.head(sender="news@news.example", subject="Spring sale", **more), "Buy now.\n")
    )


def _machine(pen: _Pen) -> Mixed:
    sender = pen.random.choice(
        ("noreply", "no-reply", "do-not-reply", "donotreply", "bounces+1", "postmaster", "mailer-daemon")
    )
    return _aside(
        pen, "machine", _mail(pen.head(sender=f"{sender}@shop.example", subject="Your receipt"), "Thank you.\n")
    )


def _spam(pen: _Pen) -> Mixed:
    more = pen.random.choice(({"x_spam_flag": "YES"}, {"x_spam_status": "Yes, score=9.1 required=5.0"}))
    return _aside(pen, "spam", _mail(pen.head(subject="You have won", **more), "Click here.\n"))


def _own(pen: _Pen) -> Mixed:
    return _aside(pen, "own mail", _mail(pen.head(sender=OUR_ADDRESS, subject="Re: Lamp"), "We are looking into it.\n"))


def _calendar_answer(pen: _Pen) -> Mixed:
    fields = [*pen.head(subject="Accepted: Repair"), "Content-Type: text/calendar; method=REPLY; charset=utf-8"]
    return _aside(
        pen,
        "calendar answer",
        _mail(fields, "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nSUMMARY:Repair\nEND:VEVENT\nEND:VCALENDAR\n"),
    )


def _people(pen: _Pen, kind: str, raw: bytes, says: str = "") -> Mixed:
    return Mixed(raw=raw, handling=Handling.PEOPLE, kind=kind, says=says)


def _form(pen: _Pen) -> Mixed:
    _, subject, text = pen.question()
    more = {"reply_to": f"contact{pen.number}@mail.example"}
    raw = _mail(
        [*pen.head(sender="noreply@forms.example", subject=subject, **more), "Content-Type: text/plain; charset=utf-8"],
        text,
    )
    return _people(pen, "web form", raw, text)


def _blind(pen: _Pen) -> Mixed:
    _, subject, text = pen.question()
    raw = _mail(
        [*pen.head(subject=subject, to="undisclosed-recipients:;"), "Content-Type: text/plain; charset=utf-8"], text
    )
    return _people(pen, "blind copy", raw, text)


def _encrypted(pen: _Pen) -> Mixed:
    if pen.random.random() < 0.5:
        fields = [
            *pen.head(subject="Secret"),
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
        ]
        return _people(
            pen, "S/MIME", _mail([*fields, "Content-Transfer-Encoding: base64"], base64.encodebytes(b"sealed"))
        )
    fields = [
        *pen.head(subject="Secret"),
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=pgp',
    ]
    body = "--pgp\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--pgp\nContent-Type: application/octet-stream\n\nsealed\n--pgp--\n"
    return _people(pen, "PGP", _mail(fields, body))


def _polite(pen: _Pen) -> Mixed:
    _, subject, text = pen.question()
    raw = _mail(
        [*pen.head(subject=subject, x_auto_response_suppress="All"), "Content-Type: text/plain; charset=utf-8"], text
    )
    return _people(pen, "asks for no automatic answer", raw, text)


def _empty(pen: _Pen) -> Mixed:
    return _people(pen, "empty", _mail(pen.head(subject=""), "\n"))


def _bounce(pen: _Pen) -> Mixed:
    action, status = pen.random.choice((("failed", "5.1.1"), ("failed", "4.4.7"), ("delayed", "4.4.1")))
    parts = [
        f"Content-Type: text/plain\n\nThe mail to contact{pen.number}@mail.example could not be delivered yet.\n",
        (
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
            f"Action: {action}\nFinal-Recipient: rfc822;contact{pen.number}@mail.example\nStatus: {status}\n"
            "Diagnostic-Code: smtp; 550 5.1.1 no such mailbox here\n"
        ),
        f"Content-Type: message/rfc822\n\nFrom: {OUR_ADDRESS}\nMessage-ID: <{pen.own_id}>\nSubject: Re: Lamp\n\nHello\n",
    ]
    raw = pen.report(parts, kind="delivery-status", subject="Mail delivery failed: returning message to sender")
    return Mixed(raw=raw, handling=Handling.REPORT, kind=f"bounce, {action}")


def _old_bounce(pen: _Pen) -> Mixed:
    body = (
        "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message.\n\n"
        f"<contact{pen.number}@mail.example>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 unknown user\n\n"
        f"--- Below this line is a copy of the message.\n\nMessage-ID: <{pen.own_id}>\nSubject: Re: Lamp\n"
    )
    return Mixed(
        raw=_mail(pen.head(sender="mailer-daemon@mx.example", subject="failure notice", return_path="<>"), body),
        handling=Handling.REPORT, kind="bounce without a form",
    )  # fmt: skip


def _receipt(pen: _Pen) -> Mixed:
    parts = [
        "Content-Type: text/plain\n\nYour message was displayed.\n",
        (
            f"Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;contact{pen.number}@mail.example\n"
            f"Original-Message-ID: <{pen.own_id}>\nDisposition: manual-action/MDN-sent-manually; displayed\n"
        ),
    ]
    raw = pen.report(
        parts, kind="disposition-notification", sender=f"contact{pen.number}@mail.example", subject="Read: Re: Lamp"
    )
    return Mixed(raw=raw, handling=Handling.REPORT, kind="read receipt")


def _complaint(pen: _Pen) -> Mixed:
    parts = [
        "Content-Type: text/plain\n\nThis is an abuse report.\n",
        f"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: contact{pen.number}@mail.example\n",
        f"Content-Type: text/rfc822-headers\n\nMessage-ID: <{pen.own_id}>\nSubject: Re: Lamp\n",
    ]
    raw = pen.report(parts, kind="feedback-report", sender="fbl@provider.example", subject="complaint")
    return Mixed(raw=raw, handling=Handling.REPORT, kind="complaint")


#: Each with how often it comes.
_TEMPLATES: tuple[tuple[Callable[[_Pen], Mixed], int], ...] = (
    (_plain, 6), (_quoted_printable, 5), (_undeclared, 3), (_page, 5), (_alternative, 6), (_with_file, 4), (_odd_head, 3),
    (_reply, 6), (_away, 7), (_newsletter, 6), (_machine, 5), (_spam, 3), (_own, 2), (_calendar_answer, 1), (_form, 2),
    (_blind, 2), (_encrypted, 2), (_polite, 1), (_empty, 1), (_bounce, 6), (_old_bounce, 3), (_receipt, 2), (_complaint, 1),
)  # fmt: skip
