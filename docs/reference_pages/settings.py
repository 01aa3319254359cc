"""docs/yaml.md: every key of the three files that people write, from the models that read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from custagent.config.schema import agent_schema, workspace_schema
from custagent.core.case import CaseFile
from custagent.core.ids import NAME_PATTERN
from custagent.core.written import PATTERNS
from reference_pages.markdown import cell, table

INTRODUCTION = """\
# The files

This page is written by `nox -s docs -- --write` from what reads the files: change that, not the page.

A workspace is described by `custagent.yaml`, each agent by `agents/NAME.yaml`, and what it should do by
`agents/NAME.test.yaml`. `custagent validate` checks them all and names file, line and column; an unknown key is an error,
so a slip of the pen is noticed. Editors that speak YAML Language Server complete and check while you type: the first line
of the files that custagent writes points to their JSON Schema in `.custagent/schema/`.

A secret is never written down: where one belongs stands `${NAME}`, the name of an environment variable.
"""

#: How a value is written, in fewer words than an error message would use.
_SHORT = {
    NAME_PATTERN: "name",
    r"^[a-z]{2}$": "language, as `en`",
    r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$": "`${NAME}`",
    r"^[1-9][0-9]{0,5}[smhd]$": "length of time, as `30s`, `24h`",
    r"^(user|team):[a-z0-9]+(?:-[a-z0-9]+)*$": "`user:NAME` or `team:NAME`",
    r"^https?://[^\s/?#]+\S*$": "web address",
    r"^https?://[^\s/?#]+(/[^\s?#]*)?$": "web address",
    r"\S": "text",
}

Schema = Mapping[str, Any]


def page() -> str:
    """The whole page."""
    cases = CaseFile.model_json_schema(by_alias=True)
    files = [
        ("custagent.yaml", "The workspace: the company, its channels and its people.", workspace_schema()),
        ("agents/NAME.yaml", "An agent: how it speaks, what it answers from, where it is live.", agent_schema()),
        ("agents/NAME.test.yaml", "What an agent should do, run by `custagent test`.", cases),
    ]
    return "\n".join([INTRODUCTION, *(_file(*file) for file in files)])


def keys(schema: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Every key of a file: the mapping that it stands in ("" for the file itself), its name, its schema."""
    mappings = {"": schema, **schema.get("$defs", {})}
    for mapping, part in mappings.items():
        for name, value in part.get("properties", {}).items():
            yield mapping, name, value


def _file(name: str, meaning: str, schema: Schema) -> str:
    places = _places(schema)
    parts = [f"## {name}", meaning, _table(schema, schema, places)]
    for mapping, place in places.items():
        part = schema["$defs"][mapping]
        told = (part.get("description") or "").partition("\n\n")[0]
        parts += [f"### {place}", cell(told), _table(part, schema, places)]
    return "\n\n".join(parts) + "\n"


def _places(schema: Schema) -> dict[str, str]:
    """The mappings inside the file in the order of its keys, each with what its section is called: `channels: email`."""
    found: dict[str, str] = {}

    def visit(part: Schema, path: str) -> None:
        for name, value in part.get("properties", {}).items():
            here = f"{path}: {name}" if path else name
            for mapping in _mappings(value):
                target = schema["$defs"][mapping]
                if "properties" in target and mapping not in found:
                    several = len(_mappings(value)) > 1 and name in ("channels", "sources")
                    found[mapping] = f"{here}: {_variant(target)}" if several else here
                    visit(target, found[mapping])

    visit(schema, "")
    return found


def _variant(target: Schema) -> str:
    """What tells a mapping from others of the same list: the kind of a channel, the first word of a source."""
    kind = target["properties"].get("kind", {})
    if "const" in kind:
        return str(kind["const"])
    return next(iter(target.get("required", ["other"]))) if "kind" not in target["properties"] else "another kind"


def _mappings(value: Schema) -> list[str]:
    """The mappings that a value may be or hold, by their names in the schema."""
    if "$ref" in value:
        return [value["$ref"].rpartition("/")[2]]
    inner = [*value.get("anyOf", []), *value.get("oneOf", []), *value.get("patternProperties", {}).values()]
    held = (value.get(key) for key in ("items", "additionalProperties"))
    inner += [part for part in held if isinstance(part, dict)]
    return [name for part in inner for name in _mappings(part)]


def _table(part: Schema, schema: Schema, places: Mapping[str, str]) -> str:
    required = part.get("required", [])
    rows = [
        (
            f"`{name}`",
            _kind(value, schema, places),
            _default(value, needed=name in required),
            cell(value["description"]),
        )
        for name, value in part.get("properties", {}).items()
    ]
    return table(["key", "what it is", "without it", "meaning"], rows)


def _default(value: Schema, *, needed: bool) -> str:
    """What holds where the key is not written."""
    if needed:
        return "**needed**"
    default = value.get("default")
    if isinstance(default, dict):
        # The defaults of what it holds stand there.
        return "its own" if default else ""
    if default in (None, [], ""):
        return ""
    return f"`{default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)}`"


def _kind(value: Schema, schema: Schema, places: Mapping[str, str]) -> str:
    """What may stand there, in a few words."""
    for several in ("anyOf", "oneOf"):
        if several in value:
            kinds = [_kind(one, schema, places) for one in value[several] if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        if name in places:
            return f"[{_called(places[name])}](#{_anchor(places[name])})"
        return _kind(schema["$defs"][name], schema, places)
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    return _plain(value, schema, places)


def _plain(value: Schema, schema: Schema, places: Mapping[str, str]) -> str:
    kind = value.get("type")
    if kind == "array":
        return f"list: {_kind(value['items'], schema, places)}"
    if kind == "object":
        inner = [*value.get("patternProperties", {}).values(), value.get("additionalProperties")]
        held = next((one for one in inner if isinstance(one, dict)), None)
        return f"mapping: {_kind(held, schema, places)}" if held else "mapping"
    if kind in ("integer", "number"):
        return _number(value)
    if kind == "boolean":
        return "`true` or `false`"
    if value.get("format") == "date":
        return "day, as `2026-12-01`"
    pattern = value.get("pattern", "")
    return _SHORT.get(pattern) or cell(PATTERNS.get(pattern, "text").partition(", such as")[0])


def _number(value: Schema) -> str:
    what = "whole number" if value["type"] == "integer" else "number"
    least, most = value.get("minimum"), value.get("maximum")
    if least is not None and most is not None:
        return f"{what}, {least:,} to {most:,}"
    return f"{what} from {least:,} on" if least is not None else what


def _called(place: str) -> str:
    return place.rpartition(": ")[2]


def _anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub and the site make it."""
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")
