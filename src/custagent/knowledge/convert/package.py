"""The parts of an Office file (docx, pptx): a zip archive of XML (ECMA-376), read with limits on what it unpacks to."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from custagent.core.errors import ConvertError

#: The XML of all parts together, unpacked.
MAX_UNPACKED = 100 * 1024 * 1024
#: A part that unpacks to more times its size is a bomb; small parts may.
MAX_RATIO = 100
_SMALL_PART = 1024 * 1024

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
R = f"{{{_RELATIONS}}}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
#: The strict variant of the format has names of its own for the same things (ISO/IEC 29500-1).
_STRICT = b"http://purl.oclc.org/ooxml/"
_NAMES = {
    b"http://purl.oclc.org/ooxml/officeDocument/relationships": _RELATIONS.encode(),
    **{
        b"http://purl.oclc.org/ooxml/" + name: b"http://schemas.openxmlformats.org/" + name.replace(b"/", b"/2006/", 1)
        for name in (b"wordprocessingml/main", b"drawingml/main", b"presentationml/main", b"drawingml/diagram")
    },
}


class Package:
    """The parts of an Office file."""

    def __init__(self, archive: zipfile.ZipFile, location: str, *, most: int = MAX_UNPACKED) -> None:
        """`most` are the bytes that all parts together may unpack to."""
        self._archive = archive
        self._location = location
        self._left = most

    def part(self, name: str) -> ET.Element:
        """The XML of a part. Raises KeyError when there is none of that name, ConvertError for a bomb."""
        info = self._archive.getinfo(name)
        allowed = min(self._left, max(_SMALL_PART, info.compress_size * MAX_RATIO))
        with self._archive.open(info) as stream:
            # What the archive says of its sizes may be untrue: what counts is what comes out.
            data = stream.read(allowed + 1)
        if len(data) > allowed:
            raise ConvertError(
                f"{self._location}: the file unpacks to far more than it should; it is not read",
                hint="Open it in the program that made it and save it again.",
            )
        self._left -= len(data)
        if b"<!DOCTYPE" in data:
            raise ConvertError(
                f"{self._location}: the file declares entities, which Office files never do",
                hint="Open it in the program that made it and save it again.",
            )
        if _STRICT in data:
            for strict, usual in _NAMES.items():
                data = data.replace(strict, usual)
        return ET.fromstring(data)  # noqa: S314 - size, ratio and entities are checked above

    def has(self, name: str) -> bool:
        """Whether there is a part of that name."""
        return name in self._archive.NameToInfo

    def main(self, usual: str) -> str:
        """The name of the part that the file begins with; some programs call it other than `usual`."""
        relations = self.relations("") if self.has("_rels/.rels") else {}
        named = next((target for kind, target in relations.values() if kind == "officeDocument"), usual)
        return named if self.has(named) else usual

    def title(self) -> str:
        """The title among the file's properties, "" when there is none."""
        name = "docProps/core.xml"
        found = self.part(name).findtext(_DC_TITLE) if self.has(name) else ""
        return " ".join((found or "").split())

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """What the relationships of a part lead to: id -> (kind, part name). None for a part without."""
        folder, base = posixpath.split(name)
        place = posixpath.join(folder, "_rels", f"{base}.rels")
        if not self.has(place):
            return {}
        return {
            one.get("Id", ""): (
                one.get("Type", "").rsplit("/", 1)[-1],
                # A target that begins with a slash counts from the top.
                posixpath.normpath(posixpath.join("/", folder, one.get("Target", ""))).lstrip("/"),
            )
            for one in self.part(place)
            if one.get("TargetMode") != "External"
        }


def chosen(element: ET.Element) -> Iterator[ET.Element]:
    """The children of an element; of the same thing written for new and old programs, what is for the new ones."""
    for child in element:
        if child.tag == f"{_MC}AlternateContent":
            options = child.findall(f"{_MC}Choice") or child.findall(f"{_MC}Fallback")
            for option in options[:1]:
                yield from chosen(option)
        else:
            yield child
