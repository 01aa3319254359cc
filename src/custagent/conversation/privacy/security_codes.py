"""PINs, card security codes and one-time codes: a few digits that mean nothing without the word before them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from custagent.conversation.privacy.found import Found
from custagent.conversation.privacy.phrases import LANGUAGES
from custagent.conversation.privacy.view import BARRIER, View
from custagent.core.privacy import MaskKind

# In folded spelling. "Confirmation code" and plain "code" are left out: bookings, errors, vouchers and posts have such.
_PIN: Final = (
    r"\b(?:(?:code|codigo|codice|kod|kode|numero|numer) pin|"
    r"pin(?:[- ]?(?:code|coden|codes|kod|koden|kode|koodi|koodini|number|nummer|numero|numer))?)"
)
_CARD: Final = (
    r"\b(?:cv[cv]2?|csc)(?:[- ]?(?:code|kod|koden|kode|koodi|number|nummer))?|\bcard (?:verification|security) (?:code|number)|"
    r"kartenpruf(?:nummer|ziffer)|\bprufnummer|\bcryptogramme(?: visuel)?|\bkontrolcifre|\bturvaluku(?:ni)?"
)
_ONE_TIME: Final = (
    r"\botp(?:[- ]?code)?|\b(?:one[- ]?time|verification|authentication|authenticator|login|log-in|sign-in|sms|2fa|"
    r"mfa)[- ]?(?:pass)?(?:code|password|pin)|"
    r"(?:engangs|verifierings|inloggnings|autentiserings|\bsms-?)(?:kod|losenord)(?:en|et)?|"
    r"(?:einmal|verifizierungs|bestatigungs|anmelde|\bsms-?)-?(?:code|passwort|kennwort|pin)|\b(?:sms|mobile|push)?-?tan|"
    r"\bcode (?:de verification|de validation|de connexion|a usage unique|sms|secret|confidentiel)|"
    r"\bcodigo (?:de verificacion|de verificacao|de un solo uso|de uso unico|sms|secreto)|"
    r"\bcodice (?:di verifica|monouso|otp|sms|segreto)|"
    r"(?:verificatie|inlog|\bsms-?|eenmalige )code|"
    r"(?:engangs|bekraftelses|bekraeftelses|bekreftelses|verifikations|verifiserings|\bsms-?)kode(?:n|r)?|"
    r"(?:kertakaytto|vahvistus|varmennus)(?:koodi|salasana)(?:ni)?|\btunnusluku(?:ni)?|"
    r"\bkod(?:em|u)? (?:weryfikacyjny|jednorazowy|autoryzacyjny|sms|cv[cv])"
)
# Some mean that of a card, others one that is sent.
_EITHER: Final = (
    r"\bsecurity[- ]?(?:pass)?code|sakerhetskod(?:en)?|sicherheitscode|\bcode de securite|\bcodigo de (?:seguridad|seguranca)|"
    r"\bcodice di sicurezza|(?:beveiligings|veiligheids)code|sikker(?:hed|het)skode(?:n|r)?|turvakoodi(?:ni)?|"
    r"\bkod(?:em|u)? (?:bezpieczenstwa|zabezpieczajacy)"
)
# The first letters alone rule out most places, which the engine sees fastest so.
_noun = re.compile(
    rf"(?=[2abceiklmopstv])(?:(?P<either>{_EITHER})|(?P<card>{_CARD})|(?P<pin>{_PIN})|(?P<once>{_ONE_TIME}))(?![^\W_])"
)

_is = "|".join(language.link for language in LANGUAGES)
_to = "|".join(language.weak_link for language in LANGUAGES if language.weak_link)
_between = "|".join(language.between for language in LANGUAGES)
_filler = "|".join(language.filler for language in LANGUAGES)
_gap = rf"[ \t]+(?:{_between})(?!\w)(?:[ \t]+[^\s?!:;,.{BARRIER}]{{1,30}}){{0,5}}?"
_link = re.compile(
    rf"[\"'”’»)*_]{{0,3}}(?:(?:{_gap})?(?:[ \t]*(?:{_is})(?!\w)[ \t]*[:=#]?|[ \t]*(?:[:=#]|->|→))|"
    rf"[ \t]+(?:{_to})(?!\w)|[ \t]*[-–(]|)"
    rf"\s{{0,3}}(?:(?:{_filler})(?!\w)[ \t:]*){{0,2}}[\"'“„«(*]{{0,2}}",
    re.IGNORECASE,
)
# Together, or as codes are read out: 123 456, 12 34, 1 2 3 4. Not the head of a longer number, nor of a day or an amount.
_digits = re.compile(
    r"(?:[0-9]{3}[ -][0-9]{3}|[0-9]{2} [0-9]{2}(?: [0-9]{2})?|[0-9](?: [0-9]){2,7}|[a-z]{1,2}-[0-9]{4,8}|[0-9]{3,10})"
    r"(?![0-9a-z_]|[.,:/-][0-9]|[ -][0-9]{4}|[ ]?[%€$£])",
    re.IGNORECASE,
)
# Of codes that are sent, some have letters; only a colon or "is" announces those surely.
_mixed = re.compile(r"(?=[a-z]{0,9}[0-9])[0-9a-z]{5,10}(?![0-9a-z_]|[.:/@-][0-9a-z])", re.IGNORECASE)
_sure = re.compile(rf"[:=]\s*$|(?<!\w)(?:{_is})\s+$", re.IGNORECASE)
_digit = re.compile(r"[0-9]")
_FEWEST: Final = {"card": 3, "either": 3, "pin": 4, "once": 4}
_MOST: Final = {"card": 4, "either": 10, "pin": 12, "once": 10}


def find_security_codes(view: View) -> Iterator[Found]:
    """The codes, without the word before them."""
    if not _digit.search(view.text):
        return
    for noun in _noun.finditer(view.folded):
        link = _link.match(view.text, noun.end())
        if link is None:
            continue
        sort = noun.lastgroup or ""
        code = _digits.match(view.text, link.end())
        if code is None and sort in ("once", "either") and _sure.search(link[0]):
            code = _mixed.match(view.text, link.end())
        if code and _FEWEST[sort] <= sum(map(str.isalnum, code[0])) <= _MOST[sort]:
            yield Found(kind=MaskKind.SECURITY_CODE, start=code.start(), end=code.end())
