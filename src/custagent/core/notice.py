"""Notices: what people must be told, once, whoever sees it first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that people are told. It holds no contact's words."""

    #: Rising in the order of writing; 0 before it is stored.
    id: int = 0
    #: What makes it happen once: the same key is never told twice.
    key: str
    #: What it is about, such as "credits" or "overdue".
    kind: str
    #: Who is told: those who hold this permission (CRE-3).
    permission: str
    #: One sentence or two for people.
    text: str
    #: The conversation that it is about, "" elsewhere.
    conversation: str = ""
    #: Aware, UTC.
    at: datetime
