"""Strict YAML: what is read, where it stands, what is refused."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from custagent.config.findings import DefinitionRejected, Finding
from custagent.config.reader import MAX_BYTES, Reading, read, read_text
from custagent.core.errors import WorkspaceError

Read = Callable[[str], Reading]
PATH = Path("file.yaml")


def refusal(text: str) -> Finding:
    with pytest.raises(DefinitionRejected) as caught:
        read_text(text, PATH)
    (finding,) = caught.value.findings
    assert str(caught.value).startswith(f"file.yaml:{finding.line}:{finding.column}: {finding.message}")
    return finding


TEXT = """\
# comment
name: support
confidence: {answer: 0.6, "clarify": .25}
sources:
- file: a.md
  private: true
-   url: https://example.com/#x   # odd
    include: [a, "b"]
messages:
    sv:
        greeting: |
            Hej
            du

        closed: >-
            Adjö
"""


class TestPlaces:
    @pytest.mark.parametrize(
        ("path", "line", "column", "text"),
        [
            (("name",), 2, 7, "support"),
            (("confidence",), 3, 13, '{answer: 0.6, "clarify": .25}'),
            (("confidence", "clarify"), 3, 38, ".25"),
            (("sources",), 5, 1, None),
            (("sources", 0), 5, 3, "file: a.md\n  private: true"),
            (("sources", 1, "url"), 7, 10, "https://example.com/#x"),
            (("sources", 1, "include"), 8, 14, '[a, "b"]'),
            (("sources", 1, "include", 1), 8, 18, '"b"'),
            (("messages", "sv", "greeting"), 11, 19, "|\n            Hej\n            du"),
            (("messages",), 10, 5, None),
        ],
    )
    def test_value(self, reading: Read, path: Any, line: int, column: int, text: str | None) -> None:
        read = reading(TEXT)
        place = read.values[path]
        assert (place.line, place.column) == (line, column)
        if text is not None:
            assert read.text[place.start : place.end] == text

    @pytest.mark.parametrize(
        ("path", "line", "column"),
        [
            (("name",), 2, 1),
            (("confidence", "clarify"), 3, 27),
            (("sources", 1, "url"), 7, 5),
            (("messages", "sv"), 10, 5),
        ],
    )
    def test_key(self, reading: Read, path: Any, line: int, column: int) -> None:
        place = reading(TEXT).keys[path]
        assert (place.line, place.column) == (line, column)

    def test_every_value_has_one_and_every_key_has_one(self, reading: Read) -> None:
        read = reading(TEXT)
        assert set(read.keys) == {path for path in read.values if path and isinstance(path[-1], str)}
        assert len(read.values) == 18

    def test_counts_characters_not_bytes(self, reading: Read) -> None:
        place = reading("m: {sv: åäö😀, en: x}\n").values["m", "en"]
        assert (place.line, place.column) == (1, 19)

    def test_what_is_missing_is_shown_where_it_should_be(self, reading: Read) -> None:
        assert reading(TEXT).place(("sources", 0, "url")).line == 5

    def test_aliases_lead_to_what_they_stand_for(self, reading: Read) -> None:
        read = reading("a: &x\n  b: [1, 2]\nc: *x\n")
        assert read.data == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}
        assert (read.values[("c",)].line, read.values[("c",)].style) == (3, "alias")
        assert read.values["c", "b", 1].line == 2
        assert read.keys["c", "b"].line == 2
        assert read.keys[("c",)].line == 3


class TestAccepts:
    @pytest.mark.parametrize(
        ("text", "data"),
        [
            ("---\na: 1\n", {"a": 1}),
            ("a: 1\n...\n", {"a": 1}),
            ("a:\n", {"a": None}),
            ("no: on\n", {"no": "on"}),
            ("a: 'it''s'\n", {"a": "it's"}),
            ('a: "x\\ty\\u00e9"\n', {"a": "x\tyé"}),
            ("a: 'x\ty'\n", {"a": "x\ty"}),
            ("a: |\n  x\ty\n", {"a": "x\ty\n"}),
            ("a: 1 # x\ty\n", {"a": 1}),
            ("# x\ty\na: 1\n", {"a": 1}),
            ("a: x#y\n", {"a": "x#y"}),
            ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
            ("a: '<<'\n", {"a": "<<"}),
        ],
    )
    def test_text(self, reading: Read, text: str, data: object) -> None:
        assert reading(text).data == data

    def test_a_byte_order_mark(self, tmp_path: Path) -> None:
        file = tmp_path / "a.yaml"
        file.write_bytes(b"\xef\xbb\xbfname: x\n")
        read_file = read(file)
        assert read_file.data == {"name": "x"}
        assert read_file.keys[("name",)].column == 1


class TestRefuses:
    @pytest.mark.parametrize(
        ("text", "rule", "line", "column", "said"),
        [
            ("", "empty", 1, 1, "the file is empty"),
            ("# only\n# this\n", "empty", 1, 1, "empty"),
            ("---\n", "empty", 2, 1, "nothing but comments"),
            ("- a\n", "not-a-mapping", 1, 1, "lines `key: value`"),
            ("just text\n", "not-a-mapping", 1, 1, "lines `key: value`"),
            ("a: 1\n---\nb: 2\n", "two-documents", 2, 1, "a second document"),
            ("%YAML 1.1\n---\na: no\n", "directive", 1, 1, "directives"),
            ("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", "duplicate-key", 5, 3, "`c` is written twice; the first is on line 3"),
            ('a: 1\n"a": 2\n', "duplicate-key", 2, 1, "written twice"),
            ("a: {b: 1, b: 2}\n", "duplicate-key", 1, 11, "written twice"),
            ("a: !!python/object:os.system x\n", "tag", 1, 4, "tags such as tag:yaml.org,2002:python/object:os.system"),
            ("a: !env X\n", "tag", 1, 4, "tags such as !env"),
            ("a: ! x\n", "tag", 1, 4, "tags such as !"),
            ("a: !!map {b: c}\n", "tag", 1, 4, "tags"),
            ("1: a\n", "key", 1, 1, "the key 1 is not text"),
            ("true: a\n", "key", 1, 1, "the key true is not text"),
            ("? [a]\n: b\n", "key", 1, 3, "a plain word"),
            ("a: &x 1\n<<: *x\n", "key", 2, 1, "<< is not supported"),
            ("a: *x\n", "alias", 1, 4, "*x refers to nothing"),
            ("a: &x [*x]\n", "alias", 1, 8, "*x refers to nothing that is complete"),
            ("a: &x 1\nb: &x 2\n", "anchor", 2, 4, "&x is set twice"),
            ("a: &x17:00\n", "anchor", 1, 4, "a blank is missing after the anchor &x17"),
            ("a: 2026-02-30\n", "ambiguous", 1, 4, "no calendar"),
            ("a:\n\tb: 1\n", "syntax", 2, 1, "a tab"),
            ("a:\tb\n", "syntax", 1, 3, "a tab"),
            ("a: x\ty\n", "syntax", 1, 5, "a tab"),
            ("a: x#\ty\n", "syntax", 1, 6, "a tab"),
            ('a: &x \t"y"\n', "syntax", 1, 7, "a tab"),
            ("a: b: c\n", "syntax", 1, 5, "a colon stands here"),
            ("a: 'x\nb: 1\n", "syntax", 1, 4, "never closed"),
            ("a: [1, 2\nb: 1\n", "syntax", 2, 2, "not closed"),
            ("a: @x\n", "syntax", 1, 4, "cannot begin with this character"),
            ("a: %x\n", "syntax", 1, 4, "cannot begin with this character"),
            ("a: 1\n b: 2\n", "syntax", 2, 3, "a colon stands here"),
            ("a:\n  - 1\n b: 2\n", "syntax", 3, 2, "does not fit"),
            ('a: "\\q"\n', "syntax", 1, 5, "backslash"),
            ("a: |x\n  y\n", "syntax", 1, 5, "nothing may follow"),
            ("a: |#x\n  y\n", "syntax", 1, 4, "nothing may follow"),
            ('a: {"b":1}\n', "syntax", 1, 5, "a colon and a space"),
            ("a: x\x07y\n", "invisible-character", 1, 5, "U+0007"),
            ("a: x\u2028y\n", "invisible-character", 1, 5, "U+2028"),
            ("a: 1\nb: x\x85y\n", "invisible-character", 2, 5, "U+0085"),
            ("a: 1\rb: 2\n", "invisible-character", 1, 5, "U+000D"),
            ("a:\n\xa0\xa0b: 2\n", "key", 2, 1, "a space stands here that is none"),
            ("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> other\n", "syntax", 2, 1, "git left a conflict"),
            ("a: x\ufeff\n", "invisible-character", 1, 5, "U+FEFF"),
        ],
    )  # fmt: skip
    def test_text(self, text: str, rule: str, line: int, column: int, said: str) -> None:
        finding = refusal(text)
        assert (finding.rule, finding.line, finding.column) == (rule, line, column)
        assert said in finding.message

    def test_other_encodings(self, tmp_path: Path) -> None:
        file = tmp_path / "a.yaml"
        file.write_bytes("name: x\nvoice: på\n".encode("latin-1"))
        with pytest.raises(DefinitionRejected) as caught:
            read(file)
        (finding,) = caught.value.findings
        assert (finding.rule, finding.line, finding.column) == ("not-utf8", 2, 9)
        assert "0xe5" in finding.message

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
    def test_utf_16_by_its_name(self, tmp_path: Path, encoding: str) -> None:
        file = tmp_path / "a.yaml"
        file.write_bytes("name: x\n".encode(encoding))
        with pytest.raises(DefinitionRejected, match="saved as UTF-16") as caught:
            read(file)
        assert caught.value.findings[0].rule == "not-utf8"

    def test_a_file_of_any_size_without_reading_it_whole(self, tmp_path: Path) -> None:
        file = tmp_path / "big.yaml"
        with file.open("wb") as out:
            out.truncate(1 << 36)  # a hole of 64 GB: nobody could read it
        with pytest.raises(DefinitionRejected, match="larger than 1 MB") as caught:
            read(file)
        assert caught.value.findings[0].rule == "too-large"

    def test_one_byte_too_many_but_not_the_last_allowed_one(self, tmp_path: Path) -> None:
        file = tmp_path / "edge.yaml"
        head = b"a: 1\n#"
        file.write_bytes(head + b"x" * (MAX_BYTES - len(head)))
        assert read(file).data == {"a": 1}
        file.write_bytes(head + b"x" * (MAX_BYTES - len(head) + 1))
        with pytest.raises(DefinitionRejected, match="larger"):
            read(file)

    def test_alias_bombs(self) -> None:
        bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{this}: &{this} [{', '.join([f'*{before}'] * 10)}]\n"
            for before, this in zip("abcdefghi", "bcdefghij", strict=True)
        )
        assert refusal(bomb).rule == "alias-bomb"
        assert refusal("a: &a " + "x" * 100_000 + "\nb: [" + "*a, " * 11 + "]\n").rule == "alias-bomb"

    def test_a_few_aliases_are_fine(self, reading: Read) -> None:
        assert reading("a: &a [x, y]\nb: [*a, *a]\n").data["b"] == [["x", "y"], ["x", "y"]]

    @pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
    def test_bottomless_nesting_at_once(self, opening: str) -> None:
        text = "a:\n  " + opening * (900_000 // len(opening))
        started = time.process_time()
        assert refusal(text).rule in ("too-deep", "key")
        assert time.process_time() - started < 5

    def test_forty_levels_but_not_one_more(self, reading: Read) -> None:
        assert reading("a: " + "[" * 39 + "]" * 39 + "\n").data
        finding = refusal("a: " + "[" * 40 + "]" * 40 + "\n")
        assert finding.rule == "too-deep"

    def test_missing_and_unreadable_files(self, tmp_path: Path) -> None:
        with pytest.raises(WorkspaceError, match="there is no file"):
            read(tmp_path / "nowhere.yaml")
        with pytest.raises(WorkspaceError, match="is a folder"):
            read(tmp_path)


SCALARS = [
    "a", "b c", "no", "on", "Yes", "true", "FALSE", "null", "~", "17:00", "1:2:3", "0o17", "017", "08", "1_000", "1_", "0_",
    "-_1", "0b101", "0b2", "0x1F", "0xg", "1e3", "1e400", "1.", "1.5e+3", ".5", ".5e3", ".5e+3", "._", "-", "--", "+1",
    "-.inf", "+.INF", ".nan", "-.nan", "2026-12-01", "2026-1-1", "2026-13-01", "2026-12-01 10:00:00", "0000-01-01",
    "2026-12-01T10:00:00Z", "2026-12-01T10:00", "<<", "=", "http://x/y#z", "a:b", "x#y", "${A}", "$", "é", "😀", "\xa0",
    "a, b", "[a", "{a}", "a]", "- a", "? a", ": a", "&x", "*x", "!t", "!", "%", "@", "`", "|", ">", "'", '"', "'a'", '"b"',
    "'it''s'", '"\\u00e9\\t"', '"\\N"', '"a\\\n  b"', "'a\n\n  b'", "a\n  b", "|\n    x\n    y", ">-\n    x\n\n    y\n     z",
    "|+\n    x\n\n", "|2\n      x", "", "# c", "a # c", "a #", "[]", "{}", "[a, [b]]", "{a: b, c: }", "[a: b]", '["a": 1]',
    "\u2028", "\x85", "\ttab", "a\tb", "...", "---", "\\", "\\n",
]  # fmt: skip
PIECES = [
    *SCALARS,
    "\n",
    "\n  ",
    "\n    ",
    "\n- ",
    "\n  - ",
    "k: ",
    "- ",
    "? ",
    ": ",
    ",",
    " ",
    "\t",
    " #c",
    "\r\n",
    "\n\n",
    ":",
]


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A well-built document with tricky scalars as keys and values, then perhaps damaged in one place."""
    lines: list[str] = []
    for number in range(draw(st.integers(1, 4))):
        key = draw(st.sampled_from([f"k{number}", draw(st.sampled_from(SCALARS))]))
        value = draw(st.sampled_from(SCALARS))
        style = draw(st.sampled_from(["plain", "single", "double", "list", "flow", "map"]))
        quoted = value.replace("'", "''")
        lines.append({
            "plain": f"{key}: {value}",
            "single": f"{key}: '{quoted}'",
            "double": f'{key}: "{value}"',
            "list": f"{key}:\n  - {value}\n  - x: {value}\n    y: 1",
            "flow": f"{key}: [{value}, {{x: {value}}}]",
            "map": f"{key}:\n    {value}: {value}",
        }[style])  # fmt: skip
    text = "\n".join(lines) + "\n"
    if draw(st.booleans()):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(PIECES)) + text[at + draw(st.integers(0, 3)) :]
    return text


