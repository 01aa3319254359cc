"""What a mail's parts say, and the files among them.

multipart/alternative says one thing in several forms, multipart/mixed several things after each other; everything else
is text, a file, or a mail within the mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from custagent.channels.mail import calendar
from custagent.channels.mail.headers import from_wire, readable
from custagent.channels.mail.markup import text_of
from custagent.channels.mail.model import MailFile
from custagent.channels.mail.parts import FileLimits, Part

ENCRYPTED = "encrypted"
UNREADABLE = "unreadable form"

#: Mails within a mail.
MAILS = frozenset({"message/rfc822", "message/global"})
#: A plain text this much shorter than the page beside it only says that there is a page.
_STUB = 10
_PICTURES_ONLY = re.compile(r"(?:\[(?:cid|image):[^\]]{0,200}\]|\s)*", re.IGNORECASE)
_ARMOUR = "-----BEGIN PGP MESSAGE-----"
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----\n"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_SIGNATURE_END = "-----END PGP SIGNATURE-----"
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_TEXTS = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "text/watch-html", "text/x-amp-html"})
#: Parts of reports, which `bounce` reads, and a Macintosh's folder entries.
_ASIDE = frozenset(
    "message/delivery-status message/disposition-notification message/feedback-report text/rfc822-headers"
    " message/global-delivery-status message/global-disposition-notification message/global-headers"
    " application/applefile".split()
)
_MAX_FORWARDED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A piece of the mail's text."""

    text: str
    #: A page's own account of what is not quoted in it; None where it gives none.
    own: str | None = None
    #: Of a mail within the mail.
    forwarded: bool = False


