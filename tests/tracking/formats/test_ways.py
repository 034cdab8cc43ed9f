"""From lines to flows across programs: the columns that formats fill are those by which stays are tied together.

Lines of the lab's own Postfix and Dovecot; of docker-mailserver issue 3747 (Postfix, amavis, Dovecot); of PHPMailer issue 2153 (sendmail).
Names are replaced.
"""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.tracking.correlate.worlds import made, way
from tests.tracking.formats.parsing import parse
from tests.tracking.formats.test_sendmail import SUBMITTED, THEN
from tracking.formats.registry import recognise

if TYPE_CHECKING:
    from collections.abc import Iterable


def flows(logs: Iterable[tuple[str, str]], **context: Any) -> list[str]:
    """Correlate logs, each (server or "", its text), of whatever format; return the flows in words, sorted."""
    rows: list[dict[str, Any]] = []
    for number, (server, text) in enumerate(logs):
        form = recognise(text.splitlines())
        assert form
        parsed = parse(form.name, text, server=server, **context)
        assert parsed.unparsed == []
        rows += [event | {"file_id": number, "line": event["n"]} for event in parsed.events]
    return sorted(way(flow) for flow in made(rows)["flows"])


EDGE = """\
Nov 21 16:00:06 edge postfix/smtpd[14491]: 4jWxjy32B8zYpmL: client=unknown[127.0.0.1]
Nov 21 16:00:06 edge postfix/cleanup[14497]: 4jWxjy32B8zYpmL: message-id=<two@out.test>
Nov 21 16:00:06 edge postfix/qmgr[13466]: 4jWxjy32B8zYpmL: from=<a@out.test>, size=599, nrcpt=2 (queue active)
Nov 21 16:00:06 edge postfix/lmtp[14498]: 4jWxjy32B8zYpmL: to=<probe@beta.test>, relay=127.0.0.1[127.0.0.1]:14726, delay=0.28, delays=0.12/0.08/0.01/0.06, dsn=2.0.0, status=sent (250 2.0.0 <probe@beta.test> x4aFIAbAAWulOAAAg+zDdQ Saved)
Nov 21 16:00:06 edge postfix/lmtp[14498]: 4jWxjy32B8zYpmL: to=<probe@gamma.test>, relay=127.0.0.1[127.0.0.1]:14726, delay=0.28, delays=0.12/0.08/0.01/0.06, dsn=2.0.0, status=sent (250 2.0.0 <probe@gamma.test> x4aFIAbAAWulOAAAg+zDdQ:R2 Saved)
Nov 21 16:00:06 edge postfix/qmgr[13466]: 4jWxjy32B8zYpmL: removed
"""
DOVECOT = """\
2026-11-21 16:00:06.500000 lmtp(14501): Info: Connect from 127.0.0.1
2026-11-21 16:00:06.603483 lmtp(probe@beta.test)<14501><x4aFIAbAAWulOAAAg+zDdQ>: Info: msgid=<two@out.test>: saved mail to INBOX
2026-11-21 16:00:06.607473 lmtp(probe@gamma.test)<14501><x4aFIAbAAWulOAAAg+zDdQ:R2>: Info: sieve: msgid=<two@out.test>: stored mail into mailbox 'INBOX'
"""
SUNDAY = datetime(2026, 11, 22, tzinfo=UTC)
AT_EDGE = "edge 4jWxjy32B8zYpmL -lmtp-session-> box x4aFIAbAAWulOAAAg+zDdQ"


def test_from_postfix_into_a_mailbox_by_lmtp() -> None:
    """Each recipient's session is its own."""
    assert flows([("", EDGE), ("box", DOVECOT)], until=SUNDAY) == [
        f"{AT_EDGE}: delivered probe@beta.test",
        f"{AT_EDGE}:R2: delivered probe@gamma.test",
    ]


def test_sieve_sends_one_copy_back_and_one_on() -> None:
    """What Postfix counts as sent was not delivered to all."""
    sieve = DOVECOT.replace(
        "msgid=<two@out.test>: saved mail to INBOX",
        "sieve: msgid=<two@out.test>: reject action: rejected message from <a@out.test> (reject)",
    )
    sieve = sieve.replace("stored mail into mailbox 'INBOX'", "redirect action: forwarded to <c@else.test>")
    assert flows([("", EDGE), ("box", sieve)], until=SUNDAY) == [
        f"{AT_EDGE}: bounced probe@beta.test",
        f"{AT_EDGE}:R2: redirected c@else.test",
        f"{AT_EDGE}:R2: redirected probe@gamma.test",
    ]


