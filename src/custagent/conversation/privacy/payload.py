"""Unknown items of a provider, kept as masked JSON (ANS-7)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

from custagent.conversation.privacy.masking import ALL, mask
from custagent.conversation.privacy.view import PLACEHOLDERS
from custagent.core.privacy import MaskKind

#: Keys whose values are secret whatever they look like, in lower case without separators.
_SECRET_KEYS: Final = {
    **dict.fromkeys(("password", "passwd", "pwd", "passphrase", "passcode"), MaskKind.PASSWORD),
    **dict.fromkeys(("pin", "pincode", "cvv", "cvv2", "cvc", "cvc2", "otp", "securitycode"), MaskKind.SECURITY_CODE),
    **dict.fromkeys(("apikey", "accesstoken", "refreshtoken", "idtoken", "clientsecret", "secret"), MaskKind.API_KEY),
    **dict.fromkeys(("ssn", "personnummer", "nationalid", "taxid"), MaskKind.IDENTITY_NUMBER),
}
_separators = re.compile(r"[\s_-]+")
#: No number that is masked has more digits; longer ones are not even written out.
_LARGEST: Final = 10**20


def mask_json(value: Any, *, kinds: Collection[MaskKind] = ALL) -> Any:
    """A copy of a JSON value with every string masked, and whole numbers that would be masked as text.

    Keys are kept; what stands under a key such as `password` is masked whatever it is. Never raises, however deep the
    value. What is no JSON is passed on as it is.
    """
    root: list[Any] = [value]
    waiting: list[tuple[Any, Any, Any]] = [(root, 0, value)]
    while waiting:
        holder, place, item = waiting.pop()
        if isinstance(item, dict):
            holder[place] = copy = dict(item)
            waiting += [(copy, key, _under(key, inner, kinds)) for key, inner in item.items()]
        elif isinstance(item, (list, tuple)):
            holder[place] = items = list(item)
            waiting += [(items, number, inner) for number, inner in enumerate(item)]
        else:
            holder[place] = _masked(item, kinds)
    return root[0]


def _under(key: Any, value: Any, kinds: Collection[MaskKind]) -> Any:
    """The value, or what stands for it if the key alone says that it is secret."""
    kind = _SECRET_KEYS.get(_separators.sub("", key).lower()) if isinstance(key, str) else None
    secret = kind in kinds and isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""
    return PLACEHOLDERS[kind] if kind and secret else value


def _masked(value: Any, kinds: Collection[MaskKind]) -> Any:
    if isinstance(value, str):
        return mask(value, kinds=kinds).text
    if isinstance(value, int) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST:
        text = str(value)
        masked = mask(text, kinds=kinds).text
        return value if masked == text else masked
    return value
