"""The names that a shell completes on TAB: agents, channels, sources, users and teams of the workspace.

Read from the files alone, without checking them: a key press must not wait. Outside a workspace, or where a file cannot
be read, nothing is offered and nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typer

from custagent.cli.app import invocation
from custagent.core.errors import CustagentError


def agents(ctx: typer.Context, incomplete: str) -> list[str]:
    """The agents that have a file."""

    def listed(root: Path) -> Iterable[str]:
        from custagent.config.agents import agent_names
        from custagent.config.home import Home

        return agent_names(Home(root=root))

    return _beginning(ctx, incomplete, listed)


def channels(ctx: typer.Context, incomplete: str) -> list[str]:
    """The channels of custagent.yaml."""
    return _of_workspace(ctx, incomplete, "channels")


def users(ctx: typer.Context, incomplete: str) -> list[str]:
    """The users of custagent.yaml."""
    return _of_workspace(ctx, incomplete, "users")


def teams(ctx: typer.Context, incomplete: str) -> list[str]:
    """The teams of custagent.yaml."""
    return _of_workspace(ctx, incomplete, "teams")


def sources(ctx: typer.Context, incomplete: str) -> list[str]:
    """The sources of the agent that was typed before."""

    def listed(root: Path) -> Iterable[str]:
        items = _items(root / "agents" / f"{ctx.params.get('agent')}.yaml", "sources")
        kinds = ("file", "url", "collection", "short_answer")
        return [str(item[kind]) for item in items for kind in kinds if kind in item]

    return _beginning(ctx, incomplete, listed)


def _of_workspace(ctx: typer.Context, incomplete: str, group: str) -> list[str]:
    def listed(root: Path) -> Iterable[str]:
        return [str(item["name"]) for item in _items(root / "custagent.yaml", group) if "name" in item]

    return _beginning(ctx, incomplete, listed)


def _items(file: Path, group: str) -> list[dict[str, Any]]:
    """The mappings in a list of the file, as it is written. Raises CustagentError."""
    from custagent.config.reader import read

    items = read(file).data.get(group)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _beginning(ctx: typer.Context, incomplete: str, listed: Callable[[Path], Iterable[str]]) -> list[str]:
    from custagent.config.home import find_home

    try:
        names = listed(find_home(Path.cwd(), explicit=invocation(ctx).workspace).root)
    except (CustagentError, OSError):
        return []
    return [name for name in names if name.startswith(incomplete)]
