"""Reading files, folders, short answers and single pages: whole pages or none, and an honest account (SRC-3, SRC-5)."""

from datetime import timedelta

import pytest

from custagent.core.agent import CollectionSource, FileSource, ShortAnswerSource, UrlSource
from custagent.core.document import SourceStatus
from custagent.knowledge.convert.worker import Converter

FILE = FileSource(file="content/returns.md")
FOLDER = CollectionSource(collection="content")
BINARY = b"\x00\x01\x02" * 100


def returns(text: str = "You can return a bike within 30 days of its delivery to you.") -> str:
    return f"# Returns\n\n## How long\n\n{text}\n"


def test_what_was_read_before_it_was_stopped_is_stored(library, monkeypatch):
    """Pages that came fast wait for each other; the next reading goes on behind them."""

    def page_failed(location: str, reason: str) -> None:
        raise KeyboardInterrupt

    for name in "abc":
        library.file(f"content/{name}.md", returns(f"This is what {name} says about it, and nothing else."))
    library.file("content/d.pdf", BINARY)
    monkeypatch.setattr(library, "page_failed", page_failed)
    with pytest.raises(KeyboardInterrupt):
        library.read(FOLDER)
    assert library.held(FOLDER) == ["content/a.md", "content/b.md", "content/c.md"]


class TestFile:
    def test_it_is_read_whole(self, library):
        library.file("content/returns.md", returns())
        state = library.read(FILE)
        assert (state.status, state.error, state.problems) == (SourceStatus.READY, "", ())
        assert (state.kind, state.location, state.pages, state.chunks) == ("file", "content/returns.md", 1, 1)
        assert state.synced_at == library.clock.now()
        assert library.heard == [("read", "content/returns.md")]
        (chunk,) = library.store.documents.chunks_of("ada")
        assert (chunk.location, chunk.title, chunk.heading) == ("content/returns.md", "Returns", "How long")
        assert chunk.sources == ("content/returns.md",)

    def test_changes_are_read(self, library):
        library.file("content/returns.md", returns())
        library.read(FILE)
        library.file("content/returns.md", returns("Within 40 days, if it was not ridden on the road."))
        assert library.read(FILE).status is SourceStatus.READY
        assert library.texts() == ["Within 40 days, if it was not ridden on the road."]

    def test_a_file_that_is_not_there(self, library):
        state = library.read(FILE)
        assert (state.status, state.synced_at) == (SourceStatus.FAILED, None)
        assert state.error == "there is no file content/returns.md in the workspace"

    def test_a_deleted_file_is_answered_from_no_more(self, library):
        library.file("content/returns.md", returns())
        library.read(FILE)
        (library.root / FILE.file).unlink()
        state = library.read(FILE)
        assert (state.status, state.pages, library.texts()) == (SourceStatus.FAILED, 0, [])
        assert "there is no file" in state.error

    def test_a_file_that_became_unreadable_keeps_its_last_version(self, library):
        library.file("content/returns.md", returns())
        first = library.read(FILE)
        library.clock.advance(hours=1)
        library.file("content/returns.md", BINARY)
        state = library.read(FILE)
        assert (state.status, state.pages, len(library.texts())) == (SourceStatus.STALE, 1, 1)
        assert state.synced_at == first.synced_at
        assert "content/returns.md" in state.error

    def test_a_stale_file_recovers(self, library):
        library.file("content/returns.md", BINARY)
        assert library.read(FILE).status is SourceStatus.FAILED
        library.file("content/returns.md", returns())
        state = library.read(FILE)
        assert (state.status, state.error) == (SourceStatus.READY, "")


