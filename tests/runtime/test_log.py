"""A line an event; nobody's words, names, addresses or secrets in it; and nobody waits for who reads it."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from custagent.core.conversation import Status, Threading, Turn
from custagent.core.errors import ModelError
from custagent.core.message import InboundMessage
from custagent.runtime import log
from custagent.runtime.bootstrap import Application
from custagent.runtime.in_force import InForce
from custagent.runtime.log import Lines, LogFormat, LogLevel, fields, secrets_in, telling
from custagent.runtime.runner.timers import Timers

ours = logging.getLogger("custagent.runtime.runner.answering")
theirs = logging.getLogger("litellm.main")

#: Of the kinds of secret that a workspace or a library may hold.
CANARIES = [
    "sk-proj-Zx81kQpLm37vTn20aWcR", "sk-ant-api03-QwErTyUiOpAsDfGhJkLz", "EAAGm0PX4ZCpsBAKZCZCqRmH3XzqLw9d",
    "xoxb-123456789012-abcdefABCDEF", "AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "glpat-a1B2c3D4e5F6g7H8i9J0", "AIzaSyD4f8vK2mQ7xR1tB9nW3cE5gH6jL0pOqYw", "SG.abcdefghijklmnopq.rstuvwxyz0123456789AB",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "hunter2-imap-password", "correct horse battery staple", "s3cr3t/with+signs=", "verify-token-0815", "app-secret-4711",
    "metrics-token-2342", "Pa$$w0rd!", "imap:login%40host", "b2f5ff47436671b6e533d8dc3614845d",
]  # fmt: skip


@pytest.fixture
def tell() -> Callable[..., list[str]]:
    """What a block's events look like as lines."""

    def run(block: Callable[[], object], **options: object) -> list[str]:
        stream = io.StringIO()
        with telling(stream, **options):  # type: ignore[arg-type] # the options are those of `telling`
            block()
        return stream.getvalue().splitlines()

    return run


def failing(text: str) -> None:
    def ask() -> None:
        try:
            int(text)
        except ValueError as error:
            raise ModelError(f"it said {text}") from error

    try:
        ask()
    except ModelError:
        ours.exception("conversation %s could not be answered", "k2Hq9")


