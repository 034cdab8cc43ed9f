"""SASL (RFC 4422): prove who we are, once for SMTP, IMAP and POP3. Refuses servers that break a mechanism or cannot prove themselves.

A mechanism is a generator of what the client says, sent what the server says. How a protocol carries it is a `Profile`; then

    mechanism = sasl.choose(offered, mailbox, encrypted=True)
    final = yield from sasl.authenticate(mechanism, PROFILE)      # the reply that ended the exchange, good or bad
    ...                                                           # the protocol judges `final`: refuse(AUTH, ...) where it is a no
    mechanism.finish()                                            # a yes counts only when the server has proved itself (SCRAM)

PLAIN (4616), LOGIN (never standardised), CRAM-MD5 (2195), SCRAM (5802, 7677), XOAUTH2 (Google's and Microsoft's), OAUTHBEARER (7628).
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from probe.dialogue import Ask, Framing, Move, Note, printable, refuse
from probe.values import FaultKind, Mailbox

if TYPE_CHECKING:
    from collections.abc import Collection

    from scramp import ScramClient

# What the client says, in turn (None: the server speaks first); is sent each challenge, and None when the server said yes.
_Talk = Generator[bytes | None, bytes | None, None]

CANCEL = b"*\r\n"  # ends an exchange under way (RFC 4954, RFC 3501, RFC 5034); without it a QUIT would be read as a password
MAX_ROUNDS = 1_000_000  # of PBKDF2: some 0.3 s of our CPU. A hostile server may ask for more, to stall every other probe.


class Exchange:
    """What a mechanism's generator knows of its authentication: not the `Mechanism`, which holds the generator; that would be a ring."""

    __slots__ = ("complaint", "name", "step")

    def __init__(self, name: str, step: str) -> None:
        self.name = name
        self.step = step
        self.complaint = ""  # why a token was refused, in the server's words (JSON, RFC 7628 section 3.2.2)

    def broken(self, why: str) -> NoReturn:
        """End the exchange: the server broke the mechanism."""
        raise refuse(FaultKind.PROTOCOL, self.step, f"broke {self.name}: {why}")

    def refused(self, why: str) -> NoReturn:
        """End the exchange: somebody is not who he should be."""
        raise refuse(FaultKind.AUTH, self.step, why)


class Mechanism:
    """One authentication under way. It prints as its name: what it holds is secret."""

    __slots__ = ("_talk", "exchange", "exposed", "name", "step")

    def __init__(self, name: str, mailbox: Mailbox, *, step: str, encrypted: bool) -> None:
        recipe = MECHANISMS[name]
        self.name = name
        self.step = step
        self.exposed = recipe.clear and not encrypted  # password or token crosses the network readable
        self.exchange = Exchange(name, step)
        self._talk = recipe.talk(self.exchange, mailbox)

    def __repr__(self) -> str:
        return f"<Mechanism {self.name}>"

    def initial(self) -> bytes | None:
        """Return the initial response, or None when the server speaks first. Call it once, before anything else."""
        return next(self._talk)

    def respond(self, challenge: bytes) -> bytes:
        """Return what answers the server's challenge (both without base64).

        Raises: Unwelcome when the server breaks the mechanism, cannot prove itself, or goes on asking.
        """
        try:
            return self._talk.send(challenge) or b""
        except StopIteration:
            self.exchange.broken("goes on asking after all is said")

    def finish(self) -> None:
        """Take the server's yes. Raises: Unwelcome when it came too early: nobody has proved anything yet."""
        try:
            self._talk.send(None)
        except StopIteration:
            return
        self.exchange.broken("says yes before all is said")


def _password(exchange: Exchange, mailbox: Mailbox) -> str:
    password = mailbox.password.reveal() if mailbox.password else ""
    if "\0" in mailbox.login + password:  # RFC 4616: it separates the fields
        exchange.refused(f"login name or password of {mailbox.address} holds a NUL character")
    return password


def _bytes(text: str) -> bytes:
    """Return UTF-8; a secret that is not (Latin-1 in a file, read with surrogateescape) goes out as the bytes that it was."""
    return text.encode("utf-8", "surrogateescape")


def _plain(exchange: Exchange, mailbox: Mailbox) -> _Talk:
    yield _bytes(f"\0{mailbox.login}\0{_password(exchange, mailbox)}")


