"""Which kind each of Exim's lines is, and all kinds (FORMATS 5): a kind is told by its flag or its first words. A table.

The same letter means different things on different lines: R is a reference on `<=` and the router elsewhere, T the subject there and the
transport elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.formats import exim_entrance, exim_exit
from tracking.formats.exim_kind import AT, FROM, PEER, Kind, cut
from tracking.formats.postfix_rule import word

if TYPE_CHECKING:
    from collections.abc import Sequence

_SILENT = {  # noise of kind `exim/..` by how a line without message id begins
    "queue-run": ("Start queue run", "End queue run", "Start 2-stage queue run", "End 2-stage queue run"),
    "daemon": (
        *("exim ", "SIGHUP", "SIGTERM", "SIGINT", "pid ", "daemon ", "Daemon ", "Re-exec", "re-exec", "socket bind()"),
        "Warning: purging",
    ),
    "arguments": ("cwd=",),
    "connection": ("SMTP connection from ", "no MAIL in ", "no host name found for ", "no IP address found for ", "LMTP connection from "),
    "ident": ("ident connection to ", "Ident connection "),
}
_TROUBLES = (
    *("unexpected disconnection ", "SMTP command timeout ", "SMTP data timeout ", "SMTP protocol ", "SMTP syntax error ", "SMTP call "),
    *("TLS error ", "TLS send ", "TLS client ", "TLS session", "too many ", "refused connection ", "Connection from ", "Connection "),
    *("lost ", "failed to ", "Failed ", "unable to ", "Unable ", "Cannot ", "DNS ", "LOG: ", "Warning: ", "warning: ", "ACL ", "string_"),
    *("Error ", "Exim configuration error ", "unqualified ", "dropped ", "aborted ", "bad ", "connection ", "Timeout", "queue ", "log "),
    "Problem ",
)
_HELD = "Frozen|frozen|Unfrozen|Message is frozen|removed|cancelled|no immediate delivery|Spool file is locked"
TROUBLE = Kind(
    "trouble",
    ({"peer": cut("text", AT, "host", "helo", "ip")},),
    "'error'",
    {**FROM, "original": "regexp_extract(text, '^[A-Za-z ]{1,40}')", "said": "left(text, 1000)"},
)
DETAIL = Kind(
    "detail",
    ({"peer": cut("text", PEER, "host", "helo", "ip")},),
    "'other'",
    {**FROM, "original": f"coalesce(nullif(regexp_extract(text, '^({_HELD})', 1), ''), 'detail')", "said": "left(text, 1000)"},
)
KINDS = (*exim_entrance.KINDS, *exim_exit.KINDS, TROUBLE, DETAIL)


def _starting(words: Sequence[str]) -> str:
    return " or ".join(f"starts_with(text, {word(each)})" for each in words)


WHICH = f"""
case
    when flag in ('<=', '(=') then 'arrival'
    when flag in ('=>', '->', '>>', '*>') then 'delivery'
    when flag = '**' then 'failure'
    when flag = '==' then 'deferral'
    when id is not null and starts_with(text, 'Completed') then 'completed'
    when contains(text, ' rejected ') and text[:2] in ('H=', 'U=', 'F=') or starts_with(text, 'rejected from ') then 'rejection'
    when contains(text, ' authenticator failed for ') then 'login'
    when id is not null or starts_with(text, 'H=') then 'detail'
    {" ".join(f"when {_starting(words)} then 'exim/{kind}'" for kind, words in _SILENT.items())}
    when {_starting(_TROUBLES)} then 'trouble'
end
"""
