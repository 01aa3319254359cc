"""Conversations out of the workspace and into it: one line of JSON each.

What comes in is the past of another tool or workspace. It is there to be read and searched: never charged, never
sent, never the agent's work. Its channel begins with `import:`, which no channel of a workspace can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from custagent.conversation.privacy import mask
from custagent.core.conversation import IMPORTED, Outcome
from custagent.core.document import Citation
from custagent.core.errors import UsageError
from custagent.core.ids import content_hash
from custagent.core.message import Attachment, Message, MessageKind, Sender
from custagent.core.people import Permission
from custagent.runtime.bootstrap import Application
from custagent.runtime.inbox.conversations import ConversationRecord, find_conversation
from custagent.store.conversations.past import PastConversation
from custagent.store.conversations.search import Filter

#: Conversations that are written in one transaction.
_AT_ONCE = 100
#: Bytes; a longer line is no conversation.
_LONGEST_LINE = 16 * 1024 * 1024
#: How custagent's own ids look. Others are turned into such, the same into the same.
_OWN_ID = re.compile(r"[A-Za-z0-9]{22}")
_ID_LENGTH = 22
#: The kind of a message of which only the sender is known.
_USUAL_KIND = {Sender.CONTACT: MessageKind.INBOUND, Sender.PERSON: MessageKind.PERSON, Sender.AGENT: MessageKind.ANSWER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A line that is no conversation."""

    #: From 1.
    line: int
    #: Why, in one sentence.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of an import."""

    #: Conversations that were written now.
    added: int
    #: Those that were there already: nothing of them was changed.
    known: int
    #: With any of them nothing is written, unless bad lines were to be left out.
    faults: tuple[Fault, ...]


