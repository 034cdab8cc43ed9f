"""The settings of what is probed: servers, domains, their mailboxes and trips, and how domains are found in a directory."""

from typing import Annotated, Any, Self

from pydantic import Field, WithJsonSchema, model_validator

from config.errors import listed
from config.fields import (
    AddressTemplate,
    Count,
    DomainName,
    Duration,
    Host,
    MailAddress,
    Name,
    Port,
    ReadableFile,
    SecretSource,
    Section,
    SecurityWord,
    Template,
    Text,
    Truth,
    choice,
    computed,
    kept,
)
from config.roles import ROLES
from probe.kinds import KINDS
from probe.sasl import MECHANISMS
from probe.values import Secret, Security

QUESTION_TYPES = ["MX", "A", "AAAA", "TLSA", "TXT", "SRV"]

# Keys that mean something to these kinds only.
KEYS_OF_KINDS = {
    "send": ("smtp", "lmtp"),
    "base": ("ldap",),
    "filter": ("ldap",),
    "attribute": ("ldap",),
    "bind_dn": ("ldap",),
    "password": ("ldap",),
    "query": ("dns",),
}


class Query(Section):
    """What a name server is asked."""

    name: Template = Field("{domain}", description="Name to ask for; `{domain}` stands for the domain's name.")
    type: Annotated[str, choice(QUESTION_TYPES), WithJsonSchema({"enum": QUESTION_TYPES})] = Field("MX", description="Type of the record.")


class Budget(Section):
    """What a server may be asked for, so that nobody bans us. Servers on one host and port share the strictest of theirs."""

    connections: Count = Field(8, description="Connections at once.")
    connections_per_minute: Count | None = Field(None, description="Connections in any 60 seconds. Default: as many as the checks need.")
    logins_per_minute: Count | None = Field(None, description="Conversations that sign in, in any 60 seconds. Default: as above.")
    messages_per_minute: Count | None = Field(
        None, description="Conversations that send a test message (`send: message`), in any 60 seconds. Default: as above."
    )


class Server(Section):
    """One component of the mail system, and how it is spoken to."""

    kind: Annotated[str, choice(list(ROLES)), WithJsonSchema({"enum": list(ROLES)})] = Field(description="Protocol that the server speaks.")
    host: Host = Field(description="Name or IP address; the certificate must carry this name.")
    port: Port = Field(0, json_schema_extra=computed, description="Port. Default: the kind's own, of its TLS service with `security: tls`.")
    security: SecurityWord = Field(
        Security.NONE,
        json_schema_extra=computed,
        description="`none`, `starttls` (also STLS and LDAP's StartTLS) or `tls` (from the first byte). "
        "Default: `tls` on the kind's TLS port, else `starttls` for submission, imap, pop3 and ldap, `none` for smtp, lmtp and dns.",
    )
    ca_file: ReadableFile | None = Field(
        None, description="PEM file of the authorities to trust, relative to the configuration. Default: the system's."
    )
    verify: Truth = Field(default=True, description="Whether a certificate must be valid; with `false` it is only read.")
    addresses: Annotated[str, choice(["first", "each"]), WithJsonSchema({"enum": ["first", "each"]})] = Field(
        "first", description="`each`: every address behind the name, IPv4 and IPv6, is a check of its own."
    )
    send: Annotated[str, choice(["rcpt", "message"]), WithJsonSchema({"enum": ["rcpt", "message"]})] = Field(
        "rcpt", description="smtp, lmtp: go up to RCPT, or send a whole test message. Trips send whole ones in any case."
    )
    depends_on: tuple[Name, ...] = Field((), description="Servers that this one cannot work without.")
    budget: Budget = Field({}, validate_default=True, description="What it may be asked for.")
    every_seconds: Duration | None = Field(None, alias="every", description="Time from one check to the next. Default: `checks.every`.")
    timeout_seconds: Duration | None = Field(
        None, alias="timeout", description="Time for one whole conversation. Default: `checks.timeout`."
    )
    base: Template = Field("", description="ldap: DN under which the domain's entry is searched.")
    filter: Template = Field("(associatedDomain={domain})", description="ldap: filter that finds the domain's entry (RFC 4515).")
    attribute: Text = Field("associatedDomain", description="ldap: attribute of the entry that must hold the domain's name.")
    bind_dn: Text = Field("", description="ldap: DN to bind as. Default: anonymous.")
    password: SecretSource | None = Field(None, description="ldap: password of `bind_dn`.")
    query: Query = Field({}, validate_default=True, description="dns: what is asked.")

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: Any) -> Any:
        """Fill in port and security from the kind, each from the other where one is given."""
        if not isinstance(values, dict) or values.get("kind") not in KINDS:
            return values
        kind = KINDS[values["kind"]]
        filled = dict(values)
        on_tls_port = values.get("port") == str(kind.tls_port)
        filled.setdefault("security", "tls" if on_tls_port else ROLES[values["kind"]].security)
        filled.setdefault("port", str(kind.tls_port or kind.port) if filled["security"] == "tls" else str(kind.port))
        return filled

    @model_validator(mode="after")
    def _sense(self) -> Self:
        kind = KINDS[self.kind]
        problem = _strange_key(self) or _strange_security(self, kind.port, kind.tls_port)
        if problem:
            raise ValueError(problem)
        return self


