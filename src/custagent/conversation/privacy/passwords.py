"""Passwords that people announce: "my password is …", "lösenord: …", "Passwort lautet …", in twelve languages.

Most messages with the word in them are questions about passwords, and those must reach the agent whole. So what follows
decides. The word, a link ("is", a colon) and then

- something that looks like a password (letters and digits mixed, signs inside, four digits and more) is masked;
- a plain word is masked only right after "is" or a colon and where the clause ends with it, unless it says how the
  password is: wrong, glömt, gesperrt;
- anything else is a sentence, and stays. A passphrase of several plain words is seen only between quotation marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from custagent.conversation.privacy.found import Found
from custagent.conversation.privacy.phrases import EVERYWHERE, LANGUAGES, PROSE, STATES, Phrases
from custagent.conversation.privacy.view import BARRIER, View
from custagent.core.privacy import MaskKind

#: As much of a password as is judged; it is masked to its end.
_JUDGED: Final = 256
_LONGEST_QUOTED: Final = 128
_LONGEST_WORD: Final = 64
_SHORTEST_WORD: Final = 3
_FEWEST: Final = 4
_FEWEST_MIXED: Final = 6

_QUOTES: Final = {'"': '"', "“": "”", "„": "“”", "«": "»", "»": "«", "”": "”", "‘": "’", "'": "'", "`": "`", "’": "’"}
_OPENING: Final = "([{<*`\"'“”„«»‘’"
_CLOSING: Final = ".,;:?)]}>`\"'“”’»"

_token = re.compile(rf"[^\s{BARRIER}]{{1,{_JUDGED}}}")
_rest = re.compile(rf"[^\s{BARRIER}]*")
_more_digits = re.compile(r"(?:[ -][0-9]+){0,8}")
_plain_word = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_sign_inside = re.compile(r"[#$%^&+=~|\\_]|(?<=.)@|!(?=[^!?.])")
_asked = re.compile(
    r"\b(?:what|which|whether|if|vad|vilket|was|welche[sn]?|ob|wat|welke?|hva|hvad|hvilke[tn]?|quel\w*|cual\w*|qual\w*|mika|"
    r"jos|jakie|czy)\b[^.!?\n]{0,24}$"
)

#: Looks like a password and never is one: addresses of pages, paths, variables, amounts, times, measures, ranges, versions.
_ordinary = re.compile(
    r"(?:https?:|www\.|[~.]{0,2}/).*|(?-i:[$%]\{?[A-Z_]+\}?%?)|[$€£][0-9].*|[0-9][0-9.,]*[$€£%]|[0-9]{1,2}[:.h][0-9]{2}(?:[ap]m)?|[0-9]{1,3}-[^\W\d_]+|"
    r"[0-9]{1,3}(?:st|nd|rd|th|e|a|h|hrs?|min|mins|x|kr|sek|eur|usd|am|pm|mb|gb|\+|chars?|characters?|digits?|tecken|"
    r"zeichen|tekens|tegn|merkkia|znakow|caracteres|caratteri|caracteres)|[0-9]{1,3}[/-][0-9]{1,3}|v?[0-9]+(?:\.[0-9]+)+",
    re.IGNORECASE,
)
#: Is a password only where that is said plainly: days, mail addresses, products.
_doubtful = re.compile(
    r"[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{1,4}|[^@\s]+@[^@\s]+\.[a-z]{2,}|"
    r"(?:windows|win|office|outlook|iphone|ipad|ios|ipados|macos|android|galaxy|pixel|samsung|ps|playstation|xbox|wordpress|"
    r"php|python|mysql|wpa|web|mp|sha|md|base|utf|aes|oauth|ipv|gmail|chrome|firefox|edge|error|fehler|fel|erreur|fejl|feil)"
    r"-?[0-9]{1,5}[a-z]?|(?:office|microsoft|o|m)-?365|(?:log|sign|lock)ed-?in",
    re.IGNORECASE,
)
_unit = re.compile(
    r"[ \t]*(?:char|letter|digit|number|symbol|sign|tecken|siffr|bokst|zeichen|stell|ziffer|caract|carat|chiffr|lettr|"
    r"cifr|letr|letter|teken|tegn|siff|merk|numero|znak|day|dag|tag|jour|dia|giorn|paiv|dni|year|ar\b|jahr|\ban\b|ans\b|"
    r"ano|anni|jaar|vuo|lat\b|hour|timm|stund|heure|hora|ora\b|ore\b|uur|tunti|godzin|minut|time|gang|mal\b|fois|vec|volt|"
    r"month|week|manad|vecka|monat|woche|mois)"
)
_closed = r"[\"'”’»*_`)\]]{0,3}"
_separator = rf"{_closed}[ \t]*(?:[:=]|->|=>|→)[*_`]{{0,3}}[ \t]*(?:\r?\n[ \t]*)?"
_behind = r"[ \t]*[:=>→-]{0,2}[ \t]*(?:\r?\n[ \t]*)?"
_gap_word = rf"[^\s?!:;,{BARRIER}]{{0,39}}[^\s?!:;,.{BARRIER}]"


class _Trust(IntEnum):
    """How surely a password follows, and so what may be taken for one."""

    #: Letters and digits mixed.
    LITTLE = 0
    #: What looks like a password.
    SOME = 1
    #: A plain word, too.
    FULL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """What may stand between the word and the password."""

    pattern: re.Pattern[str]
    trust: _Trust
    #: How words end that say how the password is.
    state: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grammar:
    """The links of the word in one language, the surest first; and what may be skipped behind a link."""

    links: tuple[_Link, ...]
    filler: re.Pattern[str]
    clause_end: re.Pattern[str]


def _words(*alternatives: str) -> str:
    return f"(?:{'|'.join(filter(None, alternatives))})(?!\\w)"


def _grammar(strong: tuple[Phrases, ...], weak: tuple[Phrases, ...] = ()) -> _Grammar:
    """The grammar of a word that these languages use; of the `weak` ones "is" itself has other meanings elsewhere."""
    every = (*strong, *weak)
    link = _words(*(each.link for each in every))
    loose = _words(*(each.weak_link for each in every), *(each.link for each in weak))
    gap = rf"[ \t]+{_words(*(each.between for each in every))}(?:[ \t]+{_gap_word}){{0,5}}?"
    return _Grammar(
        links=(
            _link(_separator, _Trust.FULL),
            *(_link(rf"{_closed}\s?{_words(*words)}{_behind}", _Trust.FULL, end) for words, end in _shared(strong)),
            _link(rf"[ \t]+{loose}[ \t]+", _Trust.SOME),
            _link(r"[ \t]*[(,–-]?[ \t]+|[ \t]*[(][ \t]*", _Trust.LITTLE),
            _link(rf"{gap}[ \t]+{link}[ \t]*:?[ \t]*", _Trust.SOME),
            _link(rf"{gap}[ \t]*:[ \t]*", _Trust.LITTLE),
        ),
        filler=re.compile(rf"(?:{_words(*(each.filler for each in every))}[ \t:,]*){{1,3}}", re.IGNORECASE),
        clause_end=re.compile(
            rf"[ \t]*(?:\Z|[^\w \t?{BARRIER}])|[ \t]+{_words(*(each.conjunctions for each in every))}|"
            r"[ \t]+[^\W\d_]{1,20}[ \t]?[:=]",
            re.IGNORECASE,
        ),
    )


def _link(pattern: str, trust: _Trust, state: str = "") -> _Link:
    endings = re.compile(state, re.IGNORECASE) if state else None
    return _Link(pattern=re.compile(pattern, re.IGNORECASE), trust=trust, state=endings)


def _shared(languages: tuple[Phrases, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Words for "is" that the same languages use, with the endings of all of those: "is" is English and Dutch."""
    endings: dict[str, str] = {}
    for language in languages:
        for word in language.link.split("|"):
            endings[word] = "|".join(filter(None, (endings.get(word), language.state_ending)))
    for ending in dict.fromkeys(endings.values()):
        yield tuple(word for word in endings if endings[word] == ending), ending


