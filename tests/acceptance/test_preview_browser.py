"""`custagent preview --web` as a colleague has it: Chromium on its page, and Ctrl-C in the terminal at the end (PRE-2).

With CUSTAGENT_SCREENSHOTS set to a folder, pictures are written there.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import ANSWER, QUESTION, House, clean_environment

#: Seconds.
PATIENCE = 60


@pytest.fixture
def house(new_house) -> House:
    return new_house()


@pytest.fixture
def terminal(house, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command as it is typed; its temporary files are in a folder of their own."""
    environment = clean_environment() | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "custagent", "preview", "support", "--web", "--port", "0"]
    with subprocess.Popen(
        command, cwd=house.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield process
        process.kill()


def address_in(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise AssertionError("it told no address")


def test_a_colleague_asks_on_the_page_and_nothing_is_kept(chromium, house, terminal, tmp_path: Path) -> None:
    # It is there where there is a browser.
    from playwright.sync_api import expect

    address = address_in(terminal)
    faults: list[str] = []
    for width, height, scheme in ((1280, 860, "light"), (390, 844, "dark")):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", color_scheme=scheme, reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE * 1_000)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        assert page.get_by_role("note").inner_text() == "Preview Nothing here is charged, counted or kept."
        assert overflow(page) == 0
        page.locator("main").get_by_role("button", name=QUESTION).click()
        frame = page.frame_locator("#custagent iframe")
        frame.get_by_text("Preview: nothing here is charged, counted or kept.").wait_for()
        box = frame.get_by_role("textbox", name="Write your message")
        expect(box).to_have_value(QUESTION, timeout=PATIENCE * 1_000)
        box.press("Enter")
        frame.get_by_role("log").get_by_text(ANSWER).wait_for()
        picture(page, f"preview-{width}")
        if width > height:
            # Whoever starts over is somebody new to the agent.
            page.get_by_role("button", name="Start over").click()
            frame.get_by_role("log").get_by_text(ANSWER).wait_for(state="detached")
        context.close()
    assert faults == []
    terminal.send_signal(signal.SIGINT)
    told, _ = terminal.communicate(timeout=PATIENCE)
    assert terminal.returncode == 0, told
    assert "2 messages in 2 conversations: 2 answered. Nothing was kept." in told
    assert list(tmp_path.glob("custagent-preview-*")) == []
    assert (house.charges(), house.threads(), house.waiting()) == ([], {}, (0, 0))


def overflow(page: Any) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def picture(page: Any, name: str) -> None:
    if folder := os.environ.get("CUSTAGENT_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_a_terminal_that_is_closed_leaves_nothing_behind(terminal, tmp_path: Path) -> None:
    address_in(terminal)
    assert len(list(tmp_path.glob("custagent-preview-*"))) == 1
    terminal.send_signal(signal.SIGHUP)
    terminal.communicate(timeout=PATIENCE)
    assert list(tmp_path.glob("custagent-preview-*")) == []
