"""Which id the next server gave, as its last reply tells: one table of reply rules for all formats, as SQL expressions over the words `said`.

A reply is the peer's text: whoever runs the peer can write what he likes there, and senders choose the Message-IDs that it repeats.
So a rule is anchored where the server puts its id (mostly the end), never found anywhere inside; what it claims means something only on
the host that the delivering server names itself (`link_host`, else the line's next_host), which correlation checks.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """How one kind of server tells its id."""

    rule: str  # the link's name in `tracking.correlate.rules`
    gate: str  # plain text that must stand in the reply: a regular expression runs only on those
    pattern: str  # RE2, group 1 = the id, over the whole reply
    host: str = ""  # RE2, group 1 = the host on which the id means something; "" = the host that took the message


REPLIES = (
    Reply("queued-as", "queued as ", r".*\bqueued as ([0-9A-Za-z]{6,64})\.?"),  # Postfix; amavis and proxies repeat it last
    Reply("internal-id", "[InternalId=", r".*\[InternalId=(\d+), Hostname=[^\]\s]+\].*", r".*\[InternalId=\d+, Hostname=([^\]\s]+)\].*"),
    Reply(
        "internal-id",
        "[InternalId=",
        r".*\[InternalId=[^\],\s]*[^\d\],\s][^\],\s]*, Hostname=(\d+)\].*",
        r".*\[InternalId=([^\],\s]+), Hostname=\d+\].*",
    ),
    Reply(
        "lmtp-session", " Saved", r".*> ([\w+/=]{22,}(?::[TR]\d+)*) Saved"
    ),  # Dovecot; with :T2 and :R3 of later transactions, recipients
    Reply("queued-as", "OK id=", r"(?:\d{3}[- ])?(?:[245]\.\d+\.\d+ )?OK id=([\w-]{16,23})"),  # Exim
    Reply(
        "queued-as", " Message accepted for delivery", r"(?:\d{3}[- ])?(?:2\.\d+\.\d+ )?(\w{14,}) Message accepted for delivery"
    ),  # sendmail
    Reply("queued-as", "envelope id ", r".*\benvelope id ([^\s()]+@[^\s()]+?)(?: and options\b.*)?"),  # Oracle
)


def _text(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _found(said: str, reply: Reply, pattern: str) -> str:
    return f"when contains({said}, {_text(reply.gate)}) and regexp_full_match({said}, {_text(reply.pattern)}) then {pattern}"


def _case(arms: list[str]) -> str:
    return f"case {' '.join(arms)} end" if arms else "null"


def rule(said: str) -> str:
    """Return SQL: the rule that a reply proves, NULL when none. `said` is an expression: the reply alone, without what was added about it."""
    return _case([_found(said, reply, _text(reply.rule)) for reply in REPLIES])


def claimed(said: str) -> str:
    """Return SQL: the id that the reply claims, NULL when none."""
    return _case([_found(said, reply, f"regexp_extract({said}, {_text(reply.pattern)}, 1)") for reply in REPLIES])


def host(said: str) -> str:
    """Return SQL: the host that the reply itself names for its id; NULL when it names none."""
    return _case([_found(said, reply, f"lower(regexp_extract({said}, {_text(reply.host)}, 1))") for reply in REPLIES if reply.host])
