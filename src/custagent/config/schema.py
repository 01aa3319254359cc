"""JSON Schemas of the two files, so that editors complete and check while people write."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from custagent.config.home import Home
from custagent.core.agent import AgentDefinition
from custagent.core.errors import WorkspaceError
from custagent.core.workspace import Workspace

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
AGENT_SCHEMA: Final = "agent.schema.json"
WORKSPACE_SCHEMA: Final = "workspace.schema.json"


def agent_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of agents/<name>.yaml."""
    return _schema(AgentDefinition, "An agent of custagent: agents/<name>.yaml")


def workspace_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of custagent.yaml."""
    return _schema(Workspace, "A workspace of custagent: custagent.yaml")


def write_schemas(home: Home) -> tuple[Path, Path]:
    """Write both into .custagent/schema/, where the first line of created files points. Raises WorkspaceError."""
    files = (home.schema_folder / AGENT_SCHEMA, home.schema_folder / WORKSPACE_SCHEMA)
    try:
        home.schema_folder.mkdir(parents=True, exist_ok=True)
        for file, text in zip(files, _texts(), strict=True):
            # An editor may be reading the file: it sees the old or the new one, never a half.
            half = file.with_name(f".{file.name}.{os.getpid()}")
            try:
                half.write_text(text, encoding="utf-8")
                half.replace(file)
            finally:
                half.unlink(missing_ok=True)
    except OSError as exc:
        raise WorkspaceError(
            f"{home.schema_folder} cannot be written: {exc.strerror}",
            hint="check that the disk has space left, and the folder's permissions",
        ) from exc
    return files


@cache
def _texts() -> tuple[str, ...]:
    """What stands in the two files. Making it takes longer than all else that `custagent create` does."""
    return tuple(json.dumps(one, ensure_ascii=False, indent=2) + "\n" for one in (agent_schema(), workspace_schema()))


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    schema = _tidied(model.model_json_schema(by_alias=True))
    return {"$schema": _DIALECT, **schema, "title": title}


def _tidied(part: Any, *, names: bool = False) -> Any:
    """Without the titles that pydantic makes up and its OpenAPI marks; keys that match no pattern are refused.

    `names` tells that the mapping's keys are people's settings, not words of JSON Schema.
    """
    if isinstance(part, list):
        return [_tidied(item) for item in part]
    if not isinstance(part, dict):
        return part
    tidy = {
        key: _tidied(value, names=key in ("properties", "$defs", "patternProperties"))
        for key, value in part.items()
        if names or key not in ("title", "discriminator")
    }
    if "patternProperties" in tidy and not names:
        tidy.setdefault("additionalProperties", False)
    return tidy
