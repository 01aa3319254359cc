"""What channels carry."""

from __future__ import annotations

import pytest

from custagent.core.channel import LONGEST_TEXTS, ChannelKind, EmailChannel, LiveChatChannel
from custagent.core.workspace import Workspace, longest_text

WORKSPACE = Workspace(
    name="Spokes",
    channels=(
        LiveChatChannel(name="web", kind="live-chat"),
        EmailChannel(
            name="mail",
            kind="email",
            address="a@b.example",
            imap_host="i",
            smtp_host="s",
            username="u",
            password="${P}",
        ),
    ),
)


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        ("mail", ChannelKind.EMAIL),
        ("email", ChannelKind.EMAIL),
        ("web", ChannelKind.LIVE_CHAT),
        ("whatsapp", ChannelKind.WHATSAPP),
        ("", ChannelKind.LIVE_CHAT),
        ("nowhere", ChannelKind.LIVE_CHAT),
    ],
)
def test_a_message_is_as_long_as_its_channel_carries(channel, kind):
    assert longest_text(WORKSPACE, channel) == LONGEST_TEXTS[kind]


def test_every_kind_of_channel_has_its_longest_text():
    assert set(LONGEST_TEXTS) == set(ChannelKind)
