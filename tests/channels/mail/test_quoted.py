"""Own words are told from quoted ones: a table of mail programs and languages, and what only looks like a quotation."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.channels.mail.quoted import folded, own_words
from custagent.locales import languages

PAYLOADS = Path(__file__).resolve().parents[2] / "payloads" / "mail"
#: Of all that the table holds. It may only rise.
LEAST_RIGHT = 1.0


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def broken(heading: str) -> str:
    """As Gmail breaks it: before the address, or in its middle."""
    cut = heading.rfind(" ", 0, min(len(heading) - 6, 60))
    return f"{heading[:cut]}\n{heading[cut + 1 :]}"


def cases() -> Iterator[tuple[str, str, str]]:
    """(name, mail, own words): what each program makes of the same reply in each language."""
    for language, told in tomllib.loads((PAYLOADS / "quotations.toml").read_text(encoding="utf-8")).items():
        own, old, head = told["own"], told["old"], "\n".join(told["head"])
        made = {
            "gmail": f"{own}\n\n{broken(told['gmail'])}\n\n{quoted(old)}\n",
            "gmail, not quoted": f"{own}\n\n{told['gmail']}\n\n{old}\n",
            "apple": f"{own}\n\n> {told['apple']}\n> \n{quoted(old)}\n",
            "apple, telephone": f"{own}\n\n{told['phone']}\n\n> {told['apple']}\n> \n{quoted(old)}",
            "thunderbird, below": f"{told['thunderbird']}\n{quoted(old)}\n\n{own}\n",
            "thunderbird, between": f"{told['thunderbird']}\n> Hello,\n{own}\n{quoted(old)}\n",
            "outlook": f"{own}\n\n{'_' * 32}\n{head}\n\n{old}",
            "outlook, no rule": f"{own}\n\n{head}\n\n{old}",
            "outlook, telephone": f"{own}\n\n{broken(told['outlook_mobile'])}\n\n{old}\n",
            "original": f"{own}\n\n{told['original']}\n{head}\n\n{old}",
            "forwarded": f"{own}\n\n{told['forward']}\n{head}\n\n{old}",
            "telephone": f"{own}\n\n{told['phone']}\n",
        }
        yield from ((f"{language}: {program}", mail, own) for program, mail in made.items())
    for trap in tomllib.loads((PAYLOADS / "quotation_traps.toml").read_text(encoding="utf-8"))["trap"]:
        yield trap["why"], trap["mail"], trap["own"]


CASES = list(cases())


def test_the_table_covers_the_languages_and_programs() -> None:
    assert {name.partition(":")[0] for name, _, _ in CASES if ":" in name} == set(languages())
    assert len(CASES) >= 170


def test_the_table_is_read_as_well_as_before() -> None:
    wrong = [name for name, mail, own in CASES if own_words(mail) != own]
    assert 1 - len(wrong) / len(CASES) >= LEAST_RIGHT, wrong


@pytest.mark.parametrize("hard_blank", ["\u00a0", "\u202f"])
def test_blanks_before_colons_may_be_hard(hard_blank: str) -> None:
    heading = f"Le 4 mai 2026 à 09:12, Aide <aide@x.example> a écrit{hard_blank}:"
    assert own_words(f"Bleu.\n\n{heading}\n\nQuelle couleur ?") == "Bleu."


def test_marks_and_case_do_not_matter_to_headings() -> None:
    assert folded("*-----ORIGINAL\u00a0Message-----*") == folded("original message")


@given(st.text(alphabet=st.sampled_from("On wrote:\n> -_@<>.Aé12schrieb:*"), max_size=400) | st.text(max_size=400))
def test_whatever_is_written_something_of_it_is_left(text: str) -> None:
    own = own_words(text)
    assert bool(own.strip()) == bool(text.replace("\u00a0", " ").strip())


@pytest.mark.parametrize(
    "piece",
    [
        "On a ",
        "On a\n",
        "From: ",
        "From:\n",
        "\n",
        "> ",
        ">",
        "_",
        "-",
        "-- \n",
        "wrote:\n",
        "a:\n",
        "日:\n",
        "napsal ",
        "1.1.2026 10:00 <a@b.c> ",
    ],
)
def test_long_mails_are_read_in_a_time_that_fits_their_length(piece: str) -> None:
    def seconds(length: int) -> float:
        mail = piece * (length // len(piece)) + "x"
        started = time.process_time()
        own_words(mail)
        return time.process_time() - started

    # Four times the text takes four times as long, not sixteen; what is over in no time proves nothing.
    short, long = min(seconds(20_000) for _ in range(2)), min(seconds(80_000) for _ in range(2))
    assert long < max(0.3, 9 * short)