def comparable(value: Any) -> Any:
    """The value with its types and its order, so that 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return ("mapping", [(key, comparable(item)) for key, item in value.items()])
    if isinstance(value, list):
        return ("list", [comparable(item) for item in value])
    return (type(value).__name__, "nan" if isinstance(value, float) and math.isnan(value) else value)


def by_ruamel(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(BytesIO(text.encode()))


@settings(max_examples=600, deadline=None)
@given(documents() | st.lists(st.sampled_from(PIECES), max_size=9).map(lambda pieces: "k: " + "".join(pieces)))
@example("a: x\n\tb")
@example("k: |#c\n  x\n")
@example("m:\n  a: |\n \n\n     x\n      y\n  b: 1\n")
@example('a: {"b":1}\n')
@example("k: &x17:00")
@example("no: off\ny: 0o17\nz: 1_000\nd: 2026-12-01\n")
def test_ruamel_reads_every_accepted_text_alike(text: str) -> None:
    try:
        ours = read_text(text, PATH)
    except DefinitionRejected:
        return
    assert comparable(by_ruamel(text)) == comparable(ours.data)


@settings(max_examples=150, deadline=None)
@given(documents())
def test_both_scanners_of_pyyaml_agree(text: str) -> None:
    try:
        ours = read_text(text, PATH)
        other = read_text(text, PATH, loader=yaml.SafeLoader)
    except DefinitionRejected:
        return
    assert comparable(other.data) == comparable(ours.data)
    # Where a value is left out they point before or after the blank.
    places = [
        [(path, place) for path, place in reading.values.items() if place.start < place.end]
        for reading in (ours, other)
    ]
    assert places[0] == places[1]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_read_or_refused_at_a_place_in_it(text: str) -> None:
    try:
        read_text(text, PATH)
    except DefinitionRejected as exc:
        (finding,) = exc.findings
        lines = text.removeprefix("\ufeff").split("\n")
        assert 1 <= finding.line <= len(lines) + 1
        assert 1 <= finding.column <= len([*lines, ""][finding.line - 1]) + 1
        assert finding.message


def test_the_property_test_sees_enough_accepted_texts() -> None:
    accepted = 0
    for scalar in SCALARS:
        try:
            read_text(f"k: {scalar}\n", PATH)
        except DefinitionRejected:
            continue
        accepted += 1
    assert accepted > len(SCALARS) // 2
