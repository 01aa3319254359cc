"""Reports about mails of ours: bounces, receipts, complaints.

First the forms that are meant for machines (RFC 3464, 8098, 5965), then what older servers write for people, which counts
only from a machine's address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from custagent.channels.mail.body import parts_of
from custagent.channels.mail.charset import decoded, from_base64
from custagent.channels.mail.headers import addresses, from_wire, message_ids, readable
from custagent.channels.mail.model import Mail, Report, ReportKind
from custagent.channels.mail.parts import Part

Fields = Sequence[tuple[str, str]]

#: Who writes bounces.
DAEMONS = re.compile(
    r"(?:mailer-?daemon|postmaster|mail-?daemon|mdaemon|mail\.?delivery(?:[._-]?(?:system|subsystem))?)"
)

_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECEIPT_TYPES = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_RETURNED_TYPES = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "other"})

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<!\d)5\d\d[ -]\S")
_DELAYED = re.compile(
    r"delayed|delay\b|warning|not yet (?:been )?delivered|still being retried|will (?:continue to|keep) (?:be )?(?:try|retr)"
    r"|verzögert|retardé|fördröj|forsinke|vertraag|opóźn|ritardat|retras|atras",
    re.IGNORECASE,
)
_UNDELIVERED = re.compile(
    r"undeliver|delivery (?:status notification|failure|has failed|to the following)|mail delivery fail|returned mail"
    r"|returning message to sender|failure notice|could not be delivered|couldn't be delivered|unzustellbar"
    r"|konnte nicht zugestellt|non remis|échec de la remise|no se (?:ha podido|pudo) entregar|não (?:foi )?entregue"
    r"|impossibile recapitare|onbestelbaar|kunde inte levereras|kan ikke leveres|kunne ikke leveres|nie (?:można|udało)"
    r"|voitu toimittaa|permanent(?:ly)? fail|fatal errors",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"(?im)^[> \t]*message-id\s*:\s*(<[^<>\s]{1,900}>)")
_NAMED = re.compile(r"<?([^\s<>():;,\"]{1,64}@[^\s<>():;,\"]{1,255})>?")
_SHOWN_LINES = 400


def report_of(mail: Mail, root: Part) -> Report | None:
    """What the mail tells of another; None when it is no report."""
    parts = list(parts_of(root))
    kinds = {part.media_type: part for part in reversed(parts)}
    # Somebody may pass on, as a file, a bounce that they got.
    if mail.media_type != "multipart/report" and not is_daemon(mail):
        return _written(mail, tuple(reversed(mail.links))) if mail.header("x-failed-recipients") else None
    about = tuple(dict.fromkeys((*_returned(parts), *reversed(mail.links))))
    if status := next((kinds[kind] for kind in sorted(_STATUS_TYPES) if kind in kinds), None):
        return _delivery(mail, _blocks(status), about)
    if receipt := next((kinds[kind] for kind in sorted(_RECEIPT_TYPES) if kind in kinds), None):
        return _receipt(_blocks(receipt), about)
    if "message/feedback-report" in kinds:
        return _complaint(_blocks(kinds["message/feedback-report"]), about)
    return _written(mail, about)


def is_daemon(mail: Mail) -> bool:
    """Whether a mail server wrote it: by its address, or by having none to return it to."""
    return mail.return_path == "" or (mail.sender is not None and DAEMONS.fullmatch(mail.sender.local) is not None)


def _delivery(mail: Mail, blocks: Sequence[Fields], about: tuple[str, ...]) -> Report:
    """The worst of what it tells of the recipients."""
    rank = (ReportKind.FAILED, ReportKind.DELAYED, ReportKind.DELIVERED)
    told = [(_kind(block), block) for block in blocks if _value(block, "action") or _value(block, "status")]
    if not told:
        # A status without recipients: what is written beside it has to do.
        return _written(mail, about) or Report(kind=ReportKind.FAILED, about=about)
    kind, block = min(told, key=lambda one: rank.index(one[0]))
    whom = _value(block, "original-recipient") or _value(block, "final-recipient")
    diagnostic = _value(block, "diagnostic-code")
    found = _STATUS.search(_value(block, "status")) or _STATUS.search(diagnostic)
    return Report(
        kind=kind,
        about=about,
        recipient=_typed(whom),
        status=found[1] if found else "",
        diagnostic=diagnostic.partition(";")[2].strip() if ";" in diagnostic[:40] else diagnostic,
    )


def _kind(block: Fields) -> ReportKind:
    action, status = _value(block, "action").lower().strip(), _value(block, "status")
    if action.startswith(("failed", "failure")):
        return ReportKind.FAILED
    if action.startswith("delayed"):
        return ReportKind.DELAYED
    if action.startswith(("delivered", "relayed", "expanded")):
        return ReportKind.DELIVERED
    return {"4": ReportKind.DELAYED, "2": ReportKind.DELIVERED}.get(status[:1], ReportKind.FAILED)


def _receipt(blocks: Sequence[Fields], about: tuple[str, ...]) -> Report:
    block = next((block for block in blocks if _value(block, "disposition")), ())
    ids = message_ids(_value(block, "original-message-id"))
    shown = _value(block, "disposition").partition(";")[2].strip().lower().startswith(("displayed", "processed"))
    return Report(
        kind=ReportKind.READ if shown else ReportKind.DELIVERED,
        about=tuple(dict.fromkeys((*ids, *about))),
        recipient=_typed(_value(block, "final-recipient")),
    )


def _complaint(blocks: Sequence[Fields], about: tuple[str, ...]) -> Report | None:
    block = next((block for block in blocks if _value(block, "feedback-type")), ())
    kind = _value(block, "feedback-type").lower().strip()
    if kind not in _COMPLAINTS:
        return None
    whom = _value(block, "original-rcpt-to") or _value(block, "removal-recipient")
    return Report(kind=ReportKind.COMPLAINT, about=about, recipient=_typed(whom), diagnostic=kind)


def _written(mail: Mail, about: tuple[str, ...]) -> Report | None:
    """A bounce for people's eyes: from a machine, and it says so, or names whom it could not reach."""
    failed = next(iter(mail.header("x-failed-recipients")), "")
    text = "\n".join(mail.full_text.split("\n")[:_SHOWN_LINES])
    subject_says = _UNDELIVERED.search(mail.subject) or _DELAYED.search(mail.subject)
    says = subject_says or _UNDELIVERED.search(text[:3000])
    if not failed and not (is_daemon(mail) and says):
        return None
    status = _STATUS.search(text)
    reason = next((line.strip() for line in text.split("\n") if _STATUS.search(line) or _REPLY.search(line)), "")
    head = f"{mail.subject}\n{text[:600]}"
    delayed = _DELAYED.search(head) and not _REPLY.search(text) and not (status and status[1].startswith("5"))
    ids = [one for found in _MESSAGE_ID.findall(text) for one in message_ids(found)]
    named = _NAMED.search(failed) or _NAMED.search(text)
    return Report(
        kind=ReportKind.DELAYED if delayed else ReportKind.FAILED,
        about=tuple(dict.fromkeys((*ids, *about))),
        recipient=named[1].lower() if named else "",
        status=status[1] if status else "",
        diagnostic=reason[:500],
    )


