"""Languages: which one a text is in, and the words of a text as search compares them.

A floor of its own under the rooms, because content (knowledge) and messages (answer) must be read alike.
"""

from __future__ import annotations

import math
import re
import string
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from custagent.letters import Letters, load_letters
from custagent.locales import catalogue, languages

#: ISO 639-1 codes that `detect` tells apart. Fewer candidates are fewer mistakes (`docs/decisions`).
DETECTED = frozenset({
    "ar", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hu", "it", "ja", "ko",
    "nb", "nl", "pl", "pt", "ro", "ru", "sv", "tr", "uk", "zh",
})  # fmt: skip
#: A text of so many words or fewer is short: its known words are evidence beside the statistics of its letters.
SHORT_WORDS = 10
#: A prior is left when it is wrong with these probabilities, by the number of words; one word never leaves it, and a
#: text with more words than are told here needs the last. What it is left for may then be one of two alike: "Hvor er min
#: ordre?" is surely not English, and Danish only likelier than Norwegian.
LEAVES_PRIOR = {2: 0.99, 3: 0.95, 4: 0.9, 5: 0.8}
MIN_PROBABILITY = 0.6
MIN_PROBABILITY_OF_BEST = 0.4
#: A prior that the model does not know is taken for a neighbour, so leaving it takes more.
MIN_PROBABILITY_SURE = 0.9
#: Of so few words most must be known in the language that the prior is left for: names and trade words ("reset
#: password") are no language.
_FEW_WORDS = 3
#: Scripts other than Latin say more a letter, and need no spaces: with fewer letters the prior is kept.
MIN_LETTERS_DENSE = 4
#: What short texts' evidence is worth, as natural logarithms of how much likelier it is in that language: a word that
#: its catalogue knows (a language without a catalogue gets the middle for it), and a group of letters. Chosen on half of
#: a web framework's translated messages and held on the other half; a wide range does as well.
_KNOWN_WORD, _UNKNOWABLE_WORD, _KNOWN_PART = 3.0, 1.0, 0.5
#: The model leans to Norwegian where a text could as well be Danish, the more the longer it is: so much a word.
_NORWEGIAN_LEAN, _LEANING_WORDS = 0.1, 4
#: No language is less likely than this by its letters alone.
_MIN_LOG = -15.0
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
_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u0652\u0670\u0900-\u0963\u0970-\u0dff"
_LETTER = rf"(?:[^\W_{_UNSPACED}]|[{_MARKS}])"


def _words_of(letter: str) -> str:
    """A pattern of words made of such letters."""
    # C++, C#, F#: the sign is part of the name.
    return rf"(?<![^\W_]){letter}{{1,2}}(?:\+\+|\#)(?!\w)|{letter}+(?:[-.'_:]{letter}+)*"


_TOKEN = re.compile(rf"[{_UNSPACED}]+|{_words_of(_LETTER)}")
#: The same for text that has no marks and no script without spaces, as most has: looked through in half the time.
_PLAIN_TOKEN = re.compile(_words_of(r"[^\W_]"))
_NOT_PLAIN = re.compile(rf"[{_UNSPACED}{_MARKS}]")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]").match
_JOINT = re.compile(r"[-.'_:]")
#: Apostrophes, dashes, the soft hyphen; and the Turkish capital I with a dot, which lower-cases to two characters.
_SPELLINGS = {
    **dict.fromkeys("\u2019\u2018\u02bc\u00b4", "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2212", "-"),
    "\u00ad": "",
    "i\u0307": "i",
}
_ANY_SPELLING = re.compile("|".join(_SPELLINGS))
#: The words of a short text, without apostrophes and hyphens: "l'abonnement" is two.
_WRITTEN = re.compile(r"[^\W\d_]+")
#: Longer runs of letters are no words; they would only fill the index.
_MAX_WORD = 64
#: What may stand around a word and changes nothing about it, as + and # may, and _ after them.
_AROUND_WORDS = string.punctuation.translate(dict.fromkeys(b"+#_")) + "“”„‘’–—…«»•"
#: So many tokens of a language are remembered.
_MOST_TOKENS = 200_000


