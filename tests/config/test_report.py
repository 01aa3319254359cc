"""Findings for people, scripts, GitHub and continuous integration."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from custagent.config.findings import Finding, Severity, did_you_mean
from custagent.config.report import Report

BASE = Path("/shop")
AGENT = BASE / "agents" / "a, b:c%.yaml"
ERROR = Finding(path=AGENT, line=3, column=7, rule="unknown-key", message="100% <wrong>,\nyou: see", hint="do & mend")
WARNING = Finding(
    path=BASE / "custagent.yaml", line=2, column=1, severity=Severity.WARNING, rule="expired", message="old"
)
UNCHECKED = Finding(path=Path("/elsewhere/x.yaml"), rule="not-checked", message="there is no file\x00")
FILES = (BASE / "custagent.yaml", AGENT, BASE / "agents" / "ok.yaml")


def report(*findings: Finding, unchecked: tuple[Finding, ...] = ()) -> Report:
    return Report(files=FILES, findings=findings, unchecked=unchecked, base=BASE)


@pytest.mark.parametrize(
    ("findings", "unchecked", "normal", "strict"),
    [((), (), 0, 0), ((WARNING,), (), 0, 1), ((ERROR,), (), 1, 1), ((ERROR, WARNING), (UNCHECKED,), 2, 2), ((), (UNCHECKED,), 2, 2)],
)  # fmt: skip
def test_exit_code(findings: tuple[Finding, ...], unchecked: tuple[Finding, ...], normal: int, strict: int) -> None:
    checked = report(*findings, unchecked=unchecked)
    assert (checked.exit_code(), checked.exit_code(strict=True)) == (normal, strict)


def test_text() -> None:
    assert report(ERROR, WARNING, unchecked=(UNCHECKED,)).render("text").split("\n") == [
        "/elsewhere/x.yaml:1:1: error: there is no file\x00 [not-checked]",
        "agents/a, b:c%.yaml:3:7: error: 100% <wrong>,",
        "you: see [unknown-key]",
        "    do & mend",
        "custagent.yaml:2:1: warning: old [expired]",
        "3 files checked: 2 errors, 1 warning",
        "",
    ]
    assert report().render("text") == "3 files checked: no findings\n"
    assert report(WARNING).as_text(errors_only=True) == ""


def test_json() -> None:
    printed = json.loads(report(ERROR, WARNING, unchecked=(UNCHECKED,)).render("json"))
    assert (printed["errors"], printed["warnings"], printed["files"][1]) == (2, 1, "agents/a, b:c%.yaml")
    assert printed["findings"][0] == {
        "path": "agents/a, b:c%.yaml", "line": 3, "column": 7, "severity": "error", "rule": "unknown-key",
        "message": "100% <wrong>,\nyou: see", "hint": "do & mend",
    }  # fmt: skip
    assert printed["unchecked"][0]["path"] == "/elsewhere/x.yaml"


def test_github_escapes_what_would_end_a_command() -> None:
    assert report(ERROR, WARNING).render("github").split("\n") == [
        "::error file=agents/a%2C b%3Ac%25.yaml,line=3,col=7,title=unknown-key::100%25 <wrong>,%0Ayou: see (do & mend)",
        "::warning file=custagent.yaml,line=2,col=1,title=expired::old",
        "",
    ]
    assert report().render("github") == ""


def test_junit_is_xml_with_a_case_for_each_finding_and_each_good_file() -> None:
    suite = ET.fromstring(report(ERROR, WARNING, unchecked=(UNCHECKED,)).render("junit"))
    assert suite.attrib == {"name": "custagent validate", "tests": "5", "failures": "1", "errors": "1"}
    cases = [(case.attrib["classname"], [child.tag for child in case]) for case in suite]
    assert cases == [
        ("/elsewhere/x.yaml", ["error"]),
        ("agents/a, b:c%.yaml", ["failure"]),
        ("custagent.yaml", ["system-out"]),
        ("custagent.yaml", []),
        ("agents/ok.yaml", []),
    ]
    failure = suite[1][0]
    assert failure.attrib == {"message": "100% <wrong>,\nyou: see", "type": "unknown-key"}
    assert "3:7" in (failure.text or "")
    assert suite[0][0].attrib["message"] == "there is no file\ufffd"


def test_suggestions() -> None:
    assert did_you_mean("persnality", ["role", "personality"]) == "did you mean personality?"
    assert did_you_mean("xyz", ["b", "a"]) == "there is: a, b"
    assert did_you_mean("xyz", [f"name{number}" for number in range(13)]) == ""
    assert did_you_mean("xyz", []) == ""
