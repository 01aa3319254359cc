"""How a mail channel signs in to its two servers: where they are, who it is, and by which certificates they are known."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from custagent.channels.email.oauth import AccessTokens, Grant
from custagent.core.channel import EmailChannel
from custagent.core.errors import ChannelError, ConfigError, SendFault

_IMAP_PORTS = {"tls": 993, "starttls": 143}
_SMTP_PORTS = {"tls": 465, "starttls": 587}
#: A mailbox is read and sent from by the same token.
_tokens = AccessTokens()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """One server of a mailbox."""

    host: str
    port: int
    #: TLS from the first byte; else STARTTLS before anything is said. There is no third way.
    tls: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What proves who signs in."""

    #: An OAuth access token, to be shown by XOAUTH2; else a password.
    token: bool
    value: str = field(repr=False)
    #: What the token was given for, where it was fetched.
    grant: Grant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLogin:
    """Everything that is needed to sign in."""

    username: str
    imap: MailServer
    smtp: MailServer
    #: Certificates in a PEM file that the servers are checked by; None for the system's.
    ca_file: Path | None
    #: Asked anew at each connection. Raises ChannelError that says what is missing.
    secret: Callable[[], Secret]

    def tls_context(self) -> ssl.SSLContext:
        """Certificates and host names are always checked. Raises ChannelError for a file that holds no certificates."""
        try:
            return ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        except (OSError, ssl.SSLError) as error:
            raise ChannelError(
                f"the certificates in {self.ca_file} cannot be read: {error.strerror or error}",
                hint="Set `ca_file:` in custagent.yaml to a PEM file, or take it out.",
                fault=SendFault.CHANNEL_OUT,
            ) from error


def login_of(channel: EmailChannel, secrets: Callable[[str], tuple[str, ...]], root: Path) -> MailLogin:
    """How the channel signs in. `root` is what a relative `ca_file` is looked for in."""
    token = channel.auth == "xoauth2"

    def value(reference: str | None) -> str:
        return secrets(reference)[0] if reference else ""

    def secret() -> Secret:
        try:
            if not token or channel.token_url is None:
                return Secret(token=token, value=value(channel.token if token else channel.password))
            grant = Grant(
                url=channel.token_url,
                client_id=channel.client_id or "",
                client_secret=value(channel.client_secret),
                refresh_token=value(channel.refresh_token),
                scope=channel.scope or "",
            )
        except ConfigError as error:
            raise ChannelError(error.message, hint=error.hint, fault=SendFault.CHANNEL_OUT) from error
        return Secret(token=True, value=_tokens.of(grant), grant=grant)

    return MailLogin(
        username=channel.username,
        imap=_server(channel.imap_host, channel.imap_security, _IMAP_PORTS),
        smtp=_server(channel.smtp_host, channel.smtp_security, _SMTP_PORTS),
        ca_file=root / channel.ca_file if channel.ca_file else None,
        secret=secret,
    )


def ehlo_name(channel: EmailChannel) -> str:
    """What we call ourselves to mail servers: this machine's own name is nobody's business."""
    domain = channel.address.rpartition("@")[2]
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return "localhost"


def not_let_in(secret: Secret) -> str:
    """What to do when a server does not take who signs in; a token that was fetched is not used again."""
    if secret.grant is not None:
        _tokens.forget(secret.grant)
        return "A new token is fetched for the next try. Check `username:` and that `scope:` allows IMAP and SMTP."
    if secret.token:
        return "The access token may have run out: get a new one and set the variable that `token:` names."
    return (
        "Check `username:` and the variable that `password:` names. Gmail and Microsoft 365 want an app password, or"
        " `auth: xoauth2`."
    )


def no_trust_hint() -> str:
    """What to do when a server's certificate is not believed."""
    return "Write the host as its certificate names it. For a company's own certificates set `ca_file:` to a PEM file of them."


def _server(address: str, security: str, ports: dict[str, int]) -> MailServer:
    # What pydantic let through is a host, or [an IPv6 address], with or without a port.
    bracketed, _, behind = address.rpartition("]")
    if bracketed:
        host, port = bracketed.removeprefix("["), behind.removeprefix(":")
    else:
        host, _, port = address.partition(":")
    return MailServer(host=host, port=int(port) if port else ports[security], tls=security == "tls")