def detect(text: str, prior: str = "") -> tuple[str, float]:
    """The language of `text` as (ISO 639-1 code, probability 0..1); Norwegian is "nb".

    `prior` is what the page, the browser or the conversation says. It is kept where the text is too short to tell
    or the best guess is weak; the probability is then that of the prior in the text, 0.0 where there was nothing to
    judge. Without a prior the best guess is given, and ("", 0.0) for a text without letters.

    Texts in Latin letters of up to ten words are judged by three things, multiplied: the model's statistics of letters,
    the words that the languages' own catalogues know (stop words, question words, greetings, what customers write
    alone), and groups of letters that set a language apart from its neighbours. The same text gives the same answer.
    """
    sample = text[:_SAMPLE_CHARS]
    letters = sum(map(str.isalpha, sample))
    if letters == 0:
        return prior, 0.0
    written = _WRITTEN.findall(unicodedata.normalize("NFKC", sample).lower())
    dense = _is_dense(sample)
    too_short = letters < MIN_LETTERS_DENSE if dense else len(written) < min(LEAVES_PRIOR)
    if prior and too_short:
        return prior, 0.0
    ranking = _probabilities(sample)
    if not ranking:
        return prior, 0.0
    # For a neighbour of the languages with catalogues their words would speak too loud.
    if not dense and len(written) <= SHORT_WORDS and (not prior or prior in DETECTED):
        ranking = _with_known_words(ranking, written)
    best = max(ranking, key=ranking.__getitem__)
    if prior and not _leaves(prior, best, ranking, [] if dense else written):
        return prior, ranking.get(prior, 0.0)
    return best, ranking[best]


def _leaves(prior: str, best: str, ranking: Mapping[str, float], written: list[str]) -> bool:
    """Whether the words written are so surely not in `prior` that `best` counts. No words: a dense script."""
    if prior not in DETECTED:
        return ranking[best] >= MIN_PROBABILITY_SURE
    if best == prior or ranking[best] < MIN_PROBABILITY_OF_BEST:
        return False
    if 0 < len(written) <= _FEW_WORDS and best in languages():
        known = sum(word in _known_words(best) for word in written)
        if 2 * known <= len(written):
            return False
    return 1 - ranking[prior] >= LEAVES_PRIOR.get(len(written), MIN_PROBABILITY)


def _with_known_words(ranking: Mapping[str, float], written: list[str]) -> dict[str, float]:
    """The probabilities when each known word and group of letters counts as well."""
    scores = {code: max(math.log(max(probability, 1e-9)), _MIN_LOG) for code, probability in ranking.items()}
    spaced = f"< {' '.join(written)} "
    for word in set(written):
        knowing = {code for code in languages() if word in _known_words(code)}
        for code in scores if knowing else ():
            scores[code] += _KNOWN_WORD * (code in knowing) if code in languages() else _UNKNOWABLE_WORD
    for code in languages():
        scores[code] += _KNOWN_PART * sum(part in spaced for part in _known_parts(code))
    scores["nb"] -= _NORWEGIAN_LEAN * min(len(written), _LEANING_WORDS)
    highest = max(scores.values())
    weights = {code: math.exp(score - highest) for code, score in scores.items()}
    total = sum(weights.values())
    return {code: weight / total for code, weight in weights.items()}


@cache
def _known_words(language: str) -> frozenset[str]:
    """The single words that the catalogue of a language knows."""
    texts = catalogue(language)
    phrases = (
        *texts.stop_words, *texts.negations, *texts.pronouns, *texts.numbers, *texts.cues, *texts.greetings,
        *texts.thanks, *texts.goodbyes, *texts.agreement, *texts.refusal,
    )  # fmt: skip
    return frozenset(word for phrase in phrases for word in _WRITTEN.findall(phrase))


@cache
def _known_parts(language: str) -> tuple[str, ...]:
    return tuple(part.replace("<", "< ").replace("^", " ").replace("$", " ") for part in catalogue(language).cue_parts)


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
    normal = _normal(text)
    plain = normal.isascii() or _NOT_PLAIN.search(normal) is None
    tokens = (_PLAIN_TOKEN if plain else _TOKEN).findall(normal)
    return list(chain.from_iterable(map(_tokens_of(language).__getitem__, tokens)))


