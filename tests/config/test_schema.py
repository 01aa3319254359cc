"""The JSON Schemas say what the models say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from custagent.config.home import Home
from custagent.config.reader import read, read_text
from custagent.config.schema import agent_schema, workspace_schema, write_schemas
from custagent.config.shape import shape
from custagent.core.agent import AgentDefinition
from custagent.core.errors import WorkspaceError
from custagent.core.workspace import Workspace
from custagent.core.written import Written

READY = sorted((Path(__file__).parents[2] / "agents").glob("*.yaml"))
SCHEMAS: dict[type[Written], dict[str, Any]] = {AgentDefinition: agent_schema(), Workspace: workspace_schema()}


def as_json(value: Any) -> Any:
    """What an editor sees: to JSON a day is text."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def verdicts(text: str, model: type[Written]) -> tuple[bool, bool]:
    """What the model and what the schema say."""
    reading = read_text(text, Path("file.yaml"))
    return shape(reading, model)[0] is not None, Draft202012Validator(SCHEMAS[model]).is_valid(as_json(reading.data))


@pytest.mark.parametrize("model", [AgentDefinition, Workspace])
def test_is_a_schema_of_its_dialect(model: type[Written]) -> None:
    schema = SCHEMAS[model]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


def properties(schema: Any) -> Iterator[tuple[str, Any]]:
    for definition in (schema, *schema["$defs"].values()):
        yield from definition.get("properties", {}).items()


@pytest.mark.parametrize("model", [AgentDefinition, Workspace])
def test_every_setting_is_described(model: type[Written]) -> None:
    found = dict(properties(SCHEMAS[model]))
    assert not [name for name, setting in found.items() if not setting.get("description")]
    assert len(found) > 20
    assert not [name for name, setting in found.items() if "title" in setting]


def test_ready_definitions_are_accepted() -> None:
    assert len(READY) == 3
    for path in READY:
        errors = list(Draft202012Validator(SCHEMAS[AgentDefinition]).iter_errors(as_json(read(path).data)))
        assert errors == []


@pytest.mark.parametrize(
    "text",
    [
        "", "role: sales-representative", "voice: x", "voice: x\npersonality:", "model: openai/gpt-4o", "confidence: {answer: 1}",
        "confidence: careful", "assignments: [{channel: web, confidence: eager}]", "attachments: handoff",
        "assignments: [{channel: web, confidence: {answer: 0.9, clarify: 0.2}}]",
        "sources: []", "sources:\n- file: a\n  private: true", "sources:\n- url: https://a.b\n  import_related: true",
        "sources:\n- collection: c\n  type: blog", "sources:\n- short_answer: q\n  answer: a\n  from: 2026-01-01\n  until: '2026-02-01'",
        "messages: {sv: {greeting: Hej}}", "guardrails: [{topic: a, phrases: [b], message: c}]", "model_options: {api_key: '${K}'}",
        "assignments: [{channel: web}]", "assignments: [{channel: web, handoff: {mode: transfer, to: ['user:a']}, share: 20}]",
    ],
)  # fmt: skip
def test_model_and_schema_accept_an_agent(text: str) -> None:
    assert verdicts(f"name: a\n{text}\n", AgentDefinition) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        "confidence: high", "confidence: 0.6", "confidence:", "assignments: [{channel: web, confidence: {answer: 2}}]",
        "assignments: [{channel: web, confidence: sure}]", "attachments: read", "rolle: x", "role: boss", "personality: witty\nvoice: x", "model: gpt-4o", "confidence: {answer: 2}", "confidence: {answer: true}",
        "confidence: {answer: '0.5'}", "clarify_attempts: true", "clarify_attempts: '1'", "clarify_attempts: 1.5", "default_language: EN",
        "handoff_phrases: x", "handoff_phrases: ['  ']", "handoff_phrases: ['']", "handoff_phrases: [1]", "sources: {}", "sources:",
        "sources: [a.md]", "sources: [{}]", "sources:\n- flie: a", "sources:\n- file: a\n  url: https://a.b", "sources:\n- url: ftp://a",
        "sources:\n- url: https://a.b\n  max_pages: 0", "sources:\n- url: https://a.b\n  interval: 24", "sources:\n- short_answer: q",
        "sources:\n- short_answer: q\n  answer: 5", "sources:\n- short_answer: q\n  answer: a\n  valid_from: 2026-01-01",
        "sources:\n- short_answer: q\n  answer: a\n  from: 2026", "messages: {SV: {greeting: Hej}}", "messages: {sv: {hello: Hej}}",
        "messages: {sv: }", "guardrails: [{topic: a, phrases: []}]", "guardrails: [{topic: a}]", "model_options: {api_key: abc}",
        "assignments: [{channel: web, handoff: {mode: transfer}}]", "assignments: [{channel: web, handoff: {mode: transfer, to: []}}]",
        "assignments: [{channel: web, handoff: {to: [anna]}}]", "assignments: [{channel: web, share: 0}]", "assignments: [{}]",
        "name2: a",
    ],
)  # fmt: skip
def test_model_and_schema_reject_an_agent(text: str) -> None:
    assert verdicts(f"name: a\n{text}\n", AgentDefinition) == (False, False)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("timezone: Europe/Stockholm", True),
        ("fetch: {allow_hosts: ['[::1]:80', localhost]}", True),
        ("embedder: {engine: litellm, model: x, api_key: '${K}'}", True),
        ("users: [{name: a, full_name: A, email: a@b, seat: service, permissions: [admin], languages: [sv]}]", True),
        ("channels: [{name: a, kind: live-chat, origins: ['https://a.b:8000']}]", True),
        (
            "channels: [{name: a, kind: email, address: a@b, imap_host: b, smtp_host: c, username: d, password: '${P}'}]",
            True,
        ),
        ("fetch: {allow_hosts: ['http://a']}", False),
        ("embedder: {engine: of-another-package}", True),
        ("embedder: {engine: Open AI}", False),
        ("users: [{name: a, full_name: A, email: a}]", False),
        ("users: [{name: a, full_name: A, email: a@b, seat: golden}]", False),
        ("users: [{name: a, full_name: A, email: a@b, permissions: [root]}]", False),
        ("channels: [{name: a, kind: fax, paper: [a4]}]", True),
        ("channels: [{name: a, kind: Fax}]", False),
        ("channels: [{name: a, kind: whatsapp, paper: [a4]}]", False),
        ("channels: [{name: a}]", False),
        ("channels: [{name: A, kind: live-chat}]", False),
        ("channels: [{name: a, kind: live-chat, origins: ['https://a.b/']}]", False),
        (
            "channels: [{name: a, kind: email, address: a@b, imap_host: b, smtp_host: c, username: d, password: p}]",
            False,
        ),
        ("owner: x", False),
    ],
)
def test_model_and_schema_agree_about_a_workspace(text: str, valid: bool) -> None:
    assert verdicts(f"name: N\n{text}\n", Workspace) == (valid, valid)


def test_are_written_where_created_files_point(home: Home) -> None:
    write_schemas(home)
    agent, workspace = write_schemas(home)  # again, over the old ones
    assert agent == home.root / ".custagent" / "schema" / "agent.schema.json"
    assert json.loads(agent.read_text(encoding="utf-8")) == SCHEMAS[AgentDefinition]
    assert json.loads(workspace.read_text(encoding="utf-8")) == SCHEMAS[Workspace]
    assert sorted(path.name for path in home.schema_folder.iterdir()) == [agent.name, workspace.name]


def test_a_file_in_the_way(home: Home) -> None:
    home.schema_folder.write_text("")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write_schemas(home)
