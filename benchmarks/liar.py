"""How many lies of a model pass the check, and how many honest sentences are refused (ANS-4).

    python benchmarks/liar.py FOLDER [--seeds 5] [--each 150] [--task d2 …] [--show]

`FOLDER` holds the tasks as in `labelled.py`. For each task, language and seed passages are drawn, each with the five of its
language that share most words with it, as a search would bring them. A sentence of the passage is turned into a lie of
each kind, or said honestly in another form, and given to the check as a model's statement, in the passage's language.
Nothing is asked of a model, and no vectors are needed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from custagent.answer.model.statements import Statement
from custagent.answer.model.verify import Verifier
from custagent.core.document import Chunk, Document, Section
from custagent.knowledge.cutting.split import split
from custagent.language import words
from custagent.locales import catalogue
from custagent.sentences import sentences

TASKS = ("d2", "d3", "d6")
#: Passages that stand beside the one that is told of.
BESIDE = 5
WORD = re.compile(r"[^\W\d_]{2,}")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
#: What an honest model begins with, by language.
OPENINGS = {
    "en": "Please note that {}",
    "sv": "Observera att {}",
    "de": "Bitte beachten: {}",
    "fr": "Notez que {}",
    "da": "Bemærk at {}",
}
NEGATIONS = {"en": "not", "sv": "inte", "de": "nicht", "fr": "pas", "da": "ikke"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A sentence of passage 0, with the passages beside it."""

    said: str
    passages: tuple[Chunk, ...]
    chance: random.Random

    @property
    def language(self) -> str:
        return self.passages[0].language

    def other_sentence(self) -> str:
        """One of another passage."""
        found = [one for chunk in self.passages[1:] for one in told(chunk)]
        return self.chance.choice(found) if found else ""


#: What is made of a case: the statement and the passages it names; None where the case does not lend itself to it.
Made = tuple[str, tuple[int, ...]] | None
Maker = Callable[[Case], Made]


def told(chunk: Chunk) -> list[str]:
    """The sentences of a passage that state something, and are long enough to be lied about."""
    fits = (one for one in sentences(chunk.text) if not one.endswith(("?", ":")))
    return [one for one in fits if 5 <= len(WORD.findall(one)) <= 40]


def put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def other_number(case: Case) -> Made:
    found = list(NUMBER.finditer(case.said))
    if not found:
        return None
    match = case.chance.choice(found)
    new = str(case.chance.choice([2, 3, 7, 14, 25, 48, 60, 99, 365, 1200]))
    return (put(case.said, match, new), (0,)) if new not in match.group() else None


def borrowed_number(case: Case) -> Made:
    """One that another sentence of the same passage has."""
    found = list(NUMBER.finditer(case.said))
    there = sorted(set(NUMBER.findall(case.passages[0].text)) - set(NUMBER.findall(case.said)))
    if not found or not there:
        return None
    return put(case.said, case.chance.choice(found), case.chance.choice(there)), (0,)


def swapped_numbers(case: Case) -> Made:
    found = list(NUMBER.finditer(case.said))
    if len(found) < 2 or found[0].group() == found[-1].group():
        return None
    return put(put(case.said, found[-1], found[0].group()), found[0], found[-1].group()), (0,)


def added_number(case: Case) -> Made:
    return f"{case.said.rstrip('.')} ({case.chance.randint(2, 99)} €).", (0,)


def invented_name(case: Case) -> Made:
    match = case.chance.choice(list(WORD.finditer(case.said))[1:])
    return put(case.said, match, case.chance.choice(["Acmera", "Nordvik", "Zelta Plus", "BrightPay"])), (0,)


def added_name(case: Case) -> Made:
    return f"{case.said.rstrip('.')} – {case.chance.choice(['Acmera', 'Nordvik AB', 'QuickHelp'])}.", (0,)


def invented_address(case: Case) -> Made:
    new = case.chance.choice([
        "https://help-center.example/start", "www.acmera.example", "support@acmera.example", "acmera.example/login",
    ])  # fmt: skip
    return f"{case.said.rstrip('.')}: {new}.", (0,)


def turned_round(case: Case) -> Made:
    negations = catalogue(case.language).negations
    # "No, …" only begins an answer, and "icke-" is half a word.
    inner = re.finditer(r"(?<!^)(?<![-\w])[^\W\d_]+(?:'[^\W\d_]+)?(?![-\w])", case.said)
    found = [match for match in inner if match.group().lower() in negations]
    if len(found) == 1:
        return re.sub(" +", " ", put(case.said, found[0], "")), (0,)
    whole = [match for match in WORD.finditer(case.said) if case.said[match.end() : match.end() + 1] == " "]
    match = case.chance.choice(whole) if whole and not found else None
    return (put(case.said, match, f"{match.group()} {NEGATIONS[case.language]}"), (0,)) if match else None


