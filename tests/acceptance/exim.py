"""Exim, as somebody else's mail server: it takes mail, finds that there is no such user, and writes a genuine bounce."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from tests.acceptance.mail_servers import Submitted
from tests.ports import free_port

PROGRAM = shutil.which("exim4") or shutil.which("exim") or ""
_USER = "Debian-exim"
_CONF = """\
exim_path = {dir}/exim
exim_user = {user}
exim_group = {user}
deliver_drop_privilege = true
never_users =
spool_directory = {dir}/spool
log_file_path = {dir}/log/%slog
pid_file_path = {dir}/exim.pid
primary_hostname = mx.example.org
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
acl_smtp_rcpt = take
keep_environment =
begin acl
take:
  accept
begin routers
nosuch:
  driver = redirect
  local_parts = nosuch
  data = :fail: there is no such user here
  allow_fail
others:
  driver = manualroute
  route_list = * 127.0.0.1
  transport = mailboxes
  self = send
begin transports
mailboxes:
  driver = smtp
  protocol = lmtp
  port = {lmtp}
  allow_localhost
begin retry
* * F,1h,1m
"""


class Exim:
    """Use it as `with`; what it cannot deliver comes back to the mailboxes that are served at `lmtp`."""

    def __init__(self, lmtp: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="exim-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        root = os.getuid() == 0
        user = _USER if root else pwd.getpwuid(os.getuid()).pw_name
        self._as: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if root else {}
        conf = self.folder / "exim.conf"
        conf.write_text(_CONF.format(dir=self.folder, user=user, port=self.port, lmtp=lmtp))
        conf.chmod(0o644)
        # Exim starts itself anew to write a bounce, and would forget which configuration it runs by.
        program = self.folder / "exim"
        program.write_text(f'#!/bin/sh\nexec {PROGRAM} -C {conf} "$@"\n')
        program.chmod(0o755)
        for name in ("spool", "log"):
            (self.folder / name).mkdir()
        if root:
            account = pwd.getpwnam(user)
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [str(self.folder / "exim"), "-bdf", "-q1s"]
        self._process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as
        )
        deadline = time.monotonic() + 90
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.02)
            else:
                return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(90)
        shutil.rmtree(self.folder, ignore_errors=True)

    def take(self, mail: Submitted, to: str) -> None:
        """As from the submission server of the sender."""
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="relay.example") as smtp:
            smtp.sendmail(mail.sender, [to], mail.content)

    def log(self) -> str:
        return "".join(path.read_text(errors="replace") for path in (self.folder / "log").glob("*"))
