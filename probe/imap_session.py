"""An IMAP connection without I/O: tags, capabilities, STARTTLS, login, and what a refusal means. RFC 3501, 2595, 2971, 4959, 5530, 7888.

One command at a time, so that each is timed. What makes a no, a bad or a bye which fault: docs/decisions/0040-imap-and-pop3-refusals.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

from probe import sasl
from probe.dialogue import Ask, Note, Skip, Unwelcome, Upgrade, printable, refuse
from probe.framing import at_step, imap_continuation, imap_greeting, imap_tagged
from probe.imap_parse import Reply, parse, quoted, status_of, tokens
from probe.values import FaultKind, Security

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from probe.dialogue import Move
    from probe.imap_parse import Status
    from probe.values import Check, Mailbox

P = ParamSpec("P")
T = TypeVar("T")

INITIAL_RESPONSE_LINE_BYTES = 8192  # what servers take for one line at least (RFC 7162, 4)
SHORT_LITERAL_BYTES = 4096  # LITERAL- lets the client not wait for this many (RFC 7888)
CODE_KINDS = {  # response codes (RFC 5530) that say what a NO or BYE means, wherever it comes
    "UNAVAILABLE": FaultKind.TEMPORARY,
    "INUSE": FaultKind.TEMPORARY,
    "LIMIT": FaultKind.TEMPORARY,
    "SERVERBUG": FaultKind.PERMANENT,
    "CORRUPTION": FaultKind.PERMANENT,
    "CLIENTBUG": FaultKind.PROTOCOL,
    "AUTHENTICATIONFAILED": FaultKind.AUTH,
    "AUTHORIZATIONFAILED": FaultKind.AUTH,
    "EXPIRED": FaultKind.AUTH,
    "PRIVACYREQUIRED": FaultKind.AUTH,
}
STEP_KINDS = {"login": FaultKind.AUTH, "starttls": FaultKind.TLS}  # what a NO without such a code means at these steps


def unwelcome(step: str, status: Status) -> Unwelcome:
    """Return the fault that a refusing status means at this step, in the server's words without our tag."""
    kinds = {"NO": STEP_KINDS.get(step, FaultKind.PERMANENT), "BYE": FaultKind.TEMPORARY}
    kind = CODE_KINDS.get(status.code, kinds[status.word]) if status.word in kinds else FaultKind.PROTOCOL
    return refuse(kind, step, status.line.partition(b" ")[2])


