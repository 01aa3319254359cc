"""Which way a person's reply takes, and whether there is one: told before anything is written."""

from __future__ import annotations

from datetime import datetime, timedelta

from custagent.core.channel import ChannelKind
from custagent.core.conversation import Conversation
from custagent.core.errors import UsageError
from custagent.core.workspace import Workspace
from custagent.store import Store

#: How long after the contact's last message a person may still write: Meta's rules. Messenger's is that of its tag for
#: people, `HUMAN_AGENT`.
_OPEN_FOR = {
    ChannelKind.WHATSAPP: timedelta(hours=24),
    ChannelKind.MESSENGER: timedelta(days=7),
}


def mailbox_for(workspace: Workspace, conversation: Conversation) -> str:
    """The channel by which an address that was left in the chat is answered (HND-2); "" where there is none.

    That of the same desk, else the first one.
    """
    channel = next((one for one in workspace.channels if one.name == conversation.channel), None)
    if channel is None or channel.kind != ChannelKind.LIVE_CHAT:
        return ""
    mail = [one for one in workspace.channels if one.kind == ChannelKind.EMAIL]
    same = [one for one in mail if one.desk == channel.desk]
    return (same or mail)[0].name if mail else ""


def require_window(store: Store, workspace: Workspace, conversation: Conversation, now: datetime) -> None:
    """Raises UsageError where the provider would not take the reply any more, for the contact wrote too long ago."""
    kind = next((one.kind for one in workspace.channels if one.name == conversation.channel), "")
    open_for = next((length for one, length in _OPEN_FOR.items() if one == kind), None)
    asked = store.outbox.asked_last(conversation.id) if open_for else None
    if open_for is None or asked is None or now - asked.sent_at < open_for:
        return
    length = "24 hours" if open_for < timedelta(days=2) else f"{open_for.days} days"
    told = {
        ChannelKind.WHATSAPP: "Send a template from WhatsApp Manager, or reach the contact another way.",
        ChannelKind.MESSENGER: "Wait until the contact writes again, or reach the contact another way.",
    }
    raise UsageError(
        f"the contact last wrote more than {length} ago, and {conversation.channel} takes no reply any more:"
        " nothing was sent",
        hint=told[ChannelKind(kind)],
    )
