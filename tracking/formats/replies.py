"""Which id the next server gave, as its last reply tells: one table of rules for all formats, as SQL expressions over the words `said`.

A reply is the peer's text: whoever runs the peer can write what he likes there, and senders choose the Message-IDs that it repeats.
So a rule fits the whole reply or nothing: an id counts where a server puts it (mostly the end), not where somebody wrote it. What it
claims means something only on the host that the delivering server names itself (`link_host`): correlation checks.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """How one kind of server tells its id."""

    rule: str  # the link's name in `tracking.correlate.rules`
    gate: str  # plain text that must stand in the reply: a regular expression runs only on those
    pattern: str  # RE2, group 1 = the id, over the whole reply
    last: bool = False  # the pattern is over what follows the last gate, not over the whole: cheap
    host: str = ""  # RE2 over the same, group 1 = the host on which the id means something; "" = the host that took the message


_CODE = r"(?:\d{3}[- ])?(?:[245]\.\d+\.\d+ )?"
_NAME = r"[^\],\s]*[^\d\],\s][^\],\s]*"  # a host: not a number alone
REPLIES = (
    Reply("queued-as", "queued as ", r"([0-9A-Za-z]{6,64})\.?", last=True),  # Postfix; amavis and proxies repeat it last
    Reply("internal-id", "[InternalId=", r"(\d+), Hostname=[^\]\s]+\].*", last=True, host=r"\d+, Hostname=([^\]\s]+)\].*"),
    Reply(  # Exchange's swapped form
        "internal-id", "[InternalId=", rf"{_NAME}, Hostname=(\d+)\].*", last=True, host=rf"({_NAME}), Hostname=\d+\].*"
    ),
    Reply("lmtp-session", " Saved", r".*> ([\w+/=]{22,}(?::[TR]\d+)*) Saved"),  # Dovecot; :T2 = second transaction, :R3 = third recipient
    Reply("queued-as", "OK id=", rf"{_CODE}OK id=([\w-]{{16,23}})"),  # Exim
    Reply("queued-as", " Message accepted for delivery", rf"{_CODE}([\w-]{{14,}}) Message accepted for delivery"),  # sendmail
    Reply("queued-as", "envelope id ", r".*\benvelope id ([^\s()]+@[^\s()]+?)(?: and options\b.*)?"),  # Oracle
)


def _text(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _part(said: str, reply: Reply) -> str:
    return f"split_part({said}, {_text(reply.gate)}, -1)" if reply.last else said


def _found(said: str, reply: Reply, answer: str) -> str:
    return f"when contains({said}, {_text(reply.gate)}) and regexp_full_match({_part(said, reply)}, {_text(reply.pattern)}) then {answer}"


def _group(said: str, pattern: str) -> str:
    return f"regexp_extract({said}, {_text(f'^(?:{pattern})$')}, 1)"


def _case(arms: list[str]) -> str:
    return f"case {' '.join(arms)} end"


def rule(said: str) -> str:
    """Return SQL: the rule that a reply proves, NULL when none. `said` is an SQL expression: the reply alone."""
    return _case([_found(said, reply, _text(reply.rule)) for reply in REPLIES])


def claimed(said: str) -> str:
    """Return SQL: the id that the reply claims, NULL when none."""
    return _case([_found(said, reply, _group(_part(said, reply), reply.pattern)) for reply in REPLIES])


def host(said: str) -> str:
    """Return SQL: the host that the reply itself names for its id, in lower case; NULL when it names none."""
    answers = (f"lower({_group(_part(said, reply), reply.host)})" if reply.host else "null" for reply in REPLIES)
    return _case([_found(said, reply, answer) for reply, answer in zip(REPLIES, answers, strict=True)])