def _strange_key(server: Server) -> str:
    for key, kinds in KEYS_OF_KINDS.items():
        if key in server.model_fields_set and server.kind not in kinds:
            return f"`{key}` means nothing to kind {server.kind}; it belongs to {listed(kinds)}"
    if server.kind == "ldap" and not server.base:
        return "has no `base`; kind ldap wants the DN under which it searches: ou=domains,dc=isp"
    if server.bind_dn and server.password is None:
        return "has a `bind_dn` but no `password`"
    return ""


def _strange_security(server: Server, plain: int, tls: int | None) -> str:
    if server.security is not Security.NONE and server.kind == "dns":
        return "kind dns is spoken without TLS; write security: none"
    if server.security is Security.TLS and server.port == plain:
        return f"port {plain} of kind {server.kind} does not begin with TLS; write security: starttls" + (
            f", or port: {tls}" if tls else ""
        )
    if server.security is not Security.TLS and server.port == tls:
        return f"port {tls} of kind {server.kind} speaks TLS from the first byte; write security: tls, or port: {plain}"
    return ""


class Account(Section):
    """What an account signs in with."""

    password: SecretSource | None = Field(None, description="Password.")
    token: SecretSource | None = Field(None, description="OAuth 2.0 bearer token (XOAUTH2, OAUTHBEARER), instead of a password.")
    mechanism: Annotated[str, choice(list(MECHANISMS)), WithJsonSchema({"enum": list(MECHANISMS)})] | None = Field(
        None, description="SASL mechanism to insist on. Default: the best that both sides know."
    )
    junk: tuple[Text, ...] = Field(("Junk", "Spam", "Quarantine"), description="Folders in which a test message counts as misplaced.")

    @model_validator(mode="after")
    def _fit(self) -> Self:
        recipe = MECHANISMS.get(self.mechanism or "")
        if recipe is not None and (self.token if recipe.token else self.password) is None:
            raise ValueError(f"mechanism {self.mechanism} signs in with a `{'token' if recipe.token else 'password'}`, and there is none")
        return self

    @property
    def secret(self) -> Secret | None:
        """Return what it signs in with."""
        return self.password or self.token


class Mailbox(Account):
    """An account to test with."""

    address: MailAddress = Field(description="Address of the mailbox: what test messages are sent to and from.")
    user: Text | None = Field(None, description="Name to log in with. Default: the address.")


def _some_mailbox() -> Account:
    """Return what stands in for a mailbox that is wrong in itself, while the rest is checked: it lacks nothing."""
    return Account.model_construct(password=Secret(""))


