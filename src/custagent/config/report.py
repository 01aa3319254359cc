"""What `validate` found, for people, scripts, GitHub and continuous integration."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from custagent.config.findings import Finding, Severity, shown_path

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

_CLEAN: Final = 0
_FOUND: Final = 1
_NOT_CHECKED: Final = 2

#: What XML 1.0 cannot hold. It takes 3 ms to compile, so that is left until it is needed.
_NOT_XML: Final = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a check (VAL-1)."""

    #: The files that were read, in order.
    files: tuple[Path, ...] = ()
    #: In the order of files and lines.
    findings: tuple[Finding, ...] = ()
    #: What could not be checked at all: no such file, no permission, no workspace.
    unchecked: tuple[Finding, ...] = ()
    #: Paths below it are shown relative to it.
    base: Path | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What must be mended; what could not be checked counts as well."""
        return (*self.unchecked, *(finding for finding in self.findings if finding.severity is Severity.ERROR))

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)

    def exit_code(self, *, strict: bool = False) -> int:
        """0 clean, 1 findings (warnings count with `strict`), 2 something could not be checked."""
        if self.unchecked:
            return _NOT_CHECKED
        return _FOUND if self.errors or (strict and self.warnings) else _CLEAN

    def as_text(self, *, errors_only: bool = False) -> str:
        """A line a finding, its hint below it; the sum at the end unless only errors are wanted."""
        shown = self.errors if errors_only else (*self.unchecked, *self.findings)
        lines = []
        for finding in shown:
            lines.append(f"{finding.location(self.base)}: {finding.severity}: {finding.message} [{finding.rule}]")
            if finding.hint:
                lines.append(f"    {finding.hint}")
        return "\n".join(lines if errors_only else [*lines, self.summary])

    @property
    def summary(self) -> str:
        """One line: how many files, errors and warnings."""
        files, errors, warnings = len(self.files), len(self.errors), len(self.warnings)
        found = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}" if errors or warnings else "no findings"
        return f"{_count(files, 'file')} checked: {found}"

    def render(self, format_: str) -> str:
        """The report as "text", "json", "github" or "junit", with a line break at the end unless it is empty."""
        text = _FORMATS[format_](self)
        return f"{text}\n" if text else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def as_json(report: Report) -> str:
    """One object: files, findings with all their fields, and the sums."""

    def fields(finding: Finding) -> dict[str, object]:
        return {
            "path": shown_path(finding.path, report.base),
            "line": finding.line,
            "column": finding.column,
            "severity": finding.severity.value,
            "rule": finding.rule,
            "message": finding.message,
            "hint": finding.hint,
        }

    return json.dumps(
        {
            "files": [shown_path(path, report.base) for path in report.files],
            "errors": len(report.errors),
            "warnings": len(report.warnings),
            "findings": [fields(finding) for finding in report.findings],
            "unchecked": [fields(finding) for finding in report.unchecked],
        },
        ensure_ascii=False,
        indent=2,
    )


def as_github(report: Report) -> str:
    """A workflow command a finding, which GitHub shows at its line of the change."""
    return "\n".join(_annotation(finding, report.base) for finding in (*report.unchecked, *report.findings))


def _annotation(finding: Finding, base: Path | None) -> str:
    properties = {
        "file": shown_path(finding.path, base),
        "line": str(finding.line),
        "col": str(finding.column),
        "title": finding.rule,
    }
    listed = ",".join(f"{name}={escaped(value, ',:')}" for name, value in properties.items())
    message = f"{finding.message} ({finding.hint})" if finding.hint else finding.message
    return f"::{finding.severity.value} {listed}::{escaped(message)}"


def escaped(text: str, more: str = "") -> str:
    """The text with per cent signs, line breaks and the characters in `more` written as per cent codes."""
    return "".join(f"%{ord(letter):02X}" if letter in f"%\r\n{more}" else letter for letter in text)


def as_junit(report: Report) -> str:
    """JUnit's XML: a test case a finding, and one for each file without an error. Warnings pass, with a note."""
    from xml.etree import ElementTree as ET

    suite = ET.Element("testsuite", name="custagent validate")
    for finding in (*report.unchecked, *report.findings):
        case = _case(suite, finding.path, report.base, f"{finding.location(report.base)} {finding.rule}")
        kind = "error" if finding in report.unchecked else "failure"
        text = xml_text(finding.sentence(report.base))
        if finding.severity is Severity.WARNING:
            ET.SubElement(case, "system-out").text = text
        else:
            ET.SubElement(case, kind, message=xml_text(finding.message), type=finding.rule).text = text
    broken = {finding.path for finding in report.errors}
    for path in report.files:
        if path not in broken:
            _case(suite, path, report.base, "follows the rules")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(report.errors) - len(report.unchecked)))
    suite.set("errors", str(len(report.unchecked)))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode")


def _case(suite: ET.Element, path: Path, base: Path | None, name: str) -> ET.Element:
    from xml.etree import ElementTree as ET

    return ET.SubElement(suite, "testcase", classname=xml_text(shown_path(path, base)), name=xml_text(name))


def xml_text(text: str) -> str:
    return re.sub(_NOT_XML, "\ufffd", text)


_FORMATS: Final[dict[str, Callable[[Report], str]]] = {
    "text": Report.as_text,
    "json": as_json,
    "github": as_github,
    "junit": as_junit,
}
