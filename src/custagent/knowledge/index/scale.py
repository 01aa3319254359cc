"""What the cosines of an embedding engine mean: how alike are texts that have nothing to do with each other?

The engine that custagent comes with gives those .75 and more, another one .04. How sure the agent is, and how much words
count beside meaning, was fitted to the first. So the cosines of all others are brought to its scale, by what each gives a
few questions with the passages that answer them, and with those that do not. That is measured when an index is made,
and kept in its manifest: docs/decisions, fused retrieval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from custagent.core.errors import EmbedderError
from custagent.core.ports import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from custagent.core.ports import Vectors

#: What the bundled engine gives the pairs below: a question with the passages of others, and with its own (medians).
UNRELATED, RELATED = 0.752, 0.833
#: As much nearer, as a share of what there is up to 1, a question's own passage has to be than others. The bundled engine
#: has .33, MiniLM .46; one that tells nothing has 0.
_LEAST_APART = 0.15
#: An engine that finds all texts the same: how far from 1 it is taken to be.
_LEAST_LEFT = 0.01

#: Questions, and the passages that answer them, no two on one topic.
PAIRS = (
    ("How long do I have to send back shoes that do not fit?", "Unworn shoes can be returned within 30 days of delivery."),
    ("What is the monthly fee for the family plan?", "The family plan costs 14 euros a month for up to five people."),
    ("Can I bring my dog into the hotel room?", "Pets are welcome in our ground-floor rooms; there is a cleaning charge."),
    ("Why is the washing machine not draining?", "When water stays in the drum, clean the filter of the pump behind the flap."),
    ("How do I reset my password?", "Choose “Forgotten?” when signing in, and we send you a link to set a new one."),
    ("Which vaccinations are needed before the trip to Kenya?", "Travellers to East Africa should be immunised against yellow fever."),
    ("Is the cereal suitable for people with a nut allergy?", "Our muesli is made in a factory where almonds and hazelnuts are handled."),
    ("When does the museum close on Sundays?", "The exhibition is open from ten to five at weekends."),
    ("How do I export my invoices to the accountant?", "Under Bookkeeping, download all bills of a year as a spreadsheet."),
    ("What tyre pressure does the caravan need?", "Inflate the trailer's wheels to 3.4 bar when it is fully loaded."),
    ("How often should I water the orchid?", "Give the plant half a glass once a week, and let its roots dry in between."),
    ("Does the insurance cover a cracked phone screen?", "Broken glass is insured under the gadget policy after the excess is paid."),
    ("Where can I see the grades of my exam?", "Results of tests are published in the student portal two weeks later."),
    ("Who repairs the heating in a rented flat?", "The landlord has to mend radiators and boilers; call the caretaker."),
    ("Can the drone be flown in strong wind?", "Do not start the quadcopter when gusts are above 10 metres a second."),
    ("How do I cancel my gym membership?", "Training contracts end with a month's notice, given in writing at the front desk."),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How an engine's cosines are read."""

    #: The cosine of texts that have nothing to do with each other, and of a question and the passage that answers it.
    unrelated: float
    related: float

    @property
    def tells_apart(self) -> bool:
        """Whether what belongs together is clearly nearer than what does not."""
        return self.related - self.unrelated > _LEAST_APART * (1 - self.unrelated)

    @property
    def spread(self) -> float:
        """What a difference between two of its cosines is multiplied with; above 0, so that their order stays.

        Rather too little, which makes less sure, than too much: 1 never becomes more than 1.
        """
        whole = (1 - UNRELATED) / max(_LEAST_LEFT, 1 - self.unrelated)
        return min(whole, (RELATED - UNRELATED) / (self.related - self.unrelated)) if self.tells_apart else whole

    def read(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same cosines as the bundled engine would have them: `unrelated` becomes UNRELATED, `related` at most RELATED."""
        import numpy as np

        return np.float32(UNRELATED) + np.float32(self.spread) * (cosines - np.float32(self.unrelated))


def is_calibrated(embedder: Embedder) -> bool:
    """Whether confidence is right with the engine's cosines as they are; it says so itself, by `calibrated = True`."""
    return bool(getattr(embedder, "calibrated", False))


def measure(embedder: Embedder) -> Scale | None:
    """Ask the engine; None where it fails: then its cosines are taken as they are."""
    import numpy as np

    try:
        passages = embedder.embed_passages([passage for _, passage in PAIRS])
        questions = np.concatenate([embedder.embed_query(question) for question, _ in PAIRS])
    except EmbedderError:
        return None
    return _scale(questions, passages)


def _scale(questions: Vectors, passages: Vectors) -> Scale | None:
    """Of the pairs' vectors, in their order; None for what cannot be those."""
    import numpy as np

    if questions.shape != passages.shape or not (np.isfinite(questions).all() and np.isfinite(passages).all()):
        return None
    cosines = questions @ passages.T
    own = np.eye(len(cosines), dtype=bool)
    return Scale(unrelated=float(np.median(cosines[~own])), related=float(np.median(cosines[own])))
