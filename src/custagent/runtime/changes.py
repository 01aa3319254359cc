"""Who changed what (CRE-3)."""

from __future__ import annotations

from collections.abc import Sequence

from custagent.core.people import Permission
from custagent.core.record import AuditEntry
from custagent.runtime.bootstrap import Application


def changes_of(app: Application, subject: str = "", *, limit: int) -> Sequence[AuditEntry]:
    """The last `limit` changes, newest first; with a subject those of it. Raises PermissionDenied."""
    app.actor.require(Permission.ADMIN, app.workspace)
    return app.store.audit.entries(limit, subject or None)
