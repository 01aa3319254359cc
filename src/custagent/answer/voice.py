"""The brand voice of an agent: which it is, and what a model is told of it.

How a voice's words are matched and put into fixed texts is in `custagent.voice`, for content and definitions are checked
by the same rules.
"""

from __future__ import annotations

from custagent.core.workspace import Voice
from custagent.voice import avoided_words, voice_of, words_of

__all__ = ["avoided_words", "voice_lines", "voice_of"]

#: So many sample lines show a model how it sounds; more only cost tokens.
MAX_SAMPLES = 5


def voice_lines(voice: Voice, language: str = "") -> str:
    """What a model is told of the voice: plain lines for the system prompt, without a line break at the end.

    `language` is that of the reply (ISO 639-1): its words and sample lines are told. Without samples in it those of
    another language are, for they show the tone; "" tells those of the first. Only what the team wrote is in it.
    """
    words = words_of(voice, language)
    lines = [f"Your voice: {_sentence(voice.description)}"]
    lines += [f"- Do: {_sentence(one)}" for one in voice.do]
    lines += [f"- Do not: {_sentence(one)}" for one in voice.dont]
    lines += [f"- Say “{wanted}”, never {_quoted(instead)}." for wanted, instead in words.use.items()]
    if words.avoid:
        lines.append(
            f"- Never use these words, in no form (a star stands for the rest of a word): {_quoted(words.avoid)}."
        )
    samples = voice.samples.get(language) or next(iter(voice.samples.values()), ())
    if samples:
        lines.append("Lines that sound right; take their tone, not their content:")
        lines += [f"- {' '.join(one.split())}" for one in samples[:MAX_SAMPLES]]
    return "\n".join(lines)


def _sentence(text: str) -> str:
    """On one line, with a full stop where no sign ends it."""
    line = " ".join(text.split())
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"“{' '.join(word.split())}”" for word in words)
