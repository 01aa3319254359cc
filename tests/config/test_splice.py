"""Changes to YAML leave everything else byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custagent.config.findings import DefinitionRejected
from custagent.config.reader import Reading, read_text
from custagent.config.splice import append_item, append_key, remove_item, set_value, written
from custagent.core.errors import ConfigError

Read = Callable[[str], Reading]
S = ("sources",)
FILE = {"file": "b.md"}


def inserted(old: str, new: str) -> str:
    """What was put in, when nothing else changed."""
    for at in range(len(old) + 1):
        if new.startswith(old[:at]) and new.endswith(old[at:]) and len(new) >= len(old):
            return new[at : at + len(new) - len(old)]
    pytest.fail(f"more was changed than inserted:\n{old}\n---\n{new}")


@pytest.mark.parametrize(
    ("text", "item", "result"),
    [
        # indentation as it is
        ("sources:\n  - file: a\n", FILE, "sources:\n  - file: a\n  - file: b.md\n"),
        ("sources:\n- file: a\n", FILE, "sources:\n- file: a\n- file: b.md\n"),
        ("sources:\n     -   file: a\n", FILE, "sources:\n     -   file: a\n     -   file: b.md\n"),
        ("sources:\n  -\n    file: a\n", FILE, "sources:\n  -\n    file: a\n  - file: b.md\n"),
        ("sources:\n -   file: a\n", FILE | {"private": True},
         "sources:\n -   file: a\n -   file: b.md\n     private: true\n"),
        # comments, blank lines and what follows
        ("sources:\n  - file: a  # one\n\n  # later\n\nname: x # y\n", FILE,
         "sources:\n  - file: a  # one\n  - file: b.md\n\n  # later\n\nname: x # y\n"),
        ("sources:\n  - short_answer: q\n    answer: |\n      x\n\n      y\n\nname: x\n", FILE,
         "sources:\n  - short_answer: q\n    answer: |\n      x\n\n      y\n  - file: b.md\n\nname: x\n"),
        # no line break at the end; Windows line breaks
        ("sources:\n  - file: a", FILE, "sources:\n  - file: a\n  - file: b.md"),
        ("sources:\r\n  - file: a\r\nname: x\r\n", FILE | {"private": True},
         "sources:\r\n  - file: a\r\n  - file: b.md\r\n    private: true\r\nname: x\r\n"),
        # nothing there yet
        ("sources: []\n", FILE, "sources:\n  - file: b.md\n"),
        ("sources: []  # none\nname: x\n", FILE, "sources:  # none\n  - file: b.md\nname: x\n"),
        ("sources:\nname: x\n", FILE, "sources:\n  - file: b.md\nname: x\n"),
        ("name: x  # y\n# end\n", FILE, "name: x  # y\nsources:\n  - file: b.md\n# end\n"),
        # brackets stay brackets
        ("sources: [{file: a}]\n", FILE, "sources: [{file: a}, {file: b.md}]\n"),
        ("sources: [{file: a},]\n", FILE, "sources: [{file: a}, {file: b.md}]\n"),
        ("sources: [\n  {file: a}, # one\n  {file: c} # two\n]\n", FILE,
         "sources: [\n  {file: a}, # one\n  {file: c} # two\n, {file: b.md}]\n"),
        ("{sources: [], name: x}\n", FILE, "{sources: [{file: b.md}], name: x}\n"),
        ("sources: []\n", "plain", "sources: [plain]\n"),
        # texts get the quotation marks they need
        ("sources:\n  - a\n", "no", "sources:\n  - a\n  - no\n"),
        ("sources:\n  - a\n", "1_000", "sources:\n  - a\n  - '1_000'\n"),
        ("sources:\n  - a\n", "0o17", "sources:\n  - a\n  - '0o17'\n"),
        ("sources:\n  - a\n", "2026-12-01", "sources:\n  - a\n  - '2026-12-01'\n"),
        ("sources:\n  - a\n", date(2026, 12, 1), "sources:\n  - a\n  - 2026-12-01\n"),
        ("sources:\n  - a\n", "<<", 'sources:\n  - a\n  - "<<"\n'),
        ("sources:\n  - a\n", "a: b # c", "sources:\n  - a\n  - 'a: b # c'\n"),
        ("sources:\n  - a\n", {"answer": "x\n\ny"}, "sources:\n  - a\n  - answer: |-\n      x\n\n      y\n"),
    ],
)  # fmt: skip
def test_append(reading: Read, text: str, item: Any, result: str) -> None:
    quoted = result.replace("'1_000'", '"1_000"').replace("'0o17'", '"0o17"').replace("'2026-12-01'", '"2026-12-01"')
    assert append_item(reading(text), S, item) in (result, quoted)


@pytest.mark.parametrize(
    ("text", "number", "result"),
    [
        ("sources:\n  - file: a  # one\n  # about b\n  - file: b\n    private: true # x\n\n  - file: c\n", 1,
         "sources:\n  - file: a  # one\n  # about b\n\n  - file: c\n"),
        ("sources:\n- file: a\n- file: b\nname: x\n", 0, "sources:\n- file: b\nname: x\n"),
        ("sources:\n-   file: a\n-   file: b", 1, "sources:\n-   file: a\n"),
        ("sources:  # all\n  # first\n  - file: a\n# end\n", 0, "sources: []  # all\n  # first\n# end\n"),
        ("sources:\r\n- file: a\r\n- file: b\r\n", 0, "sources:\r\n- file: b\r\n"),
        ("sources:\n- short_answer: q\n  answer: |\n    a\n\n    b\n- file: b\n", 0, "sources:\n- file: b\n"),
        ("sources:\n-\n  # inside\n  file: a\n- file: b\n", 0, "sources:\n- file: b\n"),
        ("sources: [{file: a}, {file: b}, {file: c}]\n", 1, "sources: [{file: a}, {file: c}]\n"),
        ("sources: [{file: a}, {file: b}]\n", 0, "sources: [{file: b}]\n"),
        ("sources: [{file: a}]  # x\n", 0, "sources: []  # x\n"),
    ],
)  # fmt: skip
def test_remove(reading: Read, text: str, number: int, result: str) -> None:
    assert remove_item(reading(text), S, number) == result


@pytest.mark.parametrize(
    ("text", "path", "value", "result"),
    [
        ("a:   1   # x\nb: 2\n", ("a",), 3, "a:   3   # x\nb: 2\n"),
        ("a: 'x'\n", ("a",), "y", "a: y\n"),
        ("a:\nb: 1\n", ("a",), 3, "a: 3\nb: 1\n"),
        ("a:  # x\nb: 1\n", ("a",), 3, "a: 3  # x\nb: 1\n"),
        ("a: {b: 1, c: 2}\n", ("a", "b"), 3, "a: {b: 3, c: 2}\n"),
        ("a: {b: 1}\n", ("a", "c"), [1, 2], "a: {b: 1, c: [1, 2]}\n"),
        ("a: {}\n", ("a", "c"), 1, "a: {c: 1}\n"),
        ("a:\n    b: 1  # x\n\nc: 1\n", ("a", "d"), 2, "a:\n    b: 1  # x\n    d: 2\n\nc: 1\n"),
        ("a: 1\n", ("b", "c", "d"), 2, "a: 1\nb:\n  c:\n    d: 2\n"),
        ("a: 1\n", ("b", "c"), ["x"], "a: 1\nb:\n  c:\n    - x\n"),
        ("a:\n  - b: 1\n    c: 2\n", ("a", 0, "c"), 3, "a:\n  - b: 1\n    c: 3\n"),
        ("a:\n  - b: 1\n", ("a", 0, "c"), 3, "a:\n  - b: 1\n    c: 3\n"),
        ("a:\n  x: 1\n  y: 2\nb: 1\n", ("a",), {"z": [3]}, "a:\n  z:\n    - 3\nb: 1\n"),
        ("a:\n  - 1\n  - 2\nb: 1\n", ("a",), [3, 4], "a:\n  - 3\n  - 4\nb: 1\n"),
        ("a: |\n  x\n  y\nb: 1\n", ("a",), "z", "a: z\nb: 1\n"),
        ("fetch:\n", ("fetch", "allow_hosts"), ["h:1"], "fetch:\n  allow_hosts:\n    - h:1\n"),
        ("# only a comment\na: 1", ("b",), True, "# only a comment\na: 1\nb: true"),
    ],
)  # fmt: skip
def test_set(reading: Read, text: str, path: Any, value: Any, result: str) -> None:
    assert set_value(reading(text), path, value) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("name: x\n# end\n", "name: x\n# end\n\nk:\n  - a: 1\n"),
        ("name: x", "name: x\n\nk:\n  - a: 1\n"),
        ("name: x\r\n\r\n", "name: x\r\n\r\nk:\r\n  - a: 1\r\n"),
        # where the end belongs to something else, it goes where any new key goes
        ("{name: x}\n", "{name: x, k: [{a: 1}]}\n"),
        ("name: |+\n  x\n\n", "name: |+\n  x\n\nk:\n  - a: 1\n"),
    ],
)
def test_append_key(reading: Read, text: str, result: str) -> None:
    assert append_key(reading(text), "k", [{"a": 1}]) == result


@pytest.mark.parametrize(
    "change",
    [
        lambda read: append_item(read("a: &x [1]\nb: *x\n"), ("b",), 2),
        lambda read: set_value(read("a: &x {c: 1}\nb: *x\n"), ("b", "c"), 2),
        lambda read: append_item(read("a: &x\n  - 1\nb: *x\n"), ("a",), 2),  # b would change with it
        lambda read: append_item(read("a: &x []\nb: *x\n"), ("a",), {"c": 1}),
        lambda read: append_item(read("a: text\n"), ("a",), 2),
        lambda read: set_value(read("a: text\n"), ("a", "b"), 2),
        lambda read: append_item(read("a:\n  - |+\n    x\n\n"), ("a",), "y"),  # its blank lines would be lost
        lambda read: remove_item(read("a:\n  - - 1\n    - 2\n"), ("a", 0), 0),
    ],
)
def test_what_cannot_be_done_safely_is_left_to_people(reading: Read, change: Callable[[Read], str]) -> None:
    with pytest.raises(ConfigError) as caught:
        change(reading)
    assert "by hand" in caught.value.hint
    assert "file.yaml" in caught.value.message


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = (
    TEXTS
    | st.booleans()
    | st.integers()
    | st.dates()
    | st.sampled_from(
        ["no", "å\x85", "\u2028", "x\ufeff\ny", "\x07", "\t", "a\tb", "=", "<<", "1e3", "-", "a\n\nb ", " x", "#"]
    )
)
LAYOUTS = [
    "sources:\n{d}- file: a\n{d}- file: c # x\n\n# end\nname: x\n",
    "{{sources: [{{file: a}}]}}\n",
    "name: x\nsources: []\n",
    "name: x\n",
]


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(LAYOUTS), st.integers(0, 5), st.dictionaries(st.sampled_from(["file", "answer", "x"]), VALUES, min_size=1),
)  # fmt: skip
def test_any_item_is_inserted_and_nothing_else_changes(layout: str, indent: int, item: dict[str, Any]) -> None:
    before = read_text(layout.format(d=" " * indent), Path("f.yaml"))
    after = append_item(before, S, item)
    assert read_text(after, Path("f.yaml")).data == {**before.data, "sources": [*before.data.get("sources", []), item]}
    assert inserted(before.text.replace(" []", ""), after)
    again = read_text(after, Path("f.yaml"))
    removed = remove_item(again, S, len(again.data["sources"]) - 1)
    assert read_text(removed, Path("f.yaml")).data.get("sources", []) == before.data.get("sources", [])
    if before.data.get("sources"):
        assert removed == before.text


@given(VALUES)
def test_written_values_are_read_back(value: Any) -> None:
    try:
        assert read_text(f"a: {written(value)}\n", Path("f.yaml")).data == {"a": value}
    except DefinitionRejected as exc:
        pytest.fail(str(exc))
