"""What of a contact's text is masked before it is written down or shown to a model (ANS-7)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from custagent.core.written import Duration, Written


class MaskKind(StrEnum):
    """A kind of sensitive text. The values are what people write in `privacy.mask`."""

    #: Payment card numbers.
    CARD_NUMBER = "card-number"
    #: International bank account numbers.
    IBAN = "iban"
    #: Numbers that states give to people: Swedish, German, French and US ones.
    IDENTITY_NUMBER = "identity-number"
    #: What follows "my password is".
    PASSWORD = "password"  # noqa: S105 - a kind, not a password
    #: PINs, card security codes and one-time codes.
    SECURITY_CODE = "security-code"
    #: Keys and tokens of programs.
    API_KEY = "api-key"


class PrivacySettings(Written):
    """How contacts' texts are protected."""

    mask: tuple[Annotated[MaskKind, Field(strict=False)], ...] = Field(
        default=tuple(MaskKind),
        strict=False,
        description="What is masked in contacts' messages before anything is kept or sent to a model: any of "
        "card-number, iban, identity-number, password, security-code, api-key. An empty list masks nothing.",
    )
    erase_after: Duration | None = Field(
        default=None,
        description="Conversations that ended so long ago, such as 365d, lose their texts and the contact's identity;"
        " the runner sees to it once a day. Without it they are kept.",
    )