class _Contact(BaseModel):
    model_config = ConfigDict(extra="ignore")

    key: str = Field(default="", max_length=1000)
    name: str = Field(default="", max_length=1000)
    email: str = Field(default="", max_length=1000)


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")

    sender: Sender
    text: str
    at: AwareDatetime
    kind: MessageKind | None = None
    language: str = ""
    author: str = ""
    options: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    citations: tuple[Citation, ...] = ()
    decision: str = ""
    reason: str = ""
    confidence: float | None = Field(default=None, ge=0, le=1)
    agent_version: int = 0
    index_generation: int = 0
    evidence: dict[str, Any] | None = None

    @field_validator("text")
    @classmethod
    def _whole(cls, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ValueError("the text holds half a character") from error
        return value

    def kind_that_fits(self) -> MessageKind:
        """Raises ValueError for a kind that such a sender does not write."""
        usual = _USUAL_KIND[self.sender]
        kind = self.kind or usual
        of_others = {MessageKind.INBOUND, MessageKind.PERSON} - {usual}
        if kind in of_others or (self.sender is not Sender.AGENT and kind is not usual):
            raise ValueError(f"a message of the {self.sender.value} cannot be of the kind {kind.value}")
        return kind


class _Conversation(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1, max_length=500)
    channel: str = Field(default="", max_length=200)
    contact: _Contact = _Contact()
    agent: str = Field(default="", max_length=200)
    language: str = Field(default="", max_length=20)
    opened_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    outcome: Outcome | None = None
    messages: tuple[_Message, ...] = Field(min_length=1)


def export_records(
    app: Application, ids: Sequence[str] = (), wanted: Filter | None = None
) -> Iterator[ConversationRecord]:
    """The conversations of these ids, or all that the filter means, latest first; one in memory at a time.

    How many somebody took is written down, also when they stop in the middle (CRE-3). Raises UnknownName.
    """
    count = 0
    try:
        for conversation in ids or app.store.search.ids(wanted or Filter()):
            record = find_conversation(app, conversation)
            count += 1
            yield record
    finally:
        told = f"{count} conversation{'' if count == 1 else 's'}"
        app.store.audit.record(app.audit_entry("conversations export", "conversations", after=told))


def import_file(
    app: Application,
    path: Path,
    *,
    skip_bad: bool = False,
    progress: Callable[[int], None] = lambda _lines: None,
) -> ImportReport:
    """Write the conversations of a file of JSON lines, those that are there already left as they are.

    The whole file is looked at first: with a bad line in it nothing is written, unless `skip_bad`. What was written
    before a kill is known when the same file is imported again. `progress` hears how many lines were looked at.
    Raises PermissionDenied, UsageError for a file that cannot be read, StoreError.
    """
    app.actor.require(Permission.ADMIN, app.workspace)
    try:
        with path.open("rb") as file:
            faults, known, good = _look_through(app, file, progress)
            if faults and not skip_bad:
                return ImportReport(added=0, known=known, faults=tuple(faults))
            file.seek(0)
            return ImportReport(added=_write(app, path, file, good), known=known, faults=tuple(faults))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _look_through(app: Application, file: BinaryIO, progress: Callable[[int], None]) -> tuple[list[Fault], int, int]:
    """(what is bad, how many are known already, how many are to be written)."""
    faults: list[Fault] = []
    lines: dict[str, int] = {}
    known = 0
    for line, found in _lines(file):
        progress(line)
        if isinstance(found, str):
            faults.append(Fault(line=line, reason=found))
        elif found.id in lines:
            faults.append(Fault(line=line, reason=f"it has the same id as line {lines[found.id]}"))
        else:
            lines[found.id] = line
    for some in _portions(list(lines)):
        known += len(app.store.past.known(some))
    return faults, known, len(lines) - known


def _write(app: Application, path: Path, file: BinaryIO, planned: int) -> int:
    kinds, added, seen = app.workspace.privacy.mask, 0, set[str]()
    entry = app.audit_entry("conversations import", path.name, after=f"{planned} conversations") if planned else None

    def masked(message: Message) -> Message:
        return (
            replace(message, text=mask(message.text, kinds=kinds).text) if message.sender is Sender.CONTACT else message
        )

    portion: list[PastConversation] = []
    for _, found in _lines(file):
        if isinstance(found, str) or found.id in seen:
            continue
        seen.add(found.id)
        portion.append(replace(found, messages=tuple(masked(message) for message in found.messages)))
        if len(portion) == _AT_ONCE:
            added += app.store.past.add(portion, audit=entry)
            portion, entry = [], None
    return added + (app.store.past.add(portion, audit=entry) if portion else 0)


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def _lines(file: BinaryIO) -> Iterator[tuple[int, PastConversation | str]]:
    """Each line's number with its conversation, or with what is wrong with it. Empty lines are left out."""
    number = 0
    while line := file.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            while not line.endswith(b"\n") and (line := file.readline(_LONGEST_LINE)):
                pass
            yield number, f"it is longer than {_LONGEST_LINE // 1024 // 1024} MB"
        elif line.strip():
            yield number, _read(line)


def _read(line: bytes) -> PastConversation | str:
    try:
        written = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "it is not written in UTF-8"
    except (ValueError, RecursionError) as error:
        return f"it is no JSON: {error}"
    try:
        return _past(_Conversation.model_validate(written))
    except ValidationError as error:
        return _reason(error)
    except ValueError as error:
        return str(error)


def _past(found: _Conversation) -> PastConversation:
    channel = found.channel if found.channel.startswith(IMPORTED) else f"{IMPORTED}{found.channel or 'other'}"
    own = _OWN_ID.fullmatch(found.id)
    identity = found.id if own else content_hash("import", channel, found.id)[:_ID_LENGTH]
    last = max(message.at for message in found.messages)
    return PastConversation(
        id=identity,
        channel=channel,
        contact_key=found.contact.key or found.contact.email or f"conversation {found.id}",
        contact_name=found.contact.name,
        contact_email=found.contact.email,
        agent=found.agent,
        language=found.language,
        opened_at=found.opened_at or min(message.at for message in found.messages),
        closed_at=max(found.closed_at or last, last),
        outcome=found.outcome,
        messages=tuple(_message(message, identity) for message in found.messages),
    )


def _message(found: _Message, conversation: str) -> Message:
    return Message(
        conversation=conversation,
        sender=found.sender,
        kind=found.kind_that_fits(),
        text=found.text,
        at=found.at,
        language=found.language,
        author=found.author,
        options=found.options,
        attachments=found.attachments,
        citations=found.citations,
        decision=found.decision,
        reason=found.reason,
        confidence=found.confidence,
        agent_version=found.agent_version,
        index_generation=found.index_generation,
        evidence="" if found.evidence is None else json.dumps(found.evidence, ensure_ascii=False),
    )


def _reason(error: ValidationError) -> str:
    """The first fault with its place, never with what stands there: it may be a customer's words."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
