"""Writes docs/dependencies.md: what custagent stands on, why, under which licence, how heavy, and how alive.

`python docs/dependencies.py` looks at what is installed here: exit code 1 when a licence is not one that this project may
stand on, or when the page is of other packages. `--write` makes the page anew; `--releases FILE` gives it the months of the
releases, as lines of name, version, month between tabs. A month that the page has for the same version is kept.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

FOLDER = Path(__file__).parent
PAGE = FOLDER / "dependencies.md"
REASONS = FOLDER / "decisions" / "0003-dependencies.md"
PROJECT = FOLDER.parent / "pyproject.toml"
CONSTRAINTS = FOLDER.parent / "constraints.txt"

#: What a program under the MIT licence may need: nothing of it touches what custagent itself may be used for. MPL-2.0 asks
#: that its own files stay open, which they do: they are installed as they are.
ALLOWED = frozenset("""
    0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause CC0-1.0 CNRI-Python ISC MIT MIT-0 MPL-2.0 PSF-2.0 Public-Domain Unlicense Zlib
""".split())  # fmt: skip
#: How packages write them that are older than the short names.
SPELT = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "the mit license (mit)": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "public domain": "Public-Domain",
    "python software foundation license": "PSF-2.0",
}
#: Told in no field that can be read: by the licence's text in the package.
BY_TEXT = {"imapclient": "BSD-3-Clause", "pypdfium2": "BSD-3-Clause AND Apache-2.0"}
#: Its parts in an expression.
_BETWEEN = re.compile(r"\s+(?:AND|OR)\s+|[()]|,\s*")
_ROW = re.compile(r"(?m)^\| `([a-z0-9-]+)` \| ([^|]+?) \|.*?\| ([0-9]{4}-[0-9]{2}|) \|$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One installed package."""

    name: str
    version: str
    licence: str
    #: Installed size in bytes.
    size: int


def normalized(name: str) -> str:
    """As package indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(package: Distribution) -> str:
    """As an expression of SPDX names where the package tells one that is known; else as it tells it, "" for nothing."""
    told = package.metadata
    name = normalized(told["Name"])
    classified = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or [] if one.startswith("License")]
    lines = (told.get("License") or "").strip().splitlines()
    for written in (told.get("License-Expression"), BY_TEXT.get(name), *lines[:1]):
        if written and not refused(known := SPELT.get(written.strip().lower(), written.strip())):
            return known
    return " OR ".join(SPELT.get(one.lower(), one) for one in classified) or "".join(lines[:1])


def refused(licence: str) -> list[str]:
    """The parts of an expression that are not allowed; what says nothing is not allowed either."""
    return [part for part in _BETWEEN.split(licence) if part and part not in ALLOWED] or ([] if licence else ["none"])


def size_of(package: Distribution) -> int:
    """Bytes on disk; what Python compiled of it is left out."""
    files = (Path(str(package.locate_file(file))) for file in package.files or [] if file.suffix != ".pyc")
    return sum(file.stat().st_size for file in files if file.is_file())


def needed(requirements: Iterable[str]) -> Iterator[Distribution]:
    """Everything that is installed for these requirements, each once. Raises PackageNotFoundError."""
    todo, seen = [Requirement(one) for one in requirements], set()
    while todo:
        one = todo.pop()
        if one.marker and not one.marker.evaluate({"extra": ""}):
            continue
        for extra in {"", *one.extras} - {extra for name, extra in seen if name == normalized(one.name)}:
            found = distribution(one.name)
            if not any(name == normalized(one.name) for name, _ in seen):
                yield found
            seen.add((normalized(one.name), extra))
            for text in found.requires or []:
                inner = Requirement(text)
                if inner.marker is None or inner.marker.evaluate({"extra": extra}):
                    inner.marker = None
                    todo.append(inner)


def declared() -> list[str]:
    """What pyproject.toml asks for."""
    requirements: list[str] = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    return requirements


def installed() -> list[Package]:
    """What custagent stands on here, by name."""
    found = (
        Package(name=normalized(one.metadata["Name"]), version=one.version, licence=licence_of(one), size=size_of(one))
        for one in needed(declared())
    )
    return sorted(found, key=lambda package: package.name)


def reasons() -> Mapping[str, str]:
    """Why each is needed: `docs/decisions/0003-dependencies.md` decides that."""
    rows = re.findall(r"(?m)^\| `([a-z0-9-]+)` \| ([^|]+) \|", REASONS.read_text(encoding="utf-8"))
    return {name: reason.strip() for name, reason in rows}


def months(page: str) -> dict[tuple[str, str], str]:
    """When each version was released, as a page tells."""
    return {(name, version): month for name, version, month in _ROW.findall(page) if month}


def page(packages: Iterable[Package], released: Mapping[tuple[str, str], str]) -> str:
    """The whole page."""
    packages = list(packages)
    named = {normalized(Requirement(one).name) for one in declared()}
    why = reasons()
    own = [
        f"| `{one.name}` | {one.version} | {why[one.name]} | {one.licence} | {megabytes(one.size)} |"
        f" {released.get((one.name, one.version), '')} |"
        for one in packages
        if one.name in named
    ]
    brought = [
        f"| `{one.name}` | {one.version} | {one.licence} | {megabytes(one.size)} |"
        f" {released.get((one.name, one.version), '')} |"
        for one in packages
        if one.name not in named
    ]
    return _PAGE.format(
        own="\n".join(own),
        brought="\n".join(brought),
        count=len(packages),
        total=round(sum(one.size for one in packages) / 1e6),
        allowed=", ".join(sorted(ALLOWED)),
    )


_PAGE = """\
# Dependencies

