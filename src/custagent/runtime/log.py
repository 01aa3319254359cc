"""What the runner tells while it works: a line an event, for people or for programs.

A line names conversations and messages by their numbers, and how long things took. What contacts wrote, their names
and addresses are left out unless they are asked for, and secrets always: also where a library or an error repeats them.
Nobody who reads slowly, or stops reading, holds the runner up: lines that do not fit any more are counted and left out.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import traceback
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePath
from typing import Any, TextIO

from custagent.config.secrets import in_clear_text, is_secret_key, scrub

#: The one field that holds what somebody wrote.
TEXT = "text"

#: Lines that wait for a slow reader.
_MOST_WAITING = 10_000
#: Seconds that the last lines may take at the end.
_PATIENCE = 1.0
#: Longer texts are cut: a line is to be read.
_LONGEST = 4_000
#: Libraries whose fixed words are known to hold nothing of anybody; of others only the place is told.
_PLAIN_SPOKEN = ("uvicorn", "asyncio")
_OURS = "custagent"
#: What a terminal would obey: addresses that are asked for, and errors, may hold anything.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")
_PHONE = re.compile(r"\+\d[\d ().-]{6,}\d|(?<![\w.-])\d{9,15}(?![\w.-])")
#: What no address, number or secret of a known shape looks like.
_NAME = re.compile(r"(?!A[KS]IA)(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9-]{1,22}")
#: Parts of a path, and errors before an error, that are told.
_PATH_PARTS = 3
#: Where a library's fixed words end.
_END_OF_FIXED = re.compile(r":|\n")


class LogFormat(StrEnum):
    """Who reads the lines."""

    #: People.
    TEXT = "text"
    #: Programs: an object a line.
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def fields(**values: Any) -> dict[str, Any]:
    """What a line tells besides its words, for `extra=`: numbers, names of channels, durations; `text` if need be."""
    return {"fields": values}


def secrets_in(environment: Mapping[str, str], definitions: Iterable[str] = ()) -> frozenset[str]:
    """The values in the environment that must never be told.

    Those of variables whose names sound like it, and of those that a definition's text names as ${NAME}.
    """
    named = {name for text in definitions for name in _REFERENCE.findall(text)}
    return frozenset(value for name, value in environment.items() if value and (name in named or is_secret_key(name)))


@contextmanager
def telling(
    stream: TextIO,
    *,
    form: LogFormat = LogFormat.TEXT,
    level: LogLevel = LogLevel.INFO,
    texts: bool = False,
    secrets: Collection[str] = (),
) -> Iterator[None]:
    """Tell this process's events on `stream` while the block runs."""
    handler = SteadyHandler(stream)
    handler.setFormatter(Lines(form, texts=texts, secrets=secrets))
    lowest = logging.getLevelNamesMapping()[level.upper()]
    # What libraries tell below a warning is about their own work; faiss tells at length which of its builds it tries.
    levels = {"": max(lowest, logging.WARNING), _OURS: lowest, "faiss": logging.WARNING}
    before = {name: logging.getLogger(name).level for name in levels}
    root = logging.getLogger()
    root.addHandler(handler)
    for name, wanted in levels.items():
        logging.getLogger(name).setLevel(wanted)
    try:
        yield
    finally:
        root.removeHandler(handler)
        for name, was in before.items():
            logging.getLogger(name).setLevel(was)
        handler.close()


