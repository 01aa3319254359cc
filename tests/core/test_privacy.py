"""`privacy.mask` in custagent.yaml."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from custagent.core.privacy import MaskKind
from custagent.core.workspace import Workspace


def test_everything_is_masked_unless_said_otherwise() -> None:
    assert Workspace(name="Acme").privacy.mask == tuple(MaskKind)


def test_what_is_masked_can_be_chosen() -> None:
    read = Workspace.model_validate({"name": "Acme", "privacy": {"mask": ["card-number", "iban"]}})
    assert read.privacy.mask == (MaskKind.CARD_NUMBER, MaskKind.IBAN)
    assert Workspace.model_validate({"name": "Acme", "privacy": {"mask": []}}).privacy.mask == ()


@pytest.mark.parametrize("mask", [["cards"], "iban", [1], None])
def test_an_unknown_kind_is_refused(mask: object) -> None:
    with pytest.raises(ValidationError):
        Workspace.model_validate({"name": "Acme", "privacy": {"mask": mask}})
