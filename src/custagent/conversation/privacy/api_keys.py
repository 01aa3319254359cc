"""Keys and tokens of programs.

Most bear a mark that their maker gave them so that they can be found when they leak. Others are seen by what stands
before them: "API key:", "access token is".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from custagent.conversation.privacy.found import Found
from custagent.conversation.privacy.view import View
from custagent.core.privacy import MaskKind

_PRIVATE_KEY: Final = (
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:\s{0,2}[A-Z][A-Za-z-]{1,20}: [^\n]{0,100}){0,4}(?:\s{0,4}[A-Za-z0-9+/=]{20,})*"
    r"(?:\s{0,2}[A-Za-z0-9+/=]{1,76}(?=\s{0,2}-----END))?(?:\s{0,4}-----END [A-Z ]{0,30}-----)?"  # PEM, RFC 7468
)
# No shape may be scanned far without being found, or a text made of beginnings would take time squared: what is open
# to the right is found as soon as its least length is there.
_SHAPES: Final = (
    r"sk-(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic, OpenRouter, DeepSeek
    r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}",  # Stripe
    r"(?:AKIA|ASIA)[A-Z0-9]{16}\b",  # AWS
    r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,}",  # GitHub
    r"gl(?:pat|dt|rt|ptt|soat|ft|imt|agent)-[A-Za-z0-9_.-]{20,}",  # GitLab
    r"xox[abeprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{20,}|hooks\.slack\.com/services/[A-Za-z0-9/]{30,}",  # Slack
    r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}",  # Google
    r"EAA[A-Za-z0-9]{40,}",  # Meta
    r"SG\.[A-Za-z0-9_-]{16,40}\.[A-Za-z0-9_-]{30,}|key-[0-9a-f]{32}\b|SK[0-9a-f]{32}\b|xkeysib-[0-9a-f]{40,}",  # mail, SMS
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}",  # Shopify, Square
    r"hf_[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{40,}|pplx-[A-Za-z0-9]{40,}",  # models
    r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|dckr_pat_[A-Za-z0-9_-]{20,}",  # registries
    r"do[por]_v1_[0-9a-f]{64}|dapi[0-9a-f]{32}|hvs\.[A-Za-z0-9_-]{24,}|dp\.pt\.[A-Za-z0-9]{40,}",  # hosts, vaults
    r"pat-(?:na|eu|ap)[0-9]-[0-9a-f-]{36}|lin_api_[A-Za-z0-9]{32,}|ntn_[A-Za-z0-9]{40,}|figd_[A-Za-z0-9_-]{30,}",  # offices
    r"ATATT3[A-Za-z0-9_=-]{40,}|PMAK-[0-9a-f-]{50,}|NRAK-[A-Z0-9]{27}|glsa_[A-Za-z0-9_]{30,}|sntry[su]_[\w+/=.-]{40,}",
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",  # Telegram
    r"(?<!-)eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",  # JSON Web Token
    _PRIVATE_KEY,
)
_key = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_SHAPES)})")
_bearer = re.compile(r"(?i)\bbearer[ ]{1,4}(?=[a-z._~+/=-]{0,60}[0-9])([a-z0-9._~+/=-]{20,})")
_announced = re.compile(
    r"\b(?:api[- _]?(?:key|token|secret|nyckel\w{0,2}|schlussel|sleutel|nogle\w?|nokkel\w{0,2}|avain)|"
    r"(?:cle|clave|chave|chiave|klucz) (?:d.)?api|"
    r"(?:access|auth|authentication|secret|session|refresh|client|private)[- _]?(?:token|key|secret)|token)"
    r"[\"'”*_`)]{0,3}[ \t]{0,3}(?:(?:is|ar|ist|lautet|est|es|e|er|on|to)\b)?[ \t]{0,3}[:=]?\s{0,3}[\"'“*`(]{0,2}"
    r"(?!(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,6}/)(?=[a-z._~+/=-]{0,60}[0-9])(?=[0-9._~+/=-]{0,60}[a-z])([a-z0-9._~+/=-]{16,})"
)
_credentials = re.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,15}://[^\s/:@]{1,64}:((?![$<{*])[^\s/@\ue000]{1,128})@")


def find_api_keys(view: View) -> Iterator[Found]:
    """Keys, tokens and private keys; and passwords inside addresses, as in https://user:password@host."""
    for match in _key.finditer(view.text):
        yield Found(kind=MaskKind.API_KEY, start=match.start(), end=match.end())
    for match in _bearer.finditer(view.text):
        yield Found(kind=MaskKind.API_KEY, start=match.start(1), end=match.end(1))
    for match in _announced.finditer(view.folded):
        yield Found(kind=MaskKind.API_KEY, start=match.start(1), end=match.end(1))
    for match in _credentials.finditer(view.text):
        yield Found(kind=MaskKind.PASSWORD, start=match.start(1), end=match.end(1))
