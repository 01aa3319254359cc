"""Commands that check definitions: validate, schema."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from custagent.cli.app import invocation


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    JUNIT = "junit"


class SchemaKind(StrEnum):
    AGENT = "agent"
    WORKSPACE = "workspace"


def validate(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Agent files, custagent.yaml or workspaces; all, if none is named."),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How findings are printed.")] = Format.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts: --format json.")] = False,
) -> None:
    """Check the YAML files.

    Needs no network, no model and no database. Exit code: 0 clean, 1 findings, 2 could not check.

    Examples:
      custagent validate
      custagent validate agents/support.yaml --format github
    """
    from custagent.config.home import find_home
    from custagent.config.validate import validate as check

    wanted = paths or [find_home(Path.cwd(), explicit=invocation(ctx).workspace).root]
    report = check(wanted)
    sys.stdout.write(report.render(Format.JSON.value if json else output.value))
    raise typer.Exit(report.exit_code(strict=strict))


def schema(
    kind: Annotated[SchemaKind, typer.Argument(metavar="KIND", help="Which file's schema.")] = SchemaKind.AGENT,
    write: Annotated[bool, typer.Option("--write", help="Write both to .custagent/schema/ for your editor.")] = False,
    ctx: typer.Context = None,  # type: ignore[assignment] # Typer fills it in
) -> None:
    """Print the JSON Schema of a YAML file.

    Editors that know YAML Language Server complete and check agents/*.yaml by it.

    Examples:
      custagent schema agent
      custagent schema --write
    """
    from custagent.cli.render import print_json, success
    from custagent.config.home import find_home
    from custagent.config.schema import agent_schema, workspace_schema, write_schemas

    if write:
        home = find_home(Path.cwd(), explicit=invocation(ctx).workspace)
        write_schemas(home)
        success(f"Wrote the schemas to {home.schema_folder}")
        return
    print_json(agent_schema() if kind is SchemaKind.AGENT else workspace_schema())
