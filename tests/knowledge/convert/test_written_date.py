"""Dates as people write them below a text, in the languages that answers are given in; never a guess."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from custagent.knowledge.convert.page_head import PageHead
from custagent.knowledge.convert.written_date import written_date

MAY = "2026-05-03"


@pytest.mark.parametrize(
    "line",
    [
        "Last updated 3 May 2026",
        "This page was last updated on May 3rd, 2026.",
        "Updated: 2026-05-03",
        "Last modified 03.05.2026 by Ada",
        "Senast uppdaterad den 3 maj 2026",
        "Uppdaterad 2026-05-03",
        "Zuletzt aktualisiert am 3. Mai 2026",
        "Letzte Änderung: 03.05.2026",
        "Stand: 3. Mai 2026",
        "Dernière mise à jour le 3 mai 2026",
        "Última actualización: 3 de mayo de 2026",
        "Ultimo aggiornamento: 3 maggio 2026",
        "Última atualização em 3 de maio de 2026",
        "Laatst bijgewerkt op 3 mei 2026",
        "Sidst opdateret 3. maj 2026",
        "Sist oppdatert 3. mai 2026",
        "Viimeksi päivitetty 3. toukokuuta 2026",
        "Päivitetty 3.5.2026",
        "Ostatnia aktualizacja: 3 maja 2026",
        "Modified on: Sun, 3 May, 2026 at 8:01 AM",
        "Published 3 May 2026",
        "Veröffentlicht am 03. Mai 2026",
    ],
)
def test_the_date_of_a_page(line) -> None:
    assert written_date(f"The parcel leaves on 1 June 2020. {line} Yes No") == MAY


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Last updated 13/05/2026", "2026-05-13"),
        ("Last updated 05/13/2026", "2026-05-13"),
        ("Last updated 05/05/2026", "2026-05-05"),
        ("Last updated 03/05/2026", ""),
        ("Last updated 31 February 2026", ""),
        ("Last updated 3 Floreal 2026", ""),
        ("Last updated 2 days ago. 3 May 2026", ""),
        ("Last updated: see 3 May 2026", ""),
        ("3 May 2026", ""),
        ("The shop opened on 3 May 2026", ""),
        ("We have updated 3 May 2026 offers", ""),
        ("The stand 3 May 2026", ""),
        ("Unlastupdated 3 May 2026", ""),
        ("One. Updated 3 May 2026. Two. Updated 4 May 2026.", ""),
        ("Updated 3 May 2026. Again: Last updated 2026-05-03. Published 1 May 2020.", MAY),
    ],
)
def test_what_can_be_read_in_two_ways_or_is_of_something_else_is_not_read(line, expected) -> None:
    assert written_date(line) == expected


def test_a_page_is_dated_by_its_text_where_it_tells_programs_nothing() -> None:
    body = "<body><main><p>Text.</p><p>Last updated: <b>3 May</b> 2026</p></main></body>"
    assert PageHead(LexborHTMLParser(body)).dated([]) == f"{MAY}T00:00:00+00:00"
    head = '<meta property="article:modified_time" content="2026-06-01">'
    assert PageHead(LexborHTMLParser(head + body)).dated([]) == "2026-06-01T00:00:00+00:00"
