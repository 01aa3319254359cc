"""Plain data to core values: the models decide, this page says in plain words what they did not like, and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from custagent.config.findings import DefinitionRejected, Finding, did_you_mean
from custagent.config.reader import KeyPath, Reading, read, read_text
from custagent.config.scalars import shortened
from custagent.config.secrets import looks_secret
from custagent.core.agent import SOURCE_WORDS
from custagent.core.ids import NAME_PATTERN, is_name
from custagent.core.written import PATTERNS

Model = TypeVar("Model", bound=BaseModel)

#: The lists whose items come in kinds; pydantic names the kind after the position, the file does not.
_LISTS_OF_KINDS: Final = ("sources", "channels")


def from_text(text: str, path: Path, model: type[Model], base: Path) -> Model:
    """What `text` defines, as it was applied once; `path` is what findings name. Raises DefinitionRejected."""
    value, findings = shape(read_text(text, path), model)
    if value is None:
        raise DefinitionRejected(findings, base=base)
    return value


def load(path: Path, model: type[Model], base: Path) -> tuple[Model, Reading]:
    """The value that the file describes, and how it was read. Raises WorkspaceError, and DefinitionRejected.

    Paths in messages are relative to `base`.
    """
    try:
        reading = read(path)
    except DefinitionRejected as exc:
        raise DefinitionRejected(exc.findings, base=base) from exc
    value, findings = shape(reading, model)
    if value is None:
        raise DefinitionRejected(findings, base=base)
    return value, reading


def shape(reading: Reading, model: type[Model]) -> tuple[Model | None, tuple[Finding, ...]]:
    """The value that the file describes, or what is wrong with it."""
    try:
        return model.model_validate(reading.data, by_alias=True, by_name=False), ()
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
    return None, tuple(_finding(error, reading, model) for error in errors)


def item_findings(reading: Reading, group: str, number: int, model: type[BaseModel]) -> tuple[Finding, ...]:
    """What a model that the file's own does not know dislikes of one item of a list of kinds, such as `channels:`."""
    try:
        model.model_validate(reading.data[group][number], by_alias=True, by_name=False)
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
    else:
        return ()
    holder = create_model("Holder", **{group: (tuple[model, ...], ...)})  # type: ignore[call-overload, valid-type] # made from a variable
    # The kind stands where pydantic would name it.
    return tuple(
        _finding({**error, "loc": (group, number, "kind", *error["loc"])}, reading, holder) for error in errors
    )


def complaints(model: type[BaseModel], written: Mapping[str, Any]) -> dict[str, str]:
    """What the model dislikes of each setting of a mapping that stands in no file yet, by the setting's name."""
    try:
        model.model_validate(written, by_alias=True, by_name=False)
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
    else:
        return {}
    told: dict[str, str] = {}
    for error in errors:
        path = _path(error["loc"]) or ("",)
        context = error.get("ctx", {})
        message = context.get("message") or _SHORTLY.get(error["type"], "").format(path[-1])
        message = message or _complaint(error["type"], context, path, error["input"])[0]
        told.setdefault(str(path[0]), message or f"{_name(path)}: {error['msg']}")
    return told


def _finding(error: ErrorDetails, reading: Reading, model: type[BaseModel]) -> Finding:
    path, kind, context = _path(error["loc"]), error["type"], error.get("ctx", {})
    if kind in ("missing", "union_tag_not_found"):
        return _missing(path if kind == "missing" else (*path, "kind"), reading, model)
    if kind == "extra_forbidden":
        return reading.finding(
            path, "unknown-key", f"`{path[-1]}` is not a setting that is known here", key=True,
            hint=did_you_mean(str(path[-1]), _settings(model, path[:-1], reading)),
        )  # fmt: skip
    if kind == "fault":
        return reading.finding((*path, *context["at"]), "contradiction", context["message"])
    if kind == "source_kind":
        return _unknown_source(path, error["input"], reading)
    if error["loc"] and error["loc"][-1] == "[key]":
        return reading.finding(
            path, "wrong-value", f"the key {path[-1]!r} must be {PATTERNS[context['pattern']]}", key=True
        )
    if kind == "union_tag_invalid":
        path, kind, value = (*path, "kind"), "enum", context["tag"]
        message, hint = _complaint(kind, {"expected": context["expected_tags"]}, path, value)
    else:
        message, hint = _complaint(kind, context, path, error["input"])
    return reading.finding(path, "wrong-value", message or f"{_name(path)}: {error['msg']}", hint=hint)


#: What is said of a setting as such, where no file shows its place.
_SHORTLY: Final = {"missing": "`{}` is missing", "extra_forbidden": "`{}` is not a setting that is known here"}


def _missing(path: KeyPath, reading: Reading, model: type[BaseModel]) -> Finding:
    fields = (_by_written_name(kind).get(str(path[-1])) for kind in _models_at(model, path[:-1], reading))
    hint = next((field.description for field in fields if field and field.description), "")
    return reading.finding(path[:-1], "missing", f"`{path[-1]}` is missing", hint=hint)


def _path(location: tuple[str | int, ...]) -> KeyPath:
    """The path in the file for a place that pydantic names."""
    if location and location[0] in _LISTS_OF_KINDS:  # the list, a position, the kind, the rest
        location = (*location[:2], *location[3:])
    return location[:-1] if location and location[-1] == "[key]" else location


