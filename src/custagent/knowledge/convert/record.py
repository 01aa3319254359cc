"""A record of a data file as text: a question with its answer, a named text, or a line of "name: value" pairs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from custagent.knowledge.convert.rows import is_name, table_lines
from custagent.knowledge.convert.writer import MAX_HEADING, QUESTION_LEVEL, SectionWriter

_QUESTION = re.compile(
    r"questions?|q|frågor?|fråga|fragen?|pregunta|domanda|vraag|kysymys|pytanie|spørgsmål|spørsmål|pergunta",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"answers?|a|svar|antwort(?:en)?|réponse|reponse|respuesta|risposta|antwoord|vastaus|odpowiedź|resposta",
    re.IGNORECASE,
)
#: A value longer than this is a text, no field; one of several lines is so sooner.
_LONG = 200
_LONG_LINES = 80
#: Tags that only a web page has: exports of content systems have pages in their fields.
_HTML = re.compile(r"</?(?:p|br|div|ul|ol|li|h[1-6]|table|strong|em|b|i|span|a)\b[^<>]*>", re.IGNORECASE)


def add_record(writer: SectionWriter, record: Mapping[str, str], *, group: int, name: str = "") -> None:
    """A record as a line, as a section headed by its question, or as one headed by its name where it holds a text.

    With `name` it is a section of that heading in any case.
    """
    record = {name: plain(value) for name, value in record.items()}
    question = next((value for name, value in record.items() if _QUESTION.fullmatch(name) and value), "")
    answer = next((value for name, value in record.items() if _ANSWER.fullmatch(name) and value), "")
    if question and answer and len(question) <= MAX_HEADING:
        add_text(writer, question, [answer], {k: v for k, v in record.items() if v not in (question, answer)})
        return
    called = name_of(record)
    texts = [value for value in record.values() if _is_text(value)]
    if texts and (called or name):
        add_text(writer, called or name, texts, {k: v for k, v in record.items() if v not in (called, *texts)})
        return
    lines = table_lines(list(record), [[" ".join(value.split()) for value in record.values()]])
    if name:
        add_text(writer, name, lines, {})
        return
    for line in lines:
        writer.add(line, group=group)


def add_text(writer: SectionWriter, heading: str, texts: list[str], rest: Mapping[str, str]) -> None:
    """A section of its own, with what else the record holds as a line below."""
    writer.heading(" ".join(heading.split()), level=QUESTION_LEVEL, anchor="", depth=1)
    for text in texts:
        writer.add(text)
    writer.add("\n".join(table_lines(list(rest), [list(rest.values())])))
    writer.close_questions(0)


def _is_text(value: str) -> bool:
    return len(value) > (_LONG_LINES if "\n" in value else _LONG)


def name_of(record: Mapping[str, str]) -> str:
    """What the record is called, "" when nothing in it says so."""
    found = (value for name, value in record.items() if is_name(name) and value and len(value) <= MAX_HEADING)
    return next((value for value in found if "\n" not in value), "")


def plain(value: str) -> str:
    """A value as text: one that is a piece of a web page is read as such."""
    if not _HTML.search(value):
        return "\n".join(line.strip() for line in value.strip().splitlines())
    from selectolax.lexbor import LexborHTMLParser

    from custagent.knowledge.convert.boilerplate import Boilerplate
    from custagent.knowledge.convert.page_reader import PageReader

    page = LexborHTMLParser(f"<html><body><main>{value}</main></body></html>")
    sections = PageReader(Boilerplate(page, lenient=True)).read().sections("")
    return "\n\n".join("\n\n".join(filter(None, (*section.headings[-1:], section.text))) for section in sections)