class TestFolder:
    def test_every_supported_file_in_it_is_read(self, library):
        library.file("content/a.md", "# A\n\nAbout bikes and their bells.")
        library.file("content/deep/er/b.txt", "About parcels and their weight.")
        library.file("content/picture.png", BINARY)
        state = library.read(FOLDER)
        assert (state.status, state.pages, state.problems) == (SourceStatus.READY, 2, ())
        assert library.held(FOLDER) == ["content/a.md", "content/deep/er/b.txt"]

    def test_a_bad_file_does_not_stop_the_rest(self, library):
        """SRC-5."""
        library.file("content/a.md", BINARY)
        library.file("content/b.md", "# B\n\nAbout bikes and their bells.")
        state = library.read(FOLDER)
        assert (state.status, state.pages) == (SourceStatus.READY, 1)
        ((location, reason),) = state.problems
        assert (location, "binary" in reason) == ("content/a.md", True)
        assert [heard[:2] for heard in library.heard] == [("failed", "content/a.md"), ("read", "content/b.md")]

    def test_a_file_that_became_unreadable_keeps_its_last_version(self, library):
        library.file("content/a.md", "About bikes and their bells.")
        library.file("content/b.md", "About parcels and their weight.")
        library.read(FOLDER)
        library.file("content/a.md", BINARY)
        state = library.read(FOLDER)
        assert (state.status, state.pages, len(state.problems)) == (SourceStatus.READY, 2, 1)

    def test_a_file_that_went_is_answered_from_no_more(self, library):
        for name in "abcd":
            library.file(f"content/{name}.md", f"About bikes of kind {name}.")
        library.read(FOLDER)
        (library.root / "content/b.md").unlink()
        assert library.read(FOLDER).pages == 3
        assert library.texts() == [f"About bikes of kind {name}." for name in "acd"]

    def test_many_files_that_went_are_asked_about_first(self, library):
        """SRC-3: over 30 %."""
        for name in "abc":
            library.file(f"content/{name}.md", f"About bikes of kind {name}.")
        library.read(FOLDER)
        (library.root / "content/b.md").rename(library.root / "content/renamed.md")
        state = library.read(FOLDER)
        assert state.status is SourceStatus.STALE
        assert "1 of 3 pages are gone" in state.error
        assert "custagent sources sync ada --accept-removals" in state.error
        assert library.held(FOLDER) == [f"content/{name}.md" for name in ("a", "b", "c", "renamed")]
        state = library.read(FOLDER, accept_removals=True)
        assert (state.status, state.error, state.pages) == (SourceStatus.READY, "", 3)

    def test_new_files_do_not_hide_how_many_went(self, library):
        for number in range(3):
            library.file(f"content/{number}.md", f"About bikes of kind {number}.")
        library.read(FOLDER)
        for number in range(3):
            (library.root / f"content/{number}.md").unlink()
        for number in range(3, 20):
            library.file(f"content/{number}.md", f"About bikes of kind {number}.")
        assert "3 of 3 pages are gone" in library.read(FOLDER).error

    @pytest.mark.parametrize("made", [False, True])
    def test_a_folder_without_anything_says_so(self, library, made):
        if made:
            library.file("content/picture.png", BINARY)
        state = library.read(FOLDER)
        assert state.status is SourceStatus.FAILED
        assert state.error == (
            "nothing could be read: there is no file or page with text"
            if made
            else "there is no folder content in the workspace"
        )

    def test_a_folder_of_bad_files_says_what_is_wrong(self, library):
        library.file("content/a.md", BINARY)
        state = library.read(FOLDER)
        assert state.status is SourceStatus.FAILED
        assert state.error.startswith("nothing could be read; content/a.md: ")


