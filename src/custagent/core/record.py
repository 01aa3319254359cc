"""What is written down about changes: which text of a definition is live (CRE-6), and who changed what (CRE-3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedVersion:
    """One text of a definition that went live. The runner runs the last one, whatever the file says now."""

    #: The agent's name.
    agent: str
    #: Counts from 1 for each agent, and goes on when a deleted name is used again: replies name it (ANS-8).
    version: int
    #: The definition's YAML, to the letter.
    text: str
    #: `content_hash(text)`, to compare with the file.
    hash: str
    #: Who applied it: a user's name or email.
    actor: str
    #: Aware, UTC.
    applied_at: datetime
    #: The commit that the workspace stood at, "" when it is not under git.
    git_commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change, as it is remembered: who, when, what, before and after."""

    #: Aware, UTC.
    at: datetime
    #: The acting user's name or email.
    actor: str
    #: What was done, as a command would be called: "create", "sources add", "apply".
    action: str
    #: What it was done to: an agent's, channel's or user's name.
    subject: str
    #: The definition or value before and after; "" where there was none.
    before: str = ""
    after: str = ""
    #: The commit that the workspace stood at, "" when it is not under git.
    git_commit: str = ""
    #: The row's number, rising in the order of writing; 0 before it is stored.
    id: int = 0