def _name(path: KeyPath) -> str:
    """What people call the place: its nearest key."""
    if not path:
        return "the file"
    if isinstance(path[-1], str):
        return f"`{path[-1]}`"
    keys = [step for step in path if isinstance(step, str)]
    return f"item {path[-1] + 1} of `{keys[-1]}`"


def _complaint(kind: str, context: Mapping[str, Any], path: KeyPath, value: Any) -> tuple[str, str]:
    """What a model did not like, and what to do. Secrets are not repeated."""
    name = _name(path)
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    wrote = "" if looks_secret(key, value) else f", you wrote {_shown(value)}"
    if kind in ("enum", "literal_error"):
        expected = str(context["expected"])
        words = re.findall(r"'([^']*)'", expected)
        listed = ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else expected
        near = did_you_mean(value, words) if isinstance(value, str) else ""
        return f"{name} must be one of {listed}{wrote}", near if near.startswith("did") else ""
    if kind == "string_pattern_mismatch":
        return f"{name} must be {PATTERNS[context['pattern']]}{wrote}", _better(context["pattern"], value)
    if wording := _WORDINGS.get(kind):
        expected, hint = wording(context, value)
        return f"{name} must {expected}{wrote}", hint
    return "", ""


def _shown(value: Any) -> str:
    """The value as a person would write it, shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return repr(shortened(value))
    return f"the date {value}" if isinstance(value, date) else f"the number {shortened(str(value))}"


def _better(pattern: str, value: Any) -> str:
    if pattern != NAME_PATTERN:
        return ""
    slug = re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-")
    return f"did you mean {slug}?" if is_name(slug) else ""


def _quote_it(_: Mapping[str, Any], value: Any) -> tuple[str, str]:
    return "be text", "put it in quotes" if value is not None and not isinstance(value, (dict, list)) else ""


def _true_or_false(_: Mapping[str, Any], value: Any) -> tuple[str, str]:
    word = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(value).lower())
    return "be true or false", f"write {word}, without quotes" if word else ""


def _without_quotes(what: str) -> Callable[[Mapping[str, Any], Any], tuple[str, str]]:
    return lambda _, value: (f"be {what}", "write it without quotes" if isinstance(value, str) else "")


def _a_list(_: Mapping[str, Any], value: Any) -> tuple[str, str]:
    return "be a list", "write it as [first, second], or one `- item` a line" if not isinstance(value, dict) else ""


def _a_mapping(_: Mapping[str, Any], __: Any) -> tuple[str, str]:
    return "hold lines `key: value`", ""


#: By the models' kind of error: what the value must do, and the hint.
_WORDINGS: Final[dict[str, Callable[[Mapping[str, Any], Any], tuple[str, str]]]] = {
    "string_type": _quote_it,
    "bool_type": _true_or_false,
    "int_type": _without_quotes("a whole number"),
    "float_type": _without_quotes("a number"),
    "date_type": lambda _, __: ("be a day such as 2026-12-01", ""),
    "tuple_type": _a_list,
    "model_type": _a_mapping,
    "dict_type": _a_mapping,
    "string_too_short": lambda _, __: ("say something", "write a text, or delete the line"),
    "string_too_long": lambda context, __: (f"have at most {context['max_length']:,} characters", ""),
    "too_short": lambda context, __: (f"have at least {context['min_length']} item", ""),
    "greater_than_equal": lambda context, __: (f"be at least {context['ge']:g}", ""),
    "less_than_equal": lambda context, __: (f"be at most {context['le']:g}", ""),
    "finite_number": lambda _, __: ("be a finite number", ""),
}


def _unknown_source(path: KeyPath, value: Any, reading: Reading) -> Finding:
    words = ", ".join(f"{word}:" for word in SOURCE_WORDS)
    hint = "for example `- file: content/returns.md`"
    if isinstance(value, dict):
        near = (did_you_mean(key, SOURCE_WORDS) for key in value)
        hint = next((found for found in near if found.startswith("did")), hint)
    return reading.finding(path, "source-kind", f"a source must have one of {words}", hint=hint)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that a field's type speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _models_at(model: type[BaseModel], path: KeyPath, reading: Reading) -> list[type[BaseModel]]:
    """The models that may describe the mapping at `path`: of several kinds, the one that was written."""
    found: list[type[BaseModel]] = [model]
    value: Any = reading.data
    for step in path:
        value = value[step]
        if isinstance(step, int):
            found = [kind for kind in found if _is_of_kind(kind, value)] or found
            continue
        fields = [_by_written_name(kind)[step] for kind in found if step in _by_written_name(kind)]
        found = [inner for field in fields for inner in _models(field.annotation)] or found
    return found


def _is_of_kind(model: type[BaseModel], value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if "kind" in model.model_fields:
        return value.get("kind") in get_args(model.model_fields["kind"].annotation)
    return next((word for word in SOURCE_WORDS if word in value), None) in model.model_fields


def _by_written_name(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _settings(model: type[BaseModel], path: KeyPath, reading: Reading) -> list[str]:
    return [name for kind in _models_at(model, path, reading) for name in _by_written_name(kind)]
