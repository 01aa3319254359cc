"""How long conversations are kept: once a day, what ended too long ago loses its texts (CONV-3)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from custagent.core.written import seconds
from custagent.runtime.bootstrap import Application
from custagent.runtime.files import FileFolder
from custagent.runtime.in_force import InForce
from custagent.runtime.upkeep.privacy import clean_files, remove_files

_log = logging.getLogger(__name__)

_EVERY = timedelta(days=1)


class Retention:
    """The part of the clock's work that forgets."""

    def __init__(self, app: Application, in_force: InForce, *, fence: int) -> None:
        self._app = app
        self._in_force = in_force
        self._fence = fence
        self._looked_at: datetime | None = None

    def look(self) -> int:
        """Erase what is due by `privacy.erase_after`, if a day has passed since the last time; how many conversations.

        Raises LeaseHeld, StoreError.
        """
        age, now = self._in_force.workspace().privacy.erase_after, self._app.clock.now()
        # A clock that was set back has passed no day, however far it has still to go.
        if self._looked_at and timedelta() <= now - self._looked_at < _EVERY:
            return 0
        # Files whose message was never written down, for the runner was killed in between.
        FileFolder(self._app.home.files_folder).sweep(self._app.store.files.hashes())
        if age is None:
            self._looked_at = now
            return 0
        erasure = self._app.store.erasure
        conversations = erasure.older_than(now - timedelta(seconds=seconds(age)))
        if conversations:
            entry = self._app.audit_entry(
                "privacy erase", f"older than {age}", after=f"{len(conversations)} conversations"
            )
            came = self._app.store.files.hashes_of(conversations)
            erased = erasure.erase((), conversations, now, audit=entry, fence=self._fence)
            remove_files(self._app, came)
            report = clean_files(erasure, erased, (), conversations)
            _log.info("%s conversations ended more than %s ago: their texts are erased", len(conversations), age)
            for one in report.untouched:
                _log.warning(
                    "the backup %s keeps what was erased, for it could not be changed: %s", one.path, one.reason
                )
        self._looked_at = now
        return len(conversations)
