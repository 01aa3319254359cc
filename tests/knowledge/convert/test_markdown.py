"""Markdown: sections, GitHub's anchors, marks taken off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.markdown import github_anchor, read_markdown


def read(text: str, location: str = "content/return-policy.md", hint: str = "") -> Document:
    return read_markdown(RawContent(location=location, body=text.encode()), hint)


def test_headings_are_sections_with_githubs_anchors():
    document = read(
        "# Returns\nIntro.\n\n## How long?\n14 days.\n\n### Abroad & far\n30 days.\n\nHow long?\n---------\nAgain.\n"
    )
    assert document.title == "Returns"
    assert [(section.headings, section.anchor, section.text) for section in document.sections] == [
        ((), "returns", "Intro."),
        (("How long?",), "how-long", "14 days."),
        (("How long?", "Abroad & far"), "abroad--far", "30 days."),
        (("How long?",), "how-long-1", "Again."),
    ]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("What's new in 2.0?", "whats-new-in-20"),
        ("Återköp & byten", "återköp--byten"),
        ("`code_name` here", "code_name-here"),
    ],
)
def test_github_anchor(heading, anchor):
    assert github_anchor(heading, {}) == anchor


def test_named_anchors_win():
    document = read('# T\n\n## One {#uno}\na\n\n<a name="dos"></a>\n\n## Two\nb\n\n## <a id="tres"></a>Three\nc\n')
    assert [section.anchor for section in document.sections] == ["uno", "dos", "tres"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**Bold**, *slanted* and [a link](https://x.example/y).", "Bold, slanted and a link."),
        ("one\ntwo", "one two"),
        ("one  \ntwo<br>three", "one\ntwo\nthree"),
        ("Press `Ctrl+C` now", "Press Ctrl+C now"),
        ("- a\n- b\n  - c\n\n  more\n\n1. d\n2. e", "- a\n- b\n  - c\n  more\n\n1. d\n2. e"),
        ("3. c\n4. d", "3. c\n4. d"),
        ("```sh\nls -l\n\n  cd\n```", "ls -l\n\n  cd"),
        (
            "| Country | Price |\n|---|---|\n| Norway | **49** kr |\n| Sweden | |",
            "Country: Norway; Price: 49 kr\nCountry: Sweden",
        ),
        ("> quoted\n> on", "quoted on"),
        ("![the green Save button](x.png) ![logo](l.png)", "the green Save button"),
        ("~~49~~ 39 kr", "39 kr"),
        ("<div>HTML <b>text</b></div>", "HTML text"),
        ("<!-- note -->\n\ntext", "text"),
        ("[TOC]\n\n:::tip\n\ntext\n\n:::", "text"),
        (
            "Two years[^1], or `x[^1]`.\n\n[^1]: One in Norway.\n\n[^b]: Word",
            "Two years, or x[^1].\n\nOne in Norway.\n\nWord",
        ),
        ("&copy; 2026 &lt;x&gt;", "© 2026 <x>"),
        ("<https://x.example>", "https://x.example"),
    ],
)
def test_text(source, expected):
    assert read(source).sections[0].text == expected


def test_details_are_questions():
    document = read("## FAQ\n\n<details>\n<summary>How long?</summary>\n\n14 days.\n\n</details>\n\nAfter.\n")
    assert [(section.headings, section.text) for section in document.sections] == [
        (("How long?",), "14 days."),
        ((), "After."),
    ]


def test_front_matter_is_honoured_and_no_text():
    document = read('---\ntitle: "Returer"\nlang: sv-SE\ntags: [a]\n---\nHello there.\n')
    assert (document.title, document.language) == ("Returer", "sv")
    assert [section.text for section in document.sections] == ["Hello there."]


@pytest.mark.parametrize(
    ("source", "title"), [("## Sub\ntext", "Sub"), ("text", "Return policy"), ("text\n\n# Late\nmore", "Late")]
)
def test_title(source, title):
    assert read(source).title == title


def test_language_is_detected_else_as_hinted():
    assert read("Paketet lämnar lagret nästa arbetsdag och kommer fram inom tre dagar.").language == "sv"
    assert read("OK", hint="fi").language == "fi"


def test_line_ends_and_marks_of_other_systems():
    raw = RawContent(location="a.md", body="\ufeff# T\r\n\r\none\r\n".encode())
    assert [section.text for section in read_markdown(raw).sections] == ["one"]


def test_an_empty_file_is_refused():
    with pytest.raises(ConvertError, match="holds no text"):
        read("---\ntitle: x\n---\n\n<!-- nothing -->\n")


@given(st.text(alphabet="#-*`_[]()<>|!\n >:=~{}&;ab1.\t\\", max_size=200))
def test_no_marks_break_the_reader(source):
    document = read(f"Some words.\n\n{source}")
    assert document.title
    assert all(section.text.strip() for section in document.sections)
