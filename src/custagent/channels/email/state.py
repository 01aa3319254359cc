"""How far a mailbox has been read, as it is remembered from one runner to the next."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadUpTo:
    """The last mail that was read, and in which numbering of the server's (RFC 3501, 2.3.1.1)."""

    folder: str
    uid_validity: int
    #: Of the last mail that is done with; every one up to it is.
    uid: int
    #: When that was noted, UTC: where to begin again when the numbering changes.
    at: datetime

    def __str__(self) -> str:
        return json.dumps([self.folder, self.uid_validity, self.uid, self.at.isoformat()])

    @classmethod
    def of(cls, text: str, folder: str) -> Self | None:
        """What `str` once wrote about this folder; None for anything else, such as nothing."""
        try:
            known, validity, uid, at = json.loads(text)
            if known != folder:
                return None
            moment = datetime.fromisoformat(at).astimezone(UTC)
            return cls(folder=known, uid_validity=int(validity), uid=int(uid), at=moment)
        except (ValueError, TypeError):
            return None
