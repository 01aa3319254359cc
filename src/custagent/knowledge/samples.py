"""Sample questions made from the content, for a preview to begin with (PRE-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from custagent.core.document import Chunk
from custagent.locales import languages, nearest

#: A heading longer than this is no question that somebody would type.
MAX_CHARS = 90
#: A heading with fewer words of its own leans on what stands above it.
MIN_TOPIC_WORDS = 3
#: Latin, Chinese and Japanese, Arabic.
_QUESTION_MARKS = ("?", "？", "؟")


def sample_questions(chunks: Iterable[Chunk], *, language: str, count: int = 5) -> list[str]:
    """Up to `count` questions that the content should answer, each about another page.

    First come short answers and headings that are questions, in the words of the content; then pages without either,
    asked about by their title; then questions in other languages than `language`. Within each of these they are
    taken evenly over all pages. The same content gives the same questions, in whatever order the chunks come.
    """
    ordered = sorted(chunks, key=lambda chunk: (chunk.location, chunk.ordinal, chunk.id))
    own = [chunk for chunk in ordered if chunk.language == language]
    others = [chunk for chunk in ordered if chunk.language != language]
    template = nearest(language).compose["sample"]
    chosen: list[str] = []
    used_pages: set[str] = set()
    for group, asks in ((own, _written), (own, lambda chunk: _about(chunk, template)), (others, _written)):
        found = _by_page(group, asks, used_pages)
        used_pages |= found.keys()
        known = {question.casefold() for question in chosen}
        distinct = {q.casefold(): q for q in reversed(found.values()) if q.casefold() not in known}
        chosen += _spread(list(reversed(distinct.values())), count - len(chosen))
    return chosen


def _by_page(chunks: Iterable[Chunk], asks: Callable[[Chunk], str], used_pages: set[str]) -> dict[str, str]:
    """The first question of each page that has none yet."""
    found: dict[str, str] = {}
    for chunk in chunks:
        question = asks(chunk)
        if question and chunk.location not in used_pages:
            found.setdefault(chunk.location, question)
    return found


def _written(chunk: Chunk) -> str:
    """The question that the content itself asks; "" when it asks none."""
    if chunk.question:
        return chunk.question
    heading = chunk.heading.rsplit(" > ", 1)[-1]
    if not heading.endswith(_QUESTION_MARKS) or len(heading) > MAX_CHARS:
        return ""
    # "Who is responsible?" is clear under its page's title only.
    stop_words = nearest(chunk.language).stop_words
    topic = [word for word in heading.rstrip("".join(_QUESTION_MARKS)).lower().split() if word not in stop_words]
    return heading if len(topic) >= MIN_TOPIC_WORDS or chunk.language not in languages() else ""


def _about(chunk: Chunk, template: str) -> str:
    if chunk.title.endswith(_QUESTION_MARKS) or len(chunk.title) > MAX_CHARS:
        return ""
    return template.format(topic=chunk.title)


def _spread(questions: Sequence[str], count: int) -> list[str]:
    """At most `count` of them, evenly over the whole list: neighbours are about neighbouring pages."""
    if len(questions) <= count:
        return list(questions)
    return [questions[at * len(questions) // count] for at in range(max(0, count))]
