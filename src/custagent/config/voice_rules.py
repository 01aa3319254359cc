"""What must hold for brand voices: of each by itself, and of the texts of the agents that speak with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from custagent.config.findings import Finding, Severity, did_you_mean
from custagent.config.reader import KeyPath, Reading
from custagent.core.agent import AgentDefinition, Messages, ShortAnswerSource
from custagent.core.workspace import Voice, VoiceWordList, Workspace
from custagent.locales import languages
from custagent.locales.tones import KEYS, OPTIONAL, PLAIN, PLAIN_KEYS, ways
from custagent.voice import avoided_words, in_words_of, voice_of, with_language, words_of

#: The codes of ISO 639-1.
_ISO_639_1: Final = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es "
    "et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj "
    "kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn nr nv ny "
    "oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk "
    "tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu".split()
)
#: Codes of countries, and of languages under another name, that are taken for those of languages.
_MISTAKEN: Final = {
    "at": "de", "br": "pt", "cn": "zh", "cz": "cs", "dk": "da", "gb": "en", "gr": "el", "jp": "ja", "kr": "ko", "mx": "es",
    "no": "nb", "us": "en",
}  # fmt: skip
#: What of a voice may be left out, and says nothing when it is written and empty.
_LISTS: Final[tuple[KeyPath, ...]] = (
    ("do",), ("dont",), ("samples",), ("words",), ("words", "use"), ("words", "avoid"), ("words", "by_language"),
)  # fmt: skip


def check_voices(reading: Reading, workspace: Workspace) -> Iterator[Finding]:
    """Each voice is free of contradictions and says itself what it asks for."""
    for number, written in enumerate(workspace.voices):
        voice = with_language(written, workspace)
        path: KeyPath = ("voices", number)
        yield from _check_empty(reading, path)
        yield from _check_languages(reading, path, voice)
        yield from _check_words(reading, path, voice)
        for language, lines in voice.samples.items():
            for place, line in enumerate(lines):
                where: KeyPath = (*path, "samples", language, place)
                yield from _check_text(reading, where, line, voice, language, what="the sample line")


def unknown_voice(reading: Reading, name: str, known: Iterable[str]) -> Finding:
    """A finding about an agent's voice that the workspace does not define."""
    hint = did_you_mean(name, known)
    more = f"write it into custagent.yaml, under `voices:`, as `- {{name: {name}, description: how you speak}}`"
    message = f"there is no voice called {name!r}"
    if not hint.startswith("did you mean"):
        hint = f"{hint}; or {more}" if hint else more
    return reading.finding(("voice",), "unknown-voice", message, hint=hint)


def check_agent_voice(reading: Reading, agent: AgentDefinition, workspace: Workspace) -> Iterator[Finding]:
    """The agent's own texts keep to its voice, and the built-in ones can be said in it."""
    voice = voice_of(agent, workspace)
    if voice is None:
        return
    for language, messages in agent.messages.items():
        for key, text in messages.model_dump(exclude_none=True).items():
            yield from _check_text(
                reading, ("messages", language, key), text, voice, language, what=f"the text `{key}`"
            )
    language = agent.default_language
    for number, guardrail in enumerate(agent.guardrails):
        path: KeyPath = ("guardrails", number, "message")
        yield from _check_text(reading, path, guardrail.message or "", voice, language, what="the text")
    for number, source in enumerate(agent.sources):
        if isinstance(source, ShortAnswerSource) and (found := avoided_words(source.answer, voice, language)):
            yield reading.finding(
                ("sources", number, "answer"), "avoided-word-in-content",
                f"the short answer says {_listed(found)}, which the voice {voice.name} avoids",
                severity=Severity.WARNING, hint="content is quoted word for word; reword it if it should not be said",
            )  # fmt: skip
    yield from _check_built_in(reading, agent, voice)


def _check_text(
    reading: Reading, path: KeyPath, text: str, voice: Voice, language: str, *, what: str
) -> Iterator[Finding]:
    if found := avoided_words(text, voice, language):
        instead = [f"“{wanted}”" for wanted, old in words_of(voice, language).use.items() if set(found) & set(old)]
        yield reading.finding(
            path, "avoided-word", f"{what} says {_listed(found)}, which the voice {voice.name} avoids",
            hint=f"say {' or '.join(instead)}" if instead else "say it in other words",
        )  # fmt: skip


