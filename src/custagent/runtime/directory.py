"""The people of the workspace, with what routing needs to know of their work (HND-1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from custagent.core.people import Colleague, Seat, User
from custagent.core.workspace import Workspace
from custagent.store.conversations import SqliteConversationStore


class WorkspaceDirectory:
    """A Directory over custagent.yaml and the conversations in the store."""

    def __init__(self, workspace: Callable[[], Workspace], conversations: SqliteConversationStore) -> None:
        self._workspace = workspace
        self._conversations = conversations

    def available(self, targets: Sequence[str]) -> Sequence[Colleague]:
        """See the port."""
        workspace = self._workspace()
        users = {user.name: user for user in workspace.users if user.seat is not Seat.NONE}
        named: dict[str, User] = {}
        for target in targets:
            kind, _, name = target.partition(":")
            members = [name] if kind == "user" else _members(workspace, name)
            named |= {member: users[member] for member in members if member in users}
        work = self._conversations.workload()
        return [
            Colleague(
                user=user,
                open_conversations=work[f"user:{user.name}"].open if f"user:{user.name}" in work else 0,
                last_given_at=work[f"user:{user.name}"].last_at if f"user:{user.name}" in work else None,
            )
            for user in named.values()
        ]


def _members(workspace: Workspace, team: str) -> Sequence[str]:
    return next((one.members for one in workspace.teams if one.name == team), ())
