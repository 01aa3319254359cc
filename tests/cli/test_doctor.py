"""doctor, as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Done


def test_what_is_in_order_and_what_is_not(workspace: Path, run: Callable[..., Done]) -> None:
    done = run("doctor")
    assert (done.code, "Nothing is broken" in done.out) == (0, True)
    assert "custagent doctor --online" in done.out
    with (workspace / "custagent.yaml").open("a", encoding="utf-8") as file:
        file.write("\nmetrics: {token: '${NOBODY_SET_THIS}'}\n")
    done = run("doctor")
    assert (done.code, "broken   secret" in done.out, "1 broken" in done.out) == (1, True, True)
    assert "export NOBODY_SET_THIS=" in done.out
    found = run("doctor", "--json")
    assert found.code == 1
    assert [one["subject"] for one in found.json if one["health"] == "broken"] == ["secret"]
    assert set(found.json[0]) == {"subject", "health", "told", "hint"}
    assert max(map(len, done.out.splitlines())) < 200


def test_without_a_workspace(run: Callable[..., Done]) -> None:
    done = run("doctor")
    assert (done.code, "custagent init" in done.err) == (2, True)
