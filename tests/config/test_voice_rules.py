"""What `validate` says about brand voices, and about the texts of the agents that speak with them (VAL-1, CRE-4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from custagent.config.findings import Severity
from custagent.config.home import Home
from custagent.config.report import Report
from custagent.core.agent import Role
from custagent.locales import languages

Write = Callable[[str, str], Path]
Check = Callable[..., Report]


def found(report: Report) -> list[tuple[str, int, int, str]]:
    return [(f.location(report.base).split(":")[0], f.line, f.column, f.rule) for f in report.findings]


@pytest.fixture
def voices(write: Write, check: Check) -> Callable[[str], Report]:
    """Validate custagent.yaml with one voice, whose lines after its description are given."""

    def run(text: str) -> Report:
        lines = "".join(f"    {line}\n" for line in text.splitlines())
        write("custagent.yaml", f"name: N\nvoices:\n  - name: dry\n    description: Dry.\n{lines}")
        return check()

    return run


@pytest.fixture
def speaking(write: Write, check: Check) -> Callable[..., Report]:
    """Validate an agent that speaks with a voice of these words."""

    def run(words: str, agent: str = "") -> Report:
        write("custagent.yaml", f"name: N\nvoices:\n  - {{name: dry, description: Dry., words: {{{words}}}}}\n")
        write("agents/a.yaml", f"name: a\nvoice: dry\n{agent}")
        return check()

    return run


class TestVoices:
    def test_a_full_voice_is_fine(self, voices: Callable[[str], Report]) -> None:
        report = voices(
            "do: [Say what to do next.]\ndont: [Promise more.]\nlanguage: en\n"
            "words:\n  use: {basket: [cart, trolley]}\n  avoid: [cheap*, '!']\n"
            "  by_language: {sv: {use: {korg: [vagn]}, avoid: [billig*]}}\n"
            "samples:\n  en: [Into the basket with it.]\n  sv: [I korgen med den.]"
        )
        assert report.findings == ()

    @pytest.mark.parametrize(
        ("text", "line", "column", "rule", "said"),
        [
            ("words: {avoid: [cheap]}\nsamples: {en: [Dear not cheap]}", 6, 20, "avoided-word", "says “cheap”"),
            ("words: {use: {basket: [cart]}}\nsamples: {en: [Two carts]}", 6, 20, "avoided-word", "says “cart”"),
            ("words: {use: {basket: [cart]}, avoid: [basket]}", 5, 19, "used-and-avoided", "says “basket” and avoids"),
            (
                "words: {use: {basket: [cart], cart: [wagon]}}",
                5,
                35,
                "used-and-avoided",
                "says “cart” and avoids “cart”",
            ),
            ("words: {use: {a: [x], b: [X]}}", 5, 31, "replaced-twice", "“X” is replaced by “a” and by “b”"),
            (
                "words: {by_language: {sv: {use: {korg: [vagn]}, avoid: [korgen]}}}",
                5,
                38,
                "used-and-avoided",
                "“korgen”",
            ),
            ("samples: {xx: [Hello.]}", 5, 15, "unknown-language", "'xx' is not the code of a language"),
            ("samples: {en: []}", 5, 19, "wrong-value", "at least 1 item"),
            ("samples: {english: [Hello.]}", 5, 15, "wrong-value", "two lower-case letters"),
            ("words: {use: {basket: []}}", 5, 27, "wrong-value", "at least 1 item"),
            ("words: {avoid: cheap}", 5, 20, "wrong-value", "list"),
            ("word: {avoid: [cheap]}", 5, 5, "unknown-key", "word"),
        ],
    )
    def test_error(
        self, *, voices: Callable[[str], Report], text: str, line: int, column: int, rule: str, said: str
    ) -> None:
        report = voices(text)
        assert found(report) == [("custagent.yaml", line, column, rule)]
        assert said in report.findings[0].message
        assert report.exit_code() == 1

    @pytest.mark.parametrize(
        ("text", "line", "name"),
        [
            ("do: []", 5, "do"),
            ("dont: []", 5, "dont"),
            ("words: {}", 5, "words"),
            ("words:\n  avoid: []\n  use: {a: [b]}", 6, "avoid"),
            ("words:\n  use: {}\n  avoid: [b]", 6, "use"),
            ("words:\n  avoid: [b]\n  by_language:\n    sv: {}", 8, "sv"),
            ("words:\n  avoid: [b]\n  by_language:\n    sv: {avoid: []}", 8, "avoid"),
            ("samples: {}", 5, "samples"),
        ],
    )
    def test_what_is_written_and_empty_is_a_warning(
        self, *, voices: Callable[[str], Report], text: str, line: int, name: str
    ) -> None:
        (finding,) = voices(text).findings
        assert (finding.line, finding.rule, finding.severity) == (line, "empty-list", Severity.WARNING)
        assert finding.message == f"`{name}` is empty"

    @pytest.mark.parametrize(("code", "meant"), [("dk", "da"), ("jp", "ja"), ("gb", "en")])
    def test_the_code_of_a_country_is_put_right(self, voices: Callable[[str], Report], code: str, meant: str) -> None:
        report = voices(f"samples: {{{code}: [Hello.]}}")
        assert report.findings[0].hint == f"did you mean {meant}?"

    def test_words_are_read_in_the_workspaces_language(self, write: Write, check: Check) -> None:
        write(
            "custagent.yaml",
            "name: N\ndefault_language: fr\nvoices:\n  - name: dry\n    description: Dry.\n"
            "    words: {avoid: [carte]}\n    samples: {fr: [Les cartes], en: [Les cartes]}\n",
        )
        assert [finding.column for finding in check().findings] == [20]

    def test_the_template_of_a_workspace_shows_a_voice_that_is_fine(
        self, home: Home, write: Write, check: Check
    ) -> None:
        lines = home.workspace_file.read_text(encoding="utf-8").splitlines()
        start = lines.index("# voices:")
        end = next(number for number in range(start, len(lines)) if not lines[number].startswith("#"))
        shown = "\n".join(line[2:] for line in lines[start:end])
        write("custagent.yaml", f"name: N\n{shown}\n")
        write("agents/a.yaml", "name: a\nvoice: northwind\n")
        assert "avoid:" in shown
        assert check().findings == ()


class TestAgents:
    @pytest.mark.parametrize(
        ("text", "line", "column", "said"),
        [
            ("messages:\n  en:\n    greeting: Cheap bikes here!\n", 5, 15, "the text `greeting` says “cheap”"),
            ("messages:\n  sv:\n    closed: Cheap, hej.\n", 5, 13, "the text `closed` says “cheap”"),
            ("guardrails:\n  - {topic: a, phrases: [b], message: So cheap}\n", 4, 39, "the text says “cheap”"),
        ],
    )
    def test_the_teams_texts_keep_to_the_voice(
        self, *, speaking: Callable[..., Report], text: str, line: int, column: int, said: str
    ) -> None:
        report = speaking("avoid: [cheap]", text)
        assert found(report) == [("agents/a.yaml", line, column, "avoided-word")]
        assert said in report.findings[0].message

    def test_the_preferred_word_is_the_hint(self, speaking: Callable[..., Report]) -> None:
        report = speaking("use: {basket: [cart]}", "messages: {en: {greeting: Fill your cart}}\n")
        assert report.findings[0].hint == "say “basket”"

    def test_a_short_answer_is_content_and_only_listed(self, speaking: Callable[..., Report]) -> None:
        report = speaking("avoid: [cheap]", "sources:\n  - short_answer: Price?\n    answer: It is cheap.\n")
        assert found(report) == [("agents/a.yaml", 5, 13, "avoided-word-in-content")]
        assert report.findings[0].severity is Severity.WARNING

    def test_another_agents_texts_are_its_own(self, write: Write, speaking: Callable[..., Report]) -> None:
        write("agents/b.yaml", "name: b\npersonality: witty\nmessages: {en: {greeting: Cheap!}}\n")
        assert speaking("avoid: [cheap]").findings == ()

    @pytest.mark.parametrize("role", Role)
    @pytest.mark.parametrize("words", ["avoid: ['!']", "avoid: [colleague, kollega, page*]", "avoid: [chat*]"])
    def test_a_word_that_there_is_a_way_round_is_no_trouble(
        self, speaking: Callable[..., Report], role: Role, words: str
    ) -> None:
        assert speaking(words, f"role: {role}\n").findings == ()

    def test_built_in_texts_that_cannot_be_said_are_named(self, speaking: Callable[..., Report]) -> None:
        (finding,) = speaking("by_language: {en: {avoid: [AI]}}").findings
        assert (finding.line, finding.column, finding.rule) == (2, 8, "cannot-avoid")
        assert "disclosure (en)" in finding.message

    def test_writing_the_text_oneself_is_a_way_out(self, speaking: Callable[..., Report]) -> None:
        words = "by_language: {en: {avoid: [AI]}}"
        (finding,) = speaking(words).findings
        assert finding.hint.startswith("write these texts under `messages:`")
        own = "messages: {en: {disclosure: You are writing with a machine.}}\n"
        assert speaking(words, own).findings == ()

    def test_every_language_is_looked_at(self, speaking: Callable[..., Report]) -> None:
        findings = speaking("avoid: [AI, KI, IA, tekoäly*]").findings
        told = " ".join(finding.message for finding in findings)
        assert {language for language in languages() if re.search(rf"disclosure \([^)]*\b{language}\b", told)} == set(
            languages()
        )

    @pytest.mark.parametrize(
        ("name", "hint"), [("dri", "did you mean dry?"), ("posh", "- {name: posh, description: how you speak}")]
    )
    def test_a_voice_that_is_not_there(self, write: Write, check: Check, name: str, hint: str) -> None:
        write("custagent.yaml", "name: N\nvoices: [{name: dry, description: Dry.}]\n")
        write("agents/a.yaml", f"name: a\nvoice: {name}\n")
        (finding,) = check().findings
        assert finding.rule == "unknown-voice"
        assert hint in finding.hint
