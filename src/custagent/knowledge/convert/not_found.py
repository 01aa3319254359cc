"""Pages that say that there is no such page, though the server answers as if there were ("soft 404")."""

from __future__ import annotations

import re
from typing import Final

from custagent.core.document import Document

#: Whoever writes more under such a title writes about it, as a help page about error 404 does.
_MOST_CHARS: Final = 600
#: What such titles begin and end with, and what stands between words.
_AROUND = re.compile(
    r"\b(?:404|http|error|fel|fehler|erreur|errore?|fout|feil|fejl|virhe|błąd|erro|oops|ops|hoppsan|ups|uups|sorry|desculpe)\b"
    r"|[\W_]+"
)
#: Without what stands around them, and with spaces for all signs.
_SAYINGS = re.compile(
    r"not found|(?:the |this |that )?(?:requested )?page(?: you (?:re|are|were) looking for| you requested)? (?:"
    r"not found|(?:was|is|could|can) not (?:be )?(?:found|available)|(?:cannot|can t|couldn t) be found"
    r"|(?:wasn t|isn t) (?:found|available)|(?:doesn t|does not) exist|no longer exists)"
    r"|we (?:can t|couldn t|could not|cannot) find (?:the|this|that) page(?: you (?:re|are|were) looking for)?"
    r"|sidan (?:hittades inte|kunde inte hittas|kan inte hittas|finns inte(?: längre)?|saknas)|vi hittade inte sidan"
    r"|(?:die |diese )?(?:angeforderte )?seite (?:wurde )?(?:nicht gefunden|existiert nicht(?: mehr)?)"
    r"|(?:cette |la )?page (?:introuvable|non trouvée|n existe (?:pas|plus)|n a pas été trouvée)"
    r"|(?:la |esta )?página (?:no encontrada|no existe|no se ha encontrado|no se encuentra)"
    r"|(?:la |questa )?pagina (?:non trovata|non esiste|inesistente)"
    r"|(?:a |esta )?página (?:não encontrada|não existe|não foi encontrada)"
    r"|(?:de |deze )?pagina (?:niet gevonden|bestaat niet(?: meer)?|is niet gevonden|kon niet worden gevonden)"
    r"|siden (?:(?:blev |ble )?ikke (?:fundet|funnet)|findes ikke|finnes ikke)|(?:vi )?fant ikke siden"
    r"|(?:vi )?kunne ikke finde siden|sivua ei (?:löydy|löytynyt)"
    r"|nie znaleziono strony|strona nie (?:została znaleziona|istnieje)"
)


def says_not_found(document: Document) -> bool:
    """Whether the page's title is such a message, and it has little else to say."""
    title = document.title.casefold()
    said = " ".join(_AROUND.sub(" ", title).split())
    if not (_SAYINGS.fullmatch(said) or (not said and "404" in title)):
        return False
    return sum(len(section.text) for section in document.sections) <= _MOST_CHARS
