"""custagent.yaml as a value."""

from __future__ import annotations

from custagent.config.home import Home
from custagent.config.kinds import with_kinds
from custagent.config.shape import from_text, load
from custagent.core.workspace import Workspace


def load_workspace(home: Home) -> Workspace:
    """The workspace as its file defines it.

    Raises WorkspaceError when the file is missing or unreadable, DefinitionRejected (a ConfigError) when it breaks rules.
    """
    workspace, _ = load(home.workspace_file, Workspace, home.root)
    return with_kinds(workspace)


def workspace_from_text(text: str, home: Home) -> Workspace:
    """The workspace as it was applied once, whatever its file says now. Raises DefinitionRejected."""
    return with_kinds(from_text(text, home.workspace_file, Workspace, home.root))
