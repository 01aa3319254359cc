"""Checks what a model wrote against the passages; a statement that fails is not sent (ANS-4).

A statement passes when it names passages that exist, and one sentence of one of them says all of it: every number,
address and name, and every word that says something, in an order that keeps what belongs together, with as many negations
and with the words that narrow it ("only", "unless", "at most"). What it may add are words that say nothing of their own.
Between two languages words cannot be compared: numbers, addresses, names, negations and limits are.

The rules are stricter than meaning: a true statement in words of its own fails as well, and the model is told so once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from custagent.answer.model.facts import addresses, numbers
from custagent.answer.model.grounds import (
    NOT,
    Clause,
    Ground,
    Passage,
    Sign,
    clauses_of,
    is_no,
    limits_in,
    negations_in,
    number_words,
    stated,
)
from custagent.answer.model.statements import LIST_MARK, Statement, read
from custagent.answer.spoken import folded, plain
from custagent.core.document import Chunk
from custagent.language import DETECTED, detect, words

#: What is left of markup that reading does not understand, and what masking leaves.
_MARKUP = re.compile(r"<[A-Za-z/!]|\]\(|&[#\w]{2,10};|\[[^\]\d][^\]]{0,40}\]")
_NAME = re.compile(r"[^\W_]*[^\W\d_][^\W_]*(?:[-'’.][^\W_]+)*")
#: A statement of fewer words is in no language for sure.
_FEWEST_WORDS = 5
#: Languages that are told apart only with luck.
_ALIKE = frozenset({"da", "nb"})
#: Limits that must neither be left out nor brought in; the others may be one of the two.
_NOT_LEFT_OUT = frozenset("must only unless if until before after least most more less without but usually".split())
_NOT_BROUGHT_IN = frozenset("must only unless until before after least most more less without every".split())
#: Those that belong to the whole sentence, whatever stands between.
_OF_SENTENCE = frozenset("only unless if but".split())
#: Those that are told as surely in another language.
_ACROSS = frozenset("must only unless least most".split())
#: Between languages a statement is tied to its ground by numbers, names, addresses and words that both languages have:
#: by one of them at least for so many words. Untied, anything could be said.
_WORDS_AN_ANCHOR = 6
#: Words that begin with so many equal letters are the same in two languages: "returer", "returns".
_COGNATE_LETTERS = 5
#: With so many numbers in a sentence each has a place that it must keep.
_SEVERAL = 2
#: A clause of a longer statement says something by itself with so many words.
_WHOLE_CLAUSE = 3
#: What a sentence stands under may give a statement so many words: its subject.
_SUBJECT = 2


class Fault(StrEnum):
    """Why a statement is not sent; the values are what the model is told."""

    NO_PASSAGE = "it names no passage, or one that does not exist"
    MARKUP = "it holds markup, or a placeholder"
    ADDRESS = "an address in it does not stand in the passages it names"
    NUMBER = "a number in it does not stand in the passages it names"
    NAME = "a name in it does not stand in the passages it names"
    WORDS = "no single sentence of the passages it names says all of it; stay close to that sentence's own words"
    TURNED = "it says the opposite of the passage, or leaves out or adds a word that limits it"
    LANGUAGE = "it is not in the contact's language"
    AVOIDED = "it uses words that the brand voice avoids"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What is left of a model's text."""

    #: Without marks; "" when nothing was borne out.
    text: str
    #: The kept sentences that rest on each passage, by its index from 0, in order of first use.
    resting: Mapping[int, str]
    #: The sentences that failed.
    dropped: tuple[str, ...]
    #: The model says that the passages do not answer the question.
    refused: bool = False


