"""What people tell each other about a conversation; contacts never see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A private note in a conversation."""

    #: Rising in the order of writing; 0 before it is stored.
    id: int = 0
    conversation: str
    #: A user's name.
    author: str
    text: str
    #: Aware, UTC.
    at: datetime