def words_of_each(runs: Iterable[str], language: str) -> Iterator[Sequence[str]]:
    """The `words` of each of many stretches that have no white space in them.

    No word goes over white space, so the words of a text are those of what `split` gives, one after the other. Few of a
    content's stretches differ: whoever counts its words looks each of those up once, in a fraction of the time.
    """
    tokens = _tokens_of(language)
    bare = [(run, run.strip(_AROUND_WORDS).lower()) for run in runs]
    # One plain word, as most are: there is nothing to look for.
    tokens.learn({one for _, one in bare if one.isascii() and one.isalnum()})
    for run, one in bare:
        if not one.isascii():
            yield words(run, language)
        elif one.isalnum():
            yield tokens[one]
        else:
            yield tuple(chain.from_iterable(map(tokens.__getitem__, _PLAIN_TOKEN.findall(one))))


@lru_cache(maxsize=256)
def word_set(text: str, language: str) -> frozenset[str]:
    """`words` without their order: remembered, for one question asks for those of the same passages several times."""
    return frozenset(words(text, language))


def _normal(text: str) -> str:
    """The text with one spelling of each letter and sign."""
    if text.isascii():
        return text.lower()
    # A ligature or a wide letter may only show its capital after NFKC, and lower-casing may leave a composed letter.
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    return _ANY_SPELLING.sub(lambda found: _SPELLINGS[found.group()], normal)


class _Tokens(dict[str, tuple[str, ...]]):
    """What each token of a language is compared by. Remembered: a few thousand words make up most of any content."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, token: str) -> tuple[str, ...]:
        if len(self) >= _MOST_TOKENS:
            self.clear()
        self[token] = found = self._written(token)
        return found

    def learn(self, plain: set[str]) -> None:
        """Stem many words at once, of ASCII letters and digits, in lower case: one by one takes three times as long."""
        new = [word for word in plain - self.keys() if len(word) <= _MAX_WORD]
        if len(self) + len(new) <= _MOST_TOKENS:
            engine = _engine(self._language)
            stems: list[str] = engine.stemWords(new) if engine else new
            self.update((word, (stem or word,)) for word, stem in zip(new, stems, strict=True))

    def _written(self, token: str) -> tuple[str, ...]:
        if _IS_UNSPACED(token):
            return (token,) if len(token) == 1 else tuple(token[at : at + 2] for at in range(len(token) - 1))
        if token.endswith(("+", "#")):
            return (token,)
        return tuple(_forms(token, self._language))


@lru_cache(maxsize=64)
def _tokens_of(language: str) -> _Tokens:
    return _Tokens(language)


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
        # Its own memory of words would triple the time of a new one, and here none is asked for twice.
        engine.maxCacheSize = 0
        setattr(_engines, name, engine)
    return engine


@lru_cache(maxsize=1)
def _letters() -> Letters:
    return load_letters([*(DETECTED - {"nb"}), "no", "nn"])


def _probabilities(text: str) -> dict[str, float]:
    """Each detected language with its probability in `text`; none while the model cannot be unpacked."""
    ranking: dict[str, float] = {}
    try:
        letters = _letters()
    except OSError:
        # It goes through a temporary file: a full disk costs the language for the moment, not the answer.
        return ranking
    for code, probability in letters.probabilities(text).items():
        name = _MODEL_CODES.get(code, code)
        # The likelier of the two Norwegian languages: their sum would win against Danish by being two.
        ranking[name] = max(ranking.get(name, 0.0), probability)
    total = sum(ranking.values())
    return {name: probability / total for name, probability in ranking.items()}


def _is_dense(text: str) -> bool:
    """Whether most letters belong to a script that is not Latin: there a few letters tell the language."""
    if text.isascii():
        return False
    letters = [char for char in text if char.isalpha()]
    return sum(1 for char in letters if ord(char) > 0x02FF) * 2 > len(letters)  # noqa: PLR2004 - end of the Latin blocks
