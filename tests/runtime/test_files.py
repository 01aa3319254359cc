"""Files are kept once, as what they are, where only the runner reads them; and go when nothing names them."""

from __future__ import annotations

import os
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custagent.core.errors import StoreError
from custagent.core.ports import MAX_FILE
from custagent.runtime.files import FileFolder, plain_type, safe_name, sniffed

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20
PDF = b"%PDF-1.7 ..."


@pytest.fixture
def folder(tmp_path) -> FileFolder:
    return FileFolder(tmp_path / "files")


def test_a_file_is_kept_by_what_is_in_it(folder, tmp_path):
    kept = folder.keep(PNG, name="photo.png", media_type="image/png")
    assert (kept.name, kept.media_type, kept.size, kept.error) == ("photo.png", "image/png", len(PNG), "")
    assert kept.hash == sha256(PNG).hexdigest()
    path = folder.path(kept.hash)
    assert path.read_bytes() == PNG
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert folder.keep(PNG, name="again.png", media_type="").hash == kept.hash
    assert [one.name for one in (tmp_path / "files").rglob("*") if one.is_file()] == [kept.hash]


@pytest.mark.parametrize(
    ("content", "said", "kind"),
    [
        (JPEG, "image/png", "image/jpeg"),
        (PDF, "text/html", "application/pdf"),
        (b"OggS" + b"\0" * 9, "audio/ogg; codecs=opus", "audio/ogg"),
        (b"OggS" + b"\0" * 9, "audio/opus", "audio/opus"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", "image/webp"),
        (b"\0\0\0\x18ftypmp42", "video/mp4", "video/mp4"),
        (b"PK\x03\x04....", "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
        (b"PK\x03\x04....", "text/html", "application/zip"),
        (b"a;b\n1;2\n", "text/csv", "text/csv"),
        ("Grüße".encode(), "", "text/plain"),
        (b"<script>alert(1)</script>", "text/html", "text/plain"),
    ],
)
def test_its_bytes_tell_what_it_is(content, said, kind):
    assert sniffed(content, said) == kind


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"MZ\x90\0program", "image/png"),
        (b"\x7fELF....", "application/octet-stream"),
        (b"<svg onload='alert(1)'/>", "image/svg+xml"),
        (b"\xff\xfe\0\0", "text/plain"),
        (b"text with \0 in it", "text/plain"),
    ],
)
def test_what_runs_or_is_unknown_is_not_kept(folder, content, said, tmp_path):
    kept = folder.keep(content, name="x", media_type=said)
    assert (kept.hash, kept.error) == ("", "Files of this kind are not kept.")
    assert not (tmp_path / "files").exists()


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "empty"), (PDF + b"\0" * MAX_FILE, "larger than 25 MB")], ids=["empty", "large"]
)
def test_what_cannot_be_kept_is_told(folder, content, told):
    kept = folder.keep(content, name="x.pdf", media_type="application/pdf")
    assert kept.hash == ""
    assert told in kept.error
    assert kept.size == len(content)


def test_what_nobody_names_goes_when_it_is_old(folder):
    named, young, old = (folder.keep(PDF + name, name="x", media_type="").hash for name in (b"1", b"2", b"3"))
    os.utime(folder.path(old), (0, 0))
    os.utime(folder.path(named), (0, 0))
    assert folder.sweep({named}) == 1
    assert [folder.path(one) is not None for one in (named, young, old)] == [True, True, False]
    assert folder.remove([named, named, old]) == 1
    assert folder.path(named) is None


def test_one_that_comes_again_is_young_again(folder):
    kept = folder.keep(PDF, name="x", media_type="").hash
    os.utime(folder.path(kept), (0, 0))
    folder.keep(PDF, name="x", media_type="")
    assert folder.sweep(()) == 0


@pytest.mark.parametrize("digest", ["", "../../custagent.db", "a" * 63, "A" * 64, "z" * 64])
def test_nothing_else_can_be_asked_for(folder, digest):
    assert folder.path(digest) is None
    assert folder.remove([digest]) == 0


def test_a_disk_that_refuses_is_told(tmp_path):
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be kept"):
        FileFolder(tmp_path / "files").keep(PDF, name="x", media_type="")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.png", "a.png"),
        ("a\r\nb.pdf", "ab.pdf"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("Grüße \u202efdp.exe", "Grüße fdp.exe"),
    ],
)
def test_names_that_harm_nobody(name, safe):
    assert safe_name(name) == safe


@given(st.text(), st.binary(max_size=60), st.text(max_size=40))
def test_any_name_kind_and_bytes(name, content, said):
    safe = safe_name(name)
    assert safe
    assert len(safe) <= 150
    assert not set(safe) & set("/\\\r\n\0")
    assert sniffed(content, said) in ("", plain_type(said)) or "/" in sniffed(content, said)
