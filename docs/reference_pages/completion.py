"""src/custagent/cli/completion.json: what every command takes, for TAB, which must not wait for Typer to be imported."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import EnumMeta
from typing import Any, get_args

from custagent.cli.app import command
from custagent.cli.lazy import LazyGroup
from custagent.config.templates import TEMPLATES
from custagent.core.channel import ChannelKind
from custagent.locales import languages

#: What is the same in every workspace.
_FIXED = {"CODE": languages(), "TEMPLATE": TEMPLATES, "KIND": [kind.value for kind in ChannelKind]}
#: The options that stand before a command's name or after it.
_EVERYWHERE = ("workspace_folder", "acting_user", "quiet", "no_color")
_HELP = {"--help": ["Show this message and exit.", None, False]}


def page() -> str:
    """A line a command, so that a change of one is a change of a line."""
    root = command()
    mine = [one for one in root.params if one.name not in _EVERYWHERE]
    everywhere = [one for one in root.params if one.name in _EVERYWHERE]
    head = {"options": _options(mine), "everywhere": _options(everywhere) | _HELP}
    lines = [f"{_json(name)}: {_json(_taken(root, name))}" for name in root.commands]
    return "\n".join([f'{_json(head)[:-1]}, "commands": {{', ",\n".join(lines), "}}"]) + "\n"


def _taken(group: LazyGroup, name: str) -> dict[str, Any]:
    """What a command takes, or which commands a group has."""
    said, entry = group.commands[name].help, group.load(name)
    if isinstance(entry, LazyGroup):
        return {"help": said, "options": {}, "commands": {one: _taken(entry, one) for one in entry.commands}}
    params = [one for one in entry.params if one.name not in _EVERYWHERE]
    return {"help": said, "arguments": _arguments(params), "options": _options(params)}


def _arguments(params: Iterable[Any]) -> list[Any]:
    """[what it takes, whether any number of them] each."""
    return [[_takes(one), one.nargs == -1] for one in params if one.param_type_name == "argument"]


def _options(params: Iterable[Any]) -> dict[str, Any]:
    """Name to [help, what it takes (null: it is only said), whether it is repeatable]."""
    return {
        name: [one.help, None if one.is_flag else _takes(one), one.multiple]
        for one in params
        if one.param_type_name == "option" and not one.hidden
        for name in (*one.opts, *one.secondary_opts)
    }


def _takes(param: Any) -> list[str] | str:
    """The words that it can be, or its metavar."""
    annotation = param.type_descriptor.annotation
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, EnumMeta):
            return [str(member.value) for member in one]
    metavar: str = param.metavar or ""
    return list(_FIXED.get(metavar, ())) or metavar


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
