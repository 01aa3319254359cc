"""The order of a crawl, and which address stands for which."""

from __future__ import annotations

import pytest

from custagent.knowledge.web.frontier import Aliases, Frontier, State, Visit

SITE = "https://shop.example"


def visit(path: str, depth: int = 1, *, listed: bool = False) -> Visit:
    return Visit(url=SITE + path, depth=depth, linked_from=SITE, listed=listed)


def paths(visits) -> list[str]:
    return [one.url.removeprefix(SITE) for one in visits]


def frontier(*visits: Visit, max_pages: int = 100, max_depth: int = 20) -> Frontier:
    made = Frontier(max_pages=max_pages, max_depth=max_depth)
    for one in visits:
        made.add(one)
    return made


def test_rounds_go_from_shallow_to_deep_sitemap_first() -> None:
    waiting = frontier(
        visit("/deep", 2),
        visit("/a/b/c"),
        visit("/z"),
        visit("/x/y", listed=True),
        visit("/a"),
        visit("/", 0),
        visit("/l", listed=True),
    )
    assert [paths(waiting.next_round()) for _ in range(4)] == [
        ["/"],
        ["/l", "/x/y", "/z", "/a", "/a/b/c"],
        ["/deep"],
        [],
    ]


def test_each_parameter_puts_an_address_back_by_a_step_unless_the_sitemap_names_it() -> None:
    waiting = frontier(visit("/a?x=1&y=2"), visit("/a?x=1"), visit("/b", 2), visit("/c?x=1&y=2", listed=True))
    assert [paths(waiting.next_round()) for _ in range(4)] == [["/c?x=1&y=2"], ["/a?x=1", "/b"], ["/a?x=1&y=2"], []]


def test_nothing_is_queued_twice() -> None:
    waiting = frontier(visit("/a"), visit("/a", 2))
    assert paths(waiting.next_round()) == ["/a"]
    waiting.add(visit("/a"))
    assert waiting.next_round() == []


def test_again_is_once_more_and_as_itself() -> None:
    waiting = frontier(visit("/a"))
    [one] = waiting.next_round()
    assert one.folds
    waiting.again(one)
    assert [(two.url, two.folds) for two in waiting.next_round()] == [(one.url, False)]


def test_what_is_too_deep_is_left_out_and_told() -> None:
    waiting = frontier(visit("/a", 3), visit("/b", 4), max_depth=3)
    assert paths(waiting.next_round()) == ["/a"]
    assert (waiting.left_out, waiting.left_out_urls) == (1, [SITE + "/b"])


def test_only_the_first_twenty_are_told() -> None:
    waiting = frontier()
    waiting.leave_out([visit(f"/{number}") for number in range(30)])
    assert waiting.left_out == 30
    assert waiting.left_out_urls == [f"{SITE}/{number}" for number in range(20)]


def test_memory_has_an_end() -> None:
    waiting = frontier(*(visit(f"/{number}") for number in range(1000)), max_pages=1)
    assert len(waiting.next_round()) == 200
    assert waiting.left_out == 800


def settled(aliases: dict[str, tuple[str, bool]], states: dict[str, State]) -> list[list[str]]:
    made = Aliases()
    for path, (target, has_content) in aliases.items():
        made.add(visit(path), SITE + target, has_content=has_content)
    result = made.settle({SITE + path: state for path, state in states.items()})
    return [paths(result.duplicates), paths(result.own), paths(result.circles), paths(made.unsettled())]


CANONICAL, REDIRECT = True, False


@pytest.mark.parametrize(
    ("aliases", "states", "expected"),
    [
        # To a page that was read: a duplicate.
        ({"/p": ("/c", CANONICAL)}, {"/c": State.DONE}, [["/p"], [], [], []]),
        ({"/p": ("/c", REDIRECT)}, {"/c": State.DONE}, [["/p"], [], [], []]),
        # To a page that is still to come: wait.
        ({"/p": ("/c", CANONICAL)}, {}, [[], [], [], ["/p"]]),
        # To a dead page: a canonical link is ignored, a redirect is not.
        ({"/p": ("/c", CANONICAL)}, {"/c": State.DEAD}, [[], ["/p"], [], []]),
        ({"/p": ("/c", REDIRECT)}, {"/c": State.DEAD}, [["/p"], [], [], []]),
        # Along a chain the last page with content is read, the others wait for it.
        (
            {"/1": ("/2", CANONICAL), "/2": ("/3", CANONICAL), "/3": ("/4", REDIRECT)},
            {"/4": State.DEAD},
            [["/3"], ["/2"], [], ["/1"]],
        ),
        # In a circle too: the first by name.
        ({"/q": ("/p", CANONICAL), "/p": ("/q", CANONICAL)}, {}, [[], ["/p"], [], ["/q"]]),
        ({"/p": ("/a", CANONICAL), "/a": ("/p", REDIRECT)}, {}, [[], ["/p"], [], ["/a"]]),
        # A circle without content is a fault of the site.
        ({"/a": ("/b", REDIRECT), "/b": ("/a", REDIRECT)}, {}, [[], [], ["/a", "/b"], []]),
        ({"/x": ("/a", REDIRECT), "/a": ("/a", REDIRECT)}, {}, [[], [], ["/x", "/a"], []]),
    ],
)
def test_settling(aliases, states, expected) -> None:
    assert settled(aliases, states) == expected


def test_those_who_waited_stand_for_the_page_that_was_read() -> None:
    made = Aliases()
    made.add(visit("/p"), SITE + "/q", has_content=True)
    made.add(visit("/q"), SITE + "/p", has_content=True)
    assert paths(made.settle({}).own) == ["/p"]
    assert paths(made.settle({}).duplicates) == []
    assert paths(made.settle({SITE + "/p": State.DONE}).duplicates) == ["/q"]
    assert made.unsettled() == ()
