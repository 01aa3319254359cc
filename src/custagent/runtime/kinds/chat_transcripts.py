"""A live chat as a mail to the visitor who asked for it: what both sides saw, and nothing that people told each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from custagent.core.document import numbered
from custagent.core.message import Message, Sender
from custagent.locales import Catalogue, catalogue, languages


def words_of(language: str, default: str) -> Catalogue:
    """The catalogue that a visitor reads: the first of these languages that there is one for, else English."""
    return catalogue(next((code for code in (language, default) if code in languages()), "en"))


def subject(company: str, words: Catalogue) -> str:
    """What the mail is about."""
    return words.widget["chat"].format(company=company)


def text(
    messages: Sequence[Message], *, company: str, words: Catalogue, person_name: Callable[[str], str], zone: ZoneInfo
) -> str:
    """The messages in order, each with when and by whom, days parted by their dates; times are those of `zone`."""
    lines: list[str] = []
    day = ""
    for message in messages:
        at = message.at.astimezone(zone)
        if _day(at) != day:
            day = _day(at)
            lines += [day, ""]
        lines += [f"{at:%H:%M}  {_name(message, company, words, person_name)}", *_said(message), ""]
    return "\n".join(lines)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _name(message: Message, company: str, words: Catalogue, person_name: Callable[[str], str]) -> str:
    if message.sender is Sender.CONTACT:
        return words.widget["you"]
    if message.sender is Sender.PERSON:
        return person_name(message.author) if message.author else company
    return f"{company} ({words.widget['ai']})"


def _said(message: Message) -> Iterator[str]:
    if message.text:
        yield message.text
    yield from (f"- {option}" for option in message.options)
    yield from (f"[{attachment.name}]" for attachment in message.attachments)
    for _, citation in numbered(message.citations):
        # Private pages are quoted without being named (SRC-4).
        if not citation.private:
            yield f"{citation.title}: {citation.link}" if citation.link.startswith("https://") else citation.title
