"""Which elements of a page are questions with their answer after them: accordions, FAQ lists, explained terms."""

from __future__ import annotations

import re
from functools import lru_cache
from statistics import mean

from selectolax.lexbor import LexborNode

from custagent.knowledge.convert.boilerplate import Attributes
from custagent.knowledge.convert.inline import Drops, flat

#: Class names of what one clicks to see an answer.
_QUESTION_CLASS = re.compile(
    r"(?:[^\W_]+[-_]+){0,4}(?:faq|accordion|collapse|toggle|collapsible|expander|qa)(?:[-_]+[^\W_]+){0,3}?"
    r"[-_]+(?:question|title|header|heading|head|button|trigger|toggle|label|summary)|(?:faq-?)?question",
    re.IGNORECASE,
)
_HOLDS_BLOCKS = "h1, h2, h3, h4, h5, h6, p, ul, table"
#: Definitions longer than this on average are explanations: each term becomes a heading.
_LONG_DEFINITION = 120
#: "Was this helpful?" and its kin, as a paragraph.
_FEEDBACK = re.compile(
    r"(?:was|is|did) (?:this|the) (?:page|article|answer|information|content|post|help)\b.{0,40}\?"
    r"|(?:was|is) this helpful\s?\?"
    r"|did (?:this|you find).{0,40}(?:help|helpful|useful|answer your question|find it helpful).{0,20}\?"
    r"|\d+ (?:out )?of \d+ found this helpful"
    r"|(?:var|hjälpte) (?:den här |det här |denna |detta |sidan|artikeln|svaret).{0,40}\?"
    r"|(?:war|waren) (?:dieser?|diese|die|der) .{0,30}hilfreich\s?\?"
    r"|(?:cet|cette) .{0,30}(?:utile|aidé)\s?\?|.{0,15}(?:fue|ha sido|resultó) (?:útil|de ayuda).{0,30}\?"
    r"|was (?:dit|deze) .{0,20}(?:nuttig|handig)\s?\?|var (?:denne|dette) .{0,30}(?:nyttig|hjælp).{0,10}\?",
    re.IGNORECASE,
)
#: The date and the author of a page, as a paragraph: they would change the text without changing what it says.
_UPDATED = re.compile(
    r"(?:(?:written|posted|published) by [^.]{2,60}\.?\s*)?updated (?:over|more than|about|this|last|yesterday|today|\d).{0,40}"
    r"|(?:written|posted|published) by [^.]{2,60}"
    r"|(?:(?:this |the )?(?:page|article) (?:was |is )?)?(?:last|recently) (?:updated|modified|changed|reviewed|edited)\b.{0,40}"
    r"|(?:sidan |artikeln )?senast (?:uppdaterad|ändrad|granskad)\b.{0,40}"
    r"|(?:zuletzt (?:aktualisiert|geändert)|letzte (?:aktualisierung|änderung))\b.{0,40}"
    r"|(?:dernière (?:mise à jour|modification)|última actualización|ultimo aggiornamento|última atualização)\b.{0,40}"
    r"|(?:sivu )?(?:viimeksi )?(?:päivitetty|muokattu) .{0,40}|ostatni[ao] (?:aktualizacja|zmiana|zaktualizowano)\b.{0,40}"
    r"|(?:laatst (?:bijgewerkt|gewijzigd)|(?:sist|sidst) (?:oppdatert|opdateret|endret|ændret))\b.{0,40}",
    re.IGNORECASE,
)
#: So they end, and all of these are shorter.
_FEEDBACK_ENDS = ("?", "l", "L")
_MAX_FOOTER_LINE = 250
_VOTES = frozenset({
    "yes", "no", "ja", "nej", "nein", "oui", "non", "sí", "si", "nee", "nei", "tak", "nie", "kyllä", "ei",
})  # fmt: skip
_VOTES_AFTER = 3


def is_question(node: LexborNode, tag: str, attributes: Attributes) -> bool:
    """Whether the element is a question, or the lid of an answer, though it is no heading. (`dt`: see `explains`.)"""
    if tag == "summary":
        return True
    if tag == "label":
        # Others name a field of a form.
        return (node.text() or "").strip().endswith("?")
    if not attributes:
        return False
    if attributes.get("itemprop") == "name" and tag not in ("meta", "link"):
        return "Question" in ((node.parent.attributes.get("itemtype") or "") if node.parent else "")
    opens = "aria-expanded" in attributes or "collapse" in (
        attributes.get("data-bs-toggle") or attributes.get("data-toggle") or ""
    )
    if not opens and not _means_question(attributes.get("class") or ""):
        return False
    text = (node.text() or "").strip()
    is_lid = len(text.split()) > 1 if tag == "button" or opens else text.endswith("?")
    return is_lid and node.css_first(_HOLDS_BLOCKS) is None


@lru_cache(maxsize=4096)
def _means_question(names: str) -> bool:
    return any(map(_QUESTION_CLASS.fullmatch, names.split()))


def explains(terms: list[LexborNode], definitions: list[LexborNode], drops: Drops) -> bool:
    """Whether a `dl` explains its terms, as an FAQ or a glossary does, rather than list short pairs."""
    if not terms:
        return False
    if any(term.attributes.get("id") or term.text().strip().endswith("?") for term in terms):
        return True
    if any(one.css_first("ul, ol, table, pre, dl, h3, h4") is not None for one in definitions):
        return True
    return mean([len(flat(one, drops)) for one in definitions] or [0]) > _LONG_DEFINITION


def is_date_line(line: str) -> bool:
    """Whether it says when the page was written or changed, and nothing else."""
    return len(line) <= _MAX_FOOTER_LINE and _UPDATED.fullmatch(line) is not None


class FooterFilter:
    """Recognises what stands below a text and is no part of it: whether it was helpful, the votes, its date."""

    def __init__(self) -> None:
        self._votes = 0

    def matches(self, text: str) -> bool:
        """Whether this block is such a line; blocks are given in reading order."""
        line = text.strip()
        if len(line) > _MAX_FOOTER_LINE:
            self._votes = 0
            return False
        if line.endswith(_FEEDBACK_ENDS) and _FEEDBACK.fullmatch(line):
            self._votes = _VOTES_AFTER
            return True
        if self._votes and line.strip("-• \n").casefold() in _VOTES:
            self._votes -= 1
            return True
        self._votes = 0
        return _UPDATED.fullmatch(line) is not None