class MailboxTemplate(Account):
    """The account of each discovered domain."""

    address: AddressTemplate = Field(description="Address; `{domain}` stands for the domain's name: probe@{domain}.")
    user: Template | None = Field(None, description="Name to log in with, `{domain}` filled in. Default: the address.")


class Loop(Section):
    """A trip from a domain's mailbox to itself."""

    submit: Name = Field(description="Server that takes the test message: smtp, submission or lmtp.")
    fetch: Name = Field(description="Server that shows it: imap or pop3.")


class Domain(Section):
    """A virtual domain: the servers that it is permitted, the mailbox that we test with."""

    name: DomainName = Field(description="The domain's exact name; names in other scripts become their xn-- form.")
    servers: tuple[Name, ...] = Field(min_length=1, description="Servers to check for this domain, by their names under `servers`.")
    mailbox: Annotated[Mailbox, kept(_some_mailbox)] | None = Field(
        None, description="Mailbox to test with; what signs in or delivers needs one."
    )
    roundtrip: Annotated[Loop, kept()] | None = Field(None, description="Trip of a test message from this mailbox to itself.")


class TripEnd(Section):
    """One end of a trip: a server, and the mailbox there."""

    server: Name = Field(description="Server that takes the test message (`from`) or shows it (`to`).")
    domain: DomainName | None = Field(None, description="Domain under `domains` whose mailbox is used.")
    mailbox: Annotated[Mailbox, kept(_some_mailbox)] | None = Field(
        None, description="Mailbox, where it belongs to no domain under `domains`."
    )

    @model_validator(mode="after")
    def _one_mailbox(self) -> Self:
        if (self.domain is None) == (self.mailbox is None):
            raise ValueError("takes either `domain` (one of ours) or `mailbox`, and exactly one of them")
        return self


class TripStart(TripEnd):
    """Where a trip begins."""

    bounces: Name | None = Field(
        None,
        description="Server (imap or pop3) that shows the sender's own mailbox, where bounces arrive. "
        "Default: the `fetch` of its domain's roundtrip.",
    )


class TripPlan(Section):
    """A way of its own: outside to us, us to outside, one domain to another."""

    name: Name = Field(description="Name of the trip.")
    start: Annotated[TripStart, kept()] = Field(alias="from", description="Where the test message is handed in.")
    end: Annotated[TripEnd, kept()] = Field(alias="to", description="Where it must arrive.")
    every_seconds: Duration | None = Field(
        None, alias="every", description="Time from one test message to the next. Default: `roundtrip.every`."
    )
    late_after_seconds: Duration | None = Field(
        None, alias="late_after", description="Age from which it is late. Default: `roundtrip.late_after`."
    )
    lost_after_seconds: Duration | None = Field(
        None, alias="lost_after", description="Age at which it is given up. Default: `roundtrip.lost_after`."
    )


class Discovery(Section):
    """Domains that a directory knows."""

    server: Name = Field(description="Server of kind ldap that is asked.")
    base: Text | None = Field(None, description="DN under which the domains stand. Default: the server's `base`.")
    filter: Text = Field("(objectClass=domainRelatedObject)", description="Filter that finds the domains' entries (RFC 4515).")
    name: Text = Field("associatedDomain", description="Attribute that holds the domain's name.")
    mailbox: Annotated[MailboxTemplate, kept(_some_mailbox)] | None = Field(None, description="Mailbox of each domain.")
    services: Text | None = Field(None, description="Attribute that lists what the domain is permitted. Default: all of `servers`.")
    servers: dict[Text, Name] = Field(
        min_length=1,
        description="Permitted service -> server. A permitted one that fails and a forbidden one that answers both show.",
    )
    roundtrip: Annotated[Loop, kept()] | None = Field(
        None, description="Trip of each domain's mailbox to itself, where both servers are permitted."
    )
    administrator: Text | None = Field(None, description="Attribute that names the domain's administrator.")
    every_seconds: Duration = Field("1h", alias="every", validate_default=True, description="Time from one search to the next.")
