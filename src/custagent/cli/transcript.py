"""How a conversation looks in the terminal: who said what, the sources, and how sure the agent is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rich.padding import Padding
from rich.text import Text

from custagent.cli.render import say, stdout, visible
from custagent.core.agent import AgentDefinition, CollectionSource
from custagent.core.answer import Answer, DecisionKind
from custagent.core.document import Citation, numbered

_INDENT = 2
_LABELS = {
    "knowledge-base": "knowledge base",
    "site-pages": "site page",
    "landing-pages": "landing page",
    "blog": "blog",
}
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


def labels_of(agent: AgentDefinition) -> dict[str, str]:
    """What the pages of each content collection are, by the source's location (SRC-1)."""
    return {one.location: _LABELS[one.type] for one in agent.sources if isinstance(one, CollectionSource)}


def show_answer(answer: Answer, *, with_text: bool = True, labels: Mapping[str, str] = MappingProxyType({})) -> None:
    """What the agent says, with its sources, decision and confidence; without its text where that is shown already.

    `labels` say of sources what they are.
    """
    if with_text:
        show_agent()
        show_body(answer.text)
    for number, citation in dict(numbered(answer.citations)).items():
        show_source(number, citation, label=labels.get(citation.source, ""))
    colour = _COLOURS[answer.decision.kind]
    line = Text("  ")
    line.append(answer.decision.kind.value, style=f"bold {colour}")
    line.append(f" · {answer.decision.reason.value} · confidence ", style="dim")
    line.append(_bar(answer.decision.confidence), style=colour)
    line.append(f" {answer.decision.confidence:.2f} · {answer.timings_ms.get('total', 0):.0f} ms", style="dim")
    stdout().print(line)
    say()


def show_source(number: int, citation: Citation, *, label: str = "") -> None:
    """A page that the answer rests on, and what it is."""
    heading = f" > {citation.heading}" if citation.heading else ""
    line = Text(f"  [{number}] ", style="cyan")
    line.append(visible(f"{citation.title}{heading}"))
    if label:
        line.append(f"  ({label})", style="dim")
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