_own = [language for language in LANGUAGES if language.noun]
_GRAMMARS: Final = {
    # "on" and "to" are links in Finnish and Polish only, and common words elsewhere.
    "everywhere": _grammar(LANGUAGES[:-2], LANGUAGES[-2:]),
    **{f"language{number}": _grammar((language,)) for number, language in enumerate(_own)},
}
_nouns = {"everywhere": EVERYWHERE} | {f"language{number}": language.noun for number, language in enumerate(_own)}
_noun = re.compile("|".join(f"(?P<{name}>(?:{noun})(?![^\\W_]))" for name, noun in _nouns.items()))

# Most messages have no such word, which is seen fastest so.
_STEMS: Final = (
    *("pass", "pwd", "pw", "losen", "kennwort", "losung", "mdp", "contrasen", "clave", "senha", "palavra", "parola"),
    *("wachtwoord", "paswoord", "toegangscode", "adgangskode", "kodeord", "salasana", "tunnussana", "hasl"),
)


def find_passwords(view: View) -> Iterator[Found]:
    """Passwords, without the quotation marks around them."""
    if not any(stem in view.folded for stem in _STEMS):
        return
    place = 0
    while noun := _noun.search(view.folded, place):
        place = noun.end()
        value = _after(view, noun, _GRAMMARS[noun.lastgroup or ""])
        if value is not None:
            place = value.end
            yield value


