"""What every reader of files promises, ours and those of other packages. One joins by a line in SAMPLES."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.document import Document, RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.kind import supported
from custagent.knowledge.convert.reading import read
from tests.packages import install_example

#: By suffix: a file with the heading Warranty, and the sentence below it.
SENTENCE = "The warranty is two years from the day you buy it."
SAMPLES = {
    "html": f"<title>Help</title><h1>Help</h1><p>Hello.</p><h2>Warranty</h2><p>{SENTENCE}</p>",
    "md": f"# Help\n\nHello.\n\n## Warranty\n\n{SENTENCE}\n",
    "rst": f"Help\n====\n\nHello.\n\nWarranty\n--------\n\n{SENTENCE}\n",
    "adoc": f"= Help\n\nHello.\n\n== Warranty\n\n{SENTENCE}\n",
    "asciidoc": f"= Help\n\nHello.\n\n== Warranty\n\n{SENTENCE}\n",
}


@pytest.fixture(scope="module", autouse=True)
def packages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch, TemporaryDirectory() as folder:
        install_example(Path(folder), monkeypatch, "asciidoc-converter")
        yield


def convert(suffix: str, body: str | bytes, hint: str = "en") -> Document:
    written = body.encode() if isinstance(body, str) else body
    raw = RawContent(location=f"content/some-file.{suffix}", body=written, etag='"1"', last_modified="Mon")
    return read(raw, hint).document


@pytest.mark.parametrize("suffix", SAMPLES)
def test_it_finds_title_headings_and_text(suffix):
    document = convert(suffix, SAMPLES[suffix])
    assert (document.title, document.language) == ("Help", "en")
    (found,) = [section for section in document.sections if section.text == SENTENCE]
    assert found.headings[-1:] == ("Warranty",)


@pytest.mark.parametrize("suffix", SAMPLES)
def test_where_it_came_from_stays(suffix):
    document = convert(suffix, SAMPLES[suffix])
    assert (document.location, document.etag, document.last_modified) == (
        f"content/some-file.{suffix}",
        '"1"',
        "Mon",
    )
    assert supported(document.location)
    assert supported(document.location.upper())


@pytest.mark.parametrize("suffix", SAMPLES)
def test_what_it_does_not_say_is_found_out(suffix):
    swedish = "Du kan lämna tillbaka cykeln inom trettio dagar från leveransen, om den inte har använts ute på vägarna."
    body = f"<p>{swedish}</p>" if suffix == "html" else swedish
    document = convert(suffix, body)
    assert document.language == "sv"
    assert document.title
    assert not document.title.startswith("content/")
    # Too little to tell: the workspace's language.
    assert convert(suffix, "<p>4711</p>" if suffix == "html" else "4711", "sv").language == "sv"


@pytest.mark.parametrize("suffix", SAMPLES)
@pytest.mark.parametrize("body", ["", " \n\t\n", "\ufeff"])
def test_a_file_without_text_is_refused_by_its_name(suffix, body):
    with pytest.raises(ConvertError, match=f"some-file.{suffix}"):
        convert(suffix, body)


@pytest.mark.parametrize("suffix", SAMPLES)
@given(body=st.binary(max_size=400) | st.text(alphabet="=*_|-./: \nab[]<>{}`#+", max_size=200).map(str.encode))
def test_nonsense_gives_text_or_is_refused(suffix, body):
    try:
        document = convert(suffix, body)
    except ConvertError as error:
        said = error.message
        document = None
    if document is None:
        assert "some-file" in said
        return
    assert document.title
    assert len(document.language) == 2
    assert document.sections
    assert "\x00" not in document.text
    document.text.encode()
