"""The channel `mail`: a notice as a message (RFC 5322) handed to a smarthost (RFC 5321). Proof is the 250 that ends DATA.

It does not share the code of our probes. The message is marked as an automatic one (RFC 3834), hangs in its incident's thread (References),
and is the same, byte for byte but for its separators, whenever it is sent again.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notifier.channels.payload import safe
from notifier.channels.reasons import causes, hidden, why
from notifier.values import NotDeliveredError, Notice
from notifier.words_clean import line, lines
from probe.trust import context_for
from probe.values import Endpoint, Secret, Security

if TYPE_CHECKING:
    import aiosmtplib

PORTS = {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}
FAREWELL_SECONDS = 2.0  # that a server has for its answer to QUIT: the message is its own by then
LONGEST_SUBJECT = 200  # characters
LONGEST_TEXT = 200_000  # characters of each part
NO_HTML = "<"  # what an HTML part begins with, if there is one


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Messages to people, by way of a smarthost."""

    host: str  # smarthost that takes the messages
    sender: str  # address in From and in the envelope: bounces come back there
    to: tuple[str, ...]  # addresses of the recipients
    port: int | None = None  # its port; default: 587 with starttls, 465 with tls, 25 with none
    security: Security = Security.STARTTLS  # none, starttls or tls; starttls that is not offered is an error
    user: str = ""  # who signs in; default: nobody
    password: Secret | None = None  # their password
    ca_file: Path | None = None  # PEM file of the authority to trust; default: the system's
    verify: bool = True  # whether its certificate must be good
    hello: str = "localhost.localdomain"  # how we name ourselves in EHLO
    timeout_seconds: float = 15.0  # for each reply

    def __post_init__(self) -> None:
        if wrong := list(_wrong(self)):
            raise ValueError("; ".join(wrong))  # all at once: whoever mends it wants to mend it once


def _wrong(settings: MailSettings) -> Iterator[str]:
    """Yield all that is wrong with settings."""
    if not settings.to:
        yield "has no recipient; give `to` an address"
    for address in dict.fromkeys((settings.sender, *settings.to)):
        try:
            _parsed(address)
        except ValueError as error:
            yield str(error)
    if bool(settings.user) != (settings.password is not None):
        yield "has a `user` or a `password` but not both; they sign in together"
    if settings.user and settings.security is Security.NONE:
        yield "would send its password in clear; take `security: starttls` or `security: tls`"


def _parsed(address: str) -> Address:
    """Return an address. Raises: ValueError when it is none."""
    try:
        found = Address(addr_spec=address)
    except (HeaderParseError, ValueError, IndexError):
        found = Address()
    if not found.username or not found.domain or not all(char.isprintable() and char != " " for char in address):
        raise ValueError(f"`{line(address)}` is no address; one looks like oncall@isp.example")
    return found


def message_id(key: str, domain: str) -> str:
    """Return the Message-ID of a key (RFC 5322 section 3.6.4): the same for each try, and no key can leave it."""
    return f"<{safe(key)}@{domain}>"


def composed(notice: Notice, settings: MailSettings) -> EmailMessage:
    """Return the message of a notice."""
    sender = _parsed(settings.sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Mailsonde", addr_spec=settings.sender)
    message["To"] = tuple(_parsed(one) for one in settings.to)
    message["Subject"] = line(notice.subject, LONGEST_SUBJECT)
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = message_id(notice.key, sender.domain)
    if notice.first_key and notice.first_key != notice.key:
        message["In-Reply-To"] = message["References"] = message_id(notice.first_key, sender.domain)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # Exchange: no out-of-office answers
    told = {"Incident": safe(notice.incident), "Number": str(notice.number), "Kind": str(notice.kind), "Level": notice.level.name}
    for name, value in told.items():
        message[f"X-Mailsonde-{name}"] = value  # for the rules by which people sort their mail
    message.set_content(lines(notice.text, LONGEST_TEXT), cte="quoted-printable")
    if notice.html.lstrip().startswith(NO_HTML):
        message.add_alternative(_page(notice.html), subtype="html", cte="quoted-printable")
    return message


def _page(html: str) -> str:
    """Return a page that can be encoded; it was escaped by who wrote it."""
    return html[:LONGEST_TEXT].encode("utf-8", "replace").decode()


class Mail:
    """A smarthost and those who are written to."""

    def __init__(self, name: str, settings: MailSettings) -> None:
        self.name, self._settings = name, settings

    async def send(self, notice: Notice) -> str:
        """Hand the message in; return the server's own last word. Raises: NotDeliveredError; 5yz is for good."""
        try:
            refused, said = await self._handed(composed(notice, self._settings))
        except Exception as error:  # noqa: BLE001 - the border: the library's own, the system's, TLS's
            raise self._failure(error) from None
        return f"{self._place} said: 250 {self._hidden(said)}{self._but(refused)}"

    async def close(self) -> None:
        """Each notice has a connection of its own: nothing is open."""

    @property
    def _place(self) -> str:
        return f"{self._settings.host}:{self._settings.port or PORTS[self._settings.security]}"

    def _client(self) -> "aiosmtplib.SMTP":
        """Return a client that guesses nothing."""
        import aiosmtplib  # noqa: PLC0415 - 60 ms of start, only for those who send mail

        wanted = self._settings
        kept: dict[str, Any] = {"username": wanted.user, "password": wanted.password.reveal()} if wanted.password else {}
        return aiosmtplib.SMTP(
            hostname=wanted.host,
            port=wanted.port or PORTS[wanted.security],
            use_tls=wanted.security is Security.TLS,
            start_tls=wanted.security is Security.STARTTLS,
            tls_context=self._context(),
            local_hostname=wanted.hello,
            timeout=wanted.timeout_seconds,
            **kept,
        )

    def _context(self) -> Any:
        wanted = self._settings
        if wanted.security is Security.NONE:
            return None
        return context_for(Endpoint(wanted.host, 0, ca_file=str(wanted.ca_file) if wanted.ca_file else None, verify=wanted.verify))

    def _hidden(self, said: str) -> str:
        return hidden(said, [self._settings.password])

    async def _handed(self, message: EmailMessage) -> tuple[dict[str, Any], str]:
        """Return whom the server refused, and its last word. What becomes of our farewell changes nothing."""
        smtp = self._client()
        try:
            await smtp.connect()
            done = await smtp.send_message(message)
            with suppress(Exception):
                await smtp.quit(timeout=FAREWELL_SECONDS)
        finally:
            smtp.close()
        return done

    def _failure(self, error: BaseException) -> NotDeliveredError:
        """Return a server's refusal in its own words, even if it went away after that; otherwise what came between."""
        from aiosmtplib import SMTPRecipientsRefused, SMTPResponseException  # noqa: PLC0415 - it is loaded by now

        for one in causes(error):
            if isinstance(one, SMTPRecipientsRefused):
                return self._refusal(one.recipients[0], f"{len(one.recipients)} of {len(self._settings.to)} recipients")
            if isinstance(one, SMTPResponseException):
                return self._refusal(one, "it")
        return NotDeliveredError(f"{self._place}: {why(error, [self._settings.password])}")

    def _refusal(self, said: Any, what: str) -> NotDeliveredError:
        return NotDeliveredError(
            f"{self._place} refused {what}: {said.code} {self._hidden(said.message)}", again=not 500 <= said.code < 600
        )

    def _but(self, refused: dict[str, Any]) -> str:
        """Return which recipients were not taken while others were: theirs is not tried again, or the others had it twice."""
        return "".join(f"; not for {line(one)}: {said.code} {self._hidden(said.message)}" for one, said in refused.items())