class Verifier:
    """Checks statements in `language` against the passages of one question.

    `private` are the indices of passages whose page the contact may not see (SRC-4); `avoided` tells the words in a text
    that the agent's brand voice avoids.
    """

    def __init__(
        self,
        passages: Sequence[Chunk],
        *,
        language: str,
        private: frozenset[int] = frozenset(),
        avoided: Callable[[str], Sequence[str]] = lambda _: (),
    ) -> None:
        self._passages = [Passage(chunk, private=index in private) for index, chunk in enumerate(passages)]
        self._language = language
        self._avoided = avoided

    def fault(self, statement: Statement) -> Fault | None:
        """What is wrong with the statement; None when it may be sent."""
        said = statement.text
        named = [self._passages[index] for index in statement.named if 0 <= index < len(self._passages)]
        if not named or len(named) < len(statement.named):
            return Fault.NO_PASSAGE
        if _MARKUP.search(said):
            return Fault.MARKUP
        if any(all(one not in passage.addresses for passage in named) for one in addresses(said)):
            return Fault.ADDRESS
        if not self._is_in_language(said):
            return Fault.LANGUAGE
        if self._avoided(said):
            return Fault.AVOIDED
        text = LIST_MARK.sub("", said, count=1)
        return self._unsupported(text, named)

    def _is_in_language(self, said: str) -> bool:
        if self._language not in DETECTED or len(words(said, "")) < _FEWEST_WORDS:
            return True
        found = detect(said, self._language)[0]
        return found == self._language or {found, self._language} <= _ALIKE

    def _unsupported(self, said: str, named: Sequence[Passage]) -> Fault | None:
        known = frozenset[str]().union(*(passage.numbers for passage in named))
        if any(known.isdisjoint(readings) for readings in numbers(said, number_words(self._language))):
            return Fault.NUMBER
        alike = [passage for passage in named if passage.chunk.language == self._language]
        foreign = [passage for passage in named if passage.chunk.language != self._language]
        claim = _Claim(said, self._language)
        faults = [claim.fault_against(ground) for ground in stated(alike)]
        faults += [claim.fault_across(ground, passage) for passage in foreign for ground in passage.grounds]
        if None in faults or claim.is_said_in_parts(alike):
            return None
        return next((one for one in (Fault.TURNED, Fault.NAME) if one in faults), Fault.WORDS)


class _Claim:
    """What one statement says, to be found in a ground."""

    def __init__(self, said: str, language: str) -> None:
        self._said = said
        self._language = language
        self._clauses = tuple(clauses_of(said, language))
        if (
            len(self._clauses) > 1
            and is_no(self._clauses[0])
            and any(sign.stem == NOT for clause in self._clauses[1:] for sign in clause.signs)
        ):
            self._clauses = self._clauses[1:]
        self._signs = [sign for clause in self._clauses for sign in clause.signs]
        self._content = [sign for sign in self._signs if sign.stem != NOT]
        self._limits = limits_in(said, language)

    def fault_against(self, ground: Ground) -> Fault | None:
        """What is wrong with it if this ground, in the same language, is what it rests on."""
        if plain(self._said) == plain(ground.text):
            return None
        own, in_head = self._split(ground)
        if len(own) + len(in_head) < len(self._content) or not self._rests_on(ground, own, in_head):
            return Fault.WORDS
        runs = [run for run in _runs(ground.clauses, own) if _keeps_order(own, run)]
        if not runs or not _numbers_have_place(self._signs, in_head, ground.head):
            return Fault.WORDS
        return None if any(self._agrees(ground, run) for run in runs) else Fault.TURNED

    def fault_across(self, ground: Ground, passage: Passage) -> Fault | None:
        """The same for a ground in another language, as far as it can be told."""
        language = passage.chunk.language
        figures = [sign for sign in self._content if sign.readings]
        there = [*ground.signs, *ground.head]
        if not self._content or any(not any(sign.is_like(one) for one in there) for sign in figures):
            return Fault.WORDS
        names = list(_names(self._said, self._language))
        if any(not _knows(passage, name) for name in names):
            return Fault.NAME
        anchors = (
            len(figures) + len(names) + sum(_is_cognate(sign, there) for sign in self._content if not sign.readings)
        )
        if anchors * _WORDS_AN_ANCHOR < len(self._content):
            return Fault.WORDS
        if bool(negations_in(self._said, self._language)) != bool(negations_in(ground.text, language)):
            return Fault.TURNED
        if (self._limits ^ limits_in(ground.text, language)) & _ACROSS:
            return Fault.TURNED
        return None if _keeps_order(figures, [one for one in there if one.readings]) else Fault.WORDS

    def is_said_in_parts(self, passages: Sequence[Passage]) -> bool:
        """Whether each of several clauses is said by a ground, and begins with what that ground begins with."""
        if len(self._clauses) < _SEVERAL or not passages:
            return False
        return all(
            any(_is_whole(clause, ground, self._language) for ground in stated(passages)) for clause in self._clauses
        )

    def _split(self, ground: Ground) -> tuple[list[Sign], list[Sign]]:
        """What the ground itself says of it, and what only its head does."""
        own, rest = _taken(self._content, ground.signs)
        in_head, _ = _taken(rest, ground.head)
        return own, in_head

    def _rests_on(self, ground: Ground, own: Sequence[Sign], in_head: Sequence[Sign]) -> bool:
        """Whether the ground says it, and what it stands under does no more than name the subject."""
        content = [one for one in ground.signs if one.stem != NOT]
        if not own:
            # Such as a "No." to "Can I return it?"
            return ground.answers and bool(self._content) and not content
        begins_alike = own[0].is_like(content[0])
        # "For returns see https://…" says no more than where to look.
        only_points = all(sign.is_address for sign in own)
        if not in_head or only_points:
            return True
        if len(in_head) > min(len(own), _SUBJECT) or not begins_alike or not self._stand_apart(own):
            return False
        # Behind a sentence that was cut off, what it stands under would end it in another way than the page does.
        return any(self._content[0] is sign for sign in in_head) or own[-1].is_like(content[-1])

    def _stand_apart(self, own: Sequence[Sign]) -> bool:
        """Whether what the ground itself says stands together: the subject comes before it or after it."""
        from_ground = [any(sign is one for one in own) for sign in self._content]
        changes = sum(one != other for one, other in pairwise(from_ground))
        return changes <= 1

    def _agrees(self, ground: Ground, run: Sequence[Clause]) -> bool:
        negations = sum(sign.stem == NOT for sign in self._signs)
        signs = [sign for clause in run for sign in clause.signs]
        if negations != sum(sign.stem == NOT for sign in signs) or not _turns_the_same(self._signs, signs):
            return False
        there = limits_in(" ".join(clause.text for clause in run), self._language)
        whole = limits_in(ground.text, self._language)
        left_out = ((there & _NOT_LEFT_OUT) | (whole & _OF_SENTENCE)) - self._limits
        brought_in = (self._limits & _NOT_BROUGHT_IN) - whole
        return not left_out and not brought_in


