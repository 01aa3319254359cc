"""Submission of mail: signed in over a checked, encrypted connection; every refusal sorted by what follows from it
(RFC 6409, 3207, 4954).

Everything here blocks; it is called in a thread of its own (`aside`).
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from custagent.channels.email.login import MailLogin, no_trust_hint, not_let_in
from custagent.core.errors import ChannelError, SendFault

#: Seconds to wait for a connection, and for each answer.
PATIENCE = 20.0
#: Minutes before a reply is tried again that the server put off, by how often it failed (RFC 5321, 4.5.4.1): two days in
#: all. The first is longer than usual greylisting.
_PUT_OFF = (1, 5, 15, 60, 120, 240)
_OK, _FINAL = 300, 500
_UNAVAILABLE = 421
#: Too much at once: of the account (4.7.28, 5.4.5), of one recipient (4.2.1).
_ACCOUNT_SLOW = re.compile(r"\b(?:4\.7\.28|4\.7\.0 .*rate|4\.5\.3|5\.4\.5)\b", re.IGNORECASE)
_CONTACT_SLOW = re.compile(r"\b4\.2\.1\b.*\b(?:rate|quickly)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What goes to whom."""

    #: Where bounces go.
    sender: str
    recipients: tuple[str, ...]
    #: The mail, lines ended by CRLF.
    content: bytes
    #: Headers or addresses hold letters beyond ASCII (RFC 6531).
    utf8: bool = False


class Submission:
    """One signed-in connection. Made by `open_submission`."""

    def __init__(self, smtp: smtplib.SMTP, where: str) -> None:
        self._smtp = smtp
        self._where = where

    def send(self, envelope: Envelope, *, attempts: int = 0) -> tuple[str, ...]:
        """Hand one mail over; the recipients that were refused, each with why, while others were taken.

        Raises ChannelError when it went to nobody. A connection that breaks after the last dot tells nothing: the mail is
        tried again, and it is the same one by its Message-ID.
        """
        with told(self._where, attempts=attempts):
            self._require(
                *self._smtp.mail(envelope.sender, self._options(envelope)), of_account=True, attempts=attempts
            )
            refused = self._address(envelope.recipients, attempts)
            self._require(*self._smtp.data(envelope.content), attempts=attempts)
        return refused

    def may_send_as(self, sender: str) -> str:
        """Why the server does not let us send as this address, "" when it does. Nothing is sent."""
        with told(self._where):
            code, answer = self._smtp.mail(sender)
            self._smtp.rset()
        return "" if code < _OK else _words(answer)

    def _address(self, recipients: Sequence[str], attempts: int) -> tuple[str, ...]:
        refused: list[tuple[str, int, bytes]] = []
        options = ["NOTIFY=FAILURE,DELAY"] if self._smtp.has_extn("dsn") else []
        for recipient in recipients:
            code, answer = self._smtp.rcpt(recipient, options)
            if code >= _OK:
                refused.append((recipient, code, answer))
        if len(refused) == len(recipients):
            # One that is only put off may still be reached.
            _, code, answer = min(refused, key=lambda one: one[1])
            self._require(code, answer, attempts=attempts)
        return tuple(f"{recipient}: {_words(answer)}" for recipient, _, answer in refused)

    def _options(self, envelope: Envelope) -> list[str]:
        options = []
        if envelope.utf8:
            if not self._smtp.has_extn("smtputf8"):
                raise ChannelError(
                    f"{self._where} cannot send to an address with letters beyond a to z", fault=SendFault.PERMANENT
                )
            options.append("SMTPUTF8")
        if self._smtp.has_extn("size"):
            options.append(f"SIZE={len(envelope.content)}")
        if self._smtp.has_extn("8bitmime") and not envelope.content.isascii():
            options.append("BODY=8BITMIME")
        if self._smtp.has_extn("dsn"):
            options.append("RET=HDRS")
        return options

    def _require(self, code: int, answer: bytes, *, of_account: bool = False, attempts: int = 0) -> None:
        if code >= _OK:
            raise refusal(self._where, code, _words(answer), of_account=of_account, attempts=attempts)


@contextlib.contextmanager
def open_submission(
    login: MailLogin, *, ehlo: str, opened: Callable[[smtplib.SMTP], None] | None = None
) -> Iterator[Submission]:
    """Connect and sign in; `ehlo` is the name that we give ourselves.

    `opened` is told the connection before anything is said on it. Raises ChannelError with CHANNEL_OUT.
    """
    with told(str(login.smtp)):
        smtp = connect(login, ehlo=ehlo)
    try:
        if opened is not None:
            opened(smtp)
        sign_in(smtp, login)
        yield Submission(smtp, str(login.smtp))
        with contextlib.suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    finally:
        smtp.close()


