"""People told by mail that they are needed: whoever has the conversation, or could take it; admins of what is theirs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custagent.channels.email.adapter import EmailAdapter
from custagent.channels.reception import Surroundings
from custagent.core.channel import EmailChannel
from custagent.core.errors import ChannelError, SendFault
from custagent.core.notification import Notification, NotificationEvent
from custagent.core.people import Permission, User
from custagent.core.workspace import Workspace

#: What mail to users is known by among those who are told.
KEY = "email"
#: Whose affair an event is that no conversation goes with.
_ADMINS = frozenset({NotificationEvent.CREDITS, NotificationEvent.CHANNEL})
_SUBJECTS = {
    NotificationEvent.HANDOFF: "A conversation waits for you",
    NotificationEvent.OVERDUE: "A contact has waited too long",
    NotificationEvent.CREDITS: "Credits",
    NotificationEvent.CHANNEL: "A channel needs attention",
}
_LABELS = {
    "text": "What happened",
    "reason": "Why",
    "channel": "Channel",
    "language": "Language",
    "assignee": "Given to",
    "waiting_since": "Waits since",
    "link": "Open it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReceiver:
    """The users of a workspace, as one who is told: through its first mailbox."""

    workspace: Workspace
    mailbox: EmailChannel

    @property
    def key(self) -> str:
        """What it is known by."""
        return KEY

    @property
    def host(self) -> str:
        """How people name it."""
        return KEY

    @property
    def events(self) -> tuple[NotificationEvent, ...]:
        """All of them: who is told of which, permissions and assignments say."""
        return tuple(NotificationEvent)

    async def tell(self, one: Notification, around: Surroundings, at: datetime) -> None:
        """Write to everybody whom it concerns; nobody may be. Raises ChannelError where it could be told to nobody.

        Who was told at an earlier try gets the same mail again, by its Message-ID: better twice than never.
        """
        told = json.loads(one.body)
        adapter, failed = EmailAdapter(self.mailbox, around), list[ChannelError]()
        users = concerned(self.workspace, one.event, told.get("assignee") or "")
        for user in users:
            try:
                await adapter.notify(
                    user.email,
                    subject=f"[{self.workspace.name}] {_SUBJECTS[one.event]}",
                    text=_text(told),
                    about=one.id,
                    at=at,
                )
            except ChannelError as error:
                if error.fault is not SendFault.PERMANENT:
                    failed.append(error)
        if users and len(failed) == len(users):
            raise failed[0]


def mail_receiver(workspace: Workspace) -> MailReceiver | None:
    """Who is told by mail; None where nobody is to be, or there is no mailbox to do it from."""
    mailbox = next((channel for channel in workspace.channels if isinstance(channel, EmailChannel)), None)
    if not workspace.notifications.email or mailbox is None:
        return None
    return MailReceiver(workspace=workspace, mailbox=mailbox)


def concerned(workspace: Workspace, event: NotificationEvent, assignee: str) -> Sequence[User]:
    """Whom an event concerns. `assignee` is "user:NAME", "team:NAME", or "" for whoever may answer."""
    if event in _ADMINS:
        return [user for user in workspace.users if Permission.ADMIN in user.permissions]
    kind, _, name = assignee.partition(":")
    if kind == "user":
        return [user for user in workspace.users if user.name == name]
    members = {member for team in workspace.teams if team.name == name for member in team.members}
    return [
        user
        for user in workspace.users
        if Permission.ANSWER in user.permissions and (kind != "team" or user.name in members)
    ]


def _text(told: dict[str, Any]) -> str:
    lines = [f"{label}: {told[name]}" for name, label in _LABELS.items() if told.get(name)]
    end = "You get this because custagent.yaml says `notifications: {email: true}`."
    return "\n".join([*lines, "", end])