@dataclass(slots=True)
class Body:
    """What was read of a mail's parts so far."""

    limits: FileLimits
    sayings: list[Saying] = field(default_factory=list)
    files: list[MailFile] = field(default_factory=list)
    for_people: str = ""
    #: An invitation's answer: a program wrote the mail.
    automatic: bool = False
    _forwarded: int = 0

    def read(self, part: Part, *, related: bool = False, forwarded: bool = False) -> None:
        """Take in a part and what it holds. `related`: beside a page that shows it."""
        kind, children = part.media_type, part.children
        if kind == "multipart/alternative" and children:
            self._one_of(children, forwarded=forwarded)
        elif kind == "multipart/encrypted" or (kind in _SMIME and not _is_signed(part)):
            self.for_people = ENCRYPTED
            self._keep(part, inline=False)
        elif kind == "multipart/report" and children:
            self.read(children[0], forwarded=forwarded)
        elif kind in MAILS:
            self._forward(part)
        elif children and kind not in _ASIDE:
            for child in children:
                self.read(child, related=related or kind == "multipart/related", forwarded=forwarded)
        elif kind in _SIGNATURES or kind in _ASIDE:
            return
        elif self._is_text(part, kind):
            self._say(part, kind, forwarded=forwarded)
        else:
            self._keep(part, inline=_is_inline(part, kind, related=related))
            self._note(part, kind, forwarded=forwarded)

    def _is_text(self, part: Part, kind: str) -> bool:
        if kind.startswith("multipart/") and part.message.get_payload():
            return True
        return kind in _TEXTS and part.disposition != "attachment" and (not part.name or part.disposition == "inline")

    def _say(self, part: Part, kind: str, *, forwarded: bool) -> None:
        text = part.text()
        if kind == "text/plain" or kind.startswith("multipart/"):
            if _ARMOUR in text:
                self.for_people = ENCRYPTED
            said = Saying(text=clear_of_signature(text), forwarded=forwarded)
        else:
            page = text_of(text)
            said = Saying(text=page.full, own=page.own if page.marked else None, forwarded=forwarded)
        if said.text.strip():
            self.sayings.append(said)

    def _one_of(self, children: list[Part], *, forwarded: bool) -> None:
        """The best of several forms: the plain text unless it is a stub; what only one form holds is kept all the same."""
        forms = []
        for child in children:
            form = Body(limits=self.limits)
            # In a page's form, pictures belong to the page.
            form.read(child, related=True, forwarded=forwarded)
            forms.append((child.media_type, form))
            self.automatic = self.automatic or form.automatic
            self.for_people = self.for_people or form.for_people
            for file in form.files:
                self._add(file)
        said = [(kind, form) for kind, form in forms if form.sayings and kind != "text/calendar"]
        said = said or [(kind, form) for kind, form in forms if form.sayings]
        if not said:
            return
        plain = next((form for kind, form in said if kind == "text/plain"), None)
        page = next((form for kind, form in reversed(said) if kind not in {"text/plain", "text/calendar"}), None)
        if plain is None or page is None or _is_stub(plain.words, page.words):
            self.sayings += (page or plain or said[0][1]).sayings
        else:
            own = "\n\n".join(one.own if one.own is not None else one.text for one in page.sayings)
            marked = any(one.own is not None for one in page.sayings)
            self.sayings.append(Saying(text=plain.words, own=own if marked else None, forwarded=forwarded))

    @property
    def words(self) -> str:
        """All that it says."""
        return "\n\n".join(one.text.strip("\n") for one in self.sayings)

    def _forward(self, part: Part) -> None:
        self._forwarded += 1
        inner = next(iter(part.children), None)
        if inner is None or self._forwarded > _MAX_FORWARDED:
            return
        named = ((name, readable(from_wire(value))) for name, value in inner.message.raw_items())
        head = [f"{name}: {value}" for name, value in named if name.lower() in {"from", "date", "to", "subject"}]
        self.sayings.append(Saying(text="\n".join(head), forwarded=True))
        # What the forwarded mail is like is no reason to keep the agent from what its sender wrote.
        before = self.for_people, self.automatic
        self.read(inner, forwarded=True)
        self.for_people, self.automatic = before

    def _note(self, part: Part, kind: str, *, forwarded: bool) -> None:
        """What some files say beside being files."""
        if kind == "text/calendar":
            text = part.text()
            self.automatic = self.automatic or calendar.is_answer(text)
            # Elsewhere the mail itself says what the invitation is about.
            if not self.words.strip() and (said := calendar.told(text)):
                self.sayings.append(Saying(text=said, forwarded=forwarded))
        elif (kind in _TNEF or kind in _SMIME) and not self.words.strip():
            self.for_people = self.for_people or UNREADABLE

    def _keep(self, part: Part, *, inline: bool) -> None:
        content = part.content() if not part.children else b""
        name = part.file_name()
        if part.children and not part.name:
            return
        self._add(MailFile(name=name, media_type=part.media_type, content=content, size=len(content), inline=inline))

    def _add(self, file: MailFile) -> None:
        error = file.error or self._refusal(file)
        kept = file if not error else MailFile(
            name=file.name, media_type=file.media_type, content=b"", size=file.size, inline=file.inline, error=error
        )  # fmt: skip
        if len(self.files) < 10 * self.limits.count:
            self.files.append(kept)

    def _refusal(self, file: MailFile) -> str:
        held = [one for one in self.files if not one.error]
        if len(held) >= self.limits.count:
            return f"A mail may bring {self.limits.count} files; this one was left out."
        if file.size > self.limits.size:
            return f"The file has {file.size:,} bytes; {self.limits.size:,} are taken at most."
        if sum(one.size for one in held) + file.size > self.limits.total:
            return f"The mail's files have more than {self.limits.total:,} bytes together; this one was left out."
        return ""


def clear_of_signature(text: str) -> str:
    """The text within an OpenPGP signature (RFC 4880 §7), as it was before it was signed; any other text as it is."""
    before, armour, rest = text.partition(_SIGNED)
    if not armour:
        return text
    # Headers such as `Hash: SHA256` end in an empty line.
    signed, ended, behind = rest.partition("\n\n")[2].partition(_SIGNATURE)
    if not ended:
        return text
    behind = behind.partition(_SIGNATURE_END)[2]
    return before + re.sub(r"(?m)^- ", "", signed) + behind


def _is_signed(part: Part) -> bool:
    """A signature around text that others can read with the right program, which we are not."""
    told = part.field("content-type")[1]
    return told.get("smime-type", "").lower() in {"signed-data", "certs-only"}


def _is_inline(part: Part, kind: str, *, related: bool) -> bool:
    # A telephone's photographs are "inline" too, and are what the mail is about: only what a page shows is no file.
    shown = part.content_id or part.field("content-location")[0]
    return kind.startswith("image/") and part.disposition != "attachment" and related and bool(shown)


def _is_stub(plain: str, page: str) -> bool:
    said = plain.strip()
    return _PICTURES_ONLY.fullmatch(said[:2000]) is not None or len(said) * _STUB < len(page.strip())


def parts_of(part: Part) -> Iterator[Part]:
    """The part and all within it, outermost first; of mails within the mail only that they are there."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        yield one
        if one.media_type not in MAILS or one is part:
            waiting += reversed(one.children)
