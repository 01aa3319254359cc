"""The converter's child: limits, crashes, and no life after its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest

from custagent.core.document import RawContent
from custagent.core.errors import ConvertError
from custagent.knowledge.convert import Converter, Limits
from custagent.knowledge.convert.reading import read

PAGE = RawContent(
    location="https://x.example/a",
    body=b"<html lang=en><title>T</title><h2 id=q>Q</h2><p>The answer.<a href=/b>b</a><ul><li>\xc3\xa5</ul>",
    media_type="text/html",
    etag='"1"',
)
SERVE = "from custagent.knowledge.convert import worker"


@pytest.fixture(scope="module")
def converter():
    with Converter() as one:
        yield one


def misbehaving(statement: str) -> str:
    """A child that runs `statement` instead of converting a document whose location is "bad"."""
    return (
        f"{SERVE}\n"
        "import os, sys, time\n"
        "original = worker._answer\n"
        "def answer(request, body):\n"
        f"    if request['raw']['location'] == 'bad':\n        {statement}\n"
        "    return original(request, body)\n"
        "worker._answer = answer\n"
        "worker.serve()\n"
    )


def test_the_child_gives_what_reading_here_gives(converter, make_pdf):
    pdf = RawContent(location="a.pdf", body=make_pdf([["One page."]], title="G"))
    for raw in (PAGE, pdf, RawContent(location="å.md", body="# Å\n\nText ☃".encode())):
        assert converter.convert(raw, "sv") == read(raw, "sv")


def test_one_child_serves_many_documents_from_many_threads():
    results = []
    with Converter() as converter:
        converter.convert(PAGE)
        first = converter.pid
        threads = [threading.Thread(target=lambda: results.append(converter.convert(PAGE))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert converter.pid == first
    assert len(results) == 8
    assert len({result.document.hash for result in results}) == 1


def test_no_child_is_started_before_it_is_needed_and_none_is_left():
    with Converter() as converter:
        assert converter.pid is None
        converter.convert(PAGE)
        pid = converter.pid
        assert pid
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_reason_reaches_the_parent_with_its_hint(converter):
    with pytest.raises(ConvertError, match="empty") as caught:
        converter.convert(RawContent(location="e.html", body=b""))
    assert caught.value.hint


def test_a_page_nested_without_end_is_stopped_and_the_next_is_read():
    bomb = RawContent(location="bomb.html", body=b"<div>" * 200_000 + b"x")
    with Converter(Limits(cpu_seconds=0)) as converter:
        with pytest.raises(ConvertError, match=r"bomb\.html: converting it took too long"):
            converter.convert(bomb)
        assert converter.pid is None
        assert converter.convert(PAGE).document.title == "T"


def test_a_pdf_that_unpacks_without_end_is_stopped_and_the_next_is_read(make_pdf):
    # Two gigabytes of zeros in two megabytes: the same packed megabyte again and again.
    packer = zlib.compressobj(9)
    start = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(b"0 " * (1 << 19)) + packer.flush(zlib.Z_FULL_FLUSH)
    packer.compress(b"0 " * (1 << 19))
    bomb = RawContent(location="bomb.pdf", body=make_pdf([["x"]], streams=[start + again * 2048]))
    with Converter(Limits(memory_bytes=600 << 20, cpu_seconds=3)) as converter:
        with pytest.raises(ConvertError, match=r"bomb\.pdf: ") as caught:
            converter.convert(bomb)
        assert any(reason in caught.value.message for reason in ("took too long", "too much memory", "MB of memory"))
        assert caught.value.hint.startswith("Split it")
        assert converter.convert(PAGE).document.title == "T"


def test_a_child_that_waits_for_ever_is_stopped():
    with Converter(Limits(wall_seconds=0.3), entry=misbehaving("time.sleep(600)")) as converter:
        with pytest.raises(ConvertError, match="bad: converting it took too long"):
            converter.convert(RawContent(location="bad", body=b"x"))
        assert converter.pid is None


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("os.kill(os.getpid(), 11)", "broke on this file .signal 11"),
        ("os.kill(os.getpid(), 5)", "gave up on this file .signal 5.*over 1024 MB of memory"),
        ("os._exit(3)", "broke on this file .exit code 3"),
        ("raise ValueError('odd file')", "ValueError: odd file"),
        ("bytearray(4 << 30)", "too much memory"),
    ],
)
def test_a_crash_is_an_error_of_this_document_only(statement, reason):
    with Converter(entry=misbehaving(statement)) as converter:
        with pytest.raises(ConvertError, match=reason):
            converter.convert(RawContent(location="bad", body=b"x"))
        assert converter.convert(PAGE).document.title == "T"


def test_what_a_library_prints_does_not_disturb_the_answer():
    with Converter(entry=misbehaving("print('noise' * 100, flush=True); os.write(1, b'noise')")) as converter:
        assert (
            converter.convert(RawContent(location="bad", body=b"Some text.")).document.sections[0].text == "Some text."
        )


def test_a_child_that_was_killed_meanwhile_is_replaced(converter):
    converter.convert(PAGE)
    os.kill(converter.pid, signal.SIGKILL)
    os.waitid(os.P_PID, converter.pid, os.WEXITED | os.WNOWAIT)
    assert converter.convert(PAGE).document.title == "T"


def test_the_child_ends_when_its_parent_is_killed(require):
    require("os.pidfd_open", hasattr(os, "pidfd_open"), "it tells when a process that is not our child ends")
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            (
                "import sys, time\n"
                "from custagent.core.document import RawContent\n"
                "from custagent.knowledge.convert import Converter\n"
                "converter = Converter()\n"
                "converter.convert(RawContent(location='a.txt', body=b'Some text.'))\n"
                "print(converter.pid, flush=True)\n"
                "time.sleep(600)\n"
            ),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert parent.stdout
        child = int(parent.stdout.readline())
        watch = os.pidfd_open(child)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    import select

    # A process's descriptor becomes readable when it ends.
    assert select.select([watch], [], [], 30)[0] == [watch]
    os.close(watch)


def test_modules_in_the_current_folder_are_not_imported(tmp_path, monkeypatch):
    for name in ("json.py", "selectolax.py", "custagent.py"):
        Path(tmp_path, name).write_text("raise SystemExit('imported from the current folder')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with Converter() as converter:
        assert converter.convert(PAGE).document.title == "T"


def test_the_parent_imports_no_heavy_library():
    program = (
        "import sys; import custagent.knowledge.convert as c; "
        "print(sorted({'selectolax', 'pypdfium2', 'pypdf', 'numpy', 'py3langid', 'markdown_it'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