def _check_empty(reading: Reading, voice: KeyPath) -> Iterator[Finding]:
    """Lists that are written and hold nothing. (Lists of samples and replaced words may not be empty at all.)"""
    by_language = _at(reading, (*voice, "words", "by_language")) or {}
    deeper = ((*_LISTS[-1], language, *rest) for language in by_language for rest in ((), ("use",), ("avoid",)))
    for path in chain(_LISTS, deeper):
        if (*voice, *path) in reading.values and not _at(reading, (*voice, *path)):
            yield reading.finding(
                (*voice, *path), "empty-list", f"`{path[-1]}` is empty", key=True, severity=Severity.WARNING,
                hint="write at least one into it, or delete it",
            )  # fmt: skip


def _at(reading: Reading, path: KeyPath) -> Any:
    """What is written there, None where nothing is."""
    value: Any = reading.data
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
        else:
            return None
    return value


def _check_languages(reading: Reading, voice: KeyPath, written: Voice) -> Iterator[Finding]:
    groups: tuple[tuple[KeyPath, Iterable[str]], ...] = (
        (("samples",), written.samples),
        (("words", "by_language"), written.words.by_language),
    )
    for path, codes in groups:
        for code in codes:
            if code in _ISO_639_1:
                continue
            meant = _MISTAKEN.get(code)
            hint = f"did you mean {meant}?" if meant else did_you_mean(code, languages())
            yield reading.finding(
                (*voice, *path, code),
                "unknown-language",
                f"{code!r} is not the code of a language",
                key=True,
                hint=hint,
            )


def _check_words(reading: Reading, voice: KeyPath, written: Voice) -> Iterator[Finding]:
    """No word is both said and avoided, and none is replaced by two."""
    lists: list[tuple[KeyPath, VoiceWordList, tuple[str, ...]]] = [
        (("words",), written.words, (written.language or "",)),
        *((("words", "by_language", code), words, (code,)) for code, words in written.words.by_language.items()),
    ]
    for path, words, codes in lists:
        for wanted in words.use:
            found = dict.fromkeys(word for code in codes for word in avoided_words(wanted, written, code))
            if found:
                yield reading.finding(
                    (*voice, *path, "use", wanted), "used-and-avoided",
                    f"the voice {written.name} says “{wanted}” and avoids {_listed(found)}", key=True,
                    hint="take it out of one of the two",
                )  # fmt: skip
        by_word: dict[str, str] = {}
        for wanted, instead in words.use.items():
            for number, word in enumerate(instead):
                other = by_word.setdefault(word.casefold(), wanted)
                if other != wanted:
                    yield reading.finding(
                        (*voice, *path, "use", wanted, number), "replaced-twice",
                        f"“{word}” is replaced by “{other}” and by “{wanted}”", hint="take it out of one of the two",
                    )  # fmt: skip


def _check_built_in(reading: Reading, agent: AgentDefinition, voice: Voice) -> Iterator[Finding]:
    """Every fixed text has a way to say it that the voice does not mind: so what it avoids never leaves."""
    unsaid: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for language in languages():
        words, own = words_of(voice, language), agent.messages.get(language)
        for key in (*KEYS, *PLAIN_KEYS) if words.avoid or words.use else ():
            if key in OPTIONAL or getattr(own, key, None):
                continue
            told = ways(language, PLAIN, agent.role.value, key)
            if not any(in_words_of(way, voice, language) for way in told):
                found = tuple(dict.fromkeys(word for way in told for word in avoided_words(way, voice, language)))
                unsaid.setdefault(found, {}).setdefault(key, []).append(language)
    for found, keys in unsaid.items():
        where = "; ".join(f"{key} ({', '.join(codes)})" for key, codes in keys.items())
        yield reading.finding(
            ("voice",), "cannot-avoid",
            f"the voice {voice.name} avoids {_listed(found)}, and these built-in texts cannot be said without: {where}",
            hint=_way_out(keys),
        )  # fmt: skip


def _way_out(keys: Iterable[str]) -> str:
    narrower = "let the words count in fewer languages, with `words: by_language:` in custagent.yaml, or take them out"
    if set(keys) <= set(Messages.model_fields):
        return f"write these texts under `messages:` of the agent, or {narrower}"
    return narrower


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)
