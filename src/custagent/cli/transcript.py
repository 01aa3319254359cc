"""How a conversation looks in the terminal: who said what, the sources, and how sure the agent is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
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
#: What the place of a short answer begins with: it is no page that anybody could open.
_SHORT_ANSWER = "short-answer:"
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
    stdout().print(Text.assemble(("Agent", "bold green"), ("  AI", "dim")))


def labels_of(agent: AgentDefinition) -> dict[str, str]:
    """What the pages of each content collection are, by the source's location (SRC-1)."""
    return {one.location: _LABELS[one.type] for one in agent.sources if isinstance(one, CollectionSource)}


def show_answer(
    answer: Answer,
    *,
    with_text: bool = True,
    labels: Mapping[str, str] = MappingProxyType({}),
    root: Path | None = None,
) -> None:
    """What the agent says, with its sources, decision and confidence; without its text where that is shown already.

    `labels` say of sources what they are; files of the folder `root` become links.
    """
    if with_text:
        show_agent()
        show_body(answer.text)
    for number, citation in dict(numbered(answer.citations)).items():
        show_source(number, citation, label=labels.get(citation.source, ""), root=root)
    colour = _COLOURS[answer.decision.kind]
    line = Text("  ")
    line.append(answer.decision.kind.value, style=f"bold {colour}")
    line.append(f" · {answer.decision.reason.value} · confidence ", style="dim")
    line.append(_bar(answer.decision.confidence), style=colour)
    line.append(f" {answer.decision.confidence:.2f} · {answer.timings_ms.get('total', 0):.0f} ms", style="dim")
    stdout().print(line)
    say()


def show_source(number: int, citation: Citation, *, label: str = "", root: Path | None = None) -> None:
    """A page that the answer rests on, and what it is. Terminals open its link, one of a file of `root`, too."""
    heading = f" > {citation.heading}" if citation.heading else ""
    line = Text(f"[{number}] ", style="cyan")
    line.append(visible(f"{citation.title}{heading}"))
    if citation.link.startswith(_SHORT_ANSWER):
        label = "short answer"
    if label:
        line.append(f"  ({label})", style="dim")
    if citation.private:
        line.append("  (private: the contact sees no source)", style="yellow")
    if stdout().is_terminal:
        stdout().print(Padding(line, (0, 0, 0, _INDENT), expand=False))
    else:
        stdout().print(Text(" " * _INDENT) + line, soft_wrap=True)
    if citation.link.startswith(_SHORT_ANSWER):
        return
    link = visible(citation.link)
    address = _address(citation, root)
    stdout().print(Text(f"      {link}", style=f"dim link {address}" if address else "dim"), soft_wrap=True)


def _address(citation: Citation, root: Path | None) -> str:
    """What a terminal can open; "" for what is no page of the web and no file."""
    link = visible(citation.link)
    if link.startswith(("http://", "https://")):
        return "" if " " in link else link
    file = root / citation.location if root else None
    return file.as_uri() if file and file.is_file() else ""


def show_body(text: str) -> None:
    """What somebody said, wrapped to the terminal's width."""
    stdout().print(Padding(Text(visible(text)), (0, 0, 0, _INDENT), expand=False))


def _bar(share: float) -> str:
    filled = round(share * _BAR_CELLS)
    return "█" * filled + "░" * (_BAR_CELLS - filled)
