"""Whether a message asks for a person (ANS-2).

Not by a list of sentences: the catalogue names the parts of such a request (whom, how, that it is wanted), and the
rules here say how the parts stand together in any language. Words between them may only be those that carry nothing
("to", "a", "please"), so that "talk to someone" asks and "somebody told me that the talk was good" does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from custagent.answer.spoken import PAUSE
from custagent.answer.understanding.parts import NOTHING, SOMEONE, TALK, Part, lexicon

#: So many words are read from the beginning and the end of a message: more is no request but a story.
_READ = 300
#: How far the parts of one request may stand apart, in parts.
_REACH = 12
#: How far behind "with somebody" the verb may stand, in parts: "mit jemandem über meine Rechnung sprechen".
_VERB_BEHIND = 9
#: How many helpless words ("to", "please") may stand between somebody and what they should do.
_BEFORE_DEED = 4
#: A sentence of so many parts at most is short, with so many words that have no place in a request.
_SHORT, _STRANGERS = 12, 2
#: How far before a human being the demand may stand, in parts.
_DEMANDED_WITHIN = 6
#: What may stand before somebody who is asked for.
_BEFORE = (
    TALK
    | Part.SOMEBODY
    | Part.REAL
    | Part.CONNECT
    | Part.ME
    | Part.WANT
    | Part.HOW
    | Part.EXIST
    | Part.AGAINST
    | Part.LINK
    | Part.WITH
    | Part.HELP
    | Part.CALL
)
_ALONE = SOMEONE | Part.REAL | Part.LINK | Part.PAUSE


def asks_for_person(said: Sequence[Sequence[str]], language: str) -> bool:
    """Whether one of the sentences, as `spoken.sentences` gives them, asks for a person in that language."""
    return any(_asks(_shortened(words), language) for words in said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """The words before somebody, back to the first that has no place in a request."""

    parts: Part
    #: They reach back to the beginning of the sentence, or to a pause in it.
    opens: bool
    #: They reach back to the very beginning.
    begins: bool
    #: One word of them is unknown: "to one of your *lovely* colleagues".
    stranger: bool
    #: Somebody else wants it: "*mis clientes* pueden hablar con alguien".
    others: bool = False

    @property
    def wanted(self) -> bool:
        return not self.others and (bool(self.parts & (Part.WANT | Part.HOW)) or self.opens)


def _asks(written: Sequence[str], language: str) -> bool:
    known = lexicon(language)
    words = known.corrected(written)
    if known.says_it_whole(words):
        return True
    if not known.names_anybody(words):
        return False
    parts = _joined(known.parts(words))
    if _is_nothing_but_somebody(parts):
        return True
    asks_about = _asks_about(parts)
    if not asks_about and _is_meant(parts):
        return True
    return any(
        (part & SOMEONE and not asks_about and _is_wanted(parts, at))
        or (part & Part.MACHINE and not asks_about and _is_turned_down(parts, at))
        or (part & Part.THEM and _is_named_before(parts, at))
        for at, part in enumerate(parts)
    )


def _is_nothing_but_somebody(parts: Sequence[Part]) -> bool:
    """ "A real person please", "Anybody alive there?", "Vorgesetzten sprechen"; a team's name alone may be a topic."""
    if _is_called_out(parts):
        return True
    if _asks_about(parts):
        return False
    everything = reduce(or_, parts)
    if all(part & (_ALONE | Part.HERE | Part.EXIST) for part in parts):
        living = everything & Part.SOMEBODY and everything & Part.HERE and everything & Part.REAL
        if living or (everything & Part.PEOPLE and all(part & _ALONE for part in parts)):
            return True
    if len(parts) > 1 and everything & Part.TEAM and all(part & _ALONE for part in parts):
        return True
    spoken_to = everything & Part.PEOPLE and everything & Part.CONTACT
    return bool(spoken_to) and all(part & (_ALONE | Part.CONTACT | Part.WITH) for part in parts)


def _joined(parts: Sequence[Part]) -> Sequence[Part]:
    """The parts without the commas that part nothing: "Ich will, dass ein Mensch das liest"."""
    if Part.PAUSE not in parts:
        return parts
    return [
        part
        for at, part in enumerate(parts)
        if part is not Part.PAUSE
        or not (0 < at < len(parts) - 1 and parts[at - 1] & Part.WANT and parts[at + 1] & Part.LINK)
    ]


