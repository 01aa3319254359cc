"""Converting in a child process with limits: content from outside may be broken, endless or hostile.

One child serves many documents. It gets frames on its standard input and answers on its standard output; a frame is
an eight-byte length and that many bytes. What the child says is read as JSON, never unpickled: a child that hostile
content has taken over must not be able to run code here. The child ends when its input does, so it does not outlive
its parent however that ends; while it is busy its limit on processor time ends it.
"""

from __future__ import annotations

import json
import os
import selectors
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import IO, Any, Self

from custagent.core.document import Document, RawContent, Section
from custagent.core.errors import ConvertError
from custagent.knowledge.convert.converted import Converted

_LENGTH = struct.Struct(">Q")
_PIECE = 1 << 16
#: An answer is text: larger ones are a fault.
_MAX_ANSWER = 1 << 30
_ENTRY = "from custagent.knowledge.convert.worker import serve; serve()"
_SPLIT_HINT = "Split it into smaller files, or save it again from the program that made it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one document may use up."""

    #: Processor time.
    cpu_seconds: int = 20
    #: Time by the clock, for what waits without working; larger, because the machine may be busy.
    wall_seconds: float = 60.0
    #: Address space of the child. Measured with one thread for numpy (which language detection loads): 270 MB after
    #: a 2.5 MB page, 280 MB after a manual of 480 pages; the rest is for the largest files that are read.
    memory_bytes: int = 1 << 30


class Converter:
    """Converts documents in a child process, which is started with the first and stopped at the end of `with`.

    May be used from several threads; they take turns.
    """

    def __init__(self, limits: Limits | None = None, *, entry: str = _ENTRY) -> None:
        """`entry` is the Python statement that the child runs; tests give one that misbehaves."""
        self._limits = limits or Limits()
        self._entry = entry
        self._child: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id; None before the first document and after a crash."""
        return self._child.pid if self._child else None

    def convert(self, raw: RawContent, language_hint: str = "") -> Converted:
        """The document behind `raw`. Raises ConvertError when it cannot be read, also when it breaks a limit or the
        child; the next document gets a new child."""
        header = {name: value for name, value in asdict(raw).items() if name != "body"}
        head = json.dumps({"raw": header, "hint": language_hint, "limits": asdict(self._limits)}).encode()
        with self._turn:
            answer = self._ask(raw.location, [head, raw.body])
        if "error" in answer:
            raise ConvertError(answer["error"], hint=answer["hint"])
        return _converted(answer["converted"])

    def close(self) -> None:
        """Stop the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            _stop(child)
        if self._complaints is not None:
            self._complaints.close()
            self._complaints = None

    def _ask(self, location: str, frames: list[bytes]) -> dict[str, Any]:
        child = self._started()
        answer = None
        try:
            for frame in frames:
                _write(child.stdin, frame)
            answer = self._receive(child)
        except TimeoutError as error:
            raise ConvertError(
                f"{location}: converting it took too long (over {self._limits.wall_seconds:g} s)", hint=_SPLIT_HINT
            ) from error
        except (OSError, EOFError) as error:
            raise self._broken(location) from error
        finally:
            if answer is None:
                # Also after Ctrl-C: a late answer must not be taken for that to the next document.
                self._drop()
        loaded: dict[str, Any] = json.loads(answer)
        return loaded

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
            self._child = subprocess.Popen(
                # -P: a file json.py in the current folder must not be taken for Python's own.
                [sys.executable, "-P", "-c", self._entry],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=_environment(),
                # Ctrl-C is the parent's to handle; the child ends with its input.
                start_new_session=True,
            )
        return self._child

    def _receive(self, child: subprocess.Popen[bytes]) -> bytes:
        """One frame from the child. Raises TimeoutError, and EOFError when the child ends first."""
        assert child.stdout is not None  # noqa: S101 - it was opened as a pipe
        deadline = time.monotonic() + self._limits.wall_seconds
        received = bytearray()
        wanted = _LENGTH.size
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while len(received) < wanted:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                piece = os.read(child.stdout.fileno(), _PIECE)
                if not piece:
                    raise EOFError
                received += piece
                if wanted == _LENGTH.size and len(received) >= wanted:
                    wanted += min(_LENGTH.unpack_from(received)[0], _MAX_ANSWER)
        return bytes(received[_LENGTH.size :])

    def _broken(self, location: str) -> ConvertError:
        """Why the child ended in the middle of a document."""
        assert self._child is not None  # noqa: S101 - only called for a child that broke
        code = self._wait_code(self._child)
        complaint = self._last_complaint()
        if code == -_SIGXCPU:
            limit = self._limits.cpu_seconds
            return ConvertError(
                f"{location}: converting it took too long (over {limit} s of processor time)", hint=_SPLIT_HINT
            )
        if "MemoryError" in complaint or "bad_alloc" in complaint:
            limit = self._limits.memory_bytes >> 20
            return ConvertError(f"{location}: converting it needs too much memory (over {limit} MB)", hint=_SPLIT_HINT)
        if -code in _GAVE_UP:
            limit = self._limits.memory_bytes >> 20
            return ConvertError(
                f"{location}: the converter gave up on this file (signal {-code}), as it does when over {limit} MB of memory"
                " are needed",
                hint=_SPLIT_HINT,
            )
        reason = f"signal {-code}" if code < 0 else complaint or f"exit code {code}"
        return ConvertError(
            f"{location}: the converter broke on this file ({reason})",
            hint="Open it in the program that made it and save it again; if that does not help, report the file.",
        )

    @staticmethod
    def _wait_code(child: subprocess.Popen[bytes]) -> int:
        try:
            return child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()

    def _last_complaint(self) -> str:
        """The last line that the child wrote to its standard error: the exception it died of."""
        if self._complaints is None:
            return ""
        self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, self._complaints.tell() - 4096))
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else ""

    def _drop(self) -> None:
        if self._child is not None:
            self._child.kill()
        self.close()


