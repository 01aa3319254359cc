"""What people are told of the files of a message: in the web inbox, in the terminal and in transcripts alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custagent.core.message import Attachment, Message
from custagent.locales.staff import StaffWords, staff_words

_KILOBYTE = 1024


def shown_files(message: Message, words: StaffWords) -> list[Mapping[str, Any]]:
    """What the thread says of each file of a message, with the hash where it can be saved."""
    return [
        {
            "name": file.name or file.media_type or words.told["a_file"],
            "hash": file.hash,
            "told": told_of(file, words),
        }
        for file in message.attachments
    ]


def told_of(file: Attachment, words: StaffWords | None = None) -> str:
    """Its size, or why it is not here; "" where nothing is known."""
    if file.error:
        return file.error
    if not file.hash:
        return (words or staff_words()).told["being_fetched"] if file.reference else ""
    if file.size is None:
        return ""
    if file.size < _KILOBYTE * _KILOBYTE:
        return f"{max(file.size // _KILOBYTE, 1)} KB"
    return f"{file.size / _KILOBYTE / _KILOBYTE:.1f} MB"
