"""import hubspot and sources --content, as they are typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from custagent.cli.hubspot import picked_numbers
from tests.cli.conftest import Done
from tests.hubspot import TOKEN, FakeHubSpot


@pytest.fixture
def hubspot(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHubSpot]:
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)
    with FakeHubSpot() as double:
        for number, name in enumerate(("Winter", "Spring", "Summer", "Autumn")):
            double.post(f"/blog/{name.lower()}", f"{name} rides", f"<p>{name} is fine for {number} rides.</p>")
        yield double


@pytest.fixture
def bring(workspace: Path, run: Callable[..., Done], hubspot: FakeHubSpot) -> Callable[..., Done]:
    def one(*words: str) -> Done:
        done = run("import", "hubspot", "support", "--api-base", hubspot.url, "--allow-host", hubspot.host, *words)
        assert TOKEN not in done.out + done.err
        return done

    return one


def test_from_nothing_to_what_is_public_no_more(
    workspace: Path, run: Callable[..., Done], bring: Callable[..., Done], hubspot: FakeHubSpot
) -> None:
    done = bring()
    assert (done.code, "4 new, 0 changed, 0 unchanged, 0 removed" in done.out) == (0, True)
    assert "content/blog: 4 pages, 4 passages" in done.out
    assert "git diff --stat content/" in done.out
    (listed,) = run("sources", "list", "support", "--json").json
    assert (listed["kind"], listed["location"], listed["content"]) == ("collection", "content/blog", "blog")
    assert "type: blog" in (workspace / "agents" / "support.yaml").read_text(encoding="utf-8")
    winter = workspace / "content/blog/blog-winter.md"
    del hubspot.lists["blog"][0]
    done = bring()
    assert (done.code, "--yes" in done.err, "Winter rides" in done.err) == (2, True, True)
    assert winter.exists()
    spring = hubspot.lists["blog"].pop(0)
    done = bring("--yes")
    assert (done.code, "2 of 4 blog posts" in done.err, "--accept-removals" in done.err) == (2, True, True)
    assert len(list((workspace / "content/blog").iterdir())) == 4
    hubspot.lists["blog"].insert(0, spring)
    done = bring("--yes", "--json")
    assert (done.code, done.json["removed"], done.json["unchanged"]) == (0, ["content/blog/blog-winter.md"], 3)
    assert not winter.exists()
    assert done.json["sources"][0]["pages"] == 3


def test_over_a_third_goes_only_when_accepted(
    workspace: Path, bring: Callable[..., Done], hubspot: FakeHubSpot
) -> None:
    folder = workspace / "content/blog"
    folder.mkdir()
    for number in (1000, 1001, 1002, 9999, 9998):
        text = f"---\ntitle: Old\nurl: {hubspot.url}/{number}\nhubspot: {number}\n---\n\nA text of number {number}.\n"
        (folder / f"{number}.md").write_text(text, encoding="utf-8")
    done = bring("--accept-removals", "--json", "--only", "/blog/winter")
    assert (done.code, done.json["removed"]) == (0, ["content/blog/9998.md", "content/blog/9999.md"])
    assert done.json["changed"] == ["content/blog/1000.md"]


def test_nothing_read_is_a_failure(bring: Callable[..., Done], hubspot: FakeHubSpot) -> None:
    hubspot.lists["blog"].clear()
    hubspot.page("/a", "A")
    hubspot.site["/a"] = 404
    done = bring("--json")
    assert (done.code, len(done.json["failed"])) == (1, 1)


def test_only_some(bring: Callable[..., Done]) -> None:
    *_, blog = bring("--dry-run", "--only", "/blog/s*", "--json").json
    assert [page["title"] for page in blog["added"]] == ["Spring rides", "Summer rides"]
    done = bring("--only", "/nothing")
    assert (done.code, "/nothing" in done.err) == (2, True)


def test_a_dry_run_writes_nothing(workspace: Path, bring: Callable[..., Done], hubspot: FakeHubSpot) -> None:
    hubspot.page("/partners", "Partners", password="open sesame")
    hubspot.page("/draft", "Draft", currentlyPublished=False)
    done = bring("--dry-run", "--what", "site-pages,blog")
    assert (done.code, done.err) == (0, "")
    assert f"new: Winter rides  {hubspot.url}/blog/winter" in done.out
    assert "left out: 1 draft, variant or archived page" in done.out
    assert "Partners: it asks for a password" in done.out
    assert not list((workspace / "content").rglob("*.md"))
    blog, = bring("--dry-run", "--what", "blog", "--json").json  # fmt: skip
    assert (blog["kind"], len(blog["added"]), blog["removed"]) == ("blog", 4, [])


def test_the_knowledge_base_comes_from_its_pages(
    run: Callable[..., Done], bring: Callable[..., Done], hubspot: FakeHubSpot
) -> None:
    hubspot.site["/kb"] = (
        '<html lang=en><title>Help</title><main><h1>Help</h1><p>Look: <a href="/kb/a">A</a></p></main>'
    )
    hubspot.site["/kb/a"] = "<html lang=en><title>A</title><main><h1>A</h1><p>Bikes are cleaned for free.</p></main>"
    done = bring("--what", "landing-pages", "--knowledge-base", f"{hubspot.url}/kb")
    assert done.code == 0, done.err
    (listed,) = run("sources", "list", "support", "--json").json
    assert (listed["kind"], listed["location"]) == ("url", f"{hubspot.url}/kb")
    assert "/kb/a" in hubspot.visited


@pytest.mark.parametrize("token", ["pat-eu1-0123-abcd", "CJTLx9fqLBICAQEYz5Lk", "${HUBSPOT", ""])
def test_a_token_that_is_typed_is_refused_unseen(workspace: Path, run: Callable[..., Done], token: str) -> None:
    done = run("import", "hubspot", "support", "--token", token)
    assert (done.code, "name of an environment variable" in done.err) == (2, True)
    assert not token or token not in done.out + done.err


@pytest.mark.parametrize("token", ["MY_TOKEN", "${MY_TOKEN}"])
def test_the_variable_may_have_another_name(
    bring: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.delenv("HUBSPOT_TOKEN")
    done = bring("--token", token, "--dry-run")
    assert (done.code, "MY_TOKEN is not set" in done.err, "export MY_TOKEN=" in done.err) == (1, True, True)
    monkeypatch.setenv("MY_TOKEN", f"{TOKEN}\n")
    assert bring("--token", token, "--dry-run").code == 0


def test_what_cannot_be_is_told(bring: Callable[..., Done], run: Callable[..., Done], workspace: Path) -> None:
    done = bring("--what", "emails")
    assert (done.code, "'emails'" in done.err, "landing-pages" in done.err) == (2, True, True)
    assert bring("--pick").code == 2
    assert run("import", "hubspot", "nobody").code == 1


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("all", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("1", [1]),
        ("1-3, 8", [1, 2, 3, 8]),
        ("8,1 - 2,2", [1, 2, 8]),
        ("0", []),
        ("3-10", []),
        ("3-1", []),
        ("none", []),
        ("", []),
        ("1;2", []),
    ],
)
def test_picking_by_number(answer: str, numbers: list[int]) -> None:
    assert picked_numbers(answer, 9) == numbers


def test_a_folder_says_what_its_pages_are(workspace: Path, run: Callable[..., Done]) -> None:
    for name in ("news", "help"):
        folder = workspace / "content" / name
        folder.mkdir()
        (folder / "a.md").write_text(f"# {name}\n\nWe are open on Sundays in {name}.\n", encoding="utf-8")
    assert run("sources", "add", "support", "content/news", "--content", "blog").code == 0
    assert run("sources", "add", "support", "content/help").code == 0
    (listed,) = run("sources", "list", "support", "--content", "blog", "--json").json
    assert (listed["location"], listed["content"]) == ("content/news", "blog")
    assert len(run("sources", "list", "support", "--json").json) == 2
    assert "knowledge-base\tcontent/help" in run("sources", "list", "support").out
    told = run("preview", "support", "--ask", "Are you open on Sundays in news?").out
    assert "[1] news  (blog)" in told
    assert "no folder" in run("sources", "list", "support", "--content", "landing-pages").out
    done = run("sources", "add", "support", "content/news/a.md", "--content", "blog")
    assert (done.code, "is no folder" in done.err) == (2, True)
