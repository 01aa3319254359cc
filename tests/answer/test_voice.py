"""What a model is told of a brand voice."""

from __future__ import annotations

from custagent.answer.voice import MAX_SAMPLES, voice_lines
from custagent.core.workspace import Voice, VoiceWordList, VoiceWords

WORDS = VoiceWords(
    use={"basket": ("cart", "trolley")},
    avoid=("cheap*", "!"),
    by_language={"sv": VoiceWordList(use={"korg": ("vagn",)}, avoid=("billig*",))},
)
FULL = Voice(
    name="northwind",
    description="Short sentences,\n  plain words",
    do=("Say what to do next.",),
    dont=("Promise what the content does not",),
    words=WORDS,
    samples={"en": ("Three steps and you are riding.",), "sv": ("Tre steg, sedan rullar det.",)},
)


def test_all_that_the_team_wrote_is_told_a_line_each():
    assert voice_lines(FULL, "en").split("\n") == [
        "Your voice: Short sentences, plain words.",
        "- Do: Say what to do next.",
        "- Do not: Promise what the content does not.",
        "- Say “basket”, never “cart”, “trolley”.",
        "- Never use these words, in no form (a star stands for the rest of a word): “cheap*”, “!”.",
        "Lines that sound right; take their tone, not their content:",
        "- Three steps and you are riding.",
    ]


def test_words_and_samples_are_those_of_the_replys_language():
    told = voice_lines(FULL, "sv")
    assert all(word in told for word in ("korg", "vagn", "billig*", "basket", "cheap*", "Tre steg"))
    assert "Three steps" not in told
    assert not any(word in voice_lines(FULL, "de") for word in ("korg", "billig", "Tre steg"))


def test_samples_of_another_language_show_the_tone_where_there_are_none_in_it():
    assert "Three steps" in voice_lines(FULL, "de")
    assert "Three steps" in voice_lines(FULL)


def test_a_voice_that_is_only_described_is_one_line():
    assert voice_lines(Voice(name="dry", description="Dry wit!"), "en") == "Your voice: Dry wit!"


def test_no_more_samples_than_show_the_tone():
    many = Voice(name="dry", description="Dry.", samples={"en": tuple(f"Line {number}." for number in range(20))})
    assert voice_lines(many, "en").count("- Line") == MAX_SAMPLES
