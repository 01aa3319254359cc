"""What a channel knows a contact by, so that the same person is found by any of it, and no other one.

A surer thing decides: who is known by one number and tells another one has a new number; who tells a known number and
another id of a surer kind is somebody else, who has been given the number. Names that people choose, and addresses that
nobody has proved, find nobody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from custagent.core.channel_event import IdentitiesChanged
from custagent.core.message import Identity, IdentityKind, InboundMessage
from custagent.store.conversations.threads import find_contact
from custagent.store.database.moments import to_text

#: What may change hands, or be made up.
_FINDS_NOBODY = frozenset({IdentityKind.USERNAME, IdentityKind.EMAIL})
#: What stays with one person for as long as it is.
_LASTING = frozenset({IdentityKind.BSUID, IdentityKind.PARENT_BSUID, IdentityKind.PSID, IdentityKind.CUSTOMER})


def known_as(connection: sqlite3.Connection, message: InboundMessage) -> InboundMessage:
    """The message with the key that its contact is kept by; a contact whose key has changed is kept by the new one.

    Nothing is changed for a message that was written down before.
    """
    before = connection.execute(
        "SELECT 1 FROM inbound WHERE channel = ? AND external_id = ?", (message.channel, message.external_id)
    ).fetchone()
    if before is not None:
        return message
    key = keyed(connection, message.channel, message.contact_key, message.identities)
    return message if key == message.contact_key else replace(message, contact_key=key)


def keyed(connection: sqlite3.Connection, channel: str, key: str, identities: Sequence[Identity]) -> str:
    """The key of the contact that these are of, after making it `key` where that may be; `key` for a new contact."""
    contact, by = _found(connection, channel, identities)
    owner = find_contact(connection, channel, key)
    if contact is None:
        if owner is not None and _is_another(connection, owner, identities):
            _give_away(connection, channel, owner)
        return key
    if owner == contact or by is IdentityKind.CUSTOMER:
        # Who signed in here and there is reached by each of the keys, of which the first one stays.
        return _key_of(connection, contact)
    if owner is not None:
        _give_away(connection, channel, owner)
    connection.execute("UPDATE contacts SET key = ? WHERE id = ?", (key, contact))
    return key


def keep_identities(connection: sqlite3.Connection, channel: str, contact: int, identities: Sequence[Identity]) -> None:
    """From now on the contact is known by these; of each kind by this one alone, and nobody else is known by it."""
    rows = connection.execute("SELECT kind, value FROM identities WHERE contact = ?", (contact,)).fetchall()
    known = {(kind, value) for kind, value in rows}
    for identity in identities:
        if not identity.value or (identity.kind.value, identity.value) in known:
            continue
        connection.execute("DELETE FROM identities WHERE contact = ? AND kind = ?", (contact, identity.kind.value))
        connection.execute(
            "INSERT INTO identities (channel, kind, value, contact) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (channel, kind, value) DO UPDATE SET contact = excluded.contact",
            (channel, identity.kind.value, identity.value, contact),
        )


def change_identities(connection: sqlite3.Connection, event: IdentitiesChanged) -> None:
    """The contact is known by other things from now on. Two contacts that turn out to be one become the older one."""
    channel, key = event.channel, event.contact_key
    before, _ = _found(connection, channel, event.before)
    contacts = [before] if before is not None else []
    after, by = _found(connection, channel, event.now)
    if after is not None and (by in _LASTING or not contacts or _began_later(connection, after, event)):
        contacts.append(after)
    if key and not event.before and (own := find_contact(connection, channel, key)) is not None:
        contacts.append(own)
    if not contacts:
        return
    contact = min(contacts)
    for younger in set(contacts) - {contact}:
        _merge(connection, contact, younger)
    owner = find_contact(connection, channel, key) if key else None
    if key and owner != contact:
        if owner is not None:
            _give_away(connection, channel, owner)
        connection.execute("UPDATE contacts SET key = ? WHERE id = ?", (key, contact))
    keep_identities(connection, channel, contact, event.now)


def _found(
    connection: sqlite3.Connection, channel: str, identities: Sequence[Identity]
) -> tuple[int | None, IdentityKind | None]:
    """The contact that the surest of these means, and which it was."""
    for number, identity in enumerate(identities):
        if identity.kind in _FINDS_NOBODY:
            continue
        row = connection.execute(
            "SELECT contact FROM identities WHERE channel = ? AND kind = ? AND value = ?",
            (channel, identity.kind.value, identity.value),
        ).fetchone()
        contact = int(row[0]) if row else _known_by_key_alone(connection, channel, identity.value)
        if contact is not None and not _is_another(connection, contact, identities[:number]):
            return contact, identity.kind
    return None, None


def _known_by_key_alone(connection: sqlite3.Connection, channel: str, value: str) -> int | None:
    """A contact from before identities were kept."""
    row = connection.execute(
        "SELECT id FROM contacts WHERE channel = ? AND key = ?"
        " AND NOT EXISTS (SELECT 1 FROM identities WHERE identities.contact = contacts.id)",
        (channel, value),
    ).fetchone()
    return int(row[0]) if row else None


def _is_another(connection: sqlite3.Connection, contact: int, surer: Sequence[Identity]) -> bool:
    """Whether the contact is known by something else of the same kind than these: then they are two people."""
    told = {one.kind.value: one.value for one in surer if one.kind not in _FINDS_NOBODY}
    rows = connection.execute("SELECT kind, value FROM identities WHERE contact = ?", (contact,))
    return any(told.get(kind, value) != value for kind, value in rows)


def _began_later(connection: sqlite3.Connection, contact: int, event: IdentitiesChanged) -> bool:
    """Whether all that is known of the contact came after the change: an earlier owner of a number is somebody else."""
    row = connection.execute(
        "SELECT 1 FROM conversations WHERE contact = ? AND opened_at < ? LIMIT 1", (contact, to_text(event.at))
    ).fetchone()
    return row is None


def _key_of(connection: sqlite3.Connection, contact: int) -> str:
    return str(connection.execute("SELECT key FROM contacts WHERE id = ?", (contact,)).fetchone()[0])


def _give_away(connection: sqlite3.Connection, channel: str, contact: int) -> None:
    """Somebody else has the contact's key now: what else the contact is known by becomes the key."""
    rows = connection.execute(
        "SELECT value FROM identities WHERE contact = ? AND kind IN ('bsuid', 'psid', 'phone')"
        " AND NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.channel = ? AND contacts.key = identities.value)"
        " ORDER BY kind",
        (contact, channel),
    ).fetchall()
    key = rows[0][0] if rows else f"formerly:{contact}"
    connection.execute("UPDATE contacts SET key = ? WHERE id = ?", (key, contact))


def _merge(connection: sqlite3.Connection, contact: int, younger: int) -> None:
    connection.execute("UPDATE conversations SET contact = ? WHERE contact = ?", (contact, younger))
    connection.execute("UPDATE identities SET contact = ? WHERE contact = ?", (contact, younger))
    connection.execute("UPDATE OR IGNORE opt_outs SET contact = ? WHERE contact = ?", (contact, younger))
    connection.execute("DELETE FROM opt_outs WHERE contact = ?", (younger,))
    connection.execute(
        "UPDATE contacts SET (name, email, language) = (SELECT iif(contacts.name = '', other.name, contacts.name),"
        " iif(contacts.email = '', other.email, contacts.email),"
        " iif(contacts.language = '', other.language, contacts.language)"
        " FROM contacts AS other WHERE other.id = ?) WHERE id = ?",
        (younger, contact),
    )
    connection.execute("DELETE FROM contacts WHERE id = ?", (younger,))
