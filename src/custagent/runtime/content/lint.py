"""Looking an agent's content over (SRC-6): what is stored of its sources, its brand voice, and what customers ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Final

from custagent.core.agent import AgentDefinition, CollectionSource, ShortAnswerSource, Source, source_key
from custagent.core.document import Document, Section
from custagent.core.errors import CustagentError, UsageError
from custagent.knowledge.lint import Asked, Finding, Page, Rule, look_over, repeated, unsaid
from custagent.language import detect, words
from custagent.locales import nearest
from custagent.runtime.bootstrap import Application
from custagent.voice import avoided_words, voice_of

#: After which time without a change a page may have become wrong, by what it is. News ages, and is not mended.
STALE_AFTER: Final[Mapping[str, timedelta]] = {
    "knowledge-base": timedelta(days=365),
    "site-pages": timedelta(days=365),
    "landing-pages": timedelta(days=180),
    "blog": timedelta(days=730),
}
_USUAL: Final = timedelta(days=365)
#: How far back customers' questions are looked at, and how many different ones.
LOOK_BACK: Final = timedelta(days=90)
MOST_QUESTIONS: Final = 20_000
#: Bytes of a file of phrases.
MAX_PHRASES: Final = 10 * 1024 * 1024


def lint(app: Application, agent: str, *, phrases: Path | None = None) -> list[Finding]:
    """What could be better in the agent's content: a page's findings together, in the order of the sources.

    `phrases` is a text file with one of customers' phrases a line, as a help site's search box logs them. Raises
    UnknownName, ConfigError, UsageError for phrases that cannot be read, CustagentError when no source was read yet.
    """
    definition = app.agent(agent)
    asked = [*_written(phrases, definition.default_language), *_asked(app, agent)]
    pages = list(_pages(app, definition))
    if not pages:
        raise CustagentError(f"{agent} has no content to look over yet", hint=f"custagent sources sync {agent}")
    voice = voice_of(definition, app.workspace)
    avoided = lambda text, language: avoided_words(text, voice, language)  # noqa: E731 - partial cannot fill the middle
    look = partial(look_over, now=app.clock.now(), avoided=avoided)
    findings = [finding for page in pages for finding in look(page)]
    findings += _expired(definition, app.clock.now())
    findings += repeated(pages)
    place = {page.document.location: number for number, page in enumerate(pages)}
    findings.sort(key=lambda finding: place.get(finding.location, len(place)))
    return findings + list(_unsaid(asked, pages))


def _pages(app: Application, definition: AgentDefinition) -> Iterator[Page]:
    """Each document once, as the first source that holds it has it."""
    seen: set[str] = set()
    for source in definition.sources:
        if isinstance(source, ShortAnswerSource):
            yield _short_answer(source, definition.default_language)
            continue
        key = source_key(source.kind, source.location)
        for location in app.store.documents.fetched(definition.name, key):
            document = None if location in seen else app.store.documents.document(location)
            seen.add(location)
            if document is not None:
                changed = changed_at(app, document)
                yield Page(document=document, changed_at=changed, stale_after=_stale_after(source))


def _short_answer(source: ShortAnswerSource, default: str) -> Page:
    language = detect(f"{source.short_answer} {source.answer}", prior=default)[0] or default
    document = Document(
        location=source.short_answer,
        title=source.short_answer,
        language=language,
        sections=(Section(text=source.answer),),
    )
    return Page(document=document, stale_after=_USUAL, question=source.short_answer)


def _stale_after(source: Source) -> timedelta:
    return STALE_AFTER[source.type] if isinstance(source, CollectionSource) else _USUAL


def changed_at(app: Application, document: Document) -> datetime | None:
    """When the page last changed: what it says itself, else its server, else its file; None when none does."""
    if document.dated:
        return datetime.fromisoformat(document.dated)
    if document.last_modified:
        try:
            told = parsedate_to_datetime(document.last_modified)
        except ValueError:
            return None
        return told if told.tzinfo else told.replace(tzinfo=UTC)
    if "://" in document.location:
        return None
    try:
        return datetime.fromtimestamp((app.home.root / document.location).stat().st_mtime, UTC)
    except OSError:
        return None


def _expired(definition: AgentDefinition, now: datetime) -> Iterator[Finding]:
    for source in definition.sources:
        if isinstance(source, ShortAnswerSource) and source.valid_until and source.valid_until < now.date():
            yield Finding(
                rule=Rule.EXPIRED,
                location=source.short_answer,
                title=source.short_answer,
                message=f"it is given no more since {source.valid_until}",
                hint=f"Remove it, or write a new `until:` into agents/{definition.name}.yaml.",
            )


def _written(phrases: Path | None, default: str) -> Iterator[Asked]:
    if phrases is None:
        return
    try:
        with phrases.open("rb") as file:
            lines = file.read(MAX_PHRASES).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{phrases} cannot be read: {error}", hint="Give a text file in UTF-8 with one phrase a line."
        ) from error
    for line in filter(None, map(str.strip, lines)):
        yield Asked(text=line, language=detect(line, prior=default)[0] or default)


def _asked(app: Application, agent: str) -> Iterator[Asked]:
    since = app.clock.now() - LOOK_BACK
    seen = set()
    for question in app.store.questions.asked(agent, since=since, limit=MOST_QUESTIONS):
        seen.add(question.text)
        yield Asked(text=question.text, language=question.language, count=question.count)
    # What nobody has answered yet is worth a page however long ago it was asked.
    for text, language in app.store.gap_questions.open_texts(agent):
        if text not in seen:
            yield Asked(text=text, language=language)


def _unsaid(asked: Sequence[Asked], pages: Sequence[Page]) -> Iterator[Finding]:
    said: defaultdict[str, set[str]] = defaultdict(set)
    for page in pages:
        document = page.document
        for text in [document.title, *(part for one in document.sections for part in (*one.headings, one.text))]:
            said[document.language].update(words(text, document.language))
    yield from unsaid(asked, said, {language: _common(language) for language in said})


def _common(language: str) -> frozenset[str]:
    """What everybody says around what is asked: no page need say it."""
    texts = nearest(language)
    around = [*texts.stop_words, *texts.light_words, *texts.cues, *texts.pronouns, *texts.negations, *texts.joints]
    around += [*texts.greetings, *texts.thanks, *texts.goodbyes]
    phrases = [*around, *(phrase for group in (*texts.person.values(), *texts.questions.values()) for phrase in group)]
    return frozenset(words("\n".join(phrases), language))