def _taken(wanted: Sequence[Sign], signs: Sequence[Sign]) -> tuple[list[Sign], list[Sign]]:
    """Those of `wanted` that stand among the signs, as often as they do, and the rest."""
    left, found, missing = list(signs), list[Sign](), list[Sign]()
    for sign in wanted:
        place = next((index for index, one in enumerate(left) if sign.is_like(one)), None)
        if place is None:
            missing.append(sign)
        else:
            del left[place]
            found.append(sign)
    return found, missing


def _runs(clauses: Sequence[Clause], own: Sequence[Sign]) -> Iterator[Sequence[Clause]]:
    """The shortest runs of clauses that say all of it. A clause that is entered late brings its own subject along."""
    wanted = [sign for sign in own if sign.stem != NOT]
    found: list[tuple[int, int]] = []
    for length in range(1, len(clauses) + 1):
        for start in range(len(clauses) - length + 1):
            end = start + length
            signs = [sign for clause in clauses[start:end] for sign in clause.signs]
            is_shortest = not any(start <= one and other <= end for one, other in found)
            if is_shortest and all(any(sign.is_like(one) for one in signs) for sign in wanted):
                found.append((start, end))
    for start, end in found:
        if all(_keeps_subject(clause, wanted) for clause in clauses[start + 1 : end]):
            yield clauses[start:end]


def _keeps_subject(clause: Clause, wanted: Sequence[Sign]) -> bool:
    """Whether what is taken of a later clause is taken from its beginning on: "…, and batteries are not" is of batteries."""
    content = [sign for sign in clause.signs if sign.stem != NOT]
    taken = [any(sign.is_like(one) for one in wanted) for sign in content]
    last = max((index for index, was in enumerate(taken) if was), default=-1)
    return all(taken[: last + 1])


def _keeps_order(own: Sequence[Sign], ground: Sequence[Clause] | Sequence[Sign]) -> bool:
    """Whether the signs stand there in the same order; a sentence of one clause may begin with its second half.

    With several numbers each has its place: then nothing may change places.
    """
    clauses = [one for one in ground if isinstance(one, Clause)]
    signs = [sign for clause in clauses for sign in clause.signs] or [one for one in ground if isinstance(one, Sign)]
    wanted = [sign for sign in own if sign.stem != NOT]
    if _is_within(wanted, signs):
        return True
    several = sum(bool(sign.readings) for sign in signs) >= _SEVERAL and any(sign.readings for sign in wanted)
    if several or len(clauses) > 1:
        return False
    return any(_is_within(wanted[:at], signs) and _is_within(wanted[at:], signs) for at in range(1, len(wanted)))


