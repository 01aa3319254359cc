"""How a conversation looks in the terminal: who said what, the sources, and how sure the agent is."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from custagent.cli.render import say, stdout, visible
from custagent.core.answer import Answer, DecisionKind
from custagent.core.document import Citation, numbered

_INDENT = 2
_BAR_CELLS = 10
_COLOURS = {
    DecisionKind.ANSWER: "green",
    DecisionKind.CLARIFY: "yellow",
    DecisionKind.REPHRASE: "yellow",
    DecisionKind.HANDOFF: "magenta",
}


def show_question(text: str) -> None:
    """What the contact said."""
    stdout().print(Text("You", style="bold cyan"))
    show_body(text)


def show_agent() -> None:
    """Who speaks now."""
    stdout().print(Text("Agent", style="bold green") + Text("  AI", style="dim"))


def show_answer(answer: Answer, *, with_text: bool = True) -> None:
    """What the agent says, with its sources, decision and confidence; without its text where that is shown already."""
    if with_text:
        show_agent()
        show_body(answer.text)
    for number, citation in dict(numbered(answer.citations)).items():
        show_source(number, citation)
    colour = _COLOURS[answer.decision.kind]
    line = Text("  ")
    line.append(answer.decision.kind.value, style=f"bold {colour}")
    line.append(f" · {answer.decision.reason.value} · confidence ", style="dim")
    line.append(_bar(answer.decision.confidence), style=colour)
    line.append(f" {answer.decision.confidence:.2f} · {answer.timings_ms.get('total', 0):.0f} ms", style="dim")
    stdout().print(line)
    say()


def show_source(number: int, citation: Citation) -> None:
    """A page that the answer rests on."""
    heading = f" > {citation.heading}" if citation.heading else ""
    line = Text(f"  [{number}] ", style="cyan")
    line.append(visible(f"{citation.title}{heading}"))
    if citation.private:
        line.append("  (private: the contact sees no source)", style="yellow")
    stdout().print(line, soft_wrap=True)
    link = visible(citation.link)
    style = f"dim link {link}" if link.startswith(("http://", "https://")) else "dim"
    stdout().print(Text(f"      {link}", style=style), soft_wrap=True)


def show_body(text: str) -> None:
    """What somebody said, wrapped to the terminal's width."""
    stdout().print(Padding(Text(visible(text)), (0, 0, 0, _INDENT), expand=False))


def _bar(share: float) -> str:
    filled = round(share * _BAR_CELLS)
    return "█" * filled + "░" * (_BAR_CELLS - filled)
