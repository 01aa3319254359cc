"""Languages: which one a text is in, and the words of a text as search compares them.

A floor of its own under the rooms, because content (knowledge) and messages (answer) must be read alike.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

#: ISO 639-1 codes that `detect` tells apart. Fewer candidates are fewer mistakes (`docs/decisions`).
DETECTED = frozenset({
    "ar", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hu", "it", "ja", "ko",
    "nb", "nl", "pl", "pt", "ro", "ru", "sv", "tr", "uk", "zh",
})  # fmt: skip
#: A text with this many letters is judged, with fewer only where the guess is all but sure.
MIN_LETTERS = 20
#: With fewer letters, or fewer words, the prior is kept: "reset password" could be many things.
MIN_LETTERS_SHORT = 8
MIN_WORDS_SHORT = 3
#: Scripts other than Latin say more a letter, and need no spaces.
MIN_LETTERS_DENSE = 4
#: Below these probabilities the prior is kept. The second is for short texts, and for a prior that the model does
#: not know and therefore takes for a neighbour.
MIN_PROBABILITY = 0.6
MIN_PROBABILITY_SURE = 0.9
#: Longer texts are judged by their beginning.
_SAMPLE_CHARS = 4000

#: The model's codes that are called otherwise here.
_MODEL_CODES = {"no": "nb", "nn": "nb"}

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian",
    "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish",
}  # fmt: skip

#: Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han; and Hangul, whose particles
#: cling to the words.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
#: Letters, digits and the marks that belong to them (Python's \w leaves out most marks), without the underscore.
_LETTER = rf"(?:[^\W_{_UNSPACED}]|[\u0300-\u036f\u0591-\u05bd\u064b-\u0652\u0670\u0900-\u0963\u0970-\u0dff])"
_TOKEN = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)"
    # C++, C#, F#: the sign is part of the name.
    rf"|(?P<signed>(?<![^\W_]){_LETTER}{{1,2}}(?:\+\+|\#)(?!\w))"
    rf"|(?P<word>{_LETTER}+(?:[-.'_:]{_LETTER}+)*)"
)
_JOINT = re.compile(r"[-.'_:]")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00b4": "'"})
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2212", "-"))
_SOFT_HYPHEN = "\u00ad"
#: Longer runs of letters are no words; they would only fill the index.
_MAX_WORD = 64


def detect(text: str, prior: str = "") -> tuple[str, float]:
    """The language of `text` as (ISO 639-1 code, probability 0..1); Norwegian is "nb".

    `prior` is what the page, the browser or the conversation says. It is kept where the text is too short to tell
    or the best guess is weak; the probability is then that of the prior in the text, 0.0 where there was nothing to
    judge. Without a prior the best guess is given, and ("", 0.0) for a text without letters.
    """
    sample = text[:_SAMPLE_CHARS]
    letters = sum(1 for char in sample if char.isalpha())
    if letters == 0:
        return prior, 0.0
    dense = _is_dense(sample)
    short = letters < (MIN_LETTERS_DENSE if dense else MIN_LETTERS)
    if prior and short and (dense or letters < MIN_LETTERS_SHORT or len(sample.split()) < MIN_WORDS_SHORT):
        return prior, 0.0
    ranking = _probabilities(sample)
    best = max(ranking, key=ranking.__getitem__)
    needed = MIN_PROBABILITY_SURE if short or (prior and prior not in DETECTED) else MIN_PROBABILITY
    if prior and ranking[best] < needed:
        return prior, ranking.get(prior, 0.0)
    return best, ranking[best]


def stemmer(language: str) -> Callable[[str], str] | None:
    """What brings a lower-case word of `language` to its stem; None where the language has no stemmer."""
    if language not in _STEMMERS:
        return None
    return lambda word: _stem(language, word)


def words(text: str, language: str) -> list[str]:
    """The words of `text` as search compares them, in reading order, repeats kept.

    NFKC, lower case, stemmed by the rules of `language`. A compound written with joints ("covid-19", "os.path",
    "max_pages", "l'abonnement") gives itself and each of its parts. Scripts without spaces give pairs of characters.
    """
    # A ligature or a wide letter may only show its capital after NFKC, and lower-casing may leave a composed letter.
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    # The Turkish capital I with a dot lower-cases to two characters.
    normal = normal.translate(_APOSTROPHES).translate(_DASHES).replace(_SOFT_HYPHEN, "").replace("i\u0307", "i")
    found: list[str] = []
    for match in _TOKEN.finditer(normal):
        token = match.group()
        if match.lastgroup == "unspaced":
            found += [token] if len(token) == 1 else [token[at : at + 2] for at in range(len(token) - 1)]
        elif match.lastgroup == "signed":
            found.append(token)
        else:
            found += _forms(token, language)
    return found


def _forms(token: str, language: str) -> list[str]:
    """One written word: its stem, or, where it has joints, itself and the stems of its parts."""
    if len(token) > _MAX_WORD:
        return [_stem(language, part[:_MAX_WORD]) for part in _JOINT.split(token)]
    if _JOINT.search(token) is None:
        return [_stem(language, token)]
    if token.replace(".", "").isdigit():
        return [token]
    if language == "en" and "'" in token and token.count("'") == 1 and not _JOINT.search(token.replace("'", "")):
        # The English stemmer knows the possessive; "don't" stays one word.
        return [_stem(language, token)]
    return [token, *(_stem(language, part) for part in _JOINT.split(token) if len(part) > 1 or part.isdigit())]


@lru_cache(maxsize=200_000)
def _stem(language: str, word: str) -> str:
    engine = _engine(language)
    stem: str = engine.stemWord(word) if engine else word
    return stem or word


_engines = threading.local()


def _engine(language: str) -> Any:
    """The Snowball engine of a language, or None. One a thread: an engine works on its own state."""
    name = _STEMMERS.get(language)
    if name is None:
        return None
    engine = getattr(_engines, name, None)
    if engine is None:
        import snowballstemmer

        engine = snowballstemmer.stemmer(name)
        setattr(_engines, name, engine)
    return engine


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid import langid

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages([*(DETECTED - {"nb"}), "no", "nn"])
    return identifier


def _probabilities(text: str) -> dict[str, float]:
    """Each detected language with its probability in `text`."""
    ranking: dict[str, float] = {}
    # Surrogates cannot be encoded for the model.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    for code, probability in _identifier().rank(clean):
        name = _MODEL_CODES.get(code, code)
        ranking[name] = ranking.get(name, 0.0) + float(probability)
    return ranking


def _is_dense(text: str) -> bool:
    """Whether most letters belong to a script that is not Latin: there a few letters tell the language."""
    letters = [char for char in text if char.isalpha()]
    return sum(1 for char in letters if ord(char) > 0x02FF) * 2 > len(letters)  # noqa: PLR2004 - end of the Latin blocks
