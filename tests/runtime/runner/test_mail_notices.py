"""Whom events concern."""

from __future__ import annotations

import pytest

from custagent.core.channel import EmailChannel
from custagent.core.notification import NotificationEvent
from custagent.core.people import Permission, Team, User
from custagent.core.workspace import NotificationSettings, Workspace
from custagent.runtime.runner.mail_notices import concerned, mail_receiver

MAILBOX = EmailChannel(
    name="mail", kind="email", address="a@b.example", imap_host="i", smtp_host="s", username="u", password="${P}"
)


def user(name: str, *permissions: Permission) -> User:
    return User(name=name, full_name=name, email=f"{name}@b.example", permissions=permissions)


WORKSPACE = Workspace(
    name="Northwind",
    users=(user("anna", Permission.ANSWER), user("bo", Permission.ADMIN), user("cleo", Permission.ANSWER), user("dan")),
    teams=(Team(name="support", members=("anna", "dan")),),
    channels=(MAILBOX,),
)


@pytest.mark.parametrize(
    ("event", "assignee", "names"),
    [
        (NotificationEvent.HANDOFF, "user:dan", ["dan"]),
        (NotificationEvent.HANDOFF, "team:support", ["anna"]),
        (NotificationEvent.HANDOFF, "", ["anna", "cleo"]),
        (NotificationEvent.OVERDUE, "user:gone", []),
        (NotificationEvent.CREDITS, "", ["bo"]),
        (NotificationEvent.CHANNEL, "user:anna", ["bo"]),
    ],
)
def test_whom_an_event_concerns(event, assignee, names):
    assert [one.name for one in concerned(WORKSPACE, event, assignee)] == names


def test_mail_is_sent_where_it_is_wanted_and_can_be():
    wanted = WORKSPACE.model_copy(update={"notifications": NotificationSettings(email=True)})
    receiver = mail_receiver(wanted)
    assert receiver is not None
    assert receiver.mailbox is MAILBOX
    assert mail_receiver(WORKSPACE) is None
    assert mail_receiver(wanted.model_copy(update={"channels": ()})) is None
