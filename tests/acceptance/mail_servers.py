"""Real mail servers on this machine: Dovecot keeps mailboxes, aiosmtpd takes what is submitted and delivers it there.

Nothing runs as root: where the tests do, Dovecot runs as nobody, who owns a folder of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import os
import pwd
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import pytest

from tests.ports import free_port

DOMAIN = "northwind.example"
#: Of every mailbox.
PASSWORD = "open-sesame"
_PROGRAM = shutil.which("dovecot") or ""
_CONF = """\
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <{dir}/cert.pem
ssl_key = <{dir}/key.pem
ssl_dh =
first_valid_uid = 1
mail_uid = {user}
mail_gid = {group}
mail_location = maildir:{dir}/mail/%u
mail_fsync = never
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
lda_mailbox_autocreate = yes
disable_plaintext_auth = yes
auth_mechanisms = plain xoauth2
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={dir}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
service anvil {{
  chroot =
  # Whoever types a wrong password twice would wait for seconds.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service lmtp {{
  user = {user}
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service auth {{
  user = {user}
}}
service auth-worker {{
  user = {user}
}}
protocol imap {{
  mail_max_userip_connections = 100
}}
"""


def new_folder() -> Path:
    """A folder that the unprivileged user owns, with a name short enough for sockets in it."""
    folder = Path(tempfile.mkdtemp(prefix="mail-"))
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    folder.chmod(0o755)
    return folder


def new_certificate(folder: Path) -> Path:
    """A certificate for localhost that its own file vouches for; the key stands beside it."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    key.chmod(0o644)
    return cert


class Dovecot:
    """Mailboxes of whoever is written to; use it as `with`."""

    def __init__(self) -> None:
        self.folder = new_folder()
        self.cert = new_certificate(self.folder)
        self.imap, self.imaps, self.lmtp = free_port(), free_port(), free_port()
        root = os.getuid() == 0
        self._as = {"user": "nobody", "group": "nogroup", "extra_groups": []} if root else {}
        user = "nobody" if root else pwd.getpwuid(os.getuid()).pw_name
        group = "nogroup" if root else str(os.getgid())
        (self.folder / "dovecot.conf").write_text(
            _CONF.format(
                dir=self.folder, user=user, group=group, imap=self.imap, imaps=self.imaps, lmtp=self.lmtp,
                password=PASSWORD,
            )
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Returns once it answers."""
        command = [_PROGRAM, "-F", "-c", str(self.folder / "dovecot.conf")]
        self._process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as
        )
        deadline = time.monotonic() + 90
        while True:
            try:
                for port in (self.imap, self.lmtp):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """As its administrator would; open connections end."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(90)
            self._process = None

    def log(self) -> str:
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def deliver(self, raw: bytes, to: str, sender: str = "") -> None:
        """As the company's mail server does at the end: it notes the envelope in the mail."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            lmtp.sendmail(sender, [to], raw)

    def deliver_all(self, mails: Sequence[tuple[bytes, str]], to: str) -> None:
        """The same for many, (mail, envelope's sender) each, over one connection."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            for raw, sender in mails:
                lmtp.sendmail(sender, [to], raw)

    def files(self, user: str, folder: str = "") -> list[Path]:
        """The mails of a mailbox, oldest first."""
        place = self.folder / "mail" / user / (f".{folder}" if folder else "")
        found = [path for part in ("new", "cur") if (place / part).is_dir() for path in (place / part).iterdir()]
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    def mails(self, user: str, folder: str = "") -> list[EmailMessage]:
        """The mails of a mailbox, oldest first."""
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in self.files(user, folder)]

    def client(self, user: str) -> imaplib.IMAP4_SSL:
        """Signed in, as the owner's mail program is."""
        context = ssl.create_default_context(cafile=str(self.cert))
        client = imaplib.IMAP4_SSL("127.0.0.1", self.imaps, ssl_context=context)
        client.login(user, PASSWORD)
        return client

    def number_anew(self, user: str, validity: int) -> None:
        """What a restored backup does: every mail's number means something else."""
        command = ["doveadm", "-c", str(self.folder / "dovecot.conf"), "mailbox", "update",
                   "--uid-validity", str(validity), "-u", user, "INBOX"]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as)  # type: ignore[call-overload] # the account's keys are strings


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A mail as the submission server took it."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


@dataclass(slots=True)
class Habits:
    """How a submission server goes about it; may be changed while it works."""

    #: What it says to a recipient instead of taking it, by address: "550 5.1.1 No such user".
    refuses: dict[str, str] = field(default_factory=dict)
    #: What it says to every mail's sender, "" to take it.
    refuses_sender: str = ""
    #: What it says at the end of a mail, "" to take it.
    refuses_content: str = ""
    #: How many mails it takes without saying so: the connection breaks.
    breaks_off: int = 0
    #: Access tokens that it knows, by user.
    tokens: dict[str, str] = field(default_factory=dict)


class Submission:
    """A submission server with STARTTLS or TLS, and AUTH, that hands mail for the domain to Dovecot; use it as `with`."""

    def __init__(self, dovecot: Dovecot, *, tls: bool = False, starttls: bool = True) -> None:
        from aiosmtpd.controller import Controller

        self.dovecot = dovecot
        self.habits = Habits()
        self.taken: list[Submitted] = []
        self.came = threading.Condition()
        #: Who else takes what goes to an address.
        self.relays: dict[str, Callable[[Submitted, str], None]] = {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(dovecot.folder / "cert.pem", dovecot.folder / "key.pem")
        given: dict[str, Any] = {"ssl_context": context} if tls else {}
        if starttls and not tls:
            given |= {"tls_context": context, "require_starttls": True}
        self._controller = Controller(
            self, hostname="127.0.0.1", port=free_port(), authenticator=self._authenticate,
            auth_required=not tls, auth_require_tls=not tls, enable_SMTPUTF8=True, ident="mail here",
            decode_data=False, **given,
        )  # fmt: skip
        self._pool = ThreadPoolExecutor(4)

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
        self._pool.shutdown()

    def to(self, address: str) -> list[Submitted]:
        """What went to this address, in order."""
        return [one for one in list(self.taken) if address in one.recipients]

    def wait_for(self, condition: Callable[[], object], seconds: float = 90) -> bool:
        """Whether it came true; looked at whenever a mail comes."""
        with self.came:
            return self.came.wait_for(lambda: bool(condition()), seconds)

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        from aiosmtpd.smtp import AuthResult

        del server, session, envelope, mechanism
        fits = getattr(data, "password", b"") == PASSWORD.encode()
        # `handled` says that the answer was given already: then none would be.
        return AuthResult(success=fits, handled=False)

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> Any:  # noqa: N802 - aiosmtpd looks for it by this name
        """What Google and Microsoft want instead of a password."""
        import base64

        from aiosmtpd.smtp import AuthResult

        del server
        told = dict(part.partition("=")[::2] for part in base64.b64decode(args[1]).decode().split("\x01") if part)
        user, token = told.get("user", ""), told.get("auth", "").removeprefix("Bearer ")
        return AuthResult(success=bool(token) and self.habits.tokens.get(user) == token, handled=False)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - see above
        del server, session
        if self.habits.refuses_sender:
            return self.habits.refuses_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - see above
        del server, session, options
        if address in self.habits.refuses:
            return self.habits.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - see above
        del session
        if self.habits.refuses_content:
            return self.habits.refuses_content
        taken = Submitted(
            sender=envelope.mail_from, recipients=tuple(envelope.rcpt_tos), content=bytes(envelope.content)
        )
        here = [address for address in taken.recipients if address.endswith(f"@{DOMAIN}")]
        for address in here:
            deliver = asyncio.get_running_loop().run_in_executor
            await deliver(self._pool, self.dovecot.deliver, taken.content, address, taken.sender)
        for address in set(taken.recipients) & self.relays.keys():
            await asyncio.get_running_loop().run_in_executor(self._pool, self.relays[address], taken, address)
        with self.came:
            self.taken.append(taken)
            self.came.notify_all()
        if self.habits.breaks_off:
            self.habits.breaks_off -= 1
            server.transport.abort()
        return "250 OK"


@contextlib.contextmanager
def mail_servers() -> Iterator[tuple[Dovecot, Submission]]:
    """Both."""
    with Dovecot() as dovecot, Submission(dovecot) as submission:
        yield dovecot, submission


@pytest.fixture(scope="module")
def servers(require: Callable[[str, object, str], None]) -> Iterator[tuple[Dovecot, Submission]]:
    """Both, for the tests of one module."""
    require("dovecot", _PROGRAM, "apt-get install dovecot-imapd dovecot-lmtpd")
    require("openssl", shutil.which("openssl"), "apt-get install openssl")
    with mail_servers() as both:
        yield both