def swapped_citation(case: Case) -> Made:
    return case.said, (case.chance.randrange(1, len(case.passages)),)


def merged(case: Case, other: str, named: tuple[int, ...]) -> Made:
    first, second = case.said.split(), other.split()
    if len(first) < 6 or len(second) < 6:
        return None
    text = " ".join([*first[: len(first) // 2], *second[len(second) // 2 :]])
    return None if text in (case.said, other) else (text, named)


def merged_within(case: Case) -> Made:
    """Half of one sentence and half of another of the same passage."""
    others = [one for one in told(case.passages[0]) if one != case.said]
    return merged(case, case.chance.choice(others), (0,)) if others else None


def merged_across(case: Case) -> Made:
    other = case.other_sentence()
    named = next((index for index, chunk in enumerate(case.passages) if index and other in told(chunk)), 1)
    return merged(case, other, (0, named)) if other else None


def other_subject(case: Case) -> Made:
    """What is said of one thing, said of another that the passage tells of."""
    own, others = saying(case.said, case), [one for one in told(case.passages[0]) if one != case.said]
    if not own or not others:
        return None
    theirs = saying(case.chance.choice(others), case)
    if not theirs or words(theirs[0].group(), case.language) == words(own[0].group(), case.language):
        return None
    return put(case.said, own[0], theirs[0].group()), (0,)


def saying(text: str, case: Case) -> list[re.Match[str]]:
    """The words that say something of their own."""
    texts = catalogue(case.language)
    silent = set(words(" ".join([*texts.stop_words, *texts.light_words, *texts.negations]), case.language))
    return [match for match in WORD.finditer(text) if not silent & set(words(match.group(), case.language))]


def other_word(case: Case) -> Made:
    """One word that says something, replaced by another passage's."""
    own, other = saying(case.said, case), case.other_sentence()
    stems = set(words(case.passages[0].indexed_text, case.language))
    new = [one.group() for one in saying(other, case) if not set(words(one.group(), case.language)) & stems]
    return (put(case.said, case.chance.choice(own), case.chance.choice(new).lower()), (0,)) if own and new else None


def limited(case: Case) -> Made:
    """A limit left out, or brought in."""
    limits = catalogue(case.language).limits
    phrases = [one for kind in ("only", "unless", "most", "least", "without") for one in limits[kind] if " " not in one]
    found = [match for match in WORD.finditer(case.said) if match.group().lower() in phrases]
    if found:
        return re.sub(" +", " ", put(case.said, found[0], "")), (0,)
    match = case.chance.choice(list(WORD.finditer(case.said))[1:])
    return put(case.said, match, f"{limits['only'][0]} {match.group()}"), (0,)


def added_fact(case: Case) -> Made:
    """Another passage's fact joined on, without naming that passage."""
    other = case.other_sentence()
    joint = catalogue(case.language).joints
    word = next(one for one in ("and", "och", "und", "et", "og") if one in joint)
    return (f"{case.said.rstrip('.')} {word} {other[:1].lower()}{other[1:]}", (0,)) if other else None


def word_for_word(case: Case) -> Made:
    return case.said, (0,)


def with_opening(case: Case) -> Made:
    return OPENINGS[case.language].format(case.said[:1].lower() + case.said[1:]), (0,)


def numbers_respelled(case: Case) -> Made:
    digits = {value: word for word, value in catalogue(case.language).numbers.items()}
    found = [match for match in re.finditer(r"(?<![\w.,:-])\d+(?![\w.,:-]*\d)", case.said) if match.group() in digits]
    return (put(case.said, found[0], digits[found[0].group()]), (0,)) if found else None


def without_light_words(case: Case) -> Made:
    light = catalogue(case.language).light_words
    text = " ".join(word for word in case.said.split() if word.strip(".,").lower() not in light)
    return (text, (0,)) if text != case.said else None


def as_list_item(case: Case) -> Made:
    return f"- {case.said}", (0,)


def named_twice(case: Case) -> Made:
    return case.said, (0, 1) if len(case.passages) > 1 else (0,)


LIES: tuple[Maker, ...] = (
    other_number, borrowed_number, swapped_numbers, added_number, invented_name, added_name, invented_address, turned_round,
    swapped_citation, merged_within, merged_across, other_subject, other_word, limited, added_fact,
)  # fmt: skip
HONEST: tuple[Maker, ...] = (
    word_for_word, with_opening, numbers_respelled, without_light_words, as_list_item, named_twice,
)  # fmt: skip


def chunks_of(folder: Path) -> Iterator[Chunk]:
    for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        document = Document(
            location=one["doc_id"],
            title=one["title"],
            language=one.get("lang", "sv" if "_sv" in folder.name else "en"),
            sections=(Section(text=one["text"]),),
        )
        yield from split(document)


class Library:
    """The passages of one task in one language, and which of them share most words."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = chunks
        self._stems = [frozenset(words(chunk.indexed_text, chunk.language)) for chunk in chunks]

    def cases(self, chance: random.Random, count: int) -> Iterator[Case]:
        """Sentences drawn at random, each with the passages that a search would bring beside its own."""
        able = [index for index, chunk in enumerate(self._chunks) if told(chunk)]
        for _ in range(count):
            own = chance.choice(able)
            others = [index for index, chunk in enumerate(self._chunks) if chunk.text != self._chunks[own].text]
            others.sort(key=lambda index: -len(self._stems[index] & self._stems[own]))
            passages = (self._chunks[own], *(self._chunks[index] for index in others[:BESIDE]))
            yield Case(said=chance.choice(told(passages[0])), passages=passages, chance=chance)


@dataclass(slots=True)
class Tally:
    tried: int = 0
    passed: int = 0


def is_true_all_the_same(text: str, named: Sequence[int], case: Case) -> bool:
    """Whether the lie came out as one of the named passages' own sentences, or as one of them with words left out.

    A half of a sentence joined to a half of another may leave nothing of the first but "It is".
    """
    negations = catalogue(case.language).negations

    def read(one: str) -> list[str]:
        said = [match.group().lower() for match in saying(one, case)] + NUMBER.findall(one)
        return said + [word for word in WORD.findall(one.lower()) if word in negations]

    lie = read(text)
    for index in named:
        for one in sentences(case.passages[index].text):
            left = iter(read(one))
            if all(word in left for word in lie):
                return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--each", type=int, default=150, help="sentences a task, language and seed")
    parser.add_argument("--task", action="append")
    parser.add_argument(
        "--show", action="store_true", help="print every lie that passes and honest sentence that does not"
    )
    told_to = parser.parse_args()
    tallies: defaultdict[tuple[str, str], Tally] = defaultdict(Tally)
    for task in told_to.task or TASKS:
        folder = next(one for one in sorted(told_to.folder.iterdir()) if one.name.startswith(f"{task}_"))
        by_language: defaultdict[str, list[Chunk]] = defaultdict(list)
        for chunk in chunks_of(folder):
            by_language[chunk.language].append(chunk)
        for chunks in by_language.values():
            library = Library(chunks)
            for seed in range(told_to.seeds):
                for case in library.cases(random.Random(seed), told_to.each):
                    judge(case, tallies, show=told_to.show)
    report(tallies, told_to.seeds)


def judge(case: Case, tallies: defaultdict[tuple[str, str], Tally], *, show: bool) -> None:
    verifier = Verifier(case.passages, language=case.language)
    for kind, makers in (("lie", LIES), ("honest", HONEST)):
        for maker in makers:
            made = maker(case)
            if made is None or (kind == "lie" and is_true_all_the_same(*made, case)):
                continue
            tally = tallies[kind, maker.__name__]
            fault = verifier.fault(Statement(text=made[0], named=made[1]))
            tally.tried += 1
            tally.passed += fault is None
            if show and (fault is None) == (kind == "lie"):
                print(f"{kind} {maker.__name__}: {fault and fault.name}\n   {case.said!r}\n   {made[0]!r}")


def report(tallies: defaultdict[tuple[str, str], Tally], seeds: int) -> None:
    totals: Counter[tuple[str, str]] = Counter()
    for (kind, name), tally in tallies.items():
        word = "passed" if kind == "lie" else "refused"
        count = tally.passed if kind == "lie" else tally.tried - tally.passed
        print(f"{kind:<8}{name:<22}{tally.tried:>7} tried {count:>6} {word}")
        totals[kind, "tried"] += tally.tried
        totals[kind, "bad"] += count
    lies, honest = totals["lie", "tried"], totals["honest", "tried"]
    print(f"{seeds} seeds: {totals['lie', 'bad']} of {lies} lies passed,", end=" ")
    print(
        f"{totals['honest', 'bad']} of {honest} honest sentences refused ({totals['honest', 'bad'] / max(1, honest):.1%})"
    )


if __name__ == "__main__":
    main()