def _is_called_out(parts: Sequence[Part]) -> bool:
    """ "Stop, human now", "nothing works, a human please": the last words are nothing but a human being, and at once."""
    start = max((at for at, part in enumerate(parts) if part & Part.PAUSE), default=-1) + 1
    called = parts[start:]
    everything = reduce(or_, called, NOTHING)
    living = bool(everything & Part.PEOPLE and everything & Part.REAL)
    return bool(start) and len(called) > 1 and living and all(part & (_ALONE | Part.TAIL) for part in called)


def _shortened(words: Sequence[str]) -> Sequence[str]:
    return words if len(words) <= 2 * _READ else [*words[:_READ], PAUSE, *words[-_READ:]]


def _asks_about(parts: Sequence[Part]) -> bool:
    """Whether the sentence is a question about something: "When can I talk to customer service?"."""
    first = next((part for part in parts if part & ~(Part.LINK | Part.PAUSE)), NOTHING)
    return bool(first & Part.ABOUT) and not first & (Part.HOW | Part.WANT)


def _is_meant(parts: Sequence[Part]) -> bool:
    """Whether a short sentence has all the parts of a request and hardly any other word, in whatever order."""
    everything = reduce(or_, parts)
    if len(parts) > _SHORT or everything & (Part.UNLESS | Part.AGAINST) or parts.count(Part.OTHER) > _STRANGERS:
        return False
    named = any(part & (Part.PEOPLE | Part.SOMEBODY) and not part & Part.ME for part in parts)
    return bool(named and everything & Part.WANT and everything & (Part.CONTACT | Part.CALL))


def _before(parts: Sequence[Part], at: int) -> _Before:
    """What leads to the part at `at`."""
    found, stranger, subject = NOTHING, False, False
    for index in range(at - 1, max(-1, at - 1 - _REACH), -1):
        part = parts[index]
        if part is Part.PAUSE:
            return _Before(parts=found, opens=not subject, begins=False, stranger=stranger)
        if part & _BEFORE:
            found |= part
        elif part is Part.OTHER and not stranger:
            stranger = True
            # "Do *customers* talk to a person?" "Your *lovely* colleague" is no subject.
            subject = bool(found & ~Part.REAL)
        else:
            others = bool(part & Part.UNLESS and parts[index + 1] & Part.WANT)
            return _Before(parts=found, opens=False, begins=False, stranger=stranger, others=others)
    return _Before(
        parts=found, opens=at <= _REACH and not subject, begins=at <= _REACH and not subject, stranger=stranger
    )


def _is_wanted(parts: Sequence[Part], at: int) -> bool:
    """Whether the somebody at `at` is asked for."""
    before = _before(parts, at)
    if next(_behind(parts, at), NOTHING) & Part.UNLESS and not before.parts & (TALK | Part.CONNECT):
        # "A colleague *added* to our account", "a technician *who repairs* boilers"; but "talk to a person *about* tyres".
        return False
    if before.parts & Part.AGAINST and not (before.opens and _begins_with_no(parts, at)):
        # "Is there no real support that one can talk to?"
        return bool(before.parts & Part.EXIST and before.parts & Part.REAL) and _closes(parts, at, Part.HERE | TALK)
    return (
        _is_reached(parts[at], before, closes=_closes(parts, at, Part.TAIL | Part.HERE))
        or (before.wanted and _is_talked_to_behind(parts, at, before))
        or (bool((before.parts | parts[at]) & Part.WITH) and _is_talked_to_before(parts, at))
        or _is_demanded(parts, at)
        or (not before.stranger and _is_wished(parts, at, before))
        or _is_to_act(parts, at, before)
        or _is_called_in(parts, at)
        or _is_free_to_talk(parts, at, before)
    )


def _begins_with_no(parts: Sequence[Part], at: int) -> bool:
    """ "No I want a human" turns down the agent, not the human; "No human please" has nothing wanted in between."""
    return bool(
        parts[0] & Part.AGAINST
        # "No quiero", "no me pases" turn down what follows.
        and parts[1] & (Part.LINK | Part.PAUSE)
        and not parts[1] & (Part.ME | Part.WANT | Part.CONNECT)
        and not any(part & Part.AGAINST for part in parts[1:at])
        and any(part & (Part.WANT | Part.CONNECT) for part in parts[1:at])
    )