class TestShortAnswer:
    ask = "Do you ship to Norway?"

    def test_it_is_a_passage_with_its_question(self, library):
        state = library.read(ShortAnswerSource(short_answer=self.ask, answer="Yes, within four days."))
        assert (state.status, state.kind, state.pages, state.chunks) == (SourceStatus.READY, "short-answer", 1, 1)
        (chunk,) = library.store.documents.chunks_of("ada")
        assert (chunk.question, chunk.title, chunk.text) == (self.ask, self.ask, "Yes, within four days.")
        assert (chunk.language, chunk.sources) == ("en", (self.ask,))

    def test_a_new_answer_takes_the_place_of_the_old_one(self, library):
        for answer in ("Yes, within four days.", "No, not any more."):
            state = library.read(ShortAnswerSource(short_answer=self.ask, answer=answer))
            assert (state.status, library.texts()) == (SourceStatus.READY, [answer])

    def test_agents_may_answer_differently(self, library):
        library.read(ShortAnswerSource(short_answer=self.ask, answer="Yes."), agent="ada")
        library.read(ShortAnswerSource(short_answer=self.ask, answer="No."), agent="bob")
        assert (library.texts("ada"), library.texts("bob")) == (["Yes."], ["No."])

    def test_it_is_in_the_language_that_it_is_written_in(self, library):
        answer = "Ja, det gör vi. Paketet kommer fram inom fyra dagar."
        library.read(ShortAnswerSource(short_answer="Skickar ni till Norge?", answer=answer))
        assert library.store.documents.chunks_of("ada")[0].language == "sv"


class TestSinglePage:
    @pytest.fixture
    def page(self, library) -> UrlSource:
        library.page("/help", "You can return a bike within 30 days of its delivery.", "/other")
        return UrlSource(url=library.web.url("/help"))

    def test_only_that_page_is_read(self, library, page):
        state = library.read(page)
        assert (state.status, state.kind, state.pages) == (SourceStatus.READY, "url", 1)
        assert (library.web.targets, library.held(page)) == (["/robots.txt", "/help"], ["/help"])

    def test_robots_txt_is_obeyed(self, library, page):
        library.web.pages["/robots.txt"] = library.web.reply(body="User-agent: *\nDisallow: /help")
        state = library.read(page)
        assert (state.status, library.web.targets) == (SourceStatus.FAILED, ["/robots.txt"])
        assert "robots.txt" in state.error
        assert "forbids it" in state.error

    def test_robots_txt_is_obeyed_where_a_redirect_leads(self, library, page):
        library.web.pages["/robots.txt"] = library.web.reply(body="User-agent: *\nDisallow: /hidden")
        library.page("/hidden", "You can return a bike. This is hidden.")
        library.web.pages["/help"] = library.web.reply(status=302, headers={"Location": "/hidden"})
        state = library.read(page)
        assert (state.status, library.web.targets) == (SourceStatus.FAILED, ["/robots.txt", "/help"])

    def test_a_robots_txt_out_of_reach_keeps_the_last_version(self, library, page):
        library.read(page)
        library.web.pages["/robots.txt"] = library.web.reply(status=503, headers={"Retry-After": "0"})
        state = library.read(page)
        assert (state.status, state.pages) == (SourceStatus.STALE, 1)
        assert "robots.txt comes first" in state.error
        assert "/help" not in library.web.targets

    def test_where_it_came_from_is_no_part_of_its_address(self, library, page):
        tracked = UrlSource(url=f"{page.url}?utm_source=mail#top")
        assert library.read(tracked).status is SourceStatus.READY
        assert library.held(tracked) == ["/help"]

    def test_a_picture_holds_no_text(self, library, page):
        library.web.pages["/help"] = library.web.reply(body="PNG", headers={"Content-Type": "image/png"})
        state = library.read(page)
        assert state.status is SourceStatus.FAILED
        assert "image/png, which holds no text" in state.error

    def test_unchanged_it_costs_a_conditional_request(self, library, page):
        library.read(page)
        before = library.store.documents.chunks_of("ada")
        library.clock.advance(hours=24)
        state = library.read(page)
        assert (library.conditional(), library.heard) == (["/help"], [("read", "/help")])
        assert (state.status, state.synced_at) == (SourceStatus.READY, library.clock.now())
        assert library.store.documents.chunks_of("ada") == before
        (looked_at,) = library.store.documents.fetched("ada", state.key).values()
        assert looked_at == library.clock.now()

    def test_changes_are_read(self, library, page):
        library.read(page)
        library.page("/help", "You can return a bike within 40 days of its delivery.")
        library.read(page)
        assert "40 days" in library.texts()[0]

    def test_it_is_cited_where_the_redirect_ends_and_followed_when_that_moves(self, library, page):
        for target in ("/new", "/newer"):
            library.page(target, f"You can return a bike. This is {target}.")
            library.web.pages["/help"] = library.web.reply(status=301, headers={"Location": target})
            assert library.read(page).status is SourceStatus.READY
            assert library.held(page) == [target]

    @pytest.mark.parametrize("status", [404, 410])
    def test_gone_it_is_answered_from_no_more(self, library, page, status):
        library.read(page)
        library.web.pages["/help"] = library.web.reply(status=status)
        state = library.read(page)
        assert (state.status, library.texts()) == (SourceStatus.FAILED, [])
        assert str(status) in state.error

    def test_out_of_reach_it_keeps_its_last_version(self, library, page):
        first = library.read(page)
        library.clock.advance(hours=24)
        library.web.pages["/help"] = library.web.reply(status=500)
        state = library.read(page)
        assert (state.status, state.pages, state.synced_at) == (SourceStatus.STALE, 1, first.synced_at)
        assert "500" in state.error

    @pytest.mark.parametrize("how", [{"head": '<meta name="robots" content="noindex">'}, {"X-Robots-Tag": "noindex"}])
    def test_a_page_that_asks_not_to_be_searchable_is_answered_from_no_more(self, library, page, how):
        library.read(page)
        library.page("/help", "You can return a bike within 40 days.", **how)
        state = library.read(page)
        assert (state.status, library.texts()) == (SourceStatus.FAILED, [])
        assert "asks not to be searchable" in state.error

    def test_a_private_address_is_refused_unless_it_is_allowed(self, library, page):
        """SRC-7."""
        library.allow_hosts = []
        state = library.read(page)
        assert (state.status, library.web.requests) == (SourceStatus.FAILED, [])
        assert "127.0.0.1" in state.error


