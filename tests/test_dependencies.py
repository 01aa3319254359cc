"""docs/dependencies.md and the licences: nothing is needed that is not told of, or that may not be used."""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import replace
from importlib.metadata import Distribution
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _load() -> ModuleType:
    """The script that writes the page."""
    spec = importlib.util.spec_from_file_location("dependencies", ROOT / "docs" / "dependencies.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its values look for their module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


dependencies = _load()
PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
ROWS = re.findall(r"(?m)^\| `([a-z0-9-]+)` \| ([^ |]+) \| (.+) \|$", PAGE)


def pins() -> dict[str, set[str]]:
    """The versions that sessions install, by name: a package may have one for each Python."""
    found: dict[str, set[str]] = {}
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    for name, version in re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", text):
        found.setdefault(name, set()).add(version)
    return found


def test_the_page_tells_of_each_version_that_is_pinned_and_of_no_other() -> None:
    pinned = pins()
    assert len(ROWS) > len(dependencies.declared())
    # pip comes with Python, in the version that it likes.
    assert {name for name, version, _ in ROWS if version not in pinned.get(name, set())} <= {"pip"}


def test_what_is_asked_for_stands_there_with_its_reason() -> None:
    told = {name: rest for name, _, rest in ROWS}
    wanted = {dependencies.normalized(re.split(r"[\[<>=!~; ]", one, maxsplit=1)[0]) for one in dependencies.declared()}
    assert wanted <= set(told)
    why = dependencies.reasons()
    assert {name for name in wanted if not told[name].startswith(f"{why[name]} |")} == set()


def test_all_of_it_may_be_used() -> None:
    licences = {name: re.split(r" \| ", rest)[-3] for name, _, rest in ROWS}
    assert {name: found for name, licence in licences.items() if (found := dependencies.refused(licence))} == {}
    assert licences["certifi"] == "MPL-2.0"


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("MIT", []),
        ("Apache-2.0 OR BSD-2-Clause", []),
        ("(MIT AND Zlib) OR CC0-1.0", []),
        ("GPL-3.0-only", ["GPL-3.0-only"]),
        ("MIT AND AGPL-3.0-only", ["AGPL-3.0-only"]),
        ("Other/Proprietary License", ["Other/Proprietary License"]),
        ("", ["none"]),
    ],
)
def test_other_licences_are_refused(licence: str, refused: list[str]) -> None:
    assert dependencies.refused(licence) == refused


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        ("License-Expression: MIT", "MIT"),
        ("License: Apache License, Version 2.0", "Apache-2.0"),
        ("License: MIT License\n  Copyright (c) 2022 Somebody\n  and more", "MIT"),
        ("License: Dual License\nClassifier: License :: OSI Approved :: BSD License", "BSD-3-Clause"),
        ("License: GPLv3", "GPLv3"),
        ("Summary: Nothing is told", ""),
    ],
)
def test_a_licence_is_read_however_a_package_tells_it(tmp_path: Path, lines: str, licence: str) -> None:
    (tmp_path / "METADATA").write_text(f"Metadata-Version: 2.1\nName: odd\nVersion: 1\n{lines}\n", encoding="utf-8")
    assert dependencies.licence_of(Distribution.at(tmp_path)) == licence


def test_a_page_of_other_packages_is_found_out() -> None:
    one = dependencies.Package(name="rich", version="15.0.0", licence="MIT", size=1_300_000)
    page = dependencies.page([one], {("rich", "15.0.0"): "2026-04"})
    assert "| `rich` | 15.0.0 | tables and progress; Typer needs it anyway | MIT | 1.3 | 2026-04 |" in page
    assert dependencies.months(page) == {("rich", "15.0.0"): "2026-04"}
    assert list(dependencies.faults([one], page)) == []
    newer = replace(one, version="15.1.0", licence="GPLv3")
    assert [fault.partition(". ")[0] for fault in dependencies.faults([newer], page)] == [
        "rich 15.1.0 is under GPLv3, which is not among the licences that are allowed",
        "docs/dependencies.md does not tell of rich 15.1.0",
        "docs/dependencies.md tells of rich 15.0.0, which is not needed",
    ]


def test_all_that_is_installed_for_it_is_found() -> None:
    found = {dependencies.normalized(one.metadata["Name"]) for one in dependencies.needed(["httpx[http2]", "typer"])}
    assert {"httpx", "h2", "hpack", "httpcore", "typer", "rich"} <= found
    assert "brotli" not in found
