"""What each kind of channel can be told, read from its model: a new setting is asked for without new code here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, get_args

from pydantic import TypeAdapter

from custagent.config.kinds import brought_kinds, settings_of
from custagent.config.secrets import in_clear_text, is_random, looks_like_variable, reference_name
from custagent.core.channel import OTHER, Channel, ChannelBase
from custagent.core.errors import UsageError, WorkspaceError
from custagent.core.written import SecretRef

#: The model of each kind that this program brings, as the union of all channels names them.
_BUILT_IN: Final[Mapping[str, type[ChannelBase]]] = {
    tag.tag: model for model, tag in map(get_args, get_args(get_args(Channel)[0])) if tag.tag != OTHER
}
#: What every channel has, and what the command has arguments of its own for.
_EVERY_CHANNEL: Final = frozenset(ChannelBase.model_fields) | {"kind"}
_SECRET: Final = TypeAdapter(SecretRef).json_schema()["pattern"]


class Form(StrEnum):
    """How a setting is written."""

    TEXT = "text"
    #: The name of an environment variable.
    SECRET = "secret"  # noqa: S105 - the word, not a secret
    NUMBER = "number"
    FLAG = "flag"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a kind that can be told in a word or a few. Others are written into custagent.yaml by hand."""

    #: As it stands in the file.
    name: str
    form: Form
    #: A sentence for people.
    description: str
    #: What it may be; empty where it may be anything of its form.
    choices: tuple[str, ...] = ()
    #: Whether the file must have it.
    required: bool = False


def models() -> Mapping[str, type[ChannelBase]]:
    """The model of each kind, by name. A package that cannot be loaded is left out: others can be added all the same."""
    found = dict(_BUILT_IN)
    for name in brought_kinds():
        try:
            settings = settings_of(name)
        except WorkspaceError:
            continue
        if settings is not None:
            found[name] = settings
    return found


def settings(model: type[ChannelBase]) -> tuple[Setting, ...]:
    """What a channel of the kind can be told, in the model's order."""
    return tuple(_settings(model))


def _settings(model: type[ChannelBase]) -> Iterator[Setting]:
    schema = model.model_json_schema(by_alias=True)
    for name, written in schema["properties"].items():
        form = _form(written)
        if name not in _EVERY_CHANNEL and form is not None:
            yield Setting(
                name=name,
                form=form,
                description=written.get("description", ""),
                choices=tuple(_plain(written).get("enum", ())),
                required=name in schema.get("required", ()),
            )


def _plain(written: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without "or nothing"."""
    either = [one for one in written.get("anyOf", ()) if one.get("type") != "null"]
    return either[0] if len(either) == 1 else written


def _form(written: Mapping[str, Any]) -> Form | None:
    """None for what takes more than a word or a list of them."""
    written = _plain(written)
    if written.get("pattern") == _SECRET:
        return Form.SECRET
    if written.get("type") == "array":
        return Form.LIST if _form(written.get("items", {})) is Form.TEXT else None
    forms = {"string": Form.TEXT, "integer": Form.NUMBER, "number": Form.NUMBER, "boolean": Form.FLAG}
    return forms.get(written.get("type", ""))


def variable_for(channel: str, setting: str) -> str:
    """What the variable of a secret is called unless somebody calls it otherwise: PHONE_ACCESS_TOKEN."""
    return f"{channel}_{setting}".upper().replace("-", "_")


def secret_reference(setting: str, named: str) -> str:
    """`${NAME}` for a variable as people name it, with or without the sign. Raises UsageError; repeats no secret."""
    reference = named if reference_name(named) else f"${{{named}}}"
    name = reference_name(reference)
    if name is None or (not looks_like_variable(name) and (is_random(name) or any(in_clear_text(name)))):
        raise UsageError(
            f"`{setting}` takes the name of an environment variable, and what you wrote seems to be something else",
            hint="A secret is never written into a file. Set a variable, and name it: "
            f"--{setting.replace('_', '-')}-env MY_{setting.upper()}",
        )
    return reference