def test_sources_do_not_touch_each_other(library):
    library.file("content/returns.md", returns())
    library.file("more/a.md", "About bikes and their bells.")
    other = CollectionSource(collection="more")
    library.read(FILE)
    library.read(other)
    (library.root / "content/returns.md").unlink()
    before = library.store.sources.source_states("ada")
    library.clock.advance(hours=1)
    state = library.read(other)
    assert state.synced_at - before[state.key].synced_at == timedelta(hours=1)
    assert library.held(FILE) == ["content/returns.md"]


def test_a_file_in_two_sources_stays_until_both_have_lost_it(library):
    library.file("content/returns.md", returns())
    library.read(FILE)
    library.read(FOLDER)
    library.store.sources.forget_source("ada", library.read(FILE).key)
    assert len(library.texts()) == 1
    library.read(FOLDER)
    assert library.held(FOLDER) == ["content/returns.md"]


class TestEqualBytes:
    def test_a_file_is_not_converted_again(self, library):
        library.file("content/returns.md", returns())
        library.read(FILE)
        with Converter(entry="raise SystemExit(3)") as library.converter:
            state = library.read(FILE)
            assert (state.status, state.difference.unchanged) == (SourceStatus.READY, ("content/returns.md",))
            library.file("content/returns.md", returns("Within 40 days, if it was not ridden on the road."))
            assert library.read(FILE).status is SourceStatus.STALE

    def test_two_files_with_one_address_are_told_apart(self, library):
        text = "---\nurl: https://help.example/returns\n---\n" + returns()
        library.file("content/a.md", text)
        library.file("content/b.md", text)
        first = library.read(FOLDER)
        assert [place for place, _ in first.problems] == ["content/b.md"]
        assert library.read(FOLDER).problems == first.problems
