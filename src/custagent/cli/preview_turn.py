"""How a reply looks on a channel, and who would get the conversation, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.box import ROUNDED
from rich.console import Group
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from custagent.cli.render import counted, fact, say, stdout, visible
from custagent.cli.transcript import show_body
from custagent.core.people import Availability
from custagent.runtime.proving.preview import PreviewSession

if TYPE_CHECKING:
    from custagent.cli.live import LiveReply
    from custagent.core.agent import AgentDefinition
    from custagent.runtime.bootstrap import Application
    from custagent.runtime.proving.preview_turn import Bubble, WouldGet

#: Columns of a message: about as wide as on a telephone.
_WIDTH = 60
_STANDING = {
    Availability.AVAILABLE: "there",
    Availability.NO_SEAT: "holds no seat",
    Availability.AWAY: "away",
    Availability.OFF_HOURS: "outside working hours",
    Availability.BUSY: "has as many conversations as allowed",
}


def show_reply(app: Application, agent: AgentDefinition, session: PreviewSession, live: LiveReply) -> None:
    """The session's last reply: as it is, or as its channel's contacts get it."""
    question, answer = session.turns[-1]
    channel = session.channel
    if not channel:
        live.show(answer)
        return
    # Nobody else pays for all that channels bring.
    from custagent.runtime.proving.preview_turn import bubbles

    first = len(session.turns) == 1 and not session.goes_on
    seen = bubbles(app, agent, channel, question, answer, first=first)
    live.show(answer, instead=lambda: show_bubbles(seen, channel))


def show_bubbles(bubbles: Sequence[Bubble], channel: str) -> None:
    """The messages of a reply as the contact gets them, one below the other."""
    letters = sum(len(bubble.text) for bubble in bubbles)
    told = f"{counted(len(bubbles), 'message')}, {counted(letters, 'character')}"
    stdout().print(Text(f"  On {channel} the contact gets {told}:", style="dim"))
    width = min(_WIDTH, stdout().width - 4)
    for bubble in bubbles:
        if not stdout().is_terminal:
            show_body("\n".join([bubble.text, *_below(bubble)]))
            continue
        below = [Text(visible(line), style="cyan") for line in _below(bubble)]
        panel = Panel(Group(Text(visible(bubble.text)), *below), box=ROUNDED, width=width, border_style="dim")
        stdout().print(Padding(panel, (0, 0, 0, 2), expand=False))


def _below(bubble: Bubble) -> list[str]:
    """What stands below the text: buttons, a list behind a button, cards."""
    lines = [f"≡ {bubble.opens_with}"] if bubble.opens_with else []
    lines += [f"[ {button} ]" for button in bubble.buttons]
    return lines + [f"↗ {card}" for card in bubble.cards]


def show_who_gets(would: WouldGet) -> None:
    """Who would get the conversation on one channel, and what the contact is told."""
    fact("Channel", would.channel)
    if would.handoff.mode == "stay":
        fact("Goes to", "nobody: the agent keeps it (handoff: stay)")
    elif would.chosen:
        fact("Goes to", f"{would.chosen.full_name} (user:{would.chosen.name})")
    else:
        waits = f"waits for {would.queue}" if would.queue else "waits for whoever comes"
        opens = f" · somebody is there from {would.opens_at:%A %H:%M}" if would.opens_at else ""
        fact("Goes to", f"nobody is there now: it {waits}{opens}")
    others = [(user, standing) for user, standing in would.people if user != would.chosen]
    if others:
        fact("Others", "\n".join(f"{user.full_name}: {_STANDING[standing]}" for user, standing in others))
    fact("The contact", would.told)
    say()
