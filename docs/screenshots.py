"""Makes the pictures of these pages anew: `python docs/screenshots.py [FOLDER]`, for docs/assets/screenshots unless told.

A workspace of the bundled help site is made, run, and looked at as people do: the chat and the inbox in Chromium, commands in
a terminal of 96 columns. It takes a minute, and Chromium and Playwright (the dependency group `tests`).
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

from playwright.sync_api import Browser, FrameLocator, Page, sync_playwright
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "assets" / "screenshots"
#: So large a picture may be; a page with three of them must not be slow.
MOST_BYTES = 150 * 1024

_COLUMNS = 96
_ROWS = 45
#: Milliseconds until something is there, on a machine that is busy with other things.
_PATIENCE = 60_000
_CHOSEN = "a bicycle for two, please"
_SETTING_UP = """
init --name Hjulvinda
users add anna --full-name "Anna Berg" --email anna@hjulvinda.example --seat service --permission admin \
 --permission edit-agents --permission answer
create support --yes --as anna
sources add support content --as anna
channels add live-chat web --origin {site} --as anna
assign support web --to user:anna --as anna
"""
#: The page of the help site that the chat is put on.
_PAGE = "orders/faq.html"
#: Command lines, by the picture's name.
_TYPED = {
    "preview": 'preview support --ask "How long does a refund take?" --ask "And how do I return it?"',
    "status": "status",
}


class Workspace:
    """A folder that commands are run in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CUSTAGENT_", "NO_COLOR"))}
        self.environment = {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": str(folder.parent)}

    def argv(self, line: str) -> list[str]:
        """What to start for a command line."""
        return [sys.executable, "-m", "custagent", *shlex.split(line)]

    def run(self, line: str) -> str:
        """Run a command, and give what it prints."""
        done = subprocess.run(
            self.argv(line), cwd=self.folder, env=self.environment, check=False, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"custagent {line} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def typed(self, line: str) -> str:
        """Run a command as in a terminal, and give what is seen, with its colours."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        process = subprocess.Popen(
            self.argv(line), cwd=self.folder, env=self.environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        seen = b""
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            while piece := _read(terminal.fileno()):
                seen += piece
        process.wait()
        return seen.decode("utf-8").replace("\r\n", "\n")

    @contextmanager
    def served(self) -> Iterator[str]:
        """Run it, and give its address."""
        process = subprocess.Popen(
            self.argv("run --port 0"), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None  # noqa: S101 # asked for above
            lines = iter(process.stdout.readline, "")
            yield next(found[0] for line in lines if (found := re.search(r"http://\S+", line)))
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    """Make them all. Ends with a message when one is too large."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        parent = stack.enter_context(tempfile.TemporaryDirectory())
        workspace = Workspace(Path(parent) / "help")
        workspace.folder.mkdir()
        shutil.copytree(ROOT / "examples" / "help-site", workspace.folder / "content")
        site = stack.enter_context(_site(workspace.folder / "content"))
        for line in filter(None, _SETTING_UP.format(site=site).splitlines()):
            workspace.run(line)
        with workspace.served() as address:
            _add_chat(workspace.folder / "content", workspace.run(f"channels snippet web --url {address}"))
            invited = re.search(r"/inbox/invitation/\S+", workspace.run("users invite anna --as anna"))
            assert invited is not None  # noqa: S101 # the command prints the link
            _in_browser(site, address + invited[0], folder)
            # While it runs, so that the figures tell of a runner.
            for name, line in _TYPED.items():
                (folder / f"{name}.svg").write_text(_as_svg(line, workspace.typed(line)), encoding="utf-8")
    if large := [file.name for file in folder.iterdir() if file.stat().st_size > MOST_BYTES]:
        sys.exit(f"larger than {MOST_BYTES:,} bytes: {', '.join(sorted(large))}")


@contextmanager
def _site(pages: Path) -> Iterator[str]:
    """Serve the help site, and give its origin."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(pages))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _add_chat(pages: Path, snippet: str) -> None:
    """Put the tag on the page that is looked at, as a company does."""
    tag = next(line for line in snippet.splitlines() if "<script" in line).strip()
    page = pages / _PAGE
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{tag}</body>"), encoding="utf-8")


def _in_browser(site: str, invitation: str, folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        _chat(browser, f"{site}/{_PAGE}", folder)
        _inbox(browser, invitation, folder)
        browser.close()


def _chat(browser: Browser, address: str, folder: Path) -> None:
    """A question with its answer, then a wish for a person."""
    page = _page(browser, width=1040, height=720)
    page.goto(address)
    page.locator("[data-cookies=needed]").click()
    page.locator("#custagent .launcher").click()
    frame = page.frame_locator("#custagent iframe")
    _say(frame, "Can I reserve a bike that is sold out?", said=2)
    # Sharp enough, and half the size that it would have otherwise.
    page.screenshot(path=folder / "chat.jpg", type="jpeg", quality=80)
    _say(frame, "I'd like to talk to a person, please.", said=4)
    page.close()


def _say(frame: FrameLocator, text: str, *, said: int) -> None:
    frame.get_by_text("Powered by AI").wait_for()
    frame.locator("textarea").fill(text)
    frame.locator("textarea").press("Enter")
    frame.locator(".message:not([data-intro]) .bubble").nth(said - 1).wait_for()


def _inbox(browser: Browser, invitation: str, folder: Path) -> None:
    """What a colleague finds who was given the conversation."""
    page = _page(browser, width=1280, height=800)
    page.goto(invitation)
    page.locator("input[type=password]").first.fill(_CHOSEN)
    page.locator("input[type=password]").first.press("Enter")
    page.locator("a.row").first.click()
    page.locator("#said").wait_for()
    page.screenshot(path=folder / "inbox.png")
    page.close()


def _page(browser: Browser, *, width: int, height: int) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light", reduced_motion="reduce")
    page.set_default_timeout(_PATIENCE)
    return page


def _as_svg(line: str, seen: str) -> str:
    """A terminal's text as a picture without any font from elsewhere."""
    console = Console(record=True, width=_COLUMNS, file=StringIO())
    console.print(Text.from_ansi(f"\x1b[1m$ custagent {line}\x1b[0m\n\n{seen.rstrip()}"))
    picture = console.export_svg(title="custagent", theme=DIMMED_MONOKAI, unique_id="shot")
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    return picture.replace("Fira Code", "DejaVu Sans Mono")


def _read(terminal: int) -> bytes:
    """What comes next; nothing once the program has ended."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


if __name__ == "__main__":
    main()
