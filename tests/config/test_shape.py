"""What the models do not like, in plain words and at the exact place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date

import pytest

from custagent.config.findings import Finding
from custagent.config.reader import Reading
from custagent.config.schema import agent_schema, workspace_schema
from custagent.config.shape import shape
from custagent.core.agent import AgentDefinition, Role, ShortAnswerSource, UrlSource
from custagent.core.people import Permission, Seat
from custagent.core.workspace import Workspace
from custagent.core.written import PATTERNS, Written

Read = Callable[[str], Reading]


def told(reading: Reading, model: type[Written] = AgentDefinition) -> list[Finding]:
    value, findings = shape(reading, model)
    assert value is None
    return list(findings)


class TestAgent:
    def test_lists_and_numbers_become_values(self, reading: Read) -> None:
        agent, findings = shape(
            reading(
                "name: a\nrole: sales-representative\nconfidence: {answer: 1, clarify: 0.5}\n"
                "handoff_phrases: [x, y]\nsources:\n  - url: https://e.com\n    include: [a]\n"
                "  - short_answer: q\n    answer: a\n    from: 2026-01-01\n    until: '2026-12-31'\n"
            ),
            AgentDefinition,
        )
        assert findings == ()
        assert agent is not None
        assert agent.role is Role.SALES_REPRESENTATIVE
        assert (agent.confidence.answer, agent.handoff_phrases) == (1.0, ("x", "y"))
        url, short = agent.sources
        assert isinstance(url, UrlSource)
        assert url.include == ("a",)
        assert isinstance(short, ShortAnswerSource)
        assert (short.valid_from, short.valid_until) == (date(2026, 1, 1), date(2026, 12, 31))

    @pytest.mark.parametrize(
        ("text", "line", "column", "rule", "message", "hint"),
        [
            ("name: a\nrole: boss\n", 2, 7, "wrong-value",
             "`role` must be one of customer-service, marketing-specialist or sales-representative, you wrote 'boss'", ""),
            ("name: a\npersonality: freindly\n", 2, 14, "wrong-value",
             "`personality` must be one of friendly, professional, casual, empathetic or witty, you wrote 'freindly'",
             "did you mean friendly?"),
            ("name: a\npersonalty: witty\n", 2, 1, "unknown-key", "`personalty` is not a setting that is known here",
             "did you mean personality?"),
            ("role: customer-service\n", 1, 1, "missing", "`name` is missing", "The same as the file's name."),
            ("name: Web Help\n", 1, 7, "wrong-value",
             "`name` must be lower-case letters and digits with single hyphens between, such as help-desk, you wrote 'Web Help'",
             "did you mean web-help?"),
            ("name: 7\n", 1, 7, "wrong-value", "`name` must be text, you wrote the number 7", "put it in quotes"),
            ("name: true\n", 1, 7, "wrong-value", "`name` must be text, you wrote true", "put it in quotes"),
            ("name: 2026-12-01\n", 1, 7, "wrong-value", "`name` must be text, you wrote the date 2026-12-01", "put it in quotes"),
            ("name:\n", 1, 6, "wrong-value", "`name` must be text, you wrote nothing", ""),
            ("name: [a]\n", 1, 7, "wrong-value", "`name` must be text, you wrote a list", ""),
            ("name: a\ndefault_language: english\n", 2, 19, "wrong-value",
             "`default_language` must be two lower-case letters, such as en or sv, you wrote 'english'", ""),
            ("name: a\nmodel: gpt-4o\n", 2, 8, "wrong-value",
             "`model` must be embedded, or provider/name as LiteLLM knows it, such as openai/gpt-4o, you wrote 'gpt-4o'", ""),
            ("name: a\nclarify_attempts: true\n", 2, 19, "wrong-value",
             "`clarify_attempts` must be a whole number, you wrote true", ""),
            ("name: a\nclarify_attempts: '1'\n", 2, 19, "wrong-value",
             "`clarify_attempts` must be a whole number, you wrote '1'", "write it without quotes"),
            ("name: a\nclarify_attempts: 1.5\n", 2, 19, "wrong-value",
             "`clarify_attempts` must be a whole number, you wrote the number 1.5", ""),
            ("name: a\nclarify_attempts: 4\n", 2, 19, "wrong-value",
             "`clarify_attempts` must be at most 3, you wrote the number 4", ""),
            ("name: a\nclarify_attempts: -1\n", 2, 19, "wrong-value",
             "`clarify_attempts` must be at least 0, you wrote the number -1", ""),
            ("name: a\nconfidence:\n  answer: true\n", 3, 11, "wrong-value", "`answer` must be a number, you wrote true", ""),
            ("name: a\nconfidence: {answer: .nan}\n", 2, 22, "wrong-value",
             "`answer` must be at most 1, you wrote the number nan", ""),
            ("name: a\nconfidence:\n  answer: 0.2\n  clarify: 0.5\n", 4, 12, "contradiction",
             "`clarify` must not be above `answer`", ""),
            ("name: a\nconfidence: high\n", 2, 13, "wrong-value",
             "`confidence` must be one of careful, balanced or eager, you wrote 'high'", ""),
            ("name: a\nassignments:\n- channel: web\n  confidence: carefull\n", 4, 15, "wrong-value",
             "`confidence` must be one of careful, balanced or eager, you wrote 'carefull'", "did you mean careful?"),
            ("name: a\nconfidence: 0.6\n", 2, 13, "wrong-value",
             "`confidence` must hold lines `key: value`, you wrote the number 0.6", ""),
            ("name: a\npersonality: witty\nvoice: x\n", 3, 8, "contradiction", "write `personality` or `voice`, not both", ""),
            ("name: a\nhandoff_phrases: help\n", 2, 18, "wrong-value", "`handoff_phrases` must be a list, you wrote 'help'",
             "write it as [first, second], or one `- item` a line"),
            ("name: a\nhandoff_phrases: [a, ' ']\n", 2, 22, "wrong-value",
             "item 2 of `handoff_phrases` must say something, you wrote ' '", "write a text, or delete the line"),
            ("name: a\nguardrails:\n  - topic: x\n    phrases: []\n", 4, 14, "wrong-value",
             "`phrases` must have at least 1 item, you wrote a list", ""),
            ("name: a\nguardrails:\n  - topic: x\n", 3, 5, "missing", "`phrases` is missing", "Words that tell the topic."),
            ("name: a\nmessages:\n  EN: {greeting: x}\n", 3, 3, "wrong-value",
             "the key 'EN' must be two lower-case letters, such as en or sv", ""),
            ("name: a\nmessages:\n  en: {greting: x}\n", 3, 8, "unknown-key", "`greting` is not a setting that is known here",
             "did you mean greeting?"),
            ("name: a\nmessages:\n  en:\n", 3, 6, "wrong-value", "`en` must hold lines `key: value`, you wrote nothing", ""),
            ("name: a\nsources:\n  - content/a.md\n", 3, 5, "source-kind",
             "a source must have one of file:, url:, collection:, short_answer:", "for example `- file: content/returns.md`"),
            ("name: a\nsources:\n  - flie: a.md\n", 3, 5, "source-kind",
             "a source must have one of file:, url:, collection:, short_answer:", "did you mean file?"),
            ("name: a\nsources:\n  - file: a.md\n    privat: true\n", 4, 5, "unknown-key",
             "`privat` is not a setting that is known here", "did you mean private?"),
            ("name: a\nsources:\n  - file: a.md\n    url: https://e.com\n", 4, 5, "unknown-key",
             "`url` is not a setting that is known here", "there is: file, private"),
            ("name: a\nsources:\n  - file: a.md\n    private: yes\n", 4, 14, "wrong-value",
             "`private` must be true or false, you wrote 'yes'", "write true, without quotes"),
            ("name: a\nsources:\n  - url: www.e.com\n", 3, 10, "wrong-value",
             "`url` must be a web address, such as https://www.example.com/help, you wrote 'www.e.com'", ""),
            ("name: a\nsources:\n  - url: https://e.com\n    interval: 1 day\n", 4, 15, "wrong-value",
             "`interval` must be a whole number and s, m, h or d, such as 30s or 24h, you wrote '1 day'", ""),
            ("name: a\nsources:\n  - {file: a}\n  - file: a\n", 4, 5, "contradiction", "the source 'a' is listed twice", ""),
            ("name: a\nsources:\n  - short_answer: q\n", 3, 5, "missing", "`answer` is missing", "The answer, word for word."),
            ("name: a\nsources:\n  - short_answer: q\n    answer: a\n    until: soon\n", 5, 12, "wrong-value",
             "`until` must be a day such as 2026-12-01, you wrote 'soon'", ""),
            ("name: a\nsources:\n  - short_answer: q\n    answer: a\n    until: '2026-02-30'\n", 5, 12, "contradiction",
             "no calendar has the day 2026-02-30", ""),
            ("name: a\nsources:\n  - short_answer: q\n    answer: a\n    valid_from: 2026-01-01\n", 5, 5, "unknown-key",
             "`valid_from` is not a setting that is known here", "there is: answer, from, private, short_answer, until"),
            ("name: a\nsources:\n  - short_answer: q\n    answer: a\n    from: 2026-02-01\n    until: 2026-01-01\n", 5, 11,
             "contradiction", "`from` is later than `until`, so this answer would never be given", ""),
            ("name: a\nassignments:\n  - channel: web\n    handoff: {mode: transfer}\n", 4, 21, "contradiction",
             "`mode: transfer` needs `to:` with at least one user:NAME or team:NAME", ""),
            ("name: a\nassignments:\n  - channel: web\n    handoff: {to: [anna]}\n", 4, 20, "wrong-value",
             "item 1 of `to` must be user:NAME or team:NAME, such as team:support, you wrote 'anna'", ""),
        ],
    )  # fmt: skip
    def test_finding(
        self, *, reading: Read, text: str, line: int, column: int, rule: str, message: str, hint: str
    ) -> None:
        (finding,) = told(reading(text))
        assert (finding.message, finding.hint, finding.rule) == (message, hint, rule)
        assert (finding.line, finding.column) == (line, column)

    def test_everything_that_is_wrong_is_told_at_once(self, reading: Read) -> None:
        assert len(told(reading("nam: a\nrole: boss\nsources: 3\n"))) == 4

    def test_long_values_are_shortened(self, reading: Read) -> None:
        (finding,) = told(reading(f"name: {'x' * 5000}\n"))
        assert finding.message.endswith(f"you wrote '{'x' * 37}...'")
        assert "64 characters" in finding.message

    def test_a_secret_is_never_repeated(self, reading: Read) -> None:
        secrets = ("hunter2", "sk-" + "abcdefghijklmnop1234")
        text = f"name: a\nmodel: {secrets[1]}\nmodel_options:\n  api_key: {secrets[0]}\npassword: {secrets[0]}\n"
        findings = told(reading(text))
        assert [finding.line for finding in findings] == [2, 4, 5]
        assert not [finding for finding in findings for secret in secrets if secret in finding.message + finding.hint]
        assert "as ${NAME}" in findings[1].message


class TestWorkspace:
    def test_lists_become_values(self, reading: Read) -> None:
        workspace, findings = shape(
            reading(
                "name: a\nusers:\n  - {name: anna, full_name: Anna, email: a@b.c, seat: sales, permissions: [admin, answer]}\n"
                "channels:\n  - {name: web, kind: live-chat, origins: ['https://a.b']}\n"
            ),
            Workspace,
        )
        assert findings == ()
        assert workspace is not None
        (anna,) = workspace.users
        assert (anna.seat, anna.permissions) == (Seat.SALES, (Permission.ADMIN, Permission.ANSWER))
        assert [desk.name for desk in workspace.desks] == ["inbox", "help-desk"]

    @pytest.mark.parametrize(
        ("text", "line", "column", "rule", "message", "hint"),
        [
            ("timezone: Stockholm\n", 2, 11, "contradiction",
             "no time zone is called 'Stockholm'; write an IANA name such as Europe/Stockholm", ""),
            ("timezone: Europe\n", 2, 11, "contradiction",
             "no time zone is called 'Europe'; write an IANA name such as Europe/Stockholm", ""),
            ("timezone: ../../etc/passwd\n", 2, 11, "contradiction",
             "no time zone is called '../../etc/passwd'; write an IANA name such as Europe/Stockholm", ""),
            ("channels:\n  - {name: x, kind: Fax machine}\n", 3, 21, "wrong-value",
             "`kind` must be lower-case letters and digits with single hyphens between, such as help-desk, you wrote 'Fax machine'",
             "did you mean fax-machine?"),
            ("channels:\n  - {name: x, kind: [fax]}\n", 3, 21, "wrong-value", "`kind` must be text, you wrote a list", ""),
            ("channels:\n  - name: x\n", 3, 5, "missing", "`kind` is missing", "live-chat, whatsapp, messenger or email."),
            ("channels:\n  - name: x\n    kind: live-chat\n    orgins: []\n", 5, 5, "unknown-key",
             "`orgins` is not a setting that is known here", "did you mean origins?"),
            ("channels:\n  - name: x\n    kind: live-chat\n    origins: ['https://a.b/c']\n", 5, 15, "wrong-value",
             "item 1 of `origins` must be scheme and host as a browser shows them, without a path, such as https://www.example.com, you wrote 'https://a.b/c'", ""),
            ("fetch: {allow_hosts: ['http://a']}\n", 2, 23, "wrong-value",
             "item 1 of `allow_hosts` must be a host or host:port, such as 127.0.0.1:8000, you wrote 'http://a'", ""),
            ("users:\n  - {name: anna, full_name: A, email: anna}\n", 3, 39, "wrong-value",
             "`email` must be an email address, you wrote 'anna'", ""),
            ("users:\n  - {name: anna, full_name: A, email: a@b.c, permissions: [root]}\n", 3, 60, "wrong-value",
             "item 1 of `permissions` must be one of edit-agents, answer or admin, you wrote 'root'", ""),
            ("users:\n  - {name: anna, full_name: A, email: a@b.c, permissions: admin}\n", 3, 59, "wrong-value",
             "`permissions` must be a list, you wrote 'admin'", "write it as [first, second], or one `- item` a line"),
        ],
    )  # fmt: skip
    def test_finding(
        self, *, reading: Read, text: str, line: int, column: int, rule: str, message: str, hint: str
    ) -> None:
        (finding,) = told(reading(f"name: Northwind\n{text}"), Workspace)
        assert (finding.message, finding.hint, finding.rule) == (message, hint, rule)
        assert (finding.line, finding.column) == (line, column)


def test_every_pattern_has_words() -> None:
    schemas = json.dumps([agent_schema(), workspace_schema()])
    patterns = {json.loads(f'"{found}"') for found in re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', schemas)}
    assert patterns - {r"\S"} <= set(PATTERNS)
    assert len(patterns) > 8


@pytest.mark.parametrize("value", ["", "true", "1", "1.5", "x", "2026-01-01", "[1]", "{a: 1}", "[{a: 1}]", ".nan"])
@pytest.mark.parametrize(
    "key", ["name", "role", "confidence", "sources", "messages", "guardrails", "assignments", "model"]
)
def test_no_wrong_type_is_told_in_a_machine_s_words(reading: Read, key: str, value: str) -> None:
    _, findings = shape(reading(f"name: a\n{key}: {value}\n" if key != "name" else f"name: {value}\n"), AgentDefinition)
    assert not [finding for finding in findings if re.search(r"Input|valid dictionary|instance", finding.message)]