class TestLines:
    def test_for_people(self, tell) -> None:
        (line,) = tell(lambda: ours.info("answered", extra=fields(conversation="k2Hq9", seconds=0.25, kind="a b", n=3)))
        assert line[4::3][:2] == "--"
        assert line[23:] == ' INFO answered conversation=k2Hq9 seconds=0.250 kind="a b" n=3'

    def test_for_programs(self, tell) -> None:
        def block() -> None:
            ours.info("answered", extra=fields(conversation="k2Hq9", seconds=0.25, new=True, none=None))
            ours.warning("%s of %s", 1, 2)

        lines = [json.loads(line) for line in tell(block, form=LogFormat.JSON)]
        assert all(line.pop("time").endswith("Z") for line in lines)
        assert lines == [
            {"level": "info", "logger": ours.name, "event": "answered", "conversation": "k2Hq9", "seconds": 0.25,
             "new": True, "none": None},
            {"level": "warning", "logger": ours.name, "event": "1 of 2"},
        ]  # fmt: skip

    def test_what_somebody_wrote_only_when_it_is_asked_for(self, tell) -> None:
        def block() -> None:
            ours.info("received", extra=fields(message=7, text="My name is Ada\nLovelace"))

        assert tell(block)[0].endswith(" INFO received message=7")
        assert tell(block, texts=True)[0].endswith(' INFO received message=7 text="My name is Ada Lovelace"')
        assert json.loads(tell(block, texts=True, form=LogFormat.JSON)[0])["text"] == "My name is Ada Lovelace"

    def test_one_event_is_one_line_whatever_is_in_it(self, tell) -> None:
        def block() -> None:
            ours.error("it failed: %s", "x\n2026-01-01 00:00:00,000 INFO all is well")
            failing("words")

        assert len(tell(block, form=LogFormat.JSON)) == 2
        lines = tell(block)
        assert lines[0].endswith("it failed: x 2026-01-01 00:00:00,000 INFO all is well")
        assert all(line.startswith("    ") for line in lines[2:])

    def test_nothing_in_a_line_moves_a_terminal(self, tell) -> None:
        def block() -> None:
            ours.warning("a page asks for %s", "a\x1b]0;mine\x07b\x00\x9b2Jc\u202e")
            ours.warning("received", extra=fields(channel="web\x1b[2J"))

        told = "".join(tell(block) + tell(block, form=LogFormat.JSON))
        assert told.count("\N{REPLACEMENT CHARACTER}") == 2 * 6
        assert told.isprintable()

    def test_an_error_tells_where_it_came_from(self, tell) -> None:
        lines = tell(lambda: failing("words"))
        assert [line.strip().rpartition(" ")[2] for line in lines[1:]] == [
            "ask",
            "ValueError",
            "failing",
            "ask",
            "ModelError",
        ]
        assert all("tests/runtime/test_log.py:" in line for line in (lines[1], lines[3], lines[4]))
        told = json.loads(tell(lambda: failing("words"), form=LogFormat.JSON, texts=True)[0])["error"]
        assert "base 10: 'words'" in told

    @pytest.mark.parametrize("level", list(LogLevel))
    def test_less_than_the_level_is_not_told(self, tell, level: LogLevel) -> None:
        def block() -> None:
            for method in (ours.debug, ours.info, ours.warning, ours.error):
                method("x")

        assert len(tell(block, level=level)) == 4 - list(LogLevel).index(level)
        assert logging.getLogger("custagent").level == logging.NOTSET, "afterwards all is as it was"

    def test_libraries_are_told_from_a_warning_on(self, tell) -> None:
        def block() -> None:
            theirs.info("x")
            logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")

        (line,) = tell(block, level=LogLevel.DEBUG)
        assert line.endswith("WARNING Invalid HTTP request received.")


class TestNobodysWords:
    WORDS = ("Ada Lovelace", "ada@example.org", "+46 70 123 45 67", "46701234567", "my zipper is broken")

    @staticmethod
    def say(words: str) -> None:
        """Every way in which words could come into the log."""
        ours.info("received", extra=fields(text=words))
        failing(words)
        theirs.warning("%s failed", words)
        theirs.error(f"bad request: {words}")
        logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: {ValueError(words)!r}")  # noqa: G004
        logging.getLogger("uvicorn.error").error("Exception in ASGI application: %s", words)

    @pytest.mark.parametrize("form", list(LogFormat))
    def test_are_in_no_line(self, tell, form: LogFormat) -> None:
        for words in self.WORDS:
            told = "\n".join(tell(lambda words=words: self.say(words), form=form))
            assert words not in told
            assert "litellm.main told something at" in told
            assert "Task exception was never retrieved" in told

    def test_addresses_are_left_out_of_our_own_words_too(self, tell) -> None:
        def block() -> None:
            ours.error("message %s could not be delivered on %s: %s", 7, "mail", "550 <ada@example.org> unknown")
            ours.error("phone: %s", "recipient +46 70-123 45 67, known as 46701234567, is not there")
            ours.info("delivered", extra=fields(message=123456789012, to="ada@example.org"))

        lines = tell(block)
        assert lines[0].endswith("message 7 could not be delivered on mail: 550 <[address]> unknown")
        assert lines[1].endswith("recipient [number], known as [number], is not there")
        assert lines[2].endswith("message=123456789012 to=[address]")

    def test_times_and_processes_stay(self, tell) -> None:
        said = "process 31657 on vm, since 2026-11-22 17:17:49 UTC took over"
        assert tell(lambda: ours.error("%s", said))[0].endswith(said)

    def test_asked_for_they_are_told(self, tell) -> None:
        told = "\n".join(tell(lambda: self.say("ada@example.org wrote"), texts=True))
        assert told.count("ada@example.org wrote") == 7