def _login(exchange: Exchange, mailbox: Mailbox) -> _Talk:
    yield None
    yield _bytes(mailbox.login)  # whatever the prompt is called: "Username:", "User Name", ...
    yield _bytes(_password(exchange, mailbox))


def _cram_md5(exchange: Exchange, mailbox: Mailbox) -> _Talk:
    challenge = (yield None) or b""
    digest = hmac.new(_bytes(_password(exchange, mailbox)), challenge, "md5").hexdigest()
    yield _bytes(f"{mailbox.login} {digest}")


def _scram(exchange: Exchange, mailbox: Mailbox) -> _Talk:
    # scramp draws the nonce itself: randomness inside the library, that no time, step or reading depends on.
    from scramp import ScramClient, ScramException  # noqa: PLC0415 - 20 ms of start, only for those who use it

    try:
        client = ScramClient([exchange.name], mailbox.login, _password(exchange, mailbox))
    except ScramException as error:
        exchange.refused(f"login name or password of {mailbox.address} does not suit {exchange.name}: {error.args[0]}")
    try:
        yield from _scram_steps(exchange, client)
    except ScramException as error:
        if "signature" in error.args[0]:
            exchange.refused("the server could not prove that it knows the password")
        exchange.broken(str(error.args[0]))


def _scram_steps(exchange: Exchange, client: ScramClient) -> _Talk:
    first = _scram_message(exchange, (yield client.get_client_first().encode()))
    rounds = re.search(r",i=(\d{1,20})", first)
    if rounds and int(rounds[1]) > MAX_ROUNDS:
        exchange.broken(f"asks for {rounds[1]} rounds of hashing; we refuse more than {MAX_ROUNDS}")
    client.set_server_first(first)
    final = _scram_message(exchange, (yield client.get_client_final().encode()))
    client.set_server_final(final)
    yield b""


def _scram_message(exchange: Exchange, said: bytes | None) -> str:
    if said is None:
        exchange.refused("the server says yes without proving that it knows the password")
    text = said.decode("utf-8", "backslashreplace")
    if text.startswith("e="):  # RFC 5802 section 7: server-error
        exchange.refused(f"{exchange.name}: {text[2:]}")
    return text


def _token(mailbox: Mailbox) -> str:
    return mailbox.token.reveal() if mailbox.token else ""


def _xoauth2(exchange: Exchange, mailbox: Mailbox) -> _Talk:
    complaint = yield _bytes(f"user={mailbox.login}\1auth=Bearer {_token(mailbox)}\1\1")
    if complaint is not None:
        exchange.complaint = printable(complaint)
        yield b""


