"""The rules by which one stay is tied to the next, strongest first, and how events end a recipient's copy: tables that the SQL joins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to know that two stays are of one message."""

    name: str  # as events claim it (`link_rule`) and links show it
    confidence: float  # 0 to 1, when everything fits
    about: str


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("notification", 1.0, "the server names the queue id of the report that it wrote; a side flow, with a flow of its own"),
        Rule("forwarded-as", 1.0, "the server names the queue id under which it goes on, on the same host"),
        Rule("queued-as", 1.0, "the next server's reply names the id under which it took it, and the host is the one that was talked to"),
        Rule("internal-id", 1.0, "the next server's reply names its internal id and its host"),
        Rule("lmtp-session", 1.0, "the mailbox server's reply names its session"),
        Rule("filter-id", 1.0, "a content filter names the ids before and after it, on its own host"),
        Rule("mapi-event", 1.0, "the store's event of a submission, named by both sides"),
        Rule("fork", 1.0, "some recipients went on under a new id of the same server, which names the old one"),
        Rule("session", 1.0, "a connection's id in two logs of one server"),
        Rule("network-id", 0.95, "the message's id across one organisation's servers, next in time"),
        Rule("message-id+client", 0.9, "same Message-ID and recipient, and who sent is who was received from"),
        Rule("message-id", 0.7, "same Message-ID and recipient or size, times fit, one candidate"),
        Rule("envelope", 0.3, "no Message-ID: same sender, recipient and size within two minutes"),
    )
}
GUESSED_HOST = 0.9  # the claimed id was found, but not on the host that was named: the Message-ID or the client speaks for it
CONTRADICTED = 0.5  # the id was found on the named host, with another Message-ID
THROUGH_A_GAP = 0.6  # same Message-ID and recipient, but it came from a server whose logs we do not have
AMBIGUOUS = 0.4

# event -> how the leg is called, and which word beats which (0: says nothing about the end)
ENDS: dict[str, tuple[str, int]] = {
    "deliver": ("deliver", 90),
    "send": ("send", 80),
    "fail": ("fail", 70),
    "duplicate": ("duplicate", 60),
    "discard": ("discard", 60),
    "poison": ("discard", 60),
    "quarantine": ("quarantine", 60),
    "reject": ("reject", 50),
    "expand": ("expand", 40),
    "redirect": ("redirect", 40),
    "onward-redirect": ("redirect", 35),
    "submit": ("send", 30),
    "defer": ("defer", 10),
}
FILTERS = (
    *("amavis", "rspamd", "opendkim", "opendmarc", "postgrey", "policyd-spf", "policyd-weight", "postfwd", "spamd", "spamassassin"),
    *("clamav-milter", "clamav", "clamd", "clamsmtpd", "mimedefang", "dkimpy", "pyzor", "filter", "received"),
)  # what they log belongs to the server's stay: it ties ids together and makes no hop