def _returned(parts: Iterable[Part]) -> list[str]:
    """The Message-IDs of the mails that come back within it."""
    found: list[str] = []
    for part in parts:
        if part.media_type in _RETURNED_TYPES:
            for fields in ([_fields(one) for one in part.children] or _blocks(part))[:1]:
                found += message_ids(_value(fields, "message-id"))
    return found


def _blocks(part: Part) -> list[Fields]:
    """The groups of fields in a part for machines, whether they were told apart already or not."""
    if part.children and part.field("content-transfer-encoding")[0] != "base64":
        return [_fields(child) for child in part.children]
    data = part.content()
    for child in part.children:
        # They were told apart before they were decoded.
        held = child.message.get_payload()
        data += held.encode("latin-1", "replace") if isinstance(held, str) else b""
    text = decoded(from_base64(data) if part.children else data).replace("\r\n", "\n").replace("\r", "\n")
    return [_split(block) for block in re.split(r"\n[ \t]*\n", text) if block.strip()]


def _split(block: str) -> Fields:
    unfolded = re.sub(r"\n[ \t]+", " ", block)
    return [
        (name.strip().lower(), readable(value)) for name, colon, value in
        (line.partition(":") for line in unfolded.split("\n")) if colon
    ]  # fmt: skip


def _fields(part: Part) -> Fields:
    return [(name.lower(), readable(from_wire(value))) for name, value in part.message.raw_items()]


def _value(fields: Fields, name: str) -> str:
    return next((value for known, value in fields if known == name), "")


def _typed(value: str) -> str:
    """The address of `rfc822; anna@example.com`."""
    told = value.partition(";")[2] or value
    return next((address.key for address in addresses(told)), "")
