"""What each figure means, in the words that people read beside it: in the terminal, on the page, in docs/stats.md."""

from __future__ import annotations

from dataclasses import dataclass

from custagent.evaluate.figures import ENOUGH, SETTLED_AFTER, Ending

_HOURS = int(SETTLED_AFTER.total_seconds() // 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A figure's name as people read it, and what is counted."""

    title: str
    text: str


#: By the name of the figure in JSON and CSV, in the order in which they are told.
DEFINITIONS = {
    "conversations": Definition(
        title="Conversations",
        text="Conversations that began in the span, on every channel. Imported ones are none, and previews and tests write"
        " none. What was erased for privacy is counted on.",
    ),
    "handled": Definition(
        title="Handled by the agent",
        text="The agent took part: an answer, a question back, a request to rephrase, or its word that a person takes over"
        " arrived. Of all conversations. Greetings and thanks alone do not count.",
    ),
    "settled": Definition(
        title="Settled",
        text=f"Handled by the agent, and nobody has said anything for {_HOURS} hours. The five rates below are of these,"
        " so that they can be compared. Younger ones are counted when they are old enough; a mail that comes later makes"
        " its conversation young again.",
    ),
    "resolved": Definition(
        title="Resolved, HubSpot's way",
        text=f"The agent replied, no person was asked for or involved, no reply has a thumbs-down, and {_HOURS} hours of"
        " silence have passed. Silence after a question back counts as resolved this way.",
    ),
    "answered": Definition(
        title="Answered without a person",
        text="The agent's last word on the matter was an answer, and no person was involved. What the contact thinks of it"
        " is not asked.",
    ),
    "confirmed": Definition(
        title="Confirmed by feedback",
        text="The contact found a reply helpful (thumbs up), none unhelpful, and no person was involved. Most contacts never"
        " say, so this is the least that was resolved.",
    ),
    "deflected": Definition(
        title="Deflected",
        text="No person was involved: nobody was told to take it, had it, or wrote in it. Whatever was resolved was"
        " deflected, not the other way round.",
    ),
    "handed_over": Definition(
        title="Handed over",
        text="People were told to take it: the agent could not answer, the contact asked for a person, or its reply could"
        " not be delivered. Where a person took it unasked, it is neither handed over nor deflected.",
    ),
    "endings": Definition(
        title="How they ended",
        text="Each conversation once, as it stands now: answered by the agent; unresolved (the agent asked back or could"
        " not help, and the contact stayed silent); a person had it; closed with nothing asked; or still going on.",
    ),
    "reasons": Definition(
        title="Why the agent gave up",
        text="Why it handed over or said that nobody is there, the first time in each conversation.",
    ),
    "agent_times": Definition(
        title="First reply of the agent",
        text="From the contact's first message to the agent's first reply on its way out, greetings and the notice that an"
        " AI answers left aside. Half of the contacts had it within the first time, nine of ten within the second.",
    ),
    "person_times": Definition(
        title="First reply of a person",
        text="From the moment at which people were told to take it (or the first message, where people had it from the"
        " start) to a person's first reply. By the clock, nights and weekends included. Those that still wait are not"
        " in it.",
    ),
    "helpful": Definition(
        title="Helpful",
        text="Replies with a thumbs-up, of those that contacts judged at all. Their last word on each reply counts.",
    ),
    "wrong": Definition(
        title="Called wrong",
        text="Replies that somebody here marked as wrong in the inbox.",
    ),
    "credits": Definition(
        title="Credits in this span",
        text="The ledger's entries of the span, to the credit: charged, given back because no reply arrived or it was no"
        " resolution, and used (the first less the second). The balance is that of now.",
    ),
    "credits_per_resolution": Definition(
        title="Credits per resolution",
        text="What the settled conversations cost, whenever it was booked, divided by those that are resolved HubSpot's way.",
    ),
    "gaps": Definition(
        title="Knowledge gaps",
        text="Topics that contacts asked about since the span began and the agent could not answer, or answered wrongly:"
        " those that are open now, most asked first, as the last look for them found them (custagent gaps list).",
    ),
    "uncertainty": Definition(
        title="How sure a rate is",
        text="Behind each rate stands the range in which the true one lies in 95 of 100 cases (Wilson's interval). Of fewer"
        f" than {ENOUGH} nothing can be told: then the numbers stand there instead of a rate.",
    ),
}

#: How people read the endings.
ENDINGS = {
    Ending.ANSWERED: "answered by the agent",
    Ending.UNRESOLVED: "unresolved",
    Ending.PERSON: "a person had it",
    Ending.NOTHING_ASKED: "nothing asked",
    Ending.GOING_ON: "still going on",
}
