"""Every command of the docs is run, page by page, in the workspace that a reader of the page has (`tests/given.py`).

A block that is not run says why in a comment above it, `<!-- not run: … -->`. The reference shows an example a command;
the tests of those commands run them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.given import Givens, site
from tests.pages import DOCS, PAGES, ROOT, Block, blocks, given, name_of, shell_blocks
from tests.typed import Typist

#: Written by the program, an example each: `test_docs.py` looks at those.
REFERENCE = DOCS / "cli.md"
RUN = [
    page
    for page in PAGES
    if page != REFERENCE and any(not block.why_not_run for block in shell_blocks(page.read_text(encoding="utf-8")))
]


@pytest.fixture(scope="module")
def givens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Givens]:
    folder = tmp_path_factory.mktemp("given")
    with site(folder / "site") as host:
        yield Givens(folder, host)


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_what_a_page_shows_can_be_typed(
    page: Path, givens: Givens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require
) -> None:
    require("bash", shutil.which("bash"), "what is no custagent is run by it")
    text = page.read_text(encoding="utf-8")
    with givens.of(given(text), tmp_path / "workspace") as begun:
        typist = Typist(begun.folder, monkeypatch, begun.words, ends=begun.ends)
        for name, value in begun.environment.items():
            monkeypatch.setenv(name, value)
        for block in shell_blocks(text):
            if not block.why_not_run:
                typist.type(block)
    assert typist.typed


@pytest.fixture
def typist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require) -> Typist:
    require("bash", shutil.which("bash"), "what is no custagent is run by it")
    folder = tmp_path / "workspace"
    folder.mkdir()
    return Typist(folder, monkeypatch, [("northwind", "hjulvinda")])


@pytest.mark.parametrize(
    "lines",
    [
        "custagent nonsense", "custagent --version && custagent nonsense", "false && true", "custagent --version | false",
        "custagent edit --nonsense support",
    ],
)  # fmt: skip
def test_a_command_that_fails_is_noticed(typist: Typist, lines: str) -> None:
    with pytest.raises(AssertionError, match="ended with"):
        typist.type(Block("bash", f"custagent --version\n{lines}\ncustagent --version\n"))


def test_what_a_line_leaves_is_there_for_the_next(typist: Typist) -> None:
    block = "export TOWN='northwind port'\nmkdir inner && cd inner\ncat > a.txt <<'END'\ncustagent nonsense\nEND\n"
    printed = typist.type(
        Block("bash", f"{block}custagent --version > version.txt  # kept\ncat version.txt; echo $TOWN\n")
    )
    assert printed.startswith("custagent 0.")
    assert printed.endswith("hjulvinda port\n")
    assert sorted(file.name for file in typist.folder.iterdir()) == ["a.txt", "version.txt"]


def test_who_is_asked_says_yes(typist: Typist) -> None:
    typist.type(
        Block("console", "$ custagent init --name A\n$ custagent create support --yes\n$ custagent delete support\n")
    )
    assert not (typist.folder / "agents" / "support.yaml").exists()


@pytest.mark.parametrize(
    "line", ["custagent run --port 0  # until Ctrl-C", "custagent create", "custagent preview support --web"]
)
def test_what_goes_on_until_ctrl_c_is_not_begun(typist: Typist, line: str) -> None:
    assert typist.type(Block("bash", line)) == ""
    assert (typist.typed, typist.left_out) == ([], [line])


def test_a_failure_that_is_meant_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typist = Typist(tmp_path, monkeypatch, ends={"nonsense": 2})
    assert typist.type(Block("bash", "custagent nonsense")) == ""


def test_what_the_readme_quotes_was_said() -> None:
    """The turns that it shows stand in the shop's transcript, which a test of its own compares with the preview."""
    said = (ROOT / "examples" / "shop" / "transcript.md").read_text(encoding="utf-8")
    (shown,) = (
        block.text for block in blocks((ROOT / "README.md").read_text(encoding="utf-8")) if block.kind == "text"
    )
    turns = [f"You\n{turn.rstrip()}\n" for turn in shown.split("You\n")[1:]]
    assert len(turns) >= 3
    assert [turn for turn in turns if turn not in said] == []