def reading(step: str, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `read` makes of a reply; what is no IMAP is a fault at this step."""
    try:
        return read(*args, **kwargs)
    except Unwelcome as fault:
        raise at_step(fault, step) from None


def no_one(_: Reply) -> None:
    """Listen to no reply."""


class Session:
    """One connection, from the greeting on."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self.capabilities: frozenset[str] = frozenset()
        self.heard: Callable[[Reply], None] = no_one  # is shown every reply: whoever counts EXISTS listens here
        self._greeted: Reply | None = None
        self._count = 0

    # -- commands

    def next_tag(self) -> bytes:
        """Return a tag that was not used before."""
        self._count += 1
        return b"A%04d" % self._count

    def can(self, *names: str) -> bool:
        """Return whether the server offers all of these capabilities."""
        return self.capabilities.issuperset(names)

    def attempt(self, step: str, command: bytes) -> Generator[Move, bytes, Reply]:
        """Give a command that the server may refuse; return its reply, OK or NO. Raises: Unwelcome for BAD and BYE."""
        tag = self.next_tag()
        raw = yield Ask(step, tag + b" " + command + b"\r\n", imap_tagged(tag))
        return self.take(step, raw, tag)

    def command(self, step: str, command: bytes) -> Generator[Move, bytes, Reply]:
        """Give a command and return its reply. Raises: Unwelcome for whatever is not OK."""
        reply = yield from self.attempt(step, command)
        if reply.status.word == "NO":
            raise unwelcome(step, reply.status)
        return reply

    def take(self, step: str, raw: bytes, tag: bytes) -> Reply:
        """Return a reply as a value. Raises: Unwelcome for BAD, BYE and what is no IMAP."""
        reply = reading(step, parse, raw, tag)
        if reply.status.word in {"BAD", "BYE"}:
            raise unwelcome(step, reply.status)
        self.heard(reply)
        return reply

    # -- the way in

    def enter(self) -> Generator[Move, bytes, bool]:
        """Greet, secure and log in. Returns whether we are logged in; False = no mailbox is configured."""
        yield from self._greet()
        yield from self._capability("capability")
        if self.check.endpoint.security is Security.STARTTLS:
            yield from self._starttls()
        if not (yield from self._login()):
            return False
        if self.can("ID"):
            yield from self._identify()
        return True

    def leave(self) -> Generator[Move, bytes, None]:
        """Log out. A server that says BYE and hangs up without its OK has served us: the wire knows this step for a farewell.

        Nothing is expunged by it (RFC 3501, 6.1.3).
        """
        tag = self.next_tag()
        raw = yield Ask("logout", tag + b" LOGOUT\r\n", imap_tagged(tag))
        if reading("logout", parse, raw, tag).status.word == "BYE":
            raw = yield Ask("logout", b"", imap_tagged(tag))
        status = reading("logout", parse, raw, tag).status
        if status.word in {"NO", "BAD"}:
            raise unwelcome("logout", status)

    def _greet(self) -> Generator[Move, bytes, None]:
        raw = yield Ask("greeting", b"", imap_greeting)
        status = status_of(raw)
        if status is None or status.word == "BYE":
            raise unwelcome("greeting", status) if status else refuse(FaultKind.PROTOCOL, "greeting", raw)
        self._greeted = Reply(status)
        self._learn(self._greeted)

    def _learn(self, reply: Reply) -> bool:
        """Take the capabilities that a reply states, as data or as a code. Returns whether there were any."""
        stated = [text for _, text in reply.data("CAPABILITY")] or [reply.codes().get("CAPABILITY", b"")]
        if stated[-1]:
            self.capabilities = frozenset(stated[-1].decode("ascii", "replace").upper().split())
        return bool(stated[-1])

    def _capability(self, step: str) -> Generator[Move, bytes, None]:
        if self.capabilities:
            yield Skip(step, "said in the greeting")
            return
        if not self._learn((yield from self.command(step, b"CAPABILITY"))):
            raise refuse(FaultKind.PROTOCOL, step, "OK, but no capabilities came")

    def _starttls(self) -> Generator[Move, bytes, None]:
        if self._preauthenticated:
            raise refuse(FaultKind.TLS, "starttls", "greets with PREAUTH: STARTTLS is not possible then")
        if not self.can("STARTTLS"):
            raise refuse(FaultKind.TLS, "starttls", "STARTTLS is not offered")
        tag = self.next_tag()
        raw = yield Ask("starttls", tag + b" STARTTLS\r\n", imap_tagged(tag))
        status = reading("starttls", parse, raw, tag).status
        if status.word == "BAD":
            raise refuse(FaultKind.TLS, "starttls", status.line.partition(b" ")[2])
        if status.word != "OK":
            raise unwelcome("starttls", status)
        self.capabilities = frozenset()  # what was said in the clear may have been said by anybody (RFC 3501, 6.2.1)
        yield Upgrade()
        yield from self._capability("capability-tls")

    @property
    def _preauthenticated(self) -> bool:
        return self._greeted is not None and self._greeted.status.word == "PREAUTH"

    # -- login

    def _login(self) -> Generator[Move, bytes, bool]:
        mailbox = self.check.mailbox
        if self._preauthenticated:
            yield Skip("login", "the server greeted with PREAUTH")
            return True
        if mailbox is None:
            yield Skip("login", "no mailbox is configured")
            return False
        before, self.capabilities = self.capabilities, frozenset()
        reply = yield from self._authenticate(mailbox, before)
        if reply.status.word == "NO":
            raise unwelcome("login", reply.status)
        if not self._learn(reply):
            yield from self._capability("capability-login")
        return True

    def _authenticate(self, mailbox: Mailbox, capabilities: frozenset[str]) -> Generator[Move, bytes, Reply]:
        encrypted = self.check.endpoint.security is not Security.NONE
        offered = [name.removeprefix("AUTH=") for name in capabilities if name.startswith("AUTH=")]
        try:
            mechanism = sasl.choose(offered, mailbox, encrypted=encrypted, step="login")
        except Unwelcome:
            if "LOGINDISABLED" in capabilities or mailbox.password is None or mailbox.mechanism is not None:
                raise
            return (yield from self._plain_login(mailbox, mailbox.password.reveal(), capabilities))
        return (yield from self._sasl(mechanism, "SASL-IR" in capabilities))

    def _sasl(self, mechanism: sasl.Mechanism, initial: bool) -> Generator[Move, bytes, Reply]:
        tag = self.next_tag()
        limit = INITIAL_RESPONSE_LINE_BYTES if initial else 0
        profile = sasl.Profile(tag + b" AUTHENTICATE ", imap_continuation(tag), challenge_of, limit)
        reply = self.take("login", (yield from sasl.authenticate(mechanism, profile)), tag)
        if reply.status.word == "OK":
            mechanism.finish()
        return reply

    def _plain_login(self, mailbox: Mailbox, password: str, capabilities: frozenset[str]) -> Generator[Move, bytes, Reply]:
        """Use the LOGIN command (RFC 3501, 6.2.3), for servers that offer no SASL mechanism of ours."""
        yield Note("auth", "LOGIN command")
        if self.check.endpoint.security is Security.NONE:
            yield Note("auth_exposed", value=True)
        tag = self.next_tag()
        *heads, last = chunks([mailbox.login.encode(), password.encode()], capabilities)
        shown = f"{tag.decode()} LOGIN {printable(mailbox.login)} ***"
        line = tag + b" LOGIN"
        for head in heads:
            raw = yield Ask("login", line + head, imap_continuation(tag), shown=shown)
            if challenge_of(raw) is None:
                return self.take("login", raw, tag)
            line, shown = b"", "***"
        return self.take("login", (yield Ask("login", line + last, imap_tagged(tag), shown=shown)), tag)

    def _identify(self) -> Generator[Move, bytes, None]:
        """Say who we are and note who the server is (RFC 2971); some let nobody in who does not."""
        reply = yield from self.attempt("id", b'ID ("name" "mailsonde")')
        for _, text in reply.data("ID"):
            values = reading("id", tokens, text)
            pairs = values[0] if values and isinstance(values[0], list) else []
            said = {name.lower(): value for name, value in zip(pairs[::2], pairs[1::2], strict=False) if isinstance(name, bytes)}
            for name in (b"name", b"version"):
                value = said.get(name)
                if isinstance(value, bytes):
                    yield Note(f"server_{name.decode()}", printable(value))


def challenge_of(raw: bytes) -> bytes | None:
    """Return the challenge in a continuation (base64, maybe empty), or None when the reply is another."""
    line = raw.rstrip(b"\r\n").rpartition(b"\n")[2]
    return line[1:].strip() if line.startswith(b"+") else None


def chunks(arguments: list[bytes], capabilities: frozenset[str]) -> list[bytes]:
    """Return a command's arguments as it is sent: all but the last chunk end in a literal that the server must ask for."""
    sent = [b""]
    for argument in arguments:
        if b"\0" in argument:
            raise refuse(FaultKind.AUTH, "login", "login name or password holds a NUL character")
        whole = quoted(argument)
        if whole is not None:
            sent[-1] += b" " + whole
            continue
        sign = b"+" if "LITERAL+" in capabilities or ("LITERAL-" in capabilities and len(argument) <= SHORT_LITERAL_BYTES) else b""
        sent[-1] += b" {%d%s}\r\n" % (len(argument), sign)
        sent += [argument] if not sign else []
        sent[-1] += argument if sign else b""
    sent[-1] += b"\r\n"
    return sent