def _oauthbearer(exchange: Exchange, mailbox: Mailbox) -> _Talk:
    name = mailbox.login.replace("=", "=3D").replace(",", "=2C")  # saslname, RFC 5801 section 4
    complaint = yield _bytes(f"n,a={name},\1auth=Bearer {_token(mailbox)}\1\1")
    if complaint is not None:
        exchange.complaint = printable(complaint)
        yield b"\1"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one mechanism is made, and what it needs."""

    talk: Callable[[Exchange, Mailbox], _Talk]
    token: bool = False  # needs an OAuth 2.0 token; otherwise a password
    clear: bool = False  # who reads the connection reads the secret


# Every mechanism we can, strongest first.
MECHANISMS: dict[str, Recipe] = {
    "OAUTHBEARER": Recipe(_oauthbearer, token=True, clear=True),
    "XOAUTH2": Recipe(_xoauth2, token=True, clear=True),
    "SCRAM-SHA-256": Recipe(_scram),
    "SCRAM-SHA-1": Recipe(_scram),
    "CRAM-MD5": Recipe(_cram_md5),
    "PLAIN": Recipe(_plain, clear=True),
    "LOGIN": Recipe(_login, clear=True),
}


def choose(offered: Collection[str], mailbox: Mailbox, *, encrypted: bool, step: str = "auth") -> Mechanism:
    """Return the strongest mechanism that the server offers and the mailbox has a secret for, or the one that it insists on.

    A clear-text one over an open connection is allowed: that needs `security: none` in the configuration, for a dialogue never goes on
    without the STARTTLS it was told to use. It is then a reading (docs/decisions/0045-sasl.md).

    Raises: Unwelcome(AUTH) when there is none in common, or no secret to use.
    """
    ours = _usable(mailbox, step)
    theirs = {name.upper() for name in offered}
    for name in ours:
        if name in theirs:
            return Mechanism(name, mailbox, step=step, encrypted=encrypted)
    offers = ", ".join(sorted(theirs)) or "no SASL mechanism"
    wanted = f"the configuration insists on {ours[0]}" if mailbox.mechanism else f"we can {', '.join(ours)}"
    raise refuse(FaultKind.AUTH, step, f"offers {offers}; {wanted}")


def _usable(mailbox: Mailbox, step: str) -> list[str]:
    """Return the names of the mechanisms that this mailbox can use, strongest first; never an empty list."""
    secrets = {True: mailbox.token, False: mailbox.password}
    usable = [name for name, recipe in MECHANISMS.items() if secrets[recipe.token] is not None]
    if not usable:
        raise refuse(FaultKind.AUTH, step, f"no password or token is configured for {mailbox.address}")
    if mailbox.mechanism is None:
        return usable
    insisted = mailbox.mechanism.upper()
    if insisted in usable:
        return [insisted]
    why = f"needs {'a token' if MECHANISMS[insisted].token else 'a password'}" if insisted in MECHANISMS else "is not one of ours"
    raise refuse(
        FaultKind.AUTH, step, f"the mechanism {insisted} of {mailbox.address} {why}; with what is configured we can {', '.join(usable)}"
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """How one protocol carries the exchange (RFC 4422 section 4)."""

    command: bytes  # what stands before the mechanism's name: b"AUTH ", b"a3 AUTHENTICATE "
    framing: Framing  # of a challenge, or of the reply that ends the exchange
    challenge: Callable[[bytes], bytes | None]  # a reply -> the challenge in it (base64, maybe empty); None = the exchange is over
    first_line_bytes: int = 0  # longest command line with an initial response, CRLF included; 0 = takes no initial response


def authenticate(mechanism: Mechanism, profile: Profile) -> Generator[Move, bytes, bytes]:
    """Carry the whole exchange and return the reply that ended it, good or bad; the caller judges it.

    Raises: Unwelcome when the server breaks the mechanism, and with the server's reasons when it refused a token. The exchange is not
    cancelled with "*" then: waiting for that answer could hide the fault behind a time-out.
    """
    yield Note("auth", mechanism.name)
    if mechanism.exposed:
        yield Note("auth_exposed", value=True)  # password or token crosses the network readable
    initial = mechanism.initial()
    line, unsaid = _first_line(mechanism, profile, initial)
    shown = f"{(profile.command + mechanism.name.encode()).decode()}{' ***' if unsaid is None and initial is not None else ''}"
    goes_on = b"" if mechanism.name == "PLAIN" and unsaid is None else CANCEL  # PLAIN has said all: the server will ask no more
    reply = yield Ask(mechanism.step, line, profile.framing, shown=shown, parting=goes_on)
    while (challenge := profile.challenge(reply)) is not None:
        response, unsaid = (_answer(mechanism, challenge) if unsaid is None else unsaid), None
        reply = yield Ask(mechanism.step, b64encode(response) + b"\r\n", profile.framing, shown="***", parting=CANCEL)
    if mechanism.exchange.complaint:
        mechanism.exchange.refused(f"{printable(reply)} {mechanism.exchange.complaint}")
    return reply


def _first_line(mechanism: Mechanism, profile: Profile, initial: bytes | None) -> tuple[bytes, bytes | None]:
    """Return the command line, and the initial response where it did not fit into it."""
    command = profile.command + mechanism.name.encode()
    whole = command + b" " + (b64encode(initial or b"") or b"=") + b"\r\n"
    if initial is None or len(whole) > profile.first_line_bytes:
        return command + b"\r\n", initial
    return whole, None


def _answer(mechanism: Mechanism, challenge: bytes) -> bytes:
    """Return the answer to a challenge that stands in base64."""
    try:
        said = b64decode(challenge.strip(), validate=True)
    except ValueError:
        mechanism.exchange.broken(f"its challenge is not base64: {printable(challenge)}")
    return mechanism.respond(said)
