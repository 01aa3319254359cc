"""What is known of a contact, written out or taken away for good, over all channels (CONV-3)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from custagent.core.conversation import Contact
from custagent.core.errors import UnknownName, UsageError
from custagent.core.people import Permission
from custagent.core.written import seconds
from custagent.runtime.bootstrap import Application
from custagent.runtime.files import FileFolder
from custagent.store.erasure import Erased, Erasure

_AGE = re.compile(r"[1-9][0-9]{0,5}[smhd]")
#: Columns that hold JSON.
_JSON = frozenset({"options", "attachments", "citations", "evidence", "details"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of whom somebody named."""

    #: One person may be a contact on each channel.
    contacts: tuple[Contact, ...]
    #: Their conversations, in the order of beginning.
    conversations: tuple[str, ...]
    #: Conversations of others in which the same words were written.
    mentioned_in: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untouched:
    """A backup that could not be changed, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReport:
    """What was taken away."""

    erased: Erased
    #: Backups in the workspace that were looked through and are clean now.
    backups: tuple[Path, ...]
    #: Those that could not be read: somebody must delete them.
    untouched: tuple[Untouched, ...]


def known_of(app: Application, named: str) -> Known:
    """Whom an id, a provider's key, an email or a telephone number means. Raises PermissionDenied, UnknownName."""
    app.actor.require(Permission.ADMIN, app.workspace)
    erasure = app.store.erasure
    contacts = erasure.find(named)
    if not contacts:
        raise UnknownName(
            "No contact has this id, email address, telephone number or key.",
            hint="The id stands in `custagent conversations show ID --json`, at contact.",
        )
    conversations = erasure.conversations_of(contact.id for contact in contacts)
    words = named.strip()
    is_number = words.isdigit() and len(words) <= len(str(max(contact.id for contact in contacts)))
    mentioned = () if is_number else erasure.mentions(words, beside=conversations)
    return Known(contacts=contacts, conversations=conversations, mentioned_in=mentioned)


def export_known(app: Application, known: Known) -> Mapping[str, Any]:
    """Every row of every table that is about them, by table; columns that hold JSON as what they mean."""
    app.actor.require(Permission.ADMIN, app.workspace)
    rows = app.store.erasure.rows_of([contact.id for contact in known.contacts], known.conversations)
    app.store.audit.record(app.audit_entry("privacy export", _subject(known.contacts)))
    return {
        "workspace": app.workspace.name,
        "exported_at": app.clock.now(),
        **{table: [_readable(row) for row in found] for table, found in rows.items()},
    }


def erase_known(app: Application, known: Known) -> ErasureReport:
    """Take their texts and identity out of the database and its backups. Raises PermissionDenied, StoreError."""
    app.actor.require(Permission.ADMIN, app.workspace)
    erasure = app.store.erasure
    contacts = [contact.id for contact in known.contacts]
    after = f"{len(known.conversations)} conversations"
    entry = app.audit_entry("privacy erase", _subject(known.contacts), after=after)
    came = app.store.files.hashes_of(known.conversations)
    erased = erasure.erase(contacts, known.conversations, app.clock.now(), audit=entry)
    remove_files(app, came)
    # Colleagues may have tried their very words.
    app.home.preview_history.unlink(missing_ok=True)
    return clean_files(erasure, erased, known.contacts, known.conversations)


def aged(app: Application, age: str) -> tuple[str, ...]:
    """Conversations that ended so long ago, such as "365d", with texts in them still. Raises PermissionDenied."""
    app.actor.require(Permission.ADMIN, app.workspace)
    return app.store.erasure.older_than(_moment(app, age))


def erase_aged(app: Application, conversations: Sequence[str], age: str) -> ErasureReport:
    """Take their texts away, and the identity of contacts of whom nothing else is left. Raises PermissionDenied."""
    app.actor.require(Permission.ADMIN, app.workspace)
    entry = app.audit_entry("privacy erase", f"older than {age}", after=f"{len(conversations)} conversations")
    came = app.store.files.hashes_of(conversations)
    erased = app.store.erasure.erase((), conversations, app.clock.now(), audit=entry)
    remove_files(app, came)
    return clean_files(app.store.erasure, erased, (), conversations)


def remove_files(app: Application, came: frozenset[str]) -> None:
    """Delete those of the files that came with what was erased, unless somebody else sent the same. Raises StoreError."""
    FileFolder(app.home.files_folder).remove(came - app.store.files.hashes())


def clean_files(
    erasure: Erasure, erased: Erased, contacts: Sequence[Contact], conversations: Sequence[str]
) -> ErasureReport:
    """Leave nothing of what was erased in the database's files and its backups. Raises StoreError."""
    erasure.scrub()
    looked = tuple(erasure.in_backups(contacts, conversations))
    return ErasureReport(
        erased=erased,
        backups=tuple(path for path, reason in looked if not reason),
        untouched=tuple(Untouched(path=path, reason=reason) for path, reason in looked if reason),
    )


def _moment(app: Application, age: str) -> datetime:
    if not _AGE.fullmatch(age):
        raise UsageError(f"{age!r} is no length of time", hint="Write a number and its unit, such as 365d or 72h.")
    return app.clock.now() - timedelta(seconds=seconds(age))


def _subject(contacts: Sequence[Contact]) -> str:
    """By number: the record of changes is kept, so it names nobody."""
    return ", ".join(f"contact {contact.id}" for contact in contacts)


def _readable(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: json.loads(value) if name in _JSON and value else value for name, value in row.items()}
