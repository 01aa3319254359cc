"""The frame's scripts in one file, so that a browser asks once: each module a function that gives what it exports.

The modules of `static` name what they take and give in two forms only: `import { a, b } from "./x.js";` and `export`
before a function, a class or a constant. The browser reads the single files as well: tests do.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache

from custagent.channels.live_chat.loader import text_of, written
from custagent.locales import catalogue, languages

#: The module that is begun with.
ENTRY = "chat.js"
_IMPORT = re.compile(r'^import \{ ([^}]+) \} from "\./([a-z]+\.js)";$', re.MULTILINE)
#: Lines that only people read, and the blanks before others: no text of the modules runs over more than a line.
_REMARK = re.compile(r"^ *(?://[^\n]*|/\*\*.*?\*/)\n|^ +", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


@cache
def module(name: str) -> str:
    """A module as it is served by itself; `texts.js` with the words of every catalogue in it."""
    if name != "texts.js":
        return text_of(name)
    # A text a language: a browser reads those only that it needs.
    words = {code: written(dict(catalogue(code).widget)) for code in languages()}
    return text_of(name).replace('"{{texts}}"', written(words))


@cache
def bundle() -> str:
    """All modules that the first one needs, each after those that it needs itself."""
    order: list[str] = []

    def add(name: str) -> None:
        for needed in (found[2] for found in _IMPORT.finditer(module(name))):
            if needed not in order:
                add(needed)
        order.append(name)

    add(ENTRY)
    return '"use strict";\n' + "\n".join(_wrapped(name) for name in order)


@cache
def bundle_name() -> str:
    """What the bundle is called in addresses, such as `bundle-0123456789abcdef.js`: another one has another name."""
    return f"bundle-{_hash(bundle())}.js"


@cache
def style_name() -> str:
    """The same of the frame's style sheet."""
    return f"chat-{_hash(text_of('chat.css'))}.css"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _wrapped(name: str) -> str:
    text = _REMARK.sub("", module(name))
    given = ", ".join(found[2] for found in _EXPORT.finditer(text))
    text = _EXPORT.sub(r"\1", _IMPORT.sub(lambda found: f"const {{ {found[1]} }} = {_variable(found[2])};", text))
    return f"// {json.dumps(name)}\nconst {_variable(name)} = (() => {{\n{text}\nreturn {{ {given} }};\n}})();"


def _variable(name: str) -> str:
    return f"from_{name.removesuffix('.js')}"
