"""A suite that the program wrote notices an edit, on pages of the example help site."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Done
from tests.suites import prove

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_an_edited_page_breaks_the_cases_that_cite_it(workspace: Path, run: Callable[..., Done]) -> None:
    for place in ("returns", "delivery"):
        shutil.copytree(EXAMPLES / "help-site" / place, workspace / "content" / "help" / place)
    assert run("sources", "add", "support", "content/help").code == 0
    cited = prove(run, workspace)
    assert len(cited) > 1
