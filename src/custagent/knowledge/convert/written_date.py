"""The date of a page as it stands in its text: "Last updated 3 May 2026", in the languages that answers are given in.

A date counts only right after words that say what it is of. What can be read in two ways ("Updated 03/05/2026") is not read.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_MONTHS: Final = {
    word: number
    for number, words in enumerate(
        (
            "january jan januari januar janvier janv enero ene gennaio gen janeiro tammikuuta stycznia sty",
            "february feb februari februar février févr febrero febbraio fevereiro fev helmikuuta lutego lut",
            "march mar mars märz mär mrz marzo março maart mrt marts maaliskuuta marca",
            "april apr avril avr abril abr aprile huhtikuuta kwietnia kwi",
            "may maj mai mayo maggio mag maio mei toukokuuta maja",
            "june jun juni juin junio giugno giu junho kesäkuuta czerwca cze",
            "july jul juli juillet juil julio luglio lug julho heinäkuuta lipca lip",
            "august aug augusti août aout agosto ago augustus elokuuta sierpnia sie",
            "september sep sept septembre septiembre settembre set setembro syyskuuta września wrz",
            "october oct oktober okt octobre octubre ottobre ott outubro out lokakuuta października paź",
            "november nov novembre noviembre novembro marraskuuta listopada lis",
            "december dec dezember dez décembre déc diciembre dic dicembre dezembro desember des joulukuuta grudnia gru",
        ),
        start=1,
    )
    for word in words.split()
}
_CHANGED = (
    r"(?:last|recently) (?:updated|modified|changed|edited|revised|reviewed)|updated|modified|date modified"
    r"|senast (?:uppdaterad|ändrad|granskad)|uppdaterad|zuletzt (?:aktualisiert|geändert|bearbeitet)|aktualisiert"
    r"|letzte (?:aktualisierung|änderung)|stand(?=:)|dernière (?:mise à jour|modification)|mis à jour"
    r"|última (?:actualización|modificación|atualização)|actualizado|atualizado|ultim[oa] (?:aggiornamento|modifica)|aggiornato"
    r"|laatst (?:bijgewerkt|gewijzigd)|bijgewerkt|sist (?:oppdatert|endret)|oppdatert|sidst (?:opdateret|ændret)|opdateret"
    r"|(?:viimeksi )?päivitetty|viimeksi muokattu|ostatni[ao] (?:aktualizacja|zmiana|zaktualizowano|zmodyfikowano)|zaktualizowano"
)
_PUBLISHED = (
    r"published|posted|publicerad|veröffentlicht|publié|publicado|pubblicato|gepubliceerd|publisert|udgivet|julkaistu"
    r"|opublikowano"
)
#: What may stand between those words and the date.
_BETWEEN = r"\s*(?:[:\-–—]\s*)?(?:(?:on|at|den|d\.|am|vom|le|el|il|em|op|dnia)\s*:?\s+)?(?:[^\W\d_]{2,12}\.?,\s+)?"
_MONTH = r"(?P<{0}>[^\W\d_]{{3,12}})\.?"
_DATE = (
    r"(?:(?P<iso>\d{4}-\d{2}-\d{2})"
    r"|(?P<day>\d{1,2})(?:\.|st|nd|rd|th|er|º)?\s+(?:de |of )?"
    + _MONTH.format("month")
    + r",?\s+(?:de |del )?(?P<year>\d{4})"
    r"|" + _MONTH.format("first") + r"\s+(?P<second>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<last>\d{4})"
    r"|(?P<one>\d{1,2})(?P<sign>[./-])\s?(?P<two>\d{1,2})(?P=sign)\s?(?P<whole>\d{4}))(?!\d)"
)
_CHANGED_ON = re.compile(rf"(?<!\w)(?P<words>{_CHANGED}){_BETWEEN}{_DATE}", re.IGNORECASE)
_PUBLISHED_ON = re.compile(rf"(?<!\w)(?P<words>{_PUBLISHED}){_BETWEEN}{_DATE}", re.IGNORECASE)
_MOST_MONTH = 12


def written_date(text: str) -> str:
    """The date at which `text` (on one line) says that it was changed, else published: ISO 8601; "" for none.

    Several are those of several things: of a list of articles, or of comments.
    """
    for words in (_CHANGED_ON, _PUBLISHED_ON):
        found = {told for match in words.finditer(text) if _begins(match) and (told := _date(match)) is not None}
        if found:
            return found.pop().isoformat() if len(found) == 1 else ""
    return ""


def _begins(match: re.Match[str]) -> bool:
    """Whether a word that may stand in any sentence ("we updated 3 …") begins one."""
    return " " in match["words"] or match["words"][0].isupper()


def _date(match: re.Match[str]) -> date | None:
    parts = match.groupdict()
    try:
        if parts["iso"]:
            return date.fromisoformat(parts["iso"])
        if parts["whole"]:
            return _in_figures(int(parts["one"]), int(parts["two"]), int(parts["whole"]), parts["sign"])
        month = _MONTHS.get((parts["month"] or parts["first"]).casefold())
        return date(int(parts["year"] or parts["last"]), month, int(parts["day"] or parts["second"])) if month else None
    except ValueError:
        return None


def _in_figures(one: int, two: int, year: int, sign: str) -> date | None:
    """Dots stand after the day; slashes and hyphens, in English, after either."""
    if sign == "." or one == two or one > _MOST_MONTH:
        return date(year, two, one)
    return date(year, one, two) if two > _MOST_MONTH else None
