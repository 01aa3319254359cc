"""The prompt of the preview's chat: completion, several lines, and a history that keeps no card number."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from custagent.cli.slash import REMEMBERED, MaskedHistory, Slash, SlashCompleter, make_prompt

COMMANDS = {
    "/channel": Slash(meaning="a channel", run=print, choices=lambda: ["website", "whatsapp", "email"]),
    "/chat": Slash(meaning="a chat", run=print),
    "/quit": Slash(meaning="leave", run=print),
}


def completed(typed: str) -> list[str]:
    found = SlashCompleter(COMMANDS).get_completions(Document(typed), CompleteEvent())
    return [typed[: len(typed) + one.start_position] + one.text for one in found]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/", ["/channel", "/chat", "/quit"]),
        ("/cha", ["/channel", "/chat"]),
        ("/channel ", ["/channel website", "/channel whatsapp", "/channel email"]),
        ("/channel w", ["/channel website", "/channel whatsapp"]),
        ("/channel  wh", ["/channel  whatsapp"]),
        ("/chat x", []),
        ("/nothing x", []),
        ("how do I /ch", []),
        ("/channel\n/ch", []),
    ],
)
def test_commands_are_completed_and_what_they_take(typed: str, expected: list[str]) -> None:
    assert completed(typed) == expected


@pytest.fixture
def typed() -> Callable[..., str]:
    """What a prompt gives for these keys."""

    def give(keys: str, history: MaskedHistory | None = None) -> str:
        with create_pipe_input() as keyboard:
            prompt = make_prompt(COMMANDS, history, lambda: "", input=keyboard, output=DummyOutput())
            keyboard.send_text(keys)
            return prompt.prompt("You> ")

    return give


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("Hello\r", "Hello"),
        # Alt-Enter is Escape and Enter.
        ("one\x1b\rtwo\r", "one\ntwo"),
        # As a terminal pastes.
        ("\x1b[200~one\ntwo\x1b[201~\r", "one\ntwo"),
    ],
)
def test_enter_sends_and_alt_enter_begins_another_line(typed, keys: str, expected: str) -> None:
    assert typed(keys) == expected


def test_the_history_keeps_what_may_be_kept_for_its_owner_alone(typed, tmp_path: Path) -> None:
    path = tmp_path / "preview-history"
    typed("My card is 4111\r", MaskedHistory(path, lambda text: text.replace("4111", "[card number]")))
    assert "My card is [card number]" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0


def lines_of(history: MaskedHistory) -> list[str]:
    async def load() -> list[str]:
        return [line async for line in history.load()]

    return asyncio.run(load())


def test_the_oldest_lines_go(tmp_path: Path) -> None:
    path = tmp_path / "preview-history"
    history = MaskedHistory(path, str)
    for number in range(2 * REMEMBERED + 1):
        history.store_string(f"line {number}\nand more")
    kept = lines_of(MaskedHistory(path, str))
    assert kept == [f"line {number}\nand more" for number in range(2 * REMEMBERED, REMEMBERED, -1)]
    assert lines_of(MaskedHistory(path, str)) == kept


def test_a_history_that_cannot_be_kept_is_no_reason_to_stop(typed, tmp_path: Path) -> None:
    assert typed("Hello\r", MaskedHistory(tmp_path / "no" / "folder", str)) == "Hello"
    assert lines_of(MaskedHistory(tmp_path, str)) == []