def _is_reached(who: Part, before: _Before, *, closes: bool) -> bool:
    """ "I would like to talk to somebody", "Connect me with an agent", "Get a human"."""
    if before.parts & Part.CONNECT and before.parts & Part.ME and not before.stranger:
        return True
    if before.parts & Part.CONTACT:
        return before.wanted
    commanded = closes and before.opens and not before.stranger and not before.parts & Part.HOW
    # What is "contacted" behind a pause may be quoted: What does "contact support" mean?
    command = Part.CONNECT | (Part.REACH if before.begins else NOTHING)
    if commanded and before.parts & command and who & ~Part.SOMEBODY:
        return True
    # How a team is reached is a question that the content may answer.
    asked = Part.WANT if who & Part.TEAM else Part.WANT | Part.HOW
    return bool(before.parts & Part.REACH) and bool(before.parts & asked)


def _is_talked_to_behind(parts: Sequence[Part], at: int, before: _Before) -> bool:
    """ "Ich möchte mit jemandem über meine Rechnung sprechen"."""
    close = before.parts & Part.WITH or (at + 1 < len(parts) and parts[at + 1] & Part.WITH)
    asked = bool(before.parts & (Part.WANT | Part.HOW))
    known = True
    for part in _behind(parts, at):
        verb = part & (Part.CONTACT | Part.CONNECT if close else TALK)
        if verb & Part.CONNECT and ((before.parts | part) & Part.ME or (before.begins and known)):
            return True
        if verb & TALK and (close or (asked and known)):
            return True
        known = known and bool(part & (Part.LINK | Part.REAL | Part.WANT))
    return False


def _is_talked_to_before(parts: Sequence[Part], at: int) -> bool:
    """ "I want to discuss my order with a person"."""
    for index in range(at - 1, max(-1, at - 1 - _VERB_BEHIND), -1):
        if parts[index] is Part.PAUSE:
            return False
        if parts[index] & Part.CONTACT:
            before = _before(parts, index)
            return bool(before.parts & (Part.WANT | Part.HOW)) and not before.parts & Part.AGAINST
    return False


def _is_demanded(parts: Sequence[Part], at: int) -> bool:
    """ "I demand *that* a human reads this": a human being may be told from the machine with one word in between."""
    if not parts[at] & Part.PEOPLE or not (parts[at] | (parts[at - 1] if at else NOTHING)) & Part.REAL:
        return False
    if not (at and parts[at - 1] & (Part.LINK | Part.REAL)) and not _closes(parts, at, Part.TAIL | Part.HERE):
        return False
    strangers = 0
    for part in reversed(parts[max(0, at - _DEMANDED_WITHIN) : at]):
        if part & (Part.WANT | Part.CONTACT):
            return True
        strangers += part is Part.OTHER
        if part & (Part.PAUSE | Part.UNLESS | Part.AGAINST) or strangers > 1:
            return False
    return False


def _is_wished(parts: Sequence[Part], at: int, before: _Before) -> bool:
    """ "I want a human", "Is there anybody here?"."""
    if before.parts & Part.WANT or (before.parts & Part.HOW and before.parts & Part.CONNECT):
        return not _is_meant_for_else(parts, at) and _closes(parts, at, Part.TAIL | Part.HERE)
    real = (before.parts | next(_behind(parts, at), NOTHING)) & Part.REAL
    if not before.parts & Part.EXIST or (parts[at] & Part.TEAM and not real):
        return False
    # "Is anybody real there?", "Is there a person I can talk to?"
    return bool(next(_behind(parts, at), NOTHING) & Part.REAL) or _closes(parts, at, Part.HERE | TALK)


def _is_meant_for_else(parts: Sequence[Part], at: int) -> bool:
    """Whether the clause ends soon in what nobody of ours is wanted for: "eine Person zu meinem Vertrag *hinzufügen*"."""
    behind = list(_behind(parts, at))
    return 0 < len(behind) <= _BEFORE_DEED and bool(behind[-1] & Part.UNLESS)


