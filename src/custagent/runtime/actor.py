"""Who is acting, and whether they may (CRE-3).

On the command line this guards against mistakes, not malice: access to the files is the guard.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from custagent.core.errors import PermissionDenied
from custagent.core.people import Permission, User
from custagent.core.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The acting user, as audit rows name them."""

    #: A user's name, else the email that git knows, else "".
    name: str
    #: The user of the workspace, None when it lists no such user.
    user: User | None = None

    def require(self, permission: Permission, workspace: Workspace) -> None:
        """Raises PermissionDenied unless the actor holds `permission`, or the workspace lists no users."""
        if workspace.may(self.user, permission):
            return
        who = self.name or "somebody without a name"
        raise PermissionDenied(
            f"{who} may not do this: it needs the permission {permission.value}",
            hint="Say who acts with --as NAME, or have an admin add the permission in custagent.yaml.",
        )


def find_actor(workspace: Workspace, named: str | None, folder: Path) -> Actor:
    """The user called `named` (a name or an email), else the one whom git's email tells."""
    if named:
        user = next((user for user in workspace.users if user.name == named), None) or workspace.user_by_email(named)
        return Actor(name=user.name if user else named, user=user)
    email = _git(folder, "config", "user.email")
    user = workspace.user_by_email(email) if email else None
    return Actor(name=user.name if user else email, user=user)


def git_commit(folder: Path) -> str:
    """The commit that the workspace stands at, "" when it is not under git."""
    place = folder.resolve()
    # Looking for a repository takes a hundredth of the time that git takes to say that there is none.
    if "GIT_DIR" not in os.environ and not any((one / ".git").exists() for one in (place, *place.parents)):
        return ""
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
