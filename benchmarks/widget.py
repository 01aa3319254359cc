"""How long a visitor waits for the chat, beside an iframe with nothing in it on the same page.

On a page of another site, in a browser that has nothing of either:

* the chat, opened at once: from the first line of the loader until the page hears "ready" of the frame, whose box then
  takes what is typed. Also told: the same from the loader's last byte, that is with the hash of it and its compiling.
* an iframe, put there by a script: from that script's first line until the page hears that the emptiest picture of the
  same server has loaded in it.

Neither holds the first paint. Both take turns. Ends with exit code 1 where the best of the first is above the limit
times the best of the second.

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
#: Both note when their script runs and when all is there. The page's own clock is the same for both. What the page has
#: asked for waits at `custagent.q`, which the loader looks for with its first line.
CHAT = """<script>
const ready = () => {
  const now = performance.now();
  const loader = performance.getEntriesByType("resource").find((one) => one.name.includes("/chat/widget-"));
  window.tookWithScript = now - loader.responseEnd;
  window.took = now - window.begun;
};
window.custagent = { get q() { window.begun ??= performance.now(); return [["open"], ["on", "ready", ready]]; } };
</script>"""
EMPTY = """<script>
const begun = performance.now();
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
    took: dict[str, list[float]] = {"empty": [], "chat": [], "chat, from its last byte": []}
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=arguments)
        for number in range(int(times) + 1):
            for name, html in pages.items():
                site.html = html
                taken = once(browser, site.origin, written=name == "chat")
                # The first of each warms the machine up.
                for what, milliseconds in taken.items() if number else ():
                    took[f"{name}{what}"].append(milliseconds)
        browser.close()
    server.kill()
    site.close()
    for name, values in took.items():
        print(f"{name:26}{len(values)} times, best {min(values):.0f} ms, median {statistics.median(values):.0f} ms")
    # What else the machine does only ever adds.
    ratio = min(took["chat"]) / min(took["empty"])
    size = len(loader())
    return show([
        ("script to usable, to an empty iframe", f"{ratio:.2f}", f"{MOST}", ratio <= MOST),
        ("bytes of the loader", f"{size:,}", f"{LIGHTEST:,}", size < LIGHTEST),
    ])  # fmt: skip


def once(browser: Any, address: str, *, written: bool) -> dict[str, float]:
    """Milliseconds, in a browser without a past; with `written` it is made sure that what is typed is taken."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.took !== undefined")
    taken = {"": float(page.evaluate("window.took"))}
    if written:
        taken[", from its last byte"] = float(page.evaluate("window.tookWithScript"))
        box = page.frame_locator("#custagent iframe").locator("#box")
        box.press_sequentially("Hello")
        box.press("Enter")
        page.frame_locator("#custagent iframe").locator(".message.contact").get_by_text("Hello").wait_for()
    context.close()
    return taken


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