def _is_within(wanted: Sequence[Sign], signs: Sequence[Sign]) -> bool:
    """Whether `wanted` is a subsequence."""
    left = iter(signs)
    return all(any(sign.is_like(one) for one in left) for sign in wanted)


def _turns_the_same(said: Sequence[Sign], there: Sequence[Sign]) -> bool:
    """Whether each negation stands beside something that a negation there stands beside too."""
    # "No." turns round the question before it, whatever that says.
    if all(sign.stem == NOT for sign in there):
        return True
    turned = [(there[place - 1 : place], _after(there, place, 2)) for place in _places_of_not(there)]
    for place in _places_of_not(said):
        after = _after(said, place, 1)
        # "Batteries: never." has nothing after it: then what stands before counts.
        if not any(_share(after, later) if after else _share(said[:place][-1:], before) for before, later in turned):
            return False
    return True


def _share(some: Sequence[Sign], others: Sequence[Sign]) -> bool:
    return any(one.is_like(other) for one in some for other in others)


def _places_of_not(signs: Sequence[Sign]) -> list[int]:
    return [place for place, sign in enumerate(signs) if sign.stem == NOT]


def _after(signs: Sequence[Sign], place: int, reach: int) -> list[Sign]:
    """What stands up to so far after a place."""
    return [sign for sign in signs[place + 1 : place + 1 + reach] if sign.stem != NOT]


def _numbers_have_place(said: Sequence[Sign], in_head: Sequence[Sign], head: Sequence[Sign]) -> bool:
    """Whether each number that only the title or heading knows stands beside the same word there: "iPhone 15"."""
    pairs = list(pairwise(said))
    there = list(pairwise(head))
    return all(
        any(one.is_like(a) and other.is_like(b) for one, other in pairs if sign in (one, other) for a, b in there)
        for sign in in_head
        if sign.readings
    )


def _is_whole(clause: Clause, ground: Ground, language: str) -> bool:
    """Whether the ground says the clause of a longer statement, which names what the ground is about."""
    first = next((sign for one in ground.clauses for sign in one.signs if sign.stem != NOT), None)
    says_enough = sum(sign.stem != NOT for sign in clause.signs) >= _WHOLE_CLAUSE
    if first is None or not says_enough or not any(first.is_like(sign) for sign in clause.signs):
        return False
    return _Claim(clause.text, language).fault_against(ground) is None


def _is_cognate(sign: Sign, there: Sequence[Sign]) -> bool:
    start = folded(sign.stem)[:_COGNATE_LETTERS]
    return len(start) == _COGNATE_LETTERS and any(folded(one.stem).startswith(start) for one in there)


def _names(said: str, language: str) -> Iterator[str]:
    """The words that look like names: capitals within a sentence, in a word, or beside digits."""
    for index, match in enumerate(_NAME.finditer(said)):
        word = match.group()
        mixed = any(char.isdigit() for char in word) or any(char.isupper() for char in word[1:])
        # German writes every noun so.
        if mixed or (index and language != "de" and word[0].isupper() and len(word) > 1):
            yield word


def _knows(passage: Passage, name: str) -> bool:
    text = passage.text.casefold()
    return any(form in text for form in {name.casefold(), name.casefold().removesuffix("'s").removesuffix("s")})


def verify(written: str, passages: Sequence[Chunk], *, language: str) -> Verified:
    """Keep the sentences of `written`, which is in `language`, that the passages bear out."""
    draft = read(written)
    if draft.refused:
        return Verified(text="", resting={}, dropped=(), refused=True)
    verifier = Verifier(passages, language=language)
    faults = [verifier.fault(statement) for statement in draft.statements]
    kept = [statement for statement, fault in zip(draft.statements, faults, strict=True) if fault is None]
    dropped = tuple(one.text for one, fault in zip(draft.statements, faults, strict=True) if fault)
    return Verified(text=joined(kept), resting=resting(kept), dropped=dropped)


def resting(statements: Sequence[Statement]) -> dict[int, str]:
    """The statements that rest on each passage, by its index, in order of first use."""
    found: dict[int, str] = {}
    for statement in statements:
        for index in statement.named:
            found[index] = f"{found.get(index, '')} {statement.text}".strip()
    return found


def joined(statements: Sequence[Statement]) -> str:
    """Sentences one after the other; each item of a list has a line of its own."""
    text = "".join(
        ("\n" if statement.is_list_item or before.is_list_item else " ") + statement.text
        for before, statement in pairwise([*statements[:1], *statements])
    )
    return text.strip()
