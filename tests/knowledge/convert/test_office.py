"""Office files as a whole: what is damaged, hostile or empty is refused with its reason."""

from __future__ import annotations

from types import ModuleType

import pytest

from custagent.core.document import RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.kind import Kind
from custagent.knowledge.convert.office import read_office


def refused(body: bytes, kind: Kind = Kind.DOCX) -> ConvertError:
    with pytest.raises(ConvertError) as caught:
        read_office(RawContent(location=f"content/my-guide.{kind.value}", body=body), kind)
    assert caught.value.message.startswith("content/my-guide.")
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("<w:document", "damaged"),
        (b" " * 20_000_000, "unpacks to far more"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "declares entities"),
        (f"<!--{'x' * 2000}--><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "declares entities"),
    ],
    ids=["broken xml", "bomb", "entities", "entities further down"],
)
def test_what_is_damaged_or_hostile_is_refused(office: ModuleType, part: str | bytes, reason: str) -> None:
    assert reason in refused(office.package({"word/document.xml": part})).message


def test_an_empty_file_one_cut_off_and_one_nested_without_end_are_refused(office: ModuleType) -> None:
    assert "no text" in refused(office.word("")).message
    assert "no text" in refused(office.slides(), Kind.PPTX).message
    assert "damaged" in refused(office.word(office.paragraph("x"))[:-30]).message
    nested = f"<w:document {office.W}><w:body>{'<w:sdt>' * 5000}{'</w:sdt>' * 5000}</w:body></w:document>"
    assert "nested too deeply" in refused(office.package({"word/document.xml": nested})).message
