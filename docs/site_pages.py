"""Makes the site of these pages, which read as well without it: MkDocs calls what begins with `on_`.

The menu is the list in README.md of this folder. Files outside it that a page leads to (the project's own README, the
change log, examples) are published too, so that no link of the site leaves it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
INDEX = FOLDER / "README.md"

#: Where files outside this folder stand on the site; others keep their path.
OUTSIDE: Mapping[str, str] = {
    "README.md": "start.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}

LINK = re.compile(r"(!?\[(?:[^\]\[]|\[[^\]]*\])*\]\()([^)\s]+)(\))")
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)\s]+)\): (.+)$")
_ROW = re.compile(r"^\| \[([^\]]+)\]\(([^)\s]+)\) \| (.+) \|$")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The menu, from the list of pages."""
    config.nav = menu(INDEX.read_text(encoding="utf-8"))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The site's files, with those from outside this folder that its pages lead to."""
    from mkdocs.structure.files import File, InclusionLevel

    for path in sorted(outside()):
        # The list need not name them: they are reached from the pages that lead to them.
        found = File.generated(config, placed(path), abs_src_path=str(ROOT / path), inclusion=InclusionLevel.NOT_IN_NAV)
        files.append(found)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """A page as the site wants it: links from where it stands there."""
    del config, files
    source = source_of(page.file.src_uri)
    text = relinked(markdown, source)
    return _cards(text) if source == "docs/README.md" else text


def menu(index: str) -> list[dict[str, Any]]:
    """The menu of a list of pages: its headings are the groups, what leads nowhere is left out."""
    groups: list[dict[str, Any]] = [{"Home": "README.md"}]
    pages: list[Any] = []
    for line in index.splitlines():
        if line.startswith("## "):
            pages = []
            groups.append({line[3:]: pages})
            inner = pages
        elif line.startswith("### "):
            inner = []
            pages.append({line[4:]: inner})
        elif (entry := _ENTRY.match(line) or _ROW.match(line)) and len(groups) > 1:
            title = f"{entry[1]} {entry[3]}" if line.startswith("|") else entry[1]
            inner.append({title: placed(_path("docs/README.md", entry[2]))})
    return [group for group in groups if next(iter(group.values()))]


def outside() -> set[str]:
    """The files outside this folder that pages lead to, and those that these lead to, from the project's folder."""
    found: set[str] = set()
    waiting = [f"docs/{page.relative_to(FOLDER).as_posix()}" for page in FOLDER.rglob("*.md")]
    while waiting:
        page = waiting.pop()
        for path in _paths(page):
            if path not in found and not path.startswith("docs/") and (ROOT / path).is_file():
                found.add(path)
                waiting += [path] if path.endswith(".md") else []
    return found


def placed(path: str) -> str:
    """Where a file of the project, given from its folder, stands on the site."""
    return path.removeprefix("docs/") if path.startswith("docs/") else OUTSIDE.get(path, path)


def source_of(place: str) -> str:
    """The same the other way round: the file of a page of the site."""
    for path, there in OUTSIDE.items():
        if there == place:
            return path
    return f"docs/{place}" if (FOLDER / place).exists() else place


def relinked(markdown: str, source: str) -> str:
    """The text with its links as they lead on the site; what the site does not have is no link there."""

    def there(found: re.Match[str]) -> str:
        target, mark, anchor = found[2].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return found[0]
        path = _path(source, target)
        if not (ROOT / path).is_file():
            return found[1].strip("![(]")
        place = os.path.relpath(placed(path), Path(placed(source)).parent)
        return f"{found[1]}{Path(place).as_posix()}{mark}{anchor}{found[3]}"

    return LINK.sub(there, markdown)


def _paths(page: str) -> Iterator[str]:
    """What a page leads to in the project, from its folder."""
    for _, target, _ in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith(("#", "mailto:")):
            yield _path(page, target.partition("#")[0])


def _path(source: str, target: str) -> str:
    return os.path.normpath(Path(source).parent / target).replace(os.sep, "/")


def _cards(index: str) -> str:
    """The list of pages as cards: a page's name, and below it what it tells."""
    lines: list[str] = []
    inside = False
    for line in index.splitlines():
        entry = _ENTRY.match(line)
        if entry and not inside:
            lines += ['<div class="grid cards" markdown>', ""]
        if inside and not entry:
            lines += ["</div>", ""]
        inside = entry is not None
        lines.append(f"- **[{entry[1]}]({entry[2]})**\n\n    {entry[3]}\n" if entry else line)
    return "\n".join([*lines, "</div>"] if inside else lines)
