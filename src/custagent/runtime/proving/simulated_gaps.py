"""What past questions tell that the content lacks, grouped as the gaps of real conversations are (GAP-1)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from custagent.answer.signals import topic_words
from custagent.core.gap import AskedOnce, GapKind, GroupedQuestion, NewQuestion, Placed
from custagent.core.past_question import Replayed
from custagent.core.ports import Embedder
from custagent.evaluate.grouping import Grouping, compared
from custagent.evaluate.likeness import Likeness
from custagent.evaluate.prediction import is_lacking
from custagent.knowledge.index.centre import content_centre
from custagent.knowledge.index.index import IndexFolder

#: Questions that are compared with each other in one go; the next ones join their topics, or make new ones.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """Questions about one thing that the agent would not have answered."""

    #: The question that says best what all of them ask.
    topic: str
    #: Title and link of the page that came closest most often; "" where none did.
    nearest_title: str
    nearest: str
    #: In the order of the file.
    replayed: tuple[Replayed, ...]


def lacks_of(replayed: Iterable[Replayed], index: IndexFolder, embedder: Embedder) -> list[Lack]:
    """The topics that the content lacks, the one that was asked about most first.

    `index` is that of the content that was asked. Raises IndexDamaged, EmbedderError.
    """
    lacking = [one for one in replayed if is_lacking(one)]
    if not lacking:
        return []
    centre = content_centre(index, embedder)
    earlier: list[GroupedQuestion] = []
    topics: dict[int, str] = {}
    for start in range(0, len(lacking), _AT_ONCE):
        new = [
            _compared(number, lacking[number], embedder) for number in range(start, min(start + _AT_ONCE, len(lacking)))
        ]
        likeness = Likeness([*compared(earlier), *compared(new)], centre)
        for placed in _numbered(Grouping(likeness=likeness, earlier=earlier).place(new), after=len(topics)):
            one = placed.question
            if placed.names or placed.gap not in topics:
                topics[placed.gap] = lacking[one.asked.reply].question.text
            earlier.append(
                GroupedQuestion(
                    reply=one.asked.reply, part=0, gap=placed.gap, words=one.words, engine=one.engine, vector=one.vector
                )
            )
    members: defaultdict[int, list[int]] = defaultdict(list)
    for grouped in earlier:
        members[grouped.gap].append(grouped.reply)
    found = [_lack(topics[gap], [lacking[at] for at in sorted(numbers)]) for gap, numbers in members.items()]
    return sorted(found, key=lambda lack: -len(lack.replayed))


def _compared(number: int, one: Replayed, embedder: Embedder) -> NewQuestion:
    searched = one.searched or one.question.text
    asked = AskedOnce(
        reply=number,
        conversation=one.question.conversation,
        kind=GapKind.UNANSWERED,
        searched=searched,
        language=one.language,
    )
    vector = embedder.embed_query(searched)[0].astype("<f4").tobytes()
    return NewQuestion(asked=asked, words=topic_words(searched, one.language), engine=embedder.name, vector=vector)


def _numbered(placed: Sequence[Placed], *, after: int) -> list[Placed]:
    """New groups get the numbers after those that there are."""
    return [one if one.gap else Placed(question=one.question, gap=after + one.group, names=one.names) for one in placed]


def _lack(topic: str, replayed: Sequence[Replayed]) -> Lack:
    pages = Counter((one.nearest_title, one.nearest) for one in replayed)
    (title, nearest), _ = pages.most_common(1)[0]
    return Lack(topic=topic, nearest_title=title, nearest=nearest, replayed=tuple(replayed))
