"""STOP and START: whether a contact asks the agent to be silent, or to speak again, with one whole message.

Conservative: the words alone, in any of the languages, without anything before or behind. "Stop, where is my parcel?"
is a question. Only on channels whose providers ask for it: in a chat that the contact opened, closing it is enough.
"""

from __future__ import annotations

import re
from functools import cache

from custagent.core.channel import ChannelKind
from custagent.core.conversation import OptsFor
from custagent.locales import catalogue, languages, nearest

_KINDS = frozenset({ChannelKind.WHATSAPP, ChannelKind.MESSENGER})
#: Longer messages say more than that.
_LONGEST = 60
_MARKS = re.compile(r"[\s.,;:!?\"'…*_~()\-]+")


def opts_for(kind: str, text: str) -> OptsFor | None:
    """What a message on a channel of this kind asks the agent to do; None for everything else that it may say."""
    if kind not in _KINDS or len(text) > _LONGEST:
        return None
    return _words().get(_plain(text))


def confirmation(asked: OptsFor, text: str, *wanted: str) -> str:
    """What is said to it: in the language whose word it is, else the first of those wanted, such as the contact's."""
    plain = _plain(text)
    theirs = [
        language
        for language in languages()
        if plain in {_plain(word) for word in (*catalogue(language).silence, *catalogue(language).replies_again)}
    ]
    # "Stop" is said in all of them.
    known = [language for language in wanted if language in theirs]
    texts = nearest(*known, *(theirs if len(theirs) < len(languages()) else ()), *wanted)
    return texts.silenced if asked is OptsFor.SILENCE else texts.back


@cache
def _words() -> dict[str, OptsFor]:
    found: dict[str, OptsFor] = {}
    for language in languages():
        texts = catalogue(language)
        found |= {_plain(word): OptsFor.REPLIES for word in texts.replies_again}
        found |= {_plain(word): OptsFor.SILENCE for word in texts.silence}
    return found


def _plain(text: str) -> str:
    return _MARKS.sub(" ", text.casefold()).strip()
