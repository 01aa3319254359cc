"""Plain text, reStructuredText, configuration files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.text import read_text


def read(text: str, location: str = "content/return_policy.txt", *, rst: bool = False) -> Document:
    return read_text(RawContent(location=location, body=text.encode()), rst=rst)


def outline(document: Document) -> list[tuple[tuple[str, ...], str]]:
    return [(section.headings, section.text) for section in document.sections]


def test_paragraphs_and_a_short_first_line_as_title():
    document = read("Return policy\n\nOne paragraph\nin two lines.\n\n\n- a\n- b\n")
    assert document.title == "Return policy"
    assert outline(document) == [((), "Return policy\n\nOne paragraph\nin two lines.\n\n- a\n- b")]


def test_hard_wrapped_lines_become_paragraphs():
    wrapped = (
        "The parcel leaves our warehouse on the next working day and reaches you\n"
        "within three days at most. On Saturdays nothing leaves the warehouse, for\n"
        "the carrier does not come.\n"
    )
    assert read(wrapped).sections[0].text == wrapped.replace("\n", " ").strip()


def test_underlined_headings():
    document = read("Guide\n=====\n\nIntro.\n\nDelivery\n--------\nFast.\n\nReturns\n--------\nSlow.\n")
    assert document.title == "Guide"
    assert outline(document) == [((), "Intro."), (("Delivery",), "Fast."), (("Returns",), "Slow.")]


@pytest.mark.parametrize(
    "source",
    ["How long?\n\n14 days.\n\nWho pays?\n\nWe do.\n", "Q: How long?\nA: 14 days.\n\nQ: Who pays?\nA: We do.\n",
     "Fråga: How long?\n\nSvar: 14 days.\n\nFråga: Who pays?\n\nSvar: We do.\n"],
)  # fmt: skip
def test_questions_head_their_answers(source):
    document = read(f"FAQ\n===\n\n{source}")
    assert outline(document) == [(("How long?",), "14 days."), (("Who pays?",), "We do.")]


def test_columns_and_code_keep_their_places():
    columns = "name    price\ntube    79 kr\n"
    assert read(f"Intro is here.\n\n{columns}").sections[0].text == f"Intro is here.\n\n{columns.strip()}"


def test_a_configuration_file_keeps_its_lines():
    document = read("# comment\n[server]\nport = 80\nhost = x\n\n[client]\nretry = 3\n", "etc/my-app.conf")
    assert document.title == "My app"
    assert outline(document) == [((), "# comment"), (("server",), "port = 80\nhost = x"), (("client",), "retry = 3")]


def test_restructured_text():
    source = """\
.. _install-guide:

=======
Install
=======

Use :ref:`the tool <tool>` and ``pip``; see `the site <https://x.example>`_ for **more**.

.. image:: x.png
   :alt: nothing

.. note:: Mind the gap.

Run this::

    pip install x

.. a comment
   that goes on

Details
=======
Text.
"""
    document = read(source, "guide.rst", rst=True)
    assert document.title == "Install"
    assert document.sections[0].anchor == "install-guide"
    assert outline(document) == [
        ((), "Use the tool and pip; see the site for more.\n\nMind the gap.\n\nRun this:\n\n    pip install x"),
        (("Details",), "Text."),
    ]


def test_restructured_texts_notes_code_and_replacements():
    source = (
        ".. |shop| replace:: The Shop\n\n|shop| repairs it [1]_, for |price|.\n\n.. [1] Within two\n   weeks.\n\n"
        ".. code-block:: python\n   :linenos:\n\n   print()\n\n.. figure:: a.png\n   :width: 3\n\n   A bicycle.\n"
    )
    assert read(source, "guide.rst", rst=True).sections[0].text == (
        "The Shop repairs it, for |price|.\n\nWithin two weeks.\n\nprint()\n\nA bicycle."
    )


def test_an_old_character_set_is_read():
    raw = RawContent(location="a.txt", body="Återbetalning på fjorton dagar".encode("cp1252"))
    assert read_text(raw).sections[0].text == "Återbetalning på fjorton dagar"


def test_without_text_it_is_refused():
    with pytest.raises(ConvertError, match="holds no text"):
        read("\n\n-----\n\n")


@given(st.text(alphabet="ab=-.:_`*[]Q?A \n\t#1", max_size=200), st.booleans())
def test_no_signs_break_the_reader(source, rst):
    document = read(f"Some words.\n\n{source}", rst=rst)
    assert document.title
    assert all(section.text.strip() for section in document.sections)


@given(st.lists(st.text(alphabet="abc =-\n?", max_size=30), max_size=8))
def test_no_word_of_plain_text_is_lost(paragraphs):
    marked = [f"w{at}w {text}" for at, text in enumerate(paragraphs)]
    document = read("start here now.\n\n" + "\n\n".join(marked))
    everything = " ".join([document.title, *(" ".join([*one.headings, one.text]) for one in document.sections)])
    assert all(f"w{at}w" in everything for at in range(len(paragraphs)))
