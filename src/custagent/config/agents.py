"""agents/<name>.yaml as values."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from custagent.config.findings import DefinitionRejected, Finding, did_you_mean
from custagent.config.home import Home
from custagent.config.reader import Reading
from custagent.config.shape import from_text, load
from custagent.core.agent import AgentDefinition
from custagent.core.errors import UnknownName, WorkspaceError
from custagent.core.ids import is_name

SUFFIX: Final = ".yaml"
#: Test cases stand beside the agent's file: agents/<name>.test.yaml.
CASES_SUFFIX: Final = ".test.yaml"


def agent_names(home: Home) -> tuple[str, ...]:
    """The names of the workspace's agents, sorted: one for each agents/<name>.yaml, valid or not.

    Raises WorkspaceError when the folder cannot be read; a missing folder holds no agents.
    """
    try:
        files = [file for file in home.agents_folder.iterdir() if file.suffix == SUFFIX and file.is_file()]
    except FileNotFoundError:
        return ()
    except NotADirectoryError as exc:
        raise WorkspaceError(
            f"{home.agents_folder} is a file, and no folder", hint=f"rename it, then run: mkdir {home.agents_folder}"
        ) from exc
    except OSError as exc:
        raise WorkspaceError(
            f"{home.agents_folder} cannot be read: {exc.strerror}", hint="check the folder's permissions"
        ) from exc
    return tuple(sorted(file.stem for file in files if not file.name.startswith(".") and not is_case_file(file)))


def is_case_file(path: Path) -> bool:
    """Whether the file holds an agent's test cases, by its name."""
    return path.name.endswith(CASES_SUFFIX)


def agent_path(home: Home, name: str) -> Path:
    """Where the agent of that name is defined, whether it exists or not. Raises UnknownName for what is no name."""
    if not is_name(name):
        raise UnknownName(
            f"{name!r} cannot name an agent", hint="use lower-case letters, digits and single hyphens, such as web-help"
        )
    return home.agents_folder / f"{name}{SUFFIX}"


def misnamed(reading: Reading, agent: AgentDefinition) -> Finding | None:
    """What is wrong when the agent is called otherwise than its file."""
    stem = reading.path.stem
    if agent.name == stem:
        return None
    return reading.finding(
        ("name",), "name-differs", f"the agent is called {agent.name!r}, its file {reading.path.name!r}",
        hint=f"write `name: {stem}`, or rename the file to {agent.name}{SUFFIX}",
    )  # fmt: skip


def load_agent(home: Home, name: str) -> AgentDefinition:
    """The agent as its file defines it.

    Raises UnknownName when there is none, WorkspaceError when the file is unreadable, DefinitionRejected (a ConfigError)
    when it breaks rules.
    """
    known = agent_names(home)
    if name not in known:
        near = did_you_mean(name, known)
        hint = near if near.startswith("did") else "see all agents with: custagent list"
        raise UnknownName(f"there is no agent called {name!r}", hint=hint)
    agent, reading = load(home.agents_folder / f"{name}{SUFFIX}", AgentDefinition, home.root)
    if finding := misnamed(reading, agent):
        raise DefinitionRejected([finding], base=home.root)
    return agent


def agent_from_text(text: str, home: Home, name: str) -> AgentDefinition:
    """The agent as it was applied once, whatever its file says now. Raises DefinitionRejected."""
    return from_text(text, home.agents_folder / f"{name}{SUFFIX}", AgentDefinition, home.root)
