"""How long a visitor waits for the chat, beside an iframe with nothing in it on the same page.

From when the loader runs until the visitor can write, with the chat opened at once, on a page of another site, in a browser
that has nothing of it; and from when a script runs until an empty page of the same server has loaded in an iframe. Both
take turns. Ends with exit code 1 where the best of the first is above the limit times the best of the second.

    python benchmarks/widget.py [TIMES]

Needs playwright and Chromium.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from servers import show

from custagent.channels.live_chat.adapter import snippet
from custagent.channels.live_chat.loader import loader
from tests.channels.conftest import ChatServer, FakeThread
from tests.channels.widget.conftest import Site

MOST = 1.5
LIGHTEST = 10_000
CHROMIUM = Path("/usr/bin/chromium")
#: Both note when their script runs and when all is there. The page's own clock is the same for both.
CHAT = """<script>
window.custagent = (...all) => (custagent.q ??= []).push(all);
custagent("open");
custagent("on", "ready", () => {
  const loader = performance.getEntriesByType("resource").find((one) => one.name.includes("/chat/widget-"));
  window.took = performance.now() - loader.responseEnd;
});
</script>"""
EMPTY = """<script>
window.begun = performance.now();
const frame = document.createElement("iframe");
frame.addEventListener("load", () => { window.took = performance.now() - begun; });
frame.src = "{origin}/chat/-/icon.svg";
document.body.append(frame);
</script>"""


def main(times: str = "15") -> int:
    from playwright.sync_api import sync_playwright

    site = Site()
    server = ChatServer(FakeThread(), site.origin)
    server.start()
    pages = {
        "empty": EMPTY.replace("{origin}", server.origin),
        "chat": CHAT + snippet(server.origin, "website"),
    }
    took: dict[str, list[float]] = {name: [] for name in pages}
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=arguments)
        for number in range(int(times) + 1):
            for name, html in pages.items():
                site.html = html
                seconds = once(browser, site.origin)
                # The first of each warms the machine up.
                took[name] += [seconds] if number else []
        browser.close()
    server.kill()
    site.close()
    for name, values in took.items():
        print(f"{name:8}{len(values)} times, best {min(values):.0f} ms, median {statistics.median(values):.0f} ms")
    # What else the machine does only ever adds.
    ratio = min(took["chat"]) / min(took["empty"])
    size = len(loader())
    return show([
        ("script to usable, to an empty iframe", f"{ratio:.2f}", f"{MOST}", ratio <= MOST),
        ("bytes of the loader", f"{size:,}", f"{LIGHTEST:,}", size < LIGHTEST),
    ])  # fmt: skip


def once(browser: Any, address: str) -> float:
    """Milliseconds, in a browser without a past."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.took !== undefined")
    taken = float(page.evaluate("window.took"))
    context.close()
    return taken


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