def _after(view: View, noun: re.Match[str], grammar: _Grammar) -> Found | None:
    """The password behind the word, by the first link that leads to one."""
    asked = _asked.search(view.folded, max(0, noun.start() - 40), noun.start()) is not None
    for link in grammar.links:
        match = link.pattern.match(view.text, noun.end())
        if match is None:
            continue
        place, trust = match.end(), min(link.trust, _Trust.SOME) if asked else link.trust
        if trust > _Trust.LITTLE and (filler := grammar.filler.match(view.text, place)):
            skipped = _value(view, filler.end(), min(trust, _Trust.SOME), link, grammar)
            if skipped is not None:
                return skipped
        if (value := _value(view, place, trust, link, grammar)) is not None:
            return value
    return None


def _value(view: View, place: int, trust: _Trust, link: _Link, grammar: _Grammar) -> Found | None:
    """What stands at `place`, if that may be a password."""
    token = _token.match(view.text, place)
    if token is None:
        return None
    if quoted := _quoted(view, place, trust):
        return quoted
    core = token[0].lstrip(_OPENING)
    start = token.end() - len(core)
    core = core.rstrip(_CLOSING)
    if view.text[place - 1] == "=":
        core = core.partition("&")[0]
    end = start + len(core)
    if _looks_so(view, core, end, trust):
        if core.isdigit():
            end = _end_of_digits(view.text, end)
    elif trust < _Trust.FULL or not _is_plain(view, core, end, link, grammar):
        return None
    if token.end() - token.start() == _JUDGED and end >= token.end() - 1:
        end = _rest_end(view.text, token.end())
    return Found(kind=MaskKind.PASSWORD, start=start, end=end)


def _rest_end(text: str, place: int) -> int:
    match = _rest.match(text, place)
    return match.end() if match else place


def _end_of_digits(text: str, end: int) -> int:
    match = _more_digits.match(text, end)
    return match.end() if match else end


def _quoted(view: View, place: int, trust: _Trust) -> Found | None:
    """What stands between quotation marks at `place`, unless that is prose, or what a button says."""
    closing = _QUOTES.get(view.text[place])
    if closing is None:
        return None
    stretch = view.text[place + 1 : place + 1 + _LONGEST_QUOTED].partition("\n")[0]
    end = min((at for mark in closing if (at := stretch.find(mark)) >= 0), default=-1)
    content = view.folded[place + 1 : place + 1 + max(end, 0)]
    words = content.split()
    if end < 1 or not words or BARRIER in content or _noun.search(content):
        return None
    if trust == _Trust.LITTLE and not any(map(str.isdigit, content)):
        return None
    prose = STATES if len(words) == 1 else PROSE
    if any(word.strip(".,!?") in prose for word in words) or _ordinary.fullmatch(words[0]):
        return None
    return Found(kind=MaskKind.PASSWORD, start=place + 1, end=place + 1 + end)


def _looks_so(view: View, core: str, end: int, trust: _Trust) -> bool:
    """Whether it looks like a password, by itself."""
    if len(core) < _FEWEST or _ordinary.fullmatch(core):
        return False
    if trust < _Trust.FULL and _doubtful.fullmatch(core):
        return False
    letters, digits = any(map(str.isalpha, core)), any(map(str.isdigit, core))
    if trust == _Trust.LITTLE:
        return letters and digits and len(core) >= _FEWEST_MIXED
    if not letters:
        return sum(map(str.isdigit, core)) >= _FEWEST and not _unit.match(view.folded, end)
    return digits or _sign_inside.search(core) is not None


def _is_plain(view: View, core: str, end: int, link: _Link, grammar: _Grammar) -> bool:
    """Whether it is a plain word that ends its clause and says nothing about how the password is."""
    word = core.rstrip("!")
    if not (_SHORTEST_WORD <= len(word) <= _LONGEST_WORD and _plain_word.fullmatch(word)):
        return len(core) == _JUDGED
    folded = view.folded[end - len(core) : end - len(core) + len(word)]
    if folded in STATES or folded in PROSE:
        return False
    if link.state and (link.state.search(folded) or link.state.search(word)):
        return False
    if grammar.filler.match(view.text, end - len(core)):
        return False
    return grammar.clause_end.match(view.text, end) is not None