FILTERED = """\
Jan  7 01:43:51 mail postfix/smtpd[790]: 792B6131D7: client=localhost[127.0.0.1]
Jan  7 01:43:51 mail postfix/cleanup[797]: 792B6131D7: message-id=<spam@example.test>
Jan  7 01:43:51 mail postfix/qmgr[707]: 792B6131D7: from=<root@mail.example.test>, size=217, nrcpt=1 (queue active)
Jan  7 01:43:53 mail postfix/smtpd-amavis/smtpd[807]: E8339132AB: client=localhost[127.0.0.1]
Jan  7 01:43:53 mail postfix/cleanup[797]: E8339132AB: message-id=<spam@example.test>
Jan  7 01:43:53 mail postfix/qmgr[707]: E8339132AB: from=<root@mail.example.test>, size=953, nrcpt=1 (queue active)
Jan  7 01:43:53 mail amavis[803]: (00803-01) Passed SPAM {RelayedTaggedInbound,Quarantined}, [127.0.0.1]:57256 <root@mail.example.test> -> <hello@example.test>, quarantine: S/spam-SvjFaxs_mgzs.gz, Queue-ID: 792B6131D7, Message-ID: <spam@example.test>, mail_id: SvjFaxs_mgzs, Hits: 1003.5, size: 217, queued_as: E8339132AB, 823 ms
Jan  7 01:43:53 mail postfix/smtp-amavis/smtp[798]: 792B6131D7: to=<hello@example.test>, relay=127.0.0.1[127.0.0.1]:10024, delay=2.5, delays=0.06/0/1.6/0.82, dsn=2.0.0, status=sent (250 2.0.0 {said})
Jan  7 01:43:53 mail postfix/qmgr[707]: 792B6131D7: removed
Jan  7 01:43:53 mail dovecot: lmtp(hello@example.test)<809><Z8NYOdkBmmUpAwAAUi6ngw>: sieve: msgid=<spam@example.test>: fileinto action: stored mail into mailbox 'Junk'
Jan  7 01:43:53 mail postfix/lmtp[808]: E8339132AB: to=<hello@example.test>, relay=mail.example.test[/var/run/dovecot/lmtp], delay=0.09, delays=0.01/0/0.01/0.07, dsn=2.0.0, status=sent (250 2.0.0 <hello@example.test> Z8NYOdkBmmUpAwAAUi6ngw Saved)
Jan  7 01:43:53 mail postfix/qmgr[707]: E8339132AB: removed
"""
INBOX = "mail Z8NYOdkBmmUpAwAAUi6ngw: delivered hello@example.test"


def test_through_amavis_into_junk() -> None:
    """The reply names the next id; where it names none, amavis's own line does. Amavis is no hop."""
    named = FILTERED.replace("{said}", "from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as E8339132AB")
    assert flows([("", named)]) == [f"mail 792B6131D7 -queued-as-> mail E8339132AB -lmtp-session-> {INBOX}"]
    silent = FILTERED.replace("{said}", "Ok, id=00803-01, from MTA: done")
    assert flows([("", silent)]) == [f"mail 792B6131D7 -filter-id-> mail E8339132AB -lmtp-session-> {INBOX}"]


PIPED = """\
Dec 19 17:58:03 hostname postfix/smtpd[4]: 31313188615: client=mx.domain.example[192.0.2.1]
Dec 19 17:58:03 hostname postfix/cleanup[4]: 31313188615: message-id=<70.B1.4795X.0Foo8585@domain.example>
Dec 19 17:58:03 hostname postfix/qmgr[4]: 31313188615: from=<s@domain.example>, size=599, nrcpt=1 (queue active)
Dec 19 17:58:04 hostname dovecot: lda(me@mydomain.example): sieve: msgid=<70.B1.4795X.0Foo8585@domain.example>: stored mail into mailbox 'INBOX'
Dec 19 17:58:04 hostname postfix/pipe[5]: 31313188615: to=<me@mydomain.example>, relay=dovecot, delay=0.9, delays=0.8/0/0/0.1, dsn=2.0.0, status=sent (delivered via dovecot service)
Dec 19 17:58:04 hostname postfix/qmgr[4]: 31313188615: removed
"""


def test_through_a_pipe_into_dovecots_lda() -> None:
    """An old one names no session: the Message-ID and the recipient on this host tie it."""
    mailbox = "hostname <70.B1.4795X.0Foo8585@domain.example>: delivered me@mydomain.example"
    assert flows([("", PIPED)]) == [f"hostname 31313188615 -message-id+client-> {mailbox}"]


def test_what_amavis_discards_is_not_relayed() -> None:
    """It takes the message from Postfix, and says in its reply that it went nowhere."""
    lines = (
        FILTERED.replace("{said}", "2.7.0 Ok, discarded, id=00803-01 - INFECTED: Win.Test.EICAR_HDB-1")
        .replace("250 2.0.0 2.7.0", "250 2.7.0")
        .splitlines()
    )
    kept = [line for line in lines if "792B6131D7" in line and "amavis[" not in line]
    assert flows([("", "\n".join(kept))]) == ["mail 792B6131D7: discarded hello@example.test"]


def test_sendmails_two_queues_are_two_hops_of_one_host() -> None:
    """What the server bounced came from the submission queue; the report is a flow of its own."""
    found = flows([("", SUBMITTED)], **THEN)
    assert "2862 093DecpD009468 -queued-as-> 2862 093DecOR009469: bounced c@e.example" in found
    assert not [flow for flow in found if "093DeiOR009471" in flow and "093DecOR009469" in flow]


def test_a_split_list_of_sendmails() -> None:
    """Who went on under a new id came from the old one."""
    head = "Feb 25 04:02:28 relay1 sm-mta[16665]: "
    rest = "delay=00:00:00, xdelay=00:00:00, mailer=local, pri=1, dsn=2.0.0, stat=Sent"
    text = f"""\
{head}16P42SNi016765: from=<s@x.example>, size=99, class=0, nrcpts=2, msgid=<1@x.example>, proto=ESMTP, daemon=MTA, relay=r.example [192.0.2.1]
{head}16P42SNi016765: 16P42SNj016765: clone: owner=<owner-list@x.example>
{head}16P42SNi016765: to=<a@x.example>, {rest}
{head}16P42SNj016765: to=<b@x.example>, {rest}
"""
    assert flows([("", text)]) == [
        "relay1 16P42SNi016765 -fork-> relay1 16P42SNj016765: delivered b@x.example",
        "relay1 16P42SNi016765: delivered a@x.example",
    ]