def connect(login: MailLogin, *, ehlo: str) -> smtplib.SMTP:
    """An encrypted connection that nobody has signed in on. Raises what smtplib raises, and ChannelError."""
    server, context = login.smtp, login.tls_context()
    if server.tls:
        return smtplib.SMTP_SSL(server.host, server.port, local_hostname=ehlo, timeout=PATIENCE, context=context)
    smtp = smtplib.SMTP(server.host, server.port, local_hostname=ehlo, timeout=PATIENCE)
    try:
        smtp.starttls(context=context)
    except smtplib.SMTPNotSupportedError as error:
        smtp.close()
        raise ChannelError(
            f"{server} offers no encryption, so nothing was said to it",
            hint="Set `smtp_security: tls` if it is encrypted from the first byte (usually port 465).",
            fault=SendFault.CHANNEL_OUT,
        ) from error
    except BaseException:
        smtp.close()
        raise
    return smtp


def sign_in(smtp: smtplib.SMTP, login: MailLogin) -> None:
    """Raises ChannelError that says what to look at."""
    secret, where = login.secret(), str(login.smtp)
    with told(where):
        smtp.ehlo_or_helo_if_needed()
        try:
            if secret.token:
                shown = f"user={login.username}\x01auth=Bearer {secret.value}\x01\x01"
                # After an error the server waits for an empty line before it tells the code (XOAUTH2).
                smtp.auth("XOAUTH2", lambda challenge=None: "" if challenge else shown)
            else:
                smtp.login(login.username, secret.value)
        except UnicodeEncodeError as error:
            raise ChannelError(
                f"{where} cannot be told the password: it has letters beyond a to z",
                hint="Choose another password for the mailbox.",
                fault=SendFault.CHANNEL_OUT,
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise ChannelError(
                f"{where} takes no password and no token on this port",
                hint="Set `smtp_host:` to the port for submission, usually 587 or 465.",
                fault=SendFault.CHANNEL_OUT,
            ) from error
        except smtplib.SMTPAuthenticationError as error:
            raise ChannelError(
                f"{where} does not let {login.username} in: {_words(error.smtp_error)}",
                hint=not_let_in(secret),
                fault=SendFault.CHANNEL_OUT,
            ) from error


def refusal(where: str, code: int, words: str, *, of_account: bool = False, attempts: int = 0) -> ChannelError:
    """What follows from a server's "no" (RFC 5321 4.2, RFC 3463); `of_account`: to the sender, not the recipient."""
    message = f"{where} refused it: {code} {words}"
    if code == _UNAVAILABLE or _ACCOUNT_SLOW.search(words):
        return ChannelError(message, fault=SendFault.SLOW_CHANNEL, retry_after=60.0)
    if _CONTACT_SLOW.search(words):
        return ChannelError(message, fault=SendFault.SLOW_CONTACT, retry_after=put_off(attempts))
    if code < _FINAL:
        return ChannelError(message, fault=SendFault.RETRY, retry_after=put_off(attempts))
    if of_account:
        hint = "Check that the account may send as the channel's `address:`."
        return ChannelError(message, hint=hint, fault=SendFault.CHANNEL_OUT)
    return ChannelError(message, fault=SendFault.PERMANENT)


def put_off(attempts: int) -> float:
    """Seconds before the next try of what a server put off."""
    return 60.0 * _PUT_OFF[min(attempts, len(_PUT_OFF) - 1)]


@contextlib.contextmanager
def told(where: str, *, attempts: int = 0) -> Iterator[None]:
    """What goes wrong with the server, in our words."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        message = f"the certificate of {where} cannot be trusted: {error.verify_message}"
        raise ChannelError(message, hint=no_trust_hint(), fault=SendFault.CHANNEL_OUT) from error
    except smtplib.SMTPResponseException as error:
        raise refusal(where, error.smtp_code, _words(error.smtp_error), of_account=True, attempts=attempts) from error
    except smtplib.SMTPServerDisconnected as error:
        raise ChannelError(f"{where} hung up", retry_after=put_off(attempts) if attempts else 0.0) from error
    except TimeoutError as error:
        raise ChannelError(f"{where} does not answer", fault=SendFault.CHANNEL_OUT) from error
    except OSError as error:
        # SMTPException is one too.
        raise ChannelError(
            f"{where} cannot be reached: {error.strerror or error}",
            hint="Check the host and port in custagent.yaml, and that this machine may connect to it.",
            fault=SendFault.CHANNEL_OUT,
        ) from error
    except ValueError as error:
        raise ChannelError(f"{where} cannot be told this: {error}", fault=SendFault.PERMANENT) from error


def _words(answer: bytes | str) -> str:
    """What the server said, on one line and not endless."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:300]