def _is_to_act(parts: Sequence[Part], at: int, before: _Before) -> bool:
    """ "Can a human look at this?", "I want somebody to call me", "Que me ayude una persona"."""
    if not (before.wanted or before.parts & Part.EXIST):
        return False
    if parts[at] & Part.PEOPLE and before.parts & (Part.HELP | Part.CALL) and before.parts & Part.ME:
        return True
    wanted = Part.CALL | (Part.HELP if parts[at] & Part.PEOPLE or before.parts & Part.REAL else NOTHING)
    # "A real person checks my papers" tells; "a person *can* check" may ask, and "a person *me* liga" does.
    asked = bool(before.parts & (Part.WANT | Part.HOW | Part.EXIST))
    for steps, part in enumerate(_behind(parts, at)):
        asked = asked or bool(part & (Part.WANT | Part.ME | Part.CALL))
        if part & wanted:
            return asked
        if steps >= _BEFORE_DEED or not part & (SOMEONE | Part.LINK | Part.TAIL | Part.WANT | Part.ME):
            return False
    return False


def _is_called_in(parts: Sequence[Part], at: int) -> bool:
    """ "My case is complicated, so please *bring in* a specialist": who is brought in by nobody else is asked for."""
    if not parts[at] & Part.PEOPLE or not _closes(parts, at, Part.TAIL | Part.HERE):
        return False
    index = at - 1
    while index >= 0 and parts[index] & (Part.LINK | Part.REAL) and not parts[index] & Part.CONNECT:
        index -= 1
    if index < 0 or not (parts[index] & Part.CONNECT and parts[index] & Part.ME):
        return False
    return index == 0 or bool(parts[index - 1] & (Part.LINK | Part.PAUSE))


def _is_free_to_talk(parts: Sequence[Part], at: int, before: _Before) -> bool:
    """ "Is a colleague of yours *free to chat*?"."""
    behind = list(_behind(parts, at))
    free = any(part & Part.HERE for part in behind) and bool(behind[-1] & Part.CONTACT)
    return before.opens and free and not any(part & (Part.UNLESS | Part.AGAINST) for part in (*parts[:at], *behind))


def _is_named_before(parts: Sequence[Part], at: int) -> bool:
    """ "Who is your boss, I want to talk to *them*": whom the words point back to was named, and is none of theirs."""
    wanted = _before(parts, at).parts | parts[at] | next(_behind(parts, at), NOTHING)
    if not (wanted & Part.WANT and wanted & Part.CONTACT) or wanted & Part.AGAINST:
        return False
    return any(
        part & Part.PEOPLE and not any(one & Part.UNLESS for one in parts[max(0, index - 2) : index + 2])
        for index, part in enumerate(parts[:at])
    )


def _is_turned_down(parts: Sequence[Part], at: int) -> bool:
    """ "I don't want to talk to a bot", "no robots please", "ik ben het praten met een machine beu"."""
    before = _before(parts, at)
    talked_to = bool(before.parts & (Part.WANT | Part.CONTACT)) or any(
        part & Part.CONTACT for part in _behind(parts, at)
    )
    if before.parts & Part.AGAINST and (before.opens or talked_to):
        # "How do I get *past the bot* to a person?"
        return _closes(parts, at, Part.TAIL | Part.HERE | Part.WANT | Part.CONTACT | Part.PEOPLE)
    # "I *loathe* talking to bots": of those who say that they talk to machines, hardly one enjoys it.
    behind = next(_behind(parts, at), NOTHING)
    complains = behind & Part.AGAINST or (before.stranger and not before.parts & (Part.WANT | Part.HOW | Part.PEOPLE))
    return bool(before.parts & Part.CONTACT and complains) and _closes(parts, at, Part.TAIL | Part.HERE | Part.AGAINST)


def _behind(parts: Sequence[Part], at: int) -> Iterator[Part]:
    """The parts after the one at `at`, to the next pause, as far as a request reaches."""
    for part in parts[at + 1 : at + 1 + _VERB_BEHIND]:
        if part is Part.PAUSE:
            return
        yield part


def _closes(parts: Sequence[Part], at: int, ends: Part) -> bool:
    """Whether nothing follows the part at `at` that would make it something else ("a person *under 18*")."""
    for part in _behind(parts, at):
        if part & ends:
            return True
        if not part & (Part.LINK | Part.REAL | Part.WITH | Part.WANT | Part.ME):
            return False
    return True
