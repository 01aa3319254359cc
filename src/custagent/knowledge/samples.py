"""Sample questions made from the content, for a preview to begin with (PRE-1)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from custagent.core.document import Chunk
from custagent.locales import languages, nearest

#: A heading longer than this is no question that somebody would type.
MAX_CHARS = 90
#: A heading with fewer words of its own leans on what stands above it.
MIN_TOPIC_WORDS = 3
#: Latin, Chinese and Japanese, Arabic.
_QUESTION_MARKS = ("?", "？", "؟")


#: Pages that are compared with each other at most; of more, evenly chosen ones.
_MOST_COMPARED = 1_000


def sample_questions(
    chunks: Iterable[Chunk], *, language: str, count: int = 5, vectors: Mapping[str, bytes] = MappingProxyType({})
) -> list[str]:
    """Up to `count` questions that the content should answer, each about another page.

    First come short answers and headings that are questions, in the words of the content; then pages without either,
    asked about by their title; then questions in other languages than `language`. Within each of these they are about
    topics as different as `vectors` tell, by the chunks' hashes (float32, little-endian); where one is not known, they
    are taken evenly over all pages. The same content gives the same questions, in whatever order the chunks come.
    """
    ordered = sorted(chunks, key=lambda chunk: (chunk.location, chunk.ordinal, chunk.id))
    own = [chunk for chunk in ordered if chunk.language == language]
    others = [chunk for chunk in ordered if chunk.language != language]
    template = nearest(language).compose["sample"]
    chosen: dict[str, Chunk] = {}
    used_pages: set[str] = set()
    for group, asks in ((own, _written), (own, lambda chunk: _about(chunk, template)), (others, _written)):
        found = _by_page(group, asks, used_pages)
        used_pages |= {chunk.location for _, chunk in found}
        known = {question.casefold() for question in chosen}
        distinct = {q.casefold(): (q, chunk) for q, chunk in reversed(found) if q.casefold() not in known}
        wanted = count - len(chosen)
        chosen |= dict(_spread(list(reversed(distinct.values())), wanted, list(chosen.values()), vectors))
    return list(chosen)


def _by_page(
    chunks: Iterable[Chunk], asks: Callable[[Chunk], str], used_pages: Collection[str]
) -> list[tuple[str, Chunk]]:
    """The first question of each page that has none yet, with the passage that it is about."""
    found: dict[str, tuple[str, Chunk]] = {}
    for chunk in chunks:
        question = asks(chunk)
        if question and chunk.location not in used_pages:
            found.setdefault(chunk.location, (question, chunk))
    return list(found.values())


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


def _spread(
    found: Sequence[tuple[str, Chunk]], count: int, before: Sequence[Chunk], vectors: Mapping[str, bytes]
) -> list[tuple[str, Chunk]]:
    """At most `count` of them, about topics that differ from each other and from those `before`."""
    if len(found) <= count:
        return list(found)
    if count <= 0 or any(chunk.hash not in vectors for chunk in (*before, *(chunk for _, chunk in found))):
        # Neighbours are about neighbouring pages.
        return [found[at * len(found) // count] for at in range(max(0, count))]
    compared = found[:: -(-len(found) // _MOST_COMPARED)]
    return [compared[at] for at in _diverse([chunk for _, chunk in compared], count, before, vectors)]


def _diverse(
    chunks: Sequence[Chunk], count: int, before: Sequence[Chunk], vectors: Mapping[str, bytes]
) -> Sequence[int]:
    """Those that stand best for all: each time the one that is nearest to most of what none stands for yet.

    Facility location, by the greedy way (Nemhauser, Wolsey and Fisher 1978). What is near is told by how far apart the
    content's own pages are: all that a company writes is alike.
    """
    import numpy as np

    rows = np.frombuffer(b"".join(vectors[chunk.hash] for chunk in (*chunks, *before)), dtype="<f4")
    rows = rows.reshape(len(chunks) + len(before), -1)
    # Unit vectors: the square of the distance.
    apart = np.maximum(2 - 2 * rows[: len(chunks)] @ rows.T, 0)
    likeness = np.exp(-2 * apart / max(float(apart.mean()), 1e-9))
    covered = likeness[:, len(chunks) :].max(axis=1, initial=0)
    chosen: list[int] = []
    for _ in range(min(count, len(chunks))):
        gains = np.maximum(likeness[:, : len(chunks)] - covered[:, None], 0).sum(axis=0)
        gains[chosen] = -1
        chosen.append(int(gains.argmax()))
        covered = np.maximum(covered, likeness[:, chosen[-1]])
    return chosen
