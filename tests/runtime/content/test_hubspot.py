"""Bringing HubSpot's pages in: what is written, what a second import changes, and what never goes by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import pytest

from custagent.config.editor import NewAgent
from custagent.config.home import Home
from custagent.core.document import SourceStatus
from custagent.core.errors import ConfigError, FetchError, PermissionDenied, UsageError
from custagent.core.ports import Search
from custagent.knowledge.convert import Converter
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.hubspot import Account, KindPlan, Listed, Outcome, carry_out, list_pages, only, plan
from custagent.runtime.content.sources import add_places, sync
from custagent.runtime.definitions.agents import create_agent
from custagent.testing import FrozenClock, HashEmbedder
from tests.hubspot import TOKEN, FakeHubSpot, missing_scope
from tests.runtime.conftest import PEOPLE
from tests.runtime.content.test_sources import Listener


@pytest.fixture
def app(home: Home) -> Iterator[Application]:
    environ = {"HUBSPOT_TOKEN": TOKEN}
    with Application(home, user="anna", clock=FrozenClock(), environ=environ, embedder=HashEmbedder()) as opened:
        create_agent(opened, NewAgent(name="support"))
        yield opened


@pytest.fixture
def hubspot() -> Iterator[FakeHubSpot]:
    with FakeHubSpot() as double:
        double.page("/help/returns", "Returns", '<h2 id="how">How?</h2><p>Send it back within 30 days.</p>')
        double.page("/help/shipping", "Shipping", "<p>We ship within two days.</p>", language="en-gb")
        double.page("/about", "About us", "<p>Founded in a shed.</p>")
        double.page("/offer", "Offer", "<p>Ten percent off until May.</p>", kind="landing-pages")
        double.post("/blog/winter", "Winter", "<p>Wear gloves. {{ cta('x') }}</p><h2>Lights</h2><p>Use two.</p>")
        yield double


@cache
def _converter() -> Converter:
    """One child process for all tests; it ends with its input, that is with this process."""
    return Converter()


@pytest.fixture(scope="module", autouse=True)
def _converter_ends() -> Iterator[None]:
    yield
    _converter().close()


async def no_wait(seconds: float) -> None: ...


def account(hubspot: FakeHubSpot) -> Account:
    return Account(base=hubspot.url, allow_hosts=(hubspot.host,), sleep=no_wait)


def listed(app: Application, hubspot: FakeHubSpot, *kinds: str) -> list[Listed]:
    return list_pages(app, account(hubspot), kinds or ("site-pages", "landing-pages", "blog"))


def bring(app: Application, hubspot: FakeHubSpot, *globs: str, remove: bool = True) -> Outcome:
    found = listed(app, hubspot)
    plans = plan(app, found, only(found, globs))
    return carry_out(app, plans, account(hubspot), Listener(), remove=remove, converter=_converter())


def file(app: Application, path: str) -> str:
    return (app.home.content_folder / path).read_text(encoding="utf-8")


def counts(plans: Sequence[KindPlan]) -> list[tuple[int, int, int, int]]:
    return [(len(one.added), len(one.changed), len(one.unchanged), len(one.removed)) for one in plans]


def test_pages_become_files_that_people_can_review(app: Application, hubspot: FakeHubSpot) -> None:
    outcome = bring(app, hubspot)
    assert sorted(outcome.added) == [
        "content/blog/blog-winter.md", "content/landing-pages/offer.md", "content/site-pages/about.md",
        "content/site-pages/help-returns.md", "content/site-pages/help-shipping.md",
    ]  # fmt: skip
    assert file(app, "site-pages/help-returns.md") == (
        f"---\ntitle: Returns\nurl: {hubspot.url}/help/returns\nlanguage: en\nupdated: 2026-02-01T08:30:00Z\n"
        'hubspot: "1000"\n---\n\n# Returns\n\n## How? {#how}\n\nSend it back within 30 days.\n'
    )
    assert file(app, "blog/blog-winter.md").endswith("# Winter\n\nWear gloves.\n\n## Lights\n\nUse two.\n")
    assert [place.mapping for place in outcome.places] == [
        {"collection": f"content/{kind}", "type": kind} for kind in ("site-pages", "landing-pages", "blog")
    ]
    assert hubspot.leaked == []
    assert TOKEN not in "".join(path.read_text(encoding="utf-8") for path in app.home.root.rglob("*.md"))


def test_an_agent_answers_from_them_and_cites_the_public_page(app: Application, hubspot: FakeHubSpot) -> None:
    outcome = bring(app, hubspot)
    definition = add_places(app, "support", outcome.places)
    states = sync(app, definition, Listener())
    assert {state.status for state in states} == {SourceStatus.READY}
    (best, *_) = app.retriever("support").retrieve(Search(text="Send it back within 30 days"), limit=1).chunks
    assert best.chunk.location == f"{hubspot.url}/help/returns"
    assert best.chunk.anchor == "how"
    assert best.chunk.sources == ("content/site-pages",)


def test_a_second_import_changes_what_changed(app: Application, hubspot: FakeHubSpot) -> None:
    bring(app, hubspot)
    hubspot.visited.clear()
    outcome = bring(app, hubspot)
    assert (outcome.added, outcome.changed, outcome.unchanged) == ([], [], 5)
    assert hubspot.visited == []
    entry = hubspot.lists["site-pages"][0]
    hubspot.site["/help/returns"] = str(hubspot.site["/help/returns"]).replace("30", "60")
    entry["updated"] = "2026-03-01T00:00:00Z"
    outcome = bring(app, hubspot)
    assert (outcome.added, outcome.changed, outcome.unchanged) == ([], ["content/site-pages/help-returns.md"], 4)
    assert "60 days" in file(app, "site-pages/help-returns.md")
    assert hubspot.visited == ["/help/returns"]


def test_a_page_that_moved_keeps_its_file(app: Application, hubspot: FakeHubSpot) -> None:
    bring(app, hubspot)
    entry = hubspot.lists["site-pages"][0]
    hubspot.site["/service/returns"] = hubspot.site.pop("/help/returns")
    entry["url"] = f"{hubspot.url}/service/returns"
    assert bring(app, hubspot).changed == ["content/site-pages/help-returns.md"]
    assert f"url: {hubspot.url}/service/returns" in file(app, "site-pages/help-returns.md")


def test_only_some_pages(app: Application, hubspot: FakeHubSpot) -> None:
    outcome = bring(app, hubspot, "/help/*", f"{hubspot.url}/blog/*")
    assert len(outcome.added) == 3
    assert [place.location for place in outcome.places] == ["content/site-pages", "content/blog"]
    with pytest.raises(UsageError, match="/nothing"):
        only(listed(app, hubspot), ["/nothing"])
    # What was brought in before and is not asked for this time stays: it is public still.
    assert counts(plan(app, listed(app, hubspot), only(listed(app, hubspot), ["/about"])))[0] == (1, 0, 0, 0)


def test_only_some_kinds(app: Application, hubspot: FakeHubSpot) -> None:
    assert [one.kind for one in listed(app, hubspot, "blog")] == ["blog"]
    assert [target.partition("?")[0] for target in hubspot.asked] == ["/cms/v3/blogs/posts"]


def test_what_is_public_no_more_goes_with_leave(app: Application, hubspot: FakeHubSpot) -> None:
    for number in range(2):
        hubspot.page(f"/more-{number}", f"More {number}")
    bring(app, hubspot)
    hubspot.lists["site-pages"][0]["currentlyPublished"] = False
    (found, *_) = plan(app, listed(app, hubspot), only(listed(app, hubspot), []))
    assert [one.title for one in found.removed] == ["Returns"]
    assert not found.too_many
    assert bring(app, hubspot, remove=False).removed == []
    assert "30 days" in file(app, "site-pages/help-returns.md")
    assert bring(app, hubspot).removed == ["content/site-pages/help-returns.md"]
    assert not (app.home.content_folder / "site-pages/help-returns.md").exists()


def test_a_page_that_asks_for_a_password_goes_too(app: Application, hubspot: FakeHubSpot) -> None:
    bring(app, hubspot)
    hubspot.lists["blog"][0]["password"] = "open sesame"
    *_, found = plan(app, listed(app, hubspot), set())
    assert [one.title for one in found.removed] == ["Winter"]


def test_over_a_third_is_too_much_to_believe(app: Application, hubspot: FakeHubSpot) -> None:
    bring(app, hubspot)
    hubspot.lists["site-pages"].pop()
    (found, *_) = plan(app, listed(app, hubspot), set())
    assert (len(found.removed), found.before, found.too_many) == (1, 3, True)


def test_a_page_that_does_not_arrive_is_made_of_its_modules(app: Application, hubspot: FakeHubSpot) -> None:
    entry = hubspot.lists["site-pages"][2]
    entry["layoutSections"] = {"dnd_area": {"rows": [{"0": {"params": {"html": "<p>Founded in a garage.</p>"}}}]}}
    hubspot.site["/about"] = 403
    outcome = bring(app, hubspot)
    assert [address for address, _ in outcome.instead] == [f"{hubspot.url}/about"]
    assert "Founded in a garage." in file(app, "site-pages/about.md")
    # It is tried again each time, and stays the better version once it was there.
    hubspot.page("/about", "About us", "<p>Founded in a shed.</p>")
    hubspot.lists["site-pages"].pop()
    assert bring(app, hubspot).changed == ["content/site-pages/about.md"]
    assert "Founded in a shed." in file(app, "site-pages/about.md")
    hubspot.site["/about"] = 500
    entry["updated"] = "2026-03-01T00:00:00Z"
    outcome = bring(app, hubspot)
    assert [address for address, _ in outcome.failed] == [f"{hubspot.url}/about"]
    assert "Founded in a shed." in file(app, "site-pages/about.md")


@pytest.mark.parametrize("status", [404, 500])
def test_a_page_without_text_stops_no_other(app: Application, hubspot: FakeHubSpot, status: int) -> None:
    hubspot.site["/about"] = status
    outcome = bring(app, hubspot)
    assert len(outcome.added) == 4
    ((address, reason),) = outcome.failed
    assert (address, str(status) in reason) == (f"{hubspot.url}/about", True)
    assert not (app.home.content_folder / "site-pages/about.md").exists()


def test_pages_on_private_addresses_are_not_fetched(app: Application, hubspot: FakeHubSpot) -> None:
    hubspot.entry("/x", "Inside", kind="site-pages", url="http://127.0.0.1:9/inside")
    outcome = bring(app, hubspot)
    ((address, reason),) = outcome.failed
    assert (address, "public web" in reason) == ("http://127.0.0.1:9/inside", True)


def test_a_list_that_fails_changes_nothing(app: Application, hubspot: FakeHubSpot) -> None:
    bring(app, hubspot)
    hubspot.faults = [(403, {}, missing_scope("content"))]
    with pytest.raises(FetchError, match="content"):
        bring(app, hubspot)
    assert len(list(app.home.content_folder.rglob("*.md"))) == 5


def test_the_token_is_named_and_never_told(app: Application, hubspot: FakeHubSpot) -> None:
    with pytest.raises(ConfigError, match="OTHER") as caught:
        list_pages(app, Account(token="${OTHER}", base=hubspot.url, allow_hosts=(hubspot.host,)))
    assert "export OTHER=" in caught.value.hint
    assert hubspot.asked == []


def test_it_takes_leave_to_edit_agents(home: Home, app: Application, hubspot: FakeHubSpot,
                                       open_app: Callable[..., Application]) -> None:  # fmt: skip
    with home.workspace_file.open("a", encoding="utf-8") as text:
        text.write(PEOPLE)
    with pytest.raises(PermissionDenied):
        list_pages(open_app("cleo"), account(hubspot))
    assert hubspot.asked == []
