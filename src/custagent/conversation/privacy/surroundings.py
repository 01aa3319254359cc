"""The words around a number, which tell what it is when its digits alone do not."""

from __future__ import annotations

import re
from typing import Final

from custagent.conversation.privacy.view import BARRIER, View

_BEFORE: Final = 60
_AFTER: Final = 30

#: Words about payment cards. (All patterns of this page are for folded text.)
CARD: Final = re.compile(
    r"\bcards?\b|\bcredit|\bdebit|kredit|kort|karte|\bcarte\b|tarjeta|cartao|\bcarta\b|kaart|karta|karty|"
    r"\bvisa|mastercard|maestro|amex|\bcv[cv]2?\b"
)
#: Words that announce any of the identity numbers.
SWEDISH: Final = re.compile(
    r"\bperson-?n(?:umme)?r|personal (?:identity )?number|samordningsn|\bp-?nr\b|\bfodd|\bborn\b|bankid|\bssn\b"
)
AMERICAN: Final = re.compile(r"\bssn\b|\bs\.s\.n\.|social security|social sec\b|\bitin\b|\btin\b|tax(?:payer)? id")
FRENCH: Final = re.compile(
    r"\bnir\b|\bsecu\b|securite sociale|\binsee\b|numero de secu|\bcarte vitale\b|social security"
)
GERMAN_TAX: Final = re.compile(r"steuer|\bidnr\b|\bid-nr\b|\btin\b|tax id")
GERMAN_CARD: Final = re.compile(
    r"ausweis|\bperso\b|reisepass|pass-?n(?:umme)?r|passport|\bid[- ]?(?:card|karte|kort)|identity card|d<<"
)

# What a number without separators is when one of these stands right before it: something that support must see.
_REFERENCE: Final = re.compile(
    r"(?:order|ordre|ordine|bestall|bestell|bestilling|pedido|encomenda|commande|tilaus|zamowieni|auftrag|"
    r"invoice|faktura|rechnung|factu?r|fattura|lasku|track|suivi|sandning|sendung|sending|kolli|paket|pakke|colis|"
    r"parcel|przesylk|lahetys|envio|spedizione|ref\b|refer|arende|ticket|\bcase\b|\bfall\b|\bcaso\b|\bsak\b|\bsag\b|"
    r"sprawa|dossier|kund(?:e|en)?-?n(?:umme)?r|customer (?:number|no|id)|client|cliente|klant|asiakas|klient|"
    r"artik|article|articul|\bsku\b|\bean\b|\bisbn\b|\bimei\b|\biccid\b|serial|serie|\bocr\b|\bkid\b|giro|"
    r"kontonr|kontonummer|account (?:number|no)|"
    r"\btel|phone|telefo|puhelin|mobil|\bmob\b|\bcall\b|\bring\b|whatsapp|\bfax\b)"
    r"[^\d\n]{0,20}$"
)
_LABEL_REACH: Final = 50
_country_code = re.compile(r"\+[0-9]{1,3}[ .-]{1,2}\(?$")
_COUNTRY_CODE_REACH: Final = 7


def near(view: View, start: int, end: int, words: re.Pattern[str]) -> bool:
    """Whether one of `words` stands shortly before or after, with nothing masked between."""
    before = view.folded[max(0, start - _BEFORE) : start].rpartition(BARRIER)[2]
    after = view.folded[end : end + _AFTER].partition(BARRIER)[0]
    return words.search(before) is not None or words.search(after) is not None


def is_reference(view: View, start: int) -> bool:
    """Whether the number at `start` is introduced as an order, invoice, parcel, phone or other such number."""
    before = view.folded[max(0, start - _LABEL_REACH) : start].rpartition(BARRIER)[2]
    return _REFERENCE.search(before) is not None


def stands_alone(view: View, start: int, end: int, separator: str = "") -> bool:
    """Whether no letter, digit, plus sign or country code touches the stretch, nor more digits behind `separator`."""
    text = view.text
    left, right = text[start - 1 : start], text[end : end + 1]
    if _is_latin(left) or left == "+" or _is_latin(right):
        return False
    if _country_code.search(text, max(0, start - _COUNTRY_CODE_REACH), start):
        return False
    if not separator:
        return True
    more_left = left == separator and text[start - 2 : start - 1].isdigit()
    return not more_left and not (right == separator and text[end + 1 : end + 2].isdigit())


def _is_latin(character: str) -> bool:
    """ASCII letters, digits and the underscore: scripts without blanks between words may touch a number."""
    return character == "_" or (character.isascii() and character.isalnum())
