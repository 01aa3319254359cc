"""The words of a brand voice: found in texts, and put into the agent's own.

A floor of its own under the rooms: replies (answer), definitions (config) and content (knowledge) are read alike.

An entry of `words.avoid`, or one that `words.use` replaces, is found by whole words, whatever the case:

- in the voice's own language by the stemmer, as search compares words: "cart" finds "carts" and "Cart's", "cancel" finds
  "cancelled". Comparisons and derived words are words of their own: "cheap" does not find "cheaper". In other languages,
  whose words may look alike, it finds itself alone; `by_language` has the words of those;
- a star stands for the rest of a word: "cheap*" finds "cheaper" and "cheaply", "*service" the German "Kundenservice";
- several words are found in sequence, hyphens and line breaks between them or not: "state of the art";
- an entry without letters and digits ("!", an emoji), or in a script without spaces, wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from custagent.core.agent import AgentDefinition
from custagent.core.workspace import Voice, VoiceWordList, Workspace
from custagent.language import stemmer
from custagent.locales import languages
from custagent.locales.tones import tones

#: Not seen, and good for hiding a word: soft hyphen, zero-width signs, byte order mark.
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
#: Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han, Hangul.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W_]+")
_ENTRY_WORD = re.compile(r"\*?[^\W_]+\*?")
#: How words begin after "an" and after "a". The letters left out may sound either way: an hour, a house, a user, one.
_VOWELS, _CONSONANTS = frozenset("aei"), frozenset("bcdfgjklmnpqrstvwyz")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """One word of a text."""

    #: In lower case.
    word: str
    stem: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A text as it is searched."""

    #: Without what is not seen; the places of words are places in it.
    shown: str
    said: Sequence[_Said]
    #: All words and all stems.
    vocabulary: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A word, or several in sequence, as it is looked for."""

    #: As the team wrote it.
    written: str
    #: Its words: each in lower case or a stem, with the sides where a star stands. () for what is found as it is.
    forms: tuple[tuple[str, str], ...]
    #: Whether the forms are stems.
    by_stem: bool

    def places(self, text: _Text) -> Iterator[tuple[int, int]]:
        """Where it stands in the text, as (start, end)."""
        if not self.forms:
            sign = _visible(self.written)
            yield from (found.span() for found in re.finditer(re.escape(sign), text.shown, re.IGNORECASE) if sign)
            return
        if any(not stars and form not in text.vocabulary for form, stars in self.forms):
            return
        for at in range(len(text.said) - len(self.forms) + 1):
            here = text.said[at : at + len(self.forms)]
            if all(self._is(one, *form) for one, form in zip(here, self.forms, strict=True)):
                yield here[0].start, here[-1].end

    def _is(self, said: _Said, form: str, stars: str) -> bool:
        match stars:
            case "":
                return (said.stem if self.by_stem else said.word) == form
            case "<":
                return said.word.endswith(form)
            case ">":
                return said.word.startswith(form)
        return form in said.word


@dataclass(frozen=True, slots=True, kw_only=True)
class _Replaced:
    """A preferred word, and one that it stands for."""

    wanted: _Entry
    instead: _Entry

    def places(self, text: _Text) -> Iterator[tuple[int, int]]:
        """Where the word to be replaced stands, except within the preferred one: "cart" in "shopping cart"."""
        fine = list(self.wanted.places(text))
        for start, end in self.instead.places(text):
            if not any(at <= start and end <= until for at, until in fine):
                yield start, end


def voice_of(agent: AgentDefinition, workspace: Workspace) -> Voice | None:
    """The agent's brand voice; None when it has a personality, or the workspace defines no voice of that name."""
    voice = next((voice for voice in workspace.voices if voice.name == agent.voice), None)
    return voice and with_language(voice, workspace)


def with_language(voice: Voice, workspace: Workspace) -> Voice:
    """The voice, its words in the workspace's language where it names none itself."""
    return voice if voice.language else voice.model_copy(update={"language": workspace.default_language})


def words_of(voice: Voice, language: str) -> VoiceWordList:
    """What the voice says and avoids in `language`: what counts everywhere, and what counts there."""
    more = voice.words.by_language.get(language, VoiceWordList())
    use = dict(voice.words.use)
    for wanted, instead in more.use.items():
        use[wanted] = (*use.get(wanted, ()), *instead)
    return VoiceWordList(use=use, avoid=(*voice.words.avoid, *more.avoid))


