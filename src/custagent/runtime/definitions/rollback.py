"""Agents as another git revision has them, put into force while the files stay as they are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from custagent.config.validate import validate
from custagent.core.errors import ConfigError
from custagent.core.people import Permission
from custagent.runtime.bootstrap import Application
from custagent.runtime.definitions.agents import Applied, put_into_force
from custagent.runtime.revision import Revision, find_revision


def apply_revision(app: Application, name: str, agents: Sequence[str]) -> list[Applied]:
    """Let the agents go live as revision `name` has them. Raises UsageError, ConfigError, PermissionDenied.

    They are checked together with the revision's own custagent.yaml and content; the content that is stored is answered from.
    """
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    revision = find_revision(app.home.root, name)
    texts = {agent: revision.text(f"agents/{agent}.yaml") for agent in agents}
    _refuse_errors(revision, agents)
    return put_into_force(app, texts, action=f"apply --rev {name}", commit=revision.commit)


def _refuse_errors(revision: Revision, agents: Sequence[str]) -> None:
    with TemporaryDirectory(prefix="custagent-") as folder:
        root = Path(folder).resolve()
        revision.write(["."], root)
        paths = [root / "custagent.yaml", *(root / "agents" / f"{agent}.yaml" for agent in agents)]
        report = validate(paths, environment=os.environ, base=root)
    if report.errors:
        raise ConfigError(
            f"revision {revision.name} has mistakes:\n{report.as_text(errors_only=True)}",
            hint="Nothing was changed. Choose another revision: git log --oneline -- agents",
        )
