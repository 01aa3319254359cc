"""Blocks of the docs that are no commands: YAML is what the program reads, JSON and TOML can be read, Python fits."""

from __future__ import annotations

import ast
import importlib
import json
import shutil
import subprocess
import textwrap
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from custagent.config.findings import DefinitionRejected
from custagent.config.reader import read_text
from custagent.core.agent import AgentDefinition
from custagent.core.case import CaseFile
from custagent.core.channel import EmailChannel, LiveChatChannel
from custagent.core.workspace import Workspace
from tests.pages import PAGES, Block, blocks, name_of

#: What a fragment of a file lacks; what it has counts.
WITH: Final[Mapping[type[BaseModel], Mapping[str, Any]]] = {
    Workspace: {"name": "Northwind"},
    AgentDefinition: {"name": "support", "role": "customer-service"},
    CaseFile: {},
    LiveChatChannel: {"name": "web", "kind": "live-chat", "origins": ["https://www.example.com"]},
    EmailChannel: {
        "name": "mail", "kind": "email", "address": "help@example.com", "imap_host": "imap.example.com",
        "smtp_host": "smtp.example.com", "username": "help",
    },
}  # fmt: skip
#: Kinds of block that nothing reads, and why.
SHOWN: Final = {
    "text": "what is seen on the screen, or another program's file",
    "html": "a line of a page of one's own",
    "js": "a line of a page of one's own",
    "markdown": "the head of a file",
    "ini": "tests/runtime/test_production.py reads it",
    "nginx": "tests/runtime/test_production.py runs it",
}
READ: Final = ("console", "bash", "yaml", "json", "toml", "python")


def of_kind(kind: str) -> list[Any]:
    """Every block of a kind, with its page in its name."""
    return [
        pytest.param(block, id=f"{name_of(page)}:{number}")
        for page in PAGES
        for number, block in enumerate(blocks(page.read_text(encoding="utf-8")), 1)
        if block.kind == kind
    ]


def faults(text: str) -> str:
    """What no model of a file likes about YAML, as the one says that knows the most of its keys; "" for none."""
    try:
        data = read_text(textwrap.dedent(text), Path("page.yaml")).data
    except DefinitionRejected as error:
        return error.message
    told: dict[int, str] = {}
    for model, rest in WITH.items():
        try:
            TypeAdapter(model).validate_python({**rest, **data}, by_alias=True, by_name=False)
        except ValidationError as error:
            known = {field.alias or name for name, field in model.model_fields.items()}
            told[len(known & set(data))] = str(error)
        else:
            return ""
    return told[max(told)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_read_or_shown_for_a_reason(page: Path) -> None:
    found = list(blocks(page.read_text(encoding="utf-8")))
    assert {block.kind for block in found} <= {*READ, *SHOWN}
    assert all(block.kind in ("console", "bash") for block in found if block.why_not_run)


@pytest.mark.parametrize("block", of_kind("yaml"))
def test_yaml_is_what_the_files_take(block: Block) -> None:
    assert faults(block.text) == ""


@pytest.mark.parametrize(
    "text",
    ["confidnce: careful", "users: [{name: Anna Berg}]", "name: a\nname: b", "cases: [{ask: Hi, expects: answer}]"],
)
def test_yaml_that_they_do_not_take_is_noticed(text: str) -> None:
    assert faults(text)


@pytest.mark.parametrize("block", of_kind("json"))
def test_json_can_be_read(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", of_kind("toml"))
def test_toml_can_be_read(block: Block) -> None:
    assert tomllib.loads(block.text)


@pytest.mark.parametrize("block", of_kind("python"))
def test_python_is_python_and_what_it_imports_is_there(block: Block) -> None:
    # docs/python.md is run by tests/test_api.py, the receiver of docs/notifications.md by its own tests.
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("custagent."):
            module = importlib.import_module(str(node.module))
            assert [one.name for one in node.names if not hasattr(module, one.name)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_bash_is_bash(page: Path, require) -> None:
    require("bash", shutil.which("bash"), "it reads what it would run")
    script = "\n".join(
        line
        for block in blocks(page.read_text(encoding="utf-8"))
        if block.kind in ("console", "bash")
        for line in block.lines
    )
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert done.stderr == ""
