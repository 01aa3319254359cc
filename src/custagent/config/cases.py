"""agents/<name>.test.yaml as values, each case with its line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custagent.config.agents import CASES_SUFFIX, agent_names
from custagent.config.findings import DefinitionRejected, Finding, Severity, did_you_mean
from custagent.config.home import Home
from custagent.config.reader import Reading
from custagent.config.shape import load
from custagent.core.answer import Answer, DecisionKind
from custagent.core.case import Case, CaseFile
from custagent.core.channel import ChannelKind
from custagent.core.errors import UsageError
from custagent.core.workspace import Workspace

_HEADER: Final = """\
# Test cases of {agent}. Run them with: custagent test {agent}
# Made from questions that the content itself asks: read them, and correct what is expected. Beside `expect` and `cites`
# there are `says`, `says_not`, `reason`, `language`, `credits`, and `dialogue` for several messages.
cases:"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCase:
    """A test case, and where it stands."""

    agent: str
    case: Case
    path: Path
    #: 1-based.
    line: int


def case_path(home: Home, agent: str) -> Path:
    """Where the agent's test cases stand, whether there are any or not."""
    return home.agents_folder / f"{agent}{CASES_SUFFIX}"


def agents_with_cases(home: Home) -> tuple[str, ...]:
    """The agents that have test cases, sorted."""
    return tuple(name for name in agent_names(home) if case_path(home, name).is_file())


def load_cases(home: Home, agent: str) -> tuple[PlacedCase, ...]:
    """The agent's test cases in the file's order. Raises UsageError when it has none, DefinitionRejected."""
    path = case_path(home, agent)
    if not path.is_file():
        raise UsageError(
            f"{agent} has no test cases: there is no {path.relative_to(home.root)}",
            hint=f"Write the first ones from its content with: custagent test {agent} --init",
        )
    file, reading = load(path, CaseFile, home.root)
    findings = [found for found in check_cases(reading, file, home, None) if found.severity is Severity.ERROR]
    if findings:
        raise DefinitionRejected(findings, base=home.root)
    return tuple(
        PlacedCase(agent=agent, case=case, path=path, line=reading.place(("cases", number)).line)
        for number, case in enumerate(file.cases)
    )


def first_cases_text(agent: str, asked: Sequence[tuple[str, Answer]]) -> str:
    """A readable file of test cases: each question with what became of it."""
    lines = [_HEADER.format(agent=agent)]
    for question, answer in asked:
        lines += [f"  - ask: {_quoted(question)}", f"    expect: {answer.decision.kind.value}"]
        pages = list(dict.fromkeys(citation.location for citation in answer.citations))[:1]
        lines += [f"    cites: [{_quoted(page)}]" for page in pages if answer.decision.kind is DecisionKind.ANSWER]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """YAML reads JSON's strings as they are meant, whatever is in them."""
    return json.dumps(text, ensure_ascii=False)


def check_cases(reading: Reading, file: CaseFile, home: Home, workspace: Workspace | None) -> Iterator[Finding]:
    """What a file of test cases says of agents and channels that there are not."""
    agent = reading.path.name.removesuffix(CASES_SUFFIX)
    names = agent_names(home)
    if agent not in names:
        hint = did_you_mean(agent, names) or "name the file after an agent"
        yield Finding(
            path=reading.path, rule="unknown-agent", message=f"there is no agent {agent!r} to test", hint=hint
        )
    if workspace is None:
        return
    channels = [*(channel.name for channel in workspace.channels), *ChannelKind]
    for number, case in enumerate(file.cases):
        if case.channel and case.channel not in channels:
            yield reading.finding(
                ("cases", number, "channel"),
                "unknown-channel",
                f"there is no channel {case.channel!r}",
                severity=Severity.WARNING,
                hint=did_you_mean(case.channel, channels),
            )
