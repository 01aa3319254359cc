"""Definitions to begin with: `plain`, and those of `custagent create --template`.

Each is a file beside this one that is valid as it stands, in English. What agents of another language have besides stands
in NAME.LANGUAGE.yaml, whose lists and texts are put below the English ones; without such a file the built-in texts serve
(ANS-6). A new template is its file and a line in `TEMPLATES`; a new language of one is a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

#: What a template is for, by its name.
TEMPLATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "shop": "A web shop: products, orders, delivery, returns.",
        "public-agency": "An authority: neutral, careful, silent on single cases.",
    }
)
#: The definition of an agent that is made from no template.
PLAIN: Final = "plain"
#: The language of the files without one in their name.
ENGLISH: Final = "en"

#: A setting with all that belongs to it: from its key to the next line that begins without a space.
_SECTION: Final = re.compile(r"^(\w+):.*\n(?:(?:[ \t].*)?\n)*", re.MULTILINE)


def template_languages(name: str) -> tuple[str, ...]:
    """The languages that the template has texts in, English first."""
    start, end = f"{name}.", ".yaml"
    found = (entry.name for entry in files(__name__).iterdir())
    others = (one.removeprefix(start).removesuffix(end) for one in found if one.startswith(start) and one.endswith(end))
    return (ENGLISH, *sorted(one for one in others if one != "yaml"))


def template_text(name: str, language: str) -> str:
    """The definition as YAML, with what it has in `language` besides. KeyError when there is no such template."""
    if name not in {PLAIN, *TEMPLATES}:
        raise KeyError(name)
    text = _read(f"{name}.yaml")
    if language == ENGLISH or language not in template_languages(name):
        return text
    more = {match[1]: match[0] for match in _SECTION.finditer(_read(f"{name}.{language}.yaml"))}
    return _SECTION.sub(lambda section: _joined(section[0], more.get(section[1], "")), text)


def _joined(section: str, more: str) -> str:
    """The section, then the lines below the key of the other one."""
    body = section.rstrip("\n")
    below = more.partition("\n")[2].rstrip("\n")
    return f"{body}\n{below}{section[len(body) :]}" if below else section


def _read(file: str) -> str:
    return (files(__name__) / file).read_text(encoding="utf-8")
