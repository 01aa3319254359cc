"""The loader as browsers get it: small, named by what it holds, and kept for the pages that were told its name.

A page names the loader with a hash of it (`integrity`), and its browser runs nothing else. So a new version of the
program may not change what stands under the old name: whatever was once named is kept, and served for as long as a page
asks for it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
import string
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from custagent.locales import catalogue, languages

_log = logging.getLogger(__name__)

#: What of the widget's words the loader has, in its order.
_LAUNCHER = ("launcherOpen", "launcherClose", "launcherUnread", "launcherWait", "launcherLost", "launcher")
#: The parts of a script that blanks and comments are told from: texts, regular expressions, remarks, blanks.
_PARTS = re.compile(
    r"""(?P<whole>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|(?<=[(=,!])/(?![/*])(?:\\.|[^/\\\n])+/)"""
    r"""|(?P<remark>//[^\n]*|/\*.*?\*/)|(?P<blank>\s+)""",
    re.DOTALL,
)
#: Names that the script gives to things of its own, and nobody else to anything; one letter each is enough.
_OWN = (
    "launcher panel badge frame whole status setOpen hearers queued memory prefill titled small changed script channel "
    "store emit calls retry tries draw make icon root host sheet codes chatText unreadOf toOpen toClose covered view begin "
    "leave heard asked tell properties attributes children made TEXTS there"
).split()
_OWN_NAME = re.compile(rf"(?<![.\w$])(?:{'|'.join(_OWN)})(?![\w$])")
#: A value within a text.
_VALUE = re.compile(r"\$\{[^{}]*\}")
#: A loader's name in addresses: the beginning of its SHA-256.
_NAME = re.compile(r"widget-([0-9a-f]{16})\.js")


@cache
def text_of(name: str) -> str:
    """A file of the folder `static`."""
    return (files("custagent.channels.live_chat") / "static" / name).read_text(encoding="utf-8")


@cache
def loader() -> bytes:
    """`widget.js` as it is served: with its style sheet and words in it, without comments and blanks. Under 10 KB."""
    words: dict[str, list[str]] = {code: [catalogue(code).widget[key] for key in _LAUNCHER] for code in languages()}
    for told in words.values():
        # What the loader takes when nothing else is said.
        if told[-1] == "Chat":
            told.pop()
    script = _small_script(text_of("widget.js"))
    return script.replace('"{{style}}"', json.dumps(_small_style())).replace('"{{texts}}"', written(words)).encode()


@cache
def loader_name() -> str:
    """What the loader is called in addresses, such as `widget-0123456789abcdef.js`: never the same for two loaders."""
    return _name(loader())


@cache
def integrity() -> str:
    """The hash of the loader as the `integrity` of a script tag (Subresource Integrity)."""
    return f"sha384-{base64.b64encode(hashlib.sha384(loader()).digest()).decode()}"


def written(words: Mapping[str, object]) -> str:
    """As short as a script can say it."""
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))


class KeptLoaders:
    """The loaders that pages may have been told of, in a folder of the workspace's state."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self) -> None:
        """Keep today's. A folder that cannot be written only matters after the next update, so it is said and no more."""
        file = self._folder / loader_name()
        try:
            if not file.is_file():
                self._folder.mkdir(parents=True, exist_ok=True)
                part = file.with_suffix(".part")
                part.write_bytes(loader())
                part.replace(file)
        except OSError as error:
            _log.warning("the chat's loader could not be kept for later versions: %s", error)

    def read(self, name: str) -> bytes | None:
        """The loader of that name; None for what never was one, and for what is not what it was."""
        if name == loader_name():
            return loader()
        if not _NAME.fullmatch(name):
            return None
        try:
            content = (self._folder / name).read_bytes()
        except OSError:
            return None
        return content if _name(content) == name else None


def _name(content: bytes) -> str:
    return f"widget-{hashlib.sha256(content).hexdigest()[:16]}.js"


def _small_style() -> str:
    style = re.sub(r"/\*.*?\*/", "", text_of("widget.css"), flags=re.DOTALL)
    return re.sub(r"\s*([{};:,>])\s*", r"\1", " ".join(style.split())).replace(";}", "}").strip()


def _small_script(script: str) -> str:
    """The script without what only people read. Its statements end in semicolons, and it divides nothing."""

    def small(part: re.Match[str]) -> str:
        if part["whole"] is not None:
            return part[0]
        before, after = script[: part.start()][-1:], script[part.end() :][:1]
        # A blank parts two words; around signs, and at the end of a statement, it parts nothing.
        return " " if part["blank"] and _is_word(before) and _is_word(after) else ""

    # Remarks first: what stands before one is not what stands before the blank behind it.
    script = _PARTS.sub(lambda part: "" if part["remark"] is not None else part[0], script)
    made, end = "", 0
    for whole in _PARTS.finditer(script):
        if whole["whole"] is not None:
            made += _short(script[end : whole.start()]) + _VALUE.sub(lambda value: _short(value[0]), whole[0])
            end = whole.end()
    script = made + _short(script[end:])
    return _PARTS.sub(small, script)


def _short(code: str) -> str:
    return _OWN_NAME.sub(lambda name: string.ascii_letters[_OWN.index(name[0])], code)


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign in {"_", "$"}