<!-- Written by docs/dependencies.py from what is installed. To write it anew: nox -s audit -- --write -->

What `pip install custagent` brings: {count} packages, {total} MB on Linux x86-64 with Python 3.11. Each has a build for Linux
x86-64 and Python 3.11 to 3.14, so nothing is compiled. Why each was chosen, and against what:
[decision 0003](decisions/0003-dependencies.md). Sizes are MB as installed; the month is that of the version's release.

custagent is under the MIT licence. All of these may be used with it, also commercially, and none asks anything of your own
content or code: {allowed}. `nox -s audit` refuses any other.

## What custagent asks for

| Package | Version | Why | Licence | MB | Released |
| --- | --- | --- | --- | --- | --- |
{own}

One extra, `custagent[sentence-transformers]`, brings other embedding models and with them torch, over 1,000 MB (Apache-2.0,
BSD-3-Clause). It is not pinned.

## What those bring along

| Package | Version | Licence | MB | Released |
| --- | --- | --- | --- | --- |
{brought}
"""


def megabytes(size: int) -> str:
    """ "0.3" or "57"."""
    number = size / 1e6
    return f"{number:.0f}" if number >= 10 else f"{max(number, 0.05):.1f}"  # noqa: PLR2004 - two digits are enough


def faults(packages: Iterable[Package], written: str) -> Iterator[str]:
    """What is wrong with these packages, or with the page about them, a sentence each."""
    packages = list(packages)
    for one in packages:
        for licence in refused(one.licence):
            yield f"{one.name} {one.version} is under {licence}, which is not among the licences that are allowed"
    told = {(name, version.strip()) for name, version, _ in _ROW.findall(written)}
    here = {(one.name, one.version) for one in packages}
    for name, version in sorted(here - told):
        yield f"docs/dependencies.md does not tell of {name} {version}. Run: nox -s audit -- --write"
    for name, version in sorted(told - here):
        yield f"docs/dependencies.md tells of {name} {version}, which is not needed. Run: nox -s audit -- --write"


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--releases", type=Path)
    arguments = parser.parse_args()
    try:
        packages = installed()
    except PackageNotFoundError as error:
        print(f"{error.name} is needed and not installed", file=sys.stderr)
        return 1
    written = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if arguments.write:
        released = months(written)
        if arguments.releases:
            lines = (line.split("\t") for line in arguments.releases.read_text(encoding="utf-8").splitlines())
            released |= {(normalized(name), version): month for name, version, month, *_ in lines}
        written = page(packages, released)
        PAGE.write_text(written, encoding="utf-8")
    found = list(faults(packages, written))
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
