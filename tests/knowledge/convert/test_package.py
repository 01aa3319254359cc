"""The parts of Office files: found by what leads to them, with a limit on what all of them unpack to."""

from __future__ import annotations

import io
import zipfile
from types import ModuleType

import pytest

from custagent.core.errors import ConvertError
from custagent.knowledge.convert.package import Package


def opened(body: bytes, most: int = 1_000_000) -> Package:
    return Package(zipfile.ZipFile(io.BytesIO(body)), "a.docx", most=most)


def test_all_parts_together_unpack_to_no_more_than_the_limit(office: ModuleType) -> None:
    part = f"<a>{'x' * 400}</a>"
    found = opened(office.package({"one.xml": part, "two.xml": part, "three.xml": part}), most=1000)
    assert len(found.part("one.xml").text or "") == len(found.part("two.xml").text or "") == 400
    with pytest.raises(ConvertError, match="unpacks to far more"):
        found.part("three.xml")


def test_relations_lead_to_parts_and_never_out_of_the_file(office: ModuleType) -> None:
    leads = office.relations(
        ("a", "slide", "slides/1.xml"), ("b", "image", "../media/x.png"), ("c", "slide", "/top.xml")
    )
    leads = leads.replace(
        "</Relationships>", "<Relationship Id='d' TargetMode='External' Target='http://x.example'/></Relationships>"
    )
    found = opened(office.package({"ppt/main.xml": "<a/>", "ppt/_rels/main.xml.rels": leads}))
    assert found.relations("ppt/main.xml") == {
        "a": ("slide", "ppt/slides/1.xml"), "b": ("image", "media/x.png"), "c": ("slide", "top.xml"),
    }  # fmt: skip
    assert found.relations("ppt/other.xml") == {}


def test_the_main_part_is_the_one_that_is_there(office: ModuleType) -> None:
    leads = office.relations(("a", "officeDocument", "word/gone.xml"))
    assert (
        opened(office.package({"_rels/.rels": leads, "word/document.xml": "<a/>"})).main("word/document.xml")
        == "word/document.xml"
    )