def avoided_words(text: str, voice: Voice | None, language: str) -> tuple[str, ...]:
    """The words that the voice avoids and `text` says, as the team wrote them, each once; () without a voice.

    `language` (ISO 639-1) is that of the text. What `words.use` replaces is avoided too, except within the preferred
    word: with "shopping cart" for "cart", "shopping cart" is fine.
    """
    if voice is None:
        return ()
    read = _read(text, language)
    avoided, replaced = _entries(voice, language)
    found = [entry.written for entry in avoided if any(entry.places(read))]
    found += [one.instead.written for one in replaced if any(one.places(read))]
    return tuple(dict.fromkeys(found))


def in_words_of(text: str, voice: Voice | None, language: str) -> str | None:
    """The agent's own `text` in the voice's words; None where it cannot be said without an avoided one.

    A word is replaced by the preferred one only where grammar surely allows: in exactly the form that the team wrote, and
    not after an article or another word that goes by the noun ("une carte" stays, for "un panier" is meant); an English
    "a" stays before a consonant, "an" before a vowel.
    """
    if voice is None or not avoided_words(text, voice, language):
        return text
    _, replaced = _entries(voice, language)
    for one in replaced:
        read = _read(text, language)
        text = read.shown
        for start, end in sorted(one.places(read), reverse=True):
            if not _fits(one, read, start, end, language):
                return None
            text = text[:start] + _cased(one.wanted.written, text[start:end]) + text[end:]
    return None if avoided_words(text, voice, language) else text


def _entries(voice: Voice, language: str) -> tuple[list[_Entry], list[_Replaced]]:
    """What is looked for in a text of `language`: the avoided words, and the replaced ones."""
    avoided, replaced = list[_Entry](), list[_Replaced]()
    own = VoiceWordList(use=voice.words.use, avoid=voice.words.avoid)
    for words, of in ((own, voice.language or language), (voice.words.by_language.get(language), language)):
        if words is None:
            continue
        avoided += [_entry(word, language, of == language) for word in words.avoid]
        replaced += [
            _Replaced(wanted=_entry(wanted, language, of == language), instead=_entry(word, language, of == language))
            for wanted, instead in words.use.items()
            for word in instead
        ]
    return avoided, replaced


@lru_cache(maxsize=4096)
def _entry(written: str, language: str, by_stem: bool) -> _Entry:  # noqa: FBT001 - a cached function takes no keywords well
    forms = []
    for match in () if _UNSPACED.search(written) else _ENTRY_WORD.finditer(_visible(written)):
        word = _folded(match.group())
        stars = "<" * word.startswith("*") + ">" * word.endswith("*")
        letters = word.strip("*")
        forms.append((letters if stars or not by_stem else _stem(letters, language), stars))
    return _Entry(written=written, forms=tuple(forms), by_stem=by_stem)


def _read(text: str, language: str) -> _Text:
    shown = _visible(text)
    said = []
    for match in _WORD.finditer(shown):
        word = _folded(match.group())
        said.append(_Said(word=word, stem=_stem(word, language), start=match.start(), end=match.end()))
    vocabulary = frozenset(form for one in said for form in (one.word, one.stem))
    return _Text(shown=shown, said=said, vocabulary=vocabulary)


def _fits(one: _Replaced, read: _Text, start: int, end: int, language: str) -> bool:
    """Whether the preferred word can stand there."""
    written = read.shown[start:end]
    if _folded(written) != _folded(_visible(one.instead.written)):
        return False
    before = next((said for said in reversed(read.said) if said.end <= start), None)
    if before is None or read.shown[before.end : start].strip(" \n\u00a0'’-"):
        return True
    if language not in languages() or before.word not in tones(language).agreeing:
        return True
    sounds = {_sound(written), _sound(one.wanted.written)}
    return language == "en" and len(sounds) == 1 and "" not in sounds


def _sound(word: str) -> str:
    """Whether an English word surely begins with a vowel or a consonant; "" where it may sound either way."""
    is_acronym = word[1:2].isupper()
    return (
        "" if is_acronym else "vowel" * (word[0].lower() in _VOWELS) or "consonant" * (word[0].lower() in _CONSONANTS)
    )


def _cased(wanted: str, written: str) -> str:
    if len(written) > 1 and written.isupper():
        return wanted.upper()
    return wanted[0].upper() + wanted[1:] if written[0].isupper() else wanted


def _visible(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text))


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).lower().replace("i\u0307", "i")


def _stem(word: str, language: str) -> str:
    stem = stemmer(language)
    return stem(word) if stem else word
