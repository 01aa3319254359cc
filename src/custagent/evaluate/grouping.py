"""Questions grouped by what they ask: the topics of knowledge gaps (GAP-1).

New questions join the topic that they are most like on average, and those that are like none are put together among
themselves. What was grouped once stays so: a topic keeps its number and its name when questions come in. The same
questions in the same order give the same topics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from custagent.core.gap import GroupedQuestion, NewQuestion, Placed
from custagent.evaluate.likeness import Asked, Likeness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

#: Two questions, or a question and a topic on average, that are at least so alike ask the same. Measured by
#: `benchmarks/gaps.py`.
SAME = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Puts questions of one agent and one kind where they belong."""

    likeness: Likeness
    #: What is in gaps already, closed ones too.
    earlier: Sequence[GroupedQuestion] = ()

    def place(self, new: Sequence[NewQuestion]) -> list[Placed]:
        """Each question with its gap, in their order: one that is there, or a new one with those of the same `group`."""
        joined = self._joined(new)
        rest = [one for one, gap in zip(new, joined, strict=True) if not gap]
        placed = {one: Placed(question=one, gap=gap) for one, gap in zip(new, joined, strict=True) if gap}
        alike = self.likeness.between(compared(rest), compared(rest))
        for number, members in enumerate(groups_of(alike), 1):
            named = _medoid(alike, members, rest)
            for at in members:
                placed[rest[at]] = Placed(question=rest[at], group=number, names=at == named)
        return [placed[one] for one in new]

    def _joined(self, new: Sequence[NewQuestion]) -> list[int]:
        """The gap that each joins; 0 for none."""
        import numpy as np

        if not self.earlier or not new:
            return [0] * len(new)
        ordered = sorted(self.earlier, key=lambda one: one.gap)
        alike = self.likeness.between(compared(new), compared(ordered))
        starts = [0, *(at for at, (one, two) in enumerate(pairwise(ordered), 1) if one.gap != two.gap)]
        sizes = np.diff([*starts, len(ordered)])
        average = np.add.reduceat(alike, starts, axis=1) / sizes
        best = average.argmax(axis=1)
        return [ordered[starts[at]].gap if average[row, at] >= SAME else 0 for row, at in enumerate(best)]


def compared(questions: Sequence[NewQuestion] | Sequence[GroupedQuestion]) -> list[Asked]:
    """The questions as `Likeness` takes them."""
    return [Asked(vector=one.vector, words=one.words) for one in questions]


def groups_of(alike: Floats) -> list[list[int]]:
    """Those that are alike on average, shape (n, n) in: the most alike are joined first. Each group and all of them in order."""
    import numpy as np

    groups = [[at] for at in range(len(alike))]
    if not groups:
        return []
    average = alike.astype(np.float64)
    np.fill_diagonal(average, -np.inf)
    while True:
        one, two = sorted(map(int, divmod(int(average.argmax()), len(average))))
        if average[one, two] < SAME:
            break
        sizes = len(groups[one]), len(groups[two])
        joined = (average[one] * sizes[0] + average[two] * sizes[1]) / sum(sizes)
        average[one, :] = average[:, one] = joined
        average[two, :] = average[:, two] = average[one, one] = -np.inf
        groups[one] += groups[two]
        groups[two] = []
    return [sorted(group) for group in groups if group]


def _medoid(alike: Floats, members: Sequence[int], questions: Sequence[NewQuestion]) -> int:
    """The question that says best what all of them ask; one that stands for itself before one that goes on from others."""
    alone = [at for at in members if "\n" not in questions[at].asked.searched] or list(members)
    return max(alone, key=lambda at: (round(float(alike[at, list(members)].sum()), 5), -at))
