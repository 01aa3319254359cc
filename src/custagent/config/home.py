"""Where a workspace is, and what lies where in it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custagent.core.errors import UsageError, WorkspaceError

#: The environment variable that names the workspace when the command line does not.
VARIABLE: Final = "CUSTAGENT_WORKSPACE"

WORKSPACE_FILE: Final = "custagent.yaml"
AGENTS: Final = "agents"
CONTENT: Final = "content"
STATE: Final = ".custagent"

#: For the owner alone: conversations are in there.
_STATE_MODE: Final = 0o700
_TEMPLATE: Final = """\
# yaml-language-server: $schema=.custagent/schema/workspace.schema.json
#
# What all agents of this workspace share. Check it with: custagent validate

# The company, as contacts know it.
name: {name}

# For texts to people, and for new agents.
default_language: en

# IANA name, such as Europe/Stockholm. Opening hours and credits go by it.
timezone: UTC

# Where browsers reach the runner from outside; the chat's script tag names it.
# public_url: https://chat.example.com

# Only the public web is fetched. A server of your own is allowed here by name, as host or host:port.
fetch:
  allow_hosts: []

# Brand voices: how replies are worded, never what is true in them.
# voices:
#   - name: northwind
#     description: Short sentences, plain words, a little dry humour.
#     dont: [Promise what the content does not.]
#     words:
#       use:
#         basket: [cart, trolley]
#       avoid: [cheap*, world-class]
#     samples:
#       en: [Three steps and you are riding.]

# The people who answer when the agent does not. Only holders of a seat can be given conversations.
# users:
#   - name: anna
#     full_name: Anna Berg
#     email: anna@example.com
#     seat: service
#     permissions: [answer, edit-agents, admin]
#     languages: [sv, en]
#     hours: {mon-fri: 09:00-17:00}
# teams:
#   - name: support
#     members: [anna]

# Where messages come from. Add a chat with: custagent channels add live-chat NAME --origin URL
# Secrets are names of environment variables, never written here.
# channels:
#   - name: web
#     kind: live-chat
#     origins: [https://www.example.com]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The folder of a workspace."""

    #: Absolute, symbolic links resolved.
    root: Path

    @property
    def workspace_file(self) -> Path:
        return self.root / WORKSPACE_FILE

    @property
    def agents_folder(self) -> Path:
        return self.root / AGENTS

    @property
    def content_folder(self) -> Path:
        return self.root / CONTENT

    @property
    def state_folder(self) -> Path:
        """All run-time state; git does not see it."""
        return self.root / STATE

    @property
    def database(self) -> Path:
        return self.state_folder / "custagent.db"

    @property
    def engine_file(self) -> Path:
        """Remembers which embedding engine is the faster one on this machine."""
        return self.state_folder / "engine.json"

    @property
    def index_folder(self) -> Path:
        return self.state_folder / "index"

    @property
    def files_folder(self) -> Path:
        """The files that came with contacts' messages."""
        return self.state_folder / "files"

    @property
    def preview_history(self) -> Path:
        """What was typed in previews on this machine."""
        return self.state_folder / "preview-history"

    @property
    def schema_folder(self) -> Path:
        return self.state_folder / "schema"


def find_home(start: Path, explicit: Path | None = None, *, environment: Mapping[str, str] | None = None) -> Home:
    """The workspace to work in: `explicit`, else CUSTAGENT_WORKSPACE, else the nearest one from `start` upward.

    The first two may name the folder or its custagent.yaml. Raises WorkspaceError.
    """
    named = (os.environ if environment is None else environment).get(VARIABLE)
    if explicit is not None:
        return _home_at(start / explicit, f"{explicit} is no workspace: it holds no {WORKSPACE_FILE}")
    if named:
        return _home_at(start / named, f"{VARIABLE} names {named}, which holds no {WORKSPACE_FILE}")
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / WORKSPACE_FILE).is_file():
            return Home(root=folder)
    _refuse_what_is_no_file(start / WORKSPACE_FILE)
    raise WorkspaceError(f"there is no workspace in {start} or above it", hint="make one here with: custagent init")


def _refuse_what_is_no_file(path: Path) -> None:
    """Raises WorkspaceError for a custagent.yaml that is there and cannot be read as a file."""
    if path.is_dir():
        raise WorkspaceError(f"{path} is a folder, and no file", hint="rename it, then run: custagent init")
    if path.is_symlink() and not path.is_file():
        raise WorkspaceError(
            f"{path} is a link that leads to no file", hint="correct the link, or take it away and run: custagent init"
        )


def _home_at(path: Path, complaint: str) -> Home:
    folder = path.parent if path.name == WORKSPACE_FILE and not path.is_dir() else path
    if not (folder / WORKSPACE_FILE).is_file():
        raise WorkspaceError(complaint, hint=f"make one with: cd {folder} && custagent init")
    return Home(root=folder.resolve())


def refuse_inside(folder: Path) -> None:
    """Raises WorkspaceError when a folder above is a workspace: in there, commands would work on another one."""
    for above in folder.resolve().parents:
        if (above / WORKSPACE_FILE).is_file():
            raise WorkspaceError(
                f"{folder} lies inside the workspace {above}",
                hint=f"Commands work on that one from here. If you mean another one: custagent init --workspace {folder}",
            )


def init_home(path: Path, name: str) -> Home:
    """Make the folder a workspace of the company called `name`. What is there already stays as it is.

    Raises WorkspaceError when it is a workspace already, or cannot be written; UsageError for a name that says nothing.
    """
    try:
        home = Home(root=path.resolve())
    except RuntimeError as exc:
        raise WorkspaceError(f"{path} is a link that leads back to itself", hint="name the folder itself") from exc
    if home.workspace_file.is_file():
        raise WorkspaceError(
            f"{home.root} is a workspace already: {WORKSPACE_FILE} exists",
            hint="create an agent with: custagent create NAME",
        )
    _refuse_what_is_no_file(home.workspace_file)
    if not name.strip() or not name.isprintable():
        raise UsageError(
            "the company needs a name of visible characters", hint='custagent init --name "Northwind Bikes"'
        )
    # A JSON string is a YAML string, whatever it holds.
    text = _TEMPLATE.replace("{name}", json.dumps(name.strip(), ensure_ascii=False))
    try:
        for folder in (home.root, home.agents_folder, home.content_folder):
            folder.mkdir(parents=True, exist_ok=True)
        home.state_folder.mkdir(mode=_STATE_MODE, exist_ok=True)
        home.state_folder.chmod(_STATE_MODE)
        _ignore_state(home.root / ".gitignore")
        with home.workspace_file.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as exc:
        where = exc.filename or home.root
        raise WorkspaceError(
            f"{where} cannot be written: {exc.strerror}", hint="check the folder's permissions"
        ) from exc
    return home


def _ignore_state(gitignore: Path) -> None:
    """Tell git to leave the state folder alone; what the file says already is kept."""
    entry = f"{STATE}/"
    body = gitignore.read_bytes() if gitignore.exists() else b""
    lines = {line.strip().strip(b"/") for line in body.splitlines()}
    if STATE.encode() in lines:
        return
    newline = b"\r\n" if b"\r\n" in body else b"\n"
    gap = newline if body and not body.endswith(b"\n") else b""
    gitignore.write_bytes(body + gap + entry.encode() + newline)