class SteadyHandler(logging.Handler):
    """Writes lines in a thread of its own, so that nobody waits for the reader of the log."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._waiting: deque[logging.LogRecord] = deque()
        self._left_out = 0
        self._some = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="custagent-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line; it is counted and left out when too many wait."""
        with self._some:
            if len(self._waiting) >= _MOST_WAITING:
                self._left_out += 1
            else:
                self._waiting.append(record)
            self._some.notify()

    def close(self) -> None:
        """Write what waits, as far as the reader takes it, and end."""
        with self._some:
            self._ended = True
            self._some.notify()
        self._thread.join(_PATIENCE)
        super().close()

    def _run(self) -> None:
        while self._wait():
            with self._some:
                record = self._waiting.popleft() if self._waiting else self._told_left_out()
            try:
                self._stream.write(self.format(record) + "\n")
                if not self._waiting:
                    self._stream.flush()
            except (OSError, ValueError):  # the reader has gone, or the stream was closed
                return

    def _wait(self) -> bool:
        """Until there is something to write; False when nothing will come any more."""
        with self._some:
            while not (self._waiting or self._left_out):
                if self._ended:
                    return False
                self._some.wait()
        return True

    def _told_left_out(self) -> logging.LogRecord:
        count, self._left_out = self._left_out, 0
        message = f"{count} lines were left out, for nobody read them in time"
        return logging.LogRecord(__name__, logging.WARNING, "", 0, message, None, None)


class Lines(logging.Formatter):
    """One event, one line, without what it must not tell."""

    def __init__(self, form: LogFormat, *, texts: bool, secrets: Collection[str]) -> None:
        super().__init__()
        self._form = form
        self._texts = texts
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        words = self._words(record)
        told = {name: self._told(value) for name, value in getattr(record, "fields", {}).items() if self._may(name)}
        fault = self._fault(record)
        at = datetime.fromtimestamp(record.created, UTC)
        if self._form is LogFormat.JSON:
            line = {"time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z", "level": record.levelname.lower(),
                    "logger": record.name, "event": words} | told | ({"error": fault} if fault else {})  # fmt: skip
            return json.dumps(line, ensure_ascii=False, default=str)
        said = "".join(f" {name}={_worded(value)}" for name, value in told.items())
        indented = "".join(f"\n    {each}" for each in fault.splitlines())
        return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03} {record.levelname} {words}{said}{indented}"

    def _may(self, name: str) -> bool:
        return self._texts or name != TEXT

    def _words(self, record: logging.LogRecord) -> str:
        library = record.name.partition(".")[0]
        if library == _OURS and not record.args and str(record.msg).isalpha():
            return str(record.msg)
        if self._texts or library == _OURS:
            return self._safe(record.getMessage())
        if library in _PLAIN_SPOKEN:
            # Its fixed words alone: what is put into them may be anything. LiteLLM puts it in before it comes here.
            return self._safe(_END_OF_FIXED.split(str(record.msg), maxsplit=1)[0])
        place = f"{_near(record.pathname)}:{record.lineno}"
        return f"{record.name} told something at {place}; with --log-texts it is shown"

    def _fault(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[1] is None:
            return ""
        return "\n".join(self._faults(record.exc_info[1]))

    def _faults(self, error: BaseException, depth: int = 0) -> list[str]:
        """Where an error came from, the one that caused it first. What it says may be anybody's words."""
        before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        lines = self._faults(before, depth + 1) if before is not None and depth < _PATH_PARTS else []
        for frame in traceback.extract_tb(error.__traceback__):
            lines.append(f"{_near(frame.filename)}:{frame.lineno} in {frame.name}")
        said = f": {self._safe(str(error))}" if self._texts and str(error) else ""
        return [*lines, f"{type(error).__name__}{said}"]

    def _told(self, value: Any) -> Any:
        """A field's value: numbers stay numbers. Ids and names, which most are, need no closer look."""
        if value is None or isinstance(value, bool | int | float):
            return value
        words = str(value)
        return words if _NAME.fullmatch(words) and words not in self._secrets else self._safe(words)

    def _safe(self, words: str) -> str:
        """On one line that a terminal only shows; without secrets, and without addresses unless texts are told anyway."""
        text = scrub(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(words.split())), self._secrets)
        for secret in reversed(list(in_clear_text(text))):
            text = text[: secret.start] + "***" + text[secret.end :]
        if not self._texts:
            text = _PHONE.sub("[number]", _EMAIL.sub("[address]", text))
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _worded(value: Any) -> str:
    """A field's value as people read it: quoted where it holds a blank."""
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or re.search(r"[\s\"=]", text) else text


def _near(path: str) -> str:
    """The last parts of a file's path: where somebody's home is does not matter."""
    return "/".join(PurePath(path).parts[-_PATH_PARTS:])
