"""Real lines of one test message, as the lab's three Postfix 3.7.11 and its Dovecot 2.3.19.1 wrote them; hostile ones and many beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tracking.made import take

if TYPE_CHECKING:
    from pathlib import Path

ID = "mailsonde.b31d375ce9590e8be9f1848e6fd7dd18@alpha.test"
MX, HUB, EDGE, SESSION = "4jWy0h5JrDzc6N7", "4jWy0h5h79zc6NL", "4jWy0j16bbzc6NM", "oNThFwXDAWvRMgAAg+zDdQ"
SENT = "dsn=2.0.0, status=sent"
SIGNED_IN = "client=unknown[127.0.0.1], sasl_method=SCRAM-SHA-256, sasl_username=probe@alpha.test"
LOGS = {
    "mx.log": f"""\
Nov 21 16:12:52 mx postfix/smtps/smtpd[12918]: {MX}: {SIGNED_IN}
Nov 21 16:12:52 mx postfix/cleanup[12917]: {MX}: message-id=<{ID}>
Nov 21 16:12:52 mx postfix/qmgr[12515]: {MX}: from=<probe@alpha.test>, size=1263, nrcpt=1 (queue active)
Nov 21 16:12:52 mx postfix/smtp[12964]: {MX}: to=<probe@beta.test>, relay=127.0.0.1[127.0.0.1]:14564, delay=0.13, \
delays=0.05/0/0.02/0.06, {SENT} (250 2.0.0 Ok: queued as {HUB})
Nov 21 16:12:52 mx postfix/qmgr[12515]: {MX}: removed
""",
    "hub.log": f"""\
Nov 21 16:12:52 hub postfix/smtpd[12954]: {HUB}: client=unknown[127.0.0.1]
Nov 21 16:12:52 hub postfix/cleanup[12962]: {HUB}: message-id=<{ID}>
Nov 21 16:12:52 hub postfix/qmgr[12512]: {HUB}: from=<probe@alpha.test>, size=1434, nrcpt=1 (queue active)
Nov 21 16:12:53 hub postfix/smtp[12963]: {HUB}: to=<probe@beta.test>, relay=127.0.0.1[127.0.0.1]:14565, delay=0.58, \
delays=0.05/0.03/0.04/0.47, {SENT} (250 2.0.0 Ok: queued as {EDGE})
Nov 21 16:12:53 hub postfix/qmgr[12512]: {HUB}: removed
""",
    "edge.log": f"""\
Nov 21 16:12:53 edge postfix/smtpd[12968]: {EDGE}: client=unknown[127.0.0.1]
Nov 21 16:12:53 edge postfix/cleanup[12995]: {EDGE}: message-id=<{ID}>
Nov 21 16:12:53 edge postfix/qmgr[12501]: {EDGE}: from=<probe@alpha.test>, size=1607, nrcpt=1 (queue active)
Nov 21 16:12:53 edge postfix/lmtp[13003]: {EDGE}: to=<probe@beta.test>, relay=127.0.0.1[127.0.0.1]:14566, delay=0.83, \
delays=0.45/0.04/0.05/0.29, {SENT} (250 2.0.0 <probe@beta.test> {SESSION} Saved)
Nov 21 16:12:53 edge postfix/qmgr[12501]: {EDGE}: removed
""",
    "dovecot.log": f"""\
2026-11-21 16:12:53.722943 lmtp(probe@beta.test)<13009><{SESSION}>: Info: msgid=<{ID}>: saved mail to INBOX
""",
}
HOSTILE_ID = "4jWyNS4ysXzc6Q1"
HOSTILE_SAID = "550 5.7.1 \x1b[31mno\x1b[0m \u202egnp.exe\u200b '; drop table flows; -- [bold]x[/bold]"
HOSTILE = f"""\
Nov 21 16:30:00 mx postfix/smtpd[12918]: {HOSTILE_ID}: client=evil.example[192.0.2.9]
Nov 21 16:30:00 mx postfix/cleanup[12917]: {HOSTILE_ID}: warning: header Subject: =HYPERLINK("http://evil.example") \
from evil.example[192.0.2.9]; from=<=cmd@evil.example> to=<b@beta.test> proto=ESMTP helo=<evil.example>
Nov 21 16:30:00 mx postfix/cleanup[12917]: {HOSTILE_ID}: message-id=<x'--@evil.example>
Nov 21 16:30:00 mx postfix/qmgr[12515]: {HOSTILE_ID}: from=<=cmd@evil.example>, size=99, nrcpt=1 (queue active)
Nov 21 16:30:01 mx postfix/smtp[12964]: {HOSTILE_ID}: to=<b@beta.test>, relay=out.example[192.0.2.8]:25, delay=0.4, \
delays=0.1/0/0.1/0.2, dsn=5.7.1, status=bounced (host out.example[192.0.2.8] said: {HOSTILE_SAID})
Nov 21 16:30:01 mx postfix/qmgr[12515]: {HOSTILE_ID}: removed
"""
MANY_ID = "4jWyc00000zc6Q1"


def many(recipients: int) -> str:
    """Return the log of one message to so many recipients, the later the slower."""
    head = (
        f"Nov 21 16:40:00 mx postfix/smtpd[1]: {MANY_ID}: client=list.example[192.0.2.5]\n"
        f"Nov 21 16:40:00 mx postfix/cleanup[2]: {MANY_ID}: message-id=<news@list.example>\n"
        f"Nov 21 16:40:00 mx postfix/qmgr[3]: {MANY_ID}: from=<news@list.example>, size=5000, nrcpt={recipients} (queue active)\n"
    )
    to = "relay=mx.far.example[192.0.2.6]:25, delay={n}, delays=0/0/0/{n}, dsn=2.0.0, status=sent (250 Ok)"
    return head + "".join(
        f"Nov 21 16:40:{n:02d} mx postfix/smtp[4]: {MANY_ID}: to=<r{n}@far.example>, {to.format(n=n)}\n" for n in range(recipients)
    )


def lake_of(folder: Path, **more: str) -> Path:
    """Make a lake of the real lines, and of more logs by their names; return it."""
    logs = LOGS | {f"{name}.log": text for name, text in more.items()}
    for name, text in logs.items():
        (folder / name).write_text(text)
    take(folder / "lake", *(folder / name for name in logs))
    return folder / "lake"