class TestSecrets:
    @pytest.mark.parametrize("texts", [False, True])
    @pytest.mark.parametrize("form", list(LogFormat))
    def test_twenty_canaries_in_every_place_are_in_no_line(self, tell, form: LogFormat, texts: bool) -> None:
        environment = {f"SERVICE_{number}_TOKEN": canary for number, canary in enumerate(CANARIES)}
        assert len(CANARIES) == 20

        def block() -> None:
            for canary in CANARIES:
                TestNobodysWords.say(f"the key {canary} was refused")
                ours.error("refused: %s", canary)
                ours.info("x", extra=fields(value=canary, other=f"k={canary}"))

        told = "\n".join(tell(block, form=form, texts=texts, secrets=secrets_in(environment)))
        assert [canary for canary in CANARIES if canary in told or json.dumps(canary)[1:-1] in told] == []
        assert "***" in told

    def test_those_of_a_telling_name_or_that_a_definition_names(self) -> None:
        environment = {"A_TOKEN": "one", "MAILBOX": "two", "PATH": "three", "DB_PASSWORD": "", "OTHER": "four"}
        assert secrets_in(environment, ["password: ${MAILBOX}", "x"]) == {"one", "two"}


class Stuck(io.StringIO):
    """A reader who has stopped reading, until `go_on`."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.reached = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        self.go_on.wait(60)
        return super().write(text)


class TestASlowReader:
    @contextmanager
    def stuck(self) -> Iterator[Stuck]:
        stream = Stuck()
        with telling(stream):
            ours.info("first")
            assert stream.reached.wait(60)
            yield stream
        stream.go_on.set()

    def test_holds_nobody_up_and_what_is_left_out_is_counted(self, monkeypatch) -> None:
        monkeypatch.setattr(log, "_MOST_WAITING", 3)
        with self.stuck() as stream:
            began = time.monotonic()
            for number in range(10):
                ours.info("line %s", number)
            assert time.monotonic() - began < 5
            stream.go_on.set()
        told = [line.split("INFO ")[-1].split("WARNING ")[-1] for line in stream.getvalue().splitlines()]
        assert told == ["first", "line 0", "line 1", "line 2", "7 lines were left out, for nobody read them in time"]

    def test_does_not_keep_the_program_from_ending(self) -> None:
        began = time.monotonic()
        with self.stuck():
            pass
        assert time.monotonic() - began < 10

    def test_who_has_gone_is_no_fault(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a pipe
            with telling(stream):
                ours.info("x")
                ours.info("y")
            # What is left has nowhere to go when the file is closed either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), writing)


def test_ids_need_no_closer_look_and_are_told_as_they_are() -> None:
    record = logging.LogRecord(ours.name, logging.INFO, "x.py", 1, "answered", None, None)
    record.fields = {"conversation": "k2Hq9vXwB4nT7mRz1LcYdA", "key": "AKIAIOSFODNN7EXAMPLE", "secret": "aSecret1"}
    line = Lines(LogFormat.TEXT, texts=False, secrets={"aSecret1"}).format(record)
    assert line.endswith("answered conversation=k2Hq9vXwB4nT7mRz1LcYdA key=*** secret=***")


def test_what_the_clock_does_is_an_event(live: Application, tell: Callable[..., list[str]]) -> None:
    now = live.clock.now()
    inbound = InboundMessage(channel="website", external_id="x", contact_key="k", text="Hi", sent_at=now)
    threading_ = Threading(closes_after=timedelta(hours=24), reopens=False)
    begun = live.store.conversations.begin(inbound, threading_, agent="support", at=now)
    turn = Turn(conversation=begun.conversation, status=Status.PENDING, handled=(begun.message.id,), at=now)
    live.store.conversations.commit(turn)
    live.clock.advance(hours=24)  # type: ignore[attr-defined] # a FrozenClock
    (line,) = tell(Timers(live, InForce(live), fence=0, changed=lambda _: None).close_silent)
    assert line.endswith(f" INFO timer conversation={begun.conversation.id} status=closed")
