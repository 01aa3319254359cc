"""Suites that the program wrote notice an edit, on the content of real help sites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done, run, workspace
from tests.suites import prove, write_corpus

__all__ = ["run", "workspace"]


@pytest.mark.parametrize("task", ["d2_swefaq_sv", "d6_wixqa_support_en"])
def test_an_edited_page_breaks_the_cases_that_cite_it(
    task: str, eval_data: Path, workspace: Path, run: Callable[..., Done]
) -> None:
    write_corpus(eval_data / "dev" / task, workspace)
    assert run("sources", "add", "support", "content/help").code == 0
    prove(run, workspace)
