"""The page of figures in Chromium: on a screen, on a telephone, by night, on paper, and to axe-core.

With CUSTAGENT_SCREENSHOTS set to a folder, pictures are written there.
"""

from __future__ import annotations

import os
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from custagent.core.conversation import Outcome, Status
from custagent.core.gap import Gap, GapKind, GapStatus
from custagent.evaluate.page import page_of
from tests.evaluate.reports import NOW, facts, report

ROOT = Path(__file__).parents[2]
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
GAPS = tuple(
    Gap(
        id=number, agent="support", kind=GapKind.UNANSWERED, status=GapStatus.OPEN, topic=topic, language="en",
        questions=2 * number, conversations=number, languages=("en",), channels=("web",), last_seen=NOW,
    )
    for number, topic in ((9, "Do you ship to Åland?"), (4, "Can I pay with a gift card that my aunt gave me last year?"))
)  # fmt: skip


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thousand conversations of a month, with everything on the page that can be on it."""
    chance = random.Random(1)
    made = []
    for _ in range(2_000):
        began = NOW - timedelta(days=chance.uniform(0, 29))
        person = chance.random() < 0.3
        ended = began < NOW - timedelta(days=1)
        made.append(
            facts(
                opened_at=began, last_message_at=began + timedelta(minutes=5), channel=chance.choice(("web", "mail")),
                agent=chance.choice(("support", "a-rather-long-name-of-an-agent")), language=chance.choice(("en", "sv")),
                ups=int(chance.random() < 0.2), downs=int(chance.random() < 0.1), person_involved=person,
                handed_over_at=began + timedelta(minutes=1) if person else None, person_asked=person,
                person_at=began + timedelta(minutes=chance.uniform(2, 400)) if person else None,
                reason=chance.choice(("nothing-fits", "asked-for-person")) if person else "",
                status=Status.CLOSED if ended else Status.PENDING,
                outcome=(Outcome.PERSON if person else Outcome.ANSWERED) if ended else None,
            )
        )  # fmt: skip
    path = tmp_path_factory.mktemp("page") / "figures.html"
    path.write_text(page_of(report(made, gaps=GAPS)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def axe(require: Any) -> str:
    file = Path(os.environ.get("CUSTAGENT_AXE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
    require(
        "axe-core", file.is_file(), "`npm install --no-save axe-core` beside the tests, or its file at CUSTAGENT_AXE"
    )
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("scheme", "ground", "ink"),
    [("light", "rgb(246, 245, 242)", "rgb(29, 36, 33)"), ("dark", "rgb(19, 23, 21)", "rgb(233, 237, 235)")],
)
def test_it_asks_for_nothing_and_fits(chromium: Any, page_file: Path, scheme: str, ground: str, ink: str) -> None:
    context = chromium.new_context(color_scheme=scheme, offline=True)
    asked: list[str] = []
    told: list[str] = []
    page = context.new_page()
    page.on("request", lambda one: asked.append(one.url))
    page.on("console", lambda one: told.append(one.text))
    page.goto(page_file.as_uri())
    colours = "[getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.body).color]"
    assert page.evaluate(colours) == [ground, ink]
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") == width, size
        # Drawings have room.
        assert page.locator("svg.bar").first.bounding_box()["width"] > 80, size
        assert page.locator("svg.course").bounding_box()["height"] > 100, size
        folder = os.environ.get("CUSTAGENT_SCREENSHOTS")
        if folder:
            page.screenshot(path=Path(folder) / f"stats-{size}-{scheme}.png", full_page=True)
    assert (asked, told) == ([page_file.as_uri()], [])
    context.close()


@pytest.mark.parametrize(("scheme", "size"), [("light", "desktop"), ("dark", "phone")])
def test_nothing_keeps_people_out(chromium: Any, page_file: Path, axe: str, scheme: str, size: str) -> None:
    width, height = SIZES[size]
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": height}, bypass_csp=True)
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate(axe + ";0")
    found = page.evaluate("axe.run(document)")
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert len(found["passes"]) > 10
    context.close()


def test_it_prints_on_a_few_pages_in_dark_ink(chromium: Any, page_file: Path, tmp_path: Path) -> None:
    import pypdf

    context = chromium.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 36, 33)"
    # Nothing runs out of the paper: at its width no table is wider than its box.
    page.set_viewport_size({"width": 703, "height": 1000})
    assert page.evaluate(
        "[...document.querySelectorAll('table')].filter(one => one.scrollWidth > one.parentElement.clientWidth + 1).length"
    ) == 0  # fmt: skip
    page.pdf(path=tmp_path / "figures.pdf", prefer_css_page_size=True, print_background=True)
    printed = pypdf.PdfReader(tmp_path / "figures.pdf")
    text = " ".join(" ".join(one.extract_text() for one in printed.pages).split())
    assert len(printed.pages) <= 6
    for words in ("Resolved, HubSpot's way", "2,000", "Do you ship to Åland?", "By week", "How sure a rate is"):
        assert words in text, words
    folder = os.environ.get("CUSTAGENT_SCREENSHOTS")
    if folder:
        (Path(folder) / "stats.pdf").write_bytes((tmp_path / "figures.pdf").read_bytes())
    context.close()