_SIGXCPU = 24
#: How libraries written in C++ end a process that gets no memory: SIGILL, SIGTRAP, SIGABRT.
_GAVE_UP = (4, 5, 6)


def _environment() -> dict[str, str]:
    """The parent's environment with its import path, and one thread for numpy: each reserves memory."""
    path = [os.path.abspath(entry) for entry in sys.path if entry]  # noqa: PTH100 - an archive is no path
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, "PYTHONPATH": os.pathsep.join(path), "PYTHONIOENCODING": "utf-8"}


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End the child and reap it: it leaves no zombie."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                # What was still to be written is of no use to a child that has ended.
                continue
    try:
        child.wait(timeout=1)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _write(pipe: IO[bytes] | None, frame: bytes) -> None:
    assert pipe is not None  # noqa: S101 - it was opened as a pipe
    pipe.write(_LENGTH.pack(len(frame)))
    pipe.write(frame)
    pipe.flush()


def _converted(answer: dict[str, Any]) -> Converted:
    document = answer.pop("document")
    sections = tuple(Section(**_with_tuples(section)) for section in document.pop("sections"))
    return Converted(document=Document(sections=sections, **_with_tuples(document)), **_with_tuples(answer))


def _with_tuples(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as they were before JSON made lists of tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


# The child's side


def serve() -> None:
    """The child's life: read a frame, convert, answer, until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the frames.
    os.dup2(2, 1)
    while True:
        head = _read(sys.stdin.buffer)
        if head is None:
            return
        body = _read(sys.stdin.buffer)
        if body is None:
            return
        request = json.loads(head)
        _limit_memory(request["limits"]["memory_bytes"])
        _limit_time(request["limits"]["cpu_seconds"])
        _write(answers, json.dumps(_answer(request, body), ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _answer(request: dict[str, Any], body: bytes) -> dict[str, Any]:
    from custagent.knowledge.convert.reading import read

    try:
        converted = read(RawContent(body=body, **request["raw"]), request["hint"])
    except ConvertError as error:
        return {"error": error.message, "hint": error.hint}
    return {"converted": asdict(converted)}


def _read(stream: IO[bytes]) -> bytes | None:
    """One frame, or None at the end of the input."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _LENGTH.unpack(head)[0]
    frame = stream.read(length)
    return frame if len(frame) == length else None


def _limit_memory(limit: int) -> None:
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ValueError, OSError):
        # macOS knows the limit but does not keep it; the limit on time still holds there.
        return


def _limit_time(seconds: int) -> None:
    """Allow `seconds` of processor time from now: beyond, the system ends the process with SIGXCPU."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or soft <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
