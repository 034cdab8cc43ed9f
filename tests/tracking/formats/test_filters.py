"""Filters' lines as they were published (names and addresses replaced), what they tie together, and what senders try.

Sources: sendmailanalyzer issues 26, 32 and 45, docker-mailserver issues 3747 and 1397, rspamd issue 3279, MIMEDefang issue 76,
munin contrib 1077, OpenDMARC issue 264.
"""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

from typing import Any

from tests.tracking.formats.parsing import parse

AMAVIS = """\
Feb 13 11:02:43 mx-1 amavis[5136]: (05136-09) Passed CLEAN, [194.167.55.26] [193.54.112.219] <s@monitor> -> <x.y@a.example>,<z@a.example>, mail_id: 0gehnk-A5kVd, Hits: -, size: 1332, queued_as: B60132CB20, 152 ms
Feb 10 01:27:49 mx-1 amavis[27693]: (27693-06) Blocked INFECTED (Win.Trojan.Generickd-2094), [194.214.158.196] [167.88.35.187] <b@o.example> -> <x@a.example>, quarantine: 3/virus-3tsxby3v3tSL, Message-ID: <201502100027.t1A0Rldx012631@p.example>, mail_id: 3tsxby3v3tSL, Hits: -, size: 253117, 284 ms
Jan  7 01:43:53 mail amavis[803]: (00803-01) Passed SPAM {RelayedTaggedInbound,Quarantined}, [127.0.0.1]:57256 <root@mail.example.test> -> <hello@example.test>, quarantine: S/spam-SvjFaxs_mgzs.gz, Queue-ID: 792B6131D7, Message-ID: <spam@example.test>, mail_id: SvjFaxs_mgzs, Hits: 1003.5, size: 217, queued_as: E8339132AB, 823 ms
Feb 14 09:38:17 mail amavis[25650]: (25650-04) Passed CLEAN {RelayedInbound}, [192.0.2.8]:33160 [192.0.2.8] <x@d.example> -> <i@a.example>, Queue-ID: DFA8A20EA, Message-ID: <VI1PR0302@d.example>, mail_id: vxMabcdekbRF, Hits: -3.298, size: 16059, queued_as: BE1AB89F, dkim_sd=selector1:d.example, 1837 ms, Tests: [DKIM_SIGNED=0.1,SPF_PASS=-0.001]
Nov  5 12:04:24 d amavis[1282]: (01282-01) Passed, <s@x.example> -> <r@y.example>, quarantine S68df6LqJbl7, Message-ID: <1.2.3.JavaMail@x.example>,
Nov  5 12:04:24 d amavis[1282]: (01282-01) S68df6LqJbl7 FWD from <s@x.example> -> <r@y.example>, BODY=7BIT 250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 925141A1A9B
Nov  5 12:04:24 d amavis[1282]: (01282-01) (!)run_av (ClamAV-clamd) FAILED - unexpected
"""


def told(text: str, *columns: str) -> list[tuple[Any, ...]]:
    """Parse lines, of which none may be left over; return these columns of each event."""
    parsed = parse("syslog", text)
    assert parsed.unparsed == []
    return [tuple(event.get(column) for column in columns) for event in parsed.events]


def test_amavis_ties_the_id_before_it_to_the_id_after_it() -> None:
    """Each line makes as many events as it has recipients or ids to name, whichever are more."""
    assert told(AMAVIS, "part", "event", "internal_message_id", "recipient", "link_way", "link_id") == [
        (0, "agent", "0gehnk-A5kVd", "x.y@a.example", "out", "B60132CB20"),
        (1, "agent", "0gehnk-A5kVd", "z@a.example", None, None),
        (0, "agent", "3tsxby3v3tSL", "x@a.example", None, None),
        (0, "agent", "SvjFaxs_mgzs", "hello@example.test", "in", "792B6131D7"),
        (1, "agent", "SvjFaxs_mgzs", None, "out", "E8339132AB"),
        (0, "agent", "vxMabcdekbRF", "i@a.example", "in", "DFA8A20EA"),
        (1, "agent", "vxMabcdekbRF", None, "out", "BE1AB89F"),
        (0, "agent", "01282-01", "r@y.example", None, None),
        (0, "error", None, None, None, None),
    ]


def test_what_amavis_says_of_a_message() -> None:
    """Its verdict, its quarantine, the client before the mail server, how long it took."""
    found = told(AMAVIS, "original", "client_ip", "original_client_ip", "reference", "bytes", "delay_seconds")
    assert found[2] == ("Blocked INFECTED", "194.214.158.196", "167.88.35.187", "3/virus-3tsxby3v3tSL", 253117, 0.284)
    assert found[3] == ("Passed SPAM", "127.0.0.1", None, "S/spam-SvjFaxs_mgzs.gz", 217, 0.823)


def test_an_id_that_a_sender_could_have_written_ties_nothing() -> None:
    """`queued_as` in a Message-ID: it stands twice then, and neither is believed; Queue-ID stands before it and once."""
    line = (
        "Feb 14 09:38:17 mail amavis[2]: (25650-04) Passed CLEAN {RelayedInbound}, [192.0.2.8]:33160 <x@d.example> -> <i@a.example>, "
        "Queue-ID: DFA8A20EA, Message-ID: <a, mail_id: b, Hits: -, size: 1, queued_as: FAKE123, c@d.example>, mail_id: vxMabcdekbRF, "
        "Hits: -3.298, size: 16059, queued_as: BE1AB89F, 1837 ms"
    )
    assert told(line, "internal_message_id", "link_way", "link_id") == [("25650-04", "in", "DFA8A20EA")]


MILTERS = """\
Feb  9 10:13:11 h opendmarc[1]: 792B6131D7: SPF(mailfrom): domain.example pass
Feb  9 10:13:11 h opendmarc[1]: 792B6131D7: domain.example pass
Feb  9 10:13:11 h opendmarc[1]: 792B6131D7 ignoring Authentication-Results at 1 from mail.example
Feb  9 10:13:11 h opendkim[1]: 4KXlg16kc4zNGFbr: DKIM-Signature field added (s=mail, d=example.com)
Feb  9 10:13:11 h opendkim[1]: w5PJ1L0X012460: bad signature data
Feb  9 10:13:11 h opendkim[1]: OpenDKIM Filter v2.11.0 starting (args: -x)
Apr 11 12:54:28 thanos mimedefang.pl[36787]: 31313188615: MDLOG,31313188615,mail_in,38.124.232.231,,<b@lists.example>,<g@p.example>,Re: hi
Apr 11 12:54:28 thanos clamav-milter[7]: Message 31313188615 from <a@x.example> to <b@y.example> with subject 'infected by nothing' message-id '<m@x.example>' date 'x' infected by Eicar-Test-Signature
"""


def test_milters_name_the_servers_own_id() -> None:
    """Postfix's short and long ids and sendmail's; what they say of themselves is noise."""
    assert told(MILTERS, "software", "event", "internal_message_id", "link_way", "said")[:5] == [
        ("opendmarc", "agent", "792B6131D7", "in", "SPF(mailfrom): domain.example pass"),
        ("opendmarc", "agent", "792B6131D7", "in", "domain.example pass"),
        ("opendmarc", "agent", "792B6131D7", "in", "ignoring Authentication-Results at 1 from mail.example"),
        ("opendkim", "agent", "4KXlg16kc4zNGFbr", "in", "DKIM-Signature field added (s=mail, d=example.com)"),
        ("opendkim", "agent", "w5PJ1L0X012460", "in", "bad signature data"),
    ]
    assert told(MILTERS, "software", "original", "sender", "recipient")[6:] == [
        ("clamav-milter", "infected", "a@x.example", "b@y.example"),
    ]
    assert parse("syslog", MILTERS).noise == {"opendkim/daemon": 1}


POLICIES = """\
Feb 13 13:53:00 mx0 postgrey[276]: action=greylist, reason=new, client_name=mi024.isp.example, client_address=80.237.138.231, sender=p@isp.example, recipient=r@a.example
Apr 29 14:14:22 localhost policyd-spf[25915]: prepend Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=192.0.2.2; helo=example.com; envelope-from=e@example.com; receiver=<UNKNOWN>
Apr 29 14:14:22 localhost spamd[25915]: spamd: result: Y 21 - BAYES_99,URIBL scantime=2.1,size=3012,user=u,uid=1000,required_score=5.0,rhost=::1,raddr=::1,rport=35000,mid=<a@b.example>,bayes=1.000,autolearn=spam
Apr 29 14:14:22 localhost spamd[25915]: spamd: connection from ip6-localhost [::1]:35000 to port 783, fd 5
"""


def test_policy_services_judge_a_client_before_there_is_an_id() -> None:
    """They are found by client, sender and recipient; spamd by the Message-ID."""
    assert told(POLICIES, "original", "client_ip", "sender", "recipient", "message_id", "internal_message_id") == [
        ("greylist", "80.237.138.231", "p@isp.example", "r@a.example", None, None),
        ("prepend", "192.0.2.2", "e@example.com", None, None, None),
        ("Y", None, None, None, "<a@b.example>", None),
    ]


RSPAMD = """\
Mar  3 22:36:58 mx2 rspamd[28693]: <603954>; task; rspamd_task_write_log: id: <kcEE.YJ5@edm.x.example>, qid: <69ACD7F2FD>, ip: 192.0.2.1, from: <me@x.example>, (default: T (reject): [8.00/500.00] [BAYES_HAM(-2.99){99.99%;},CLAM_VIRUS(0.00){Trojan.Gene;}]), len: 5243, time: 512.5ms, dns req: 33, digest: <ab>, rcpts: <r@a.example>, mime_rcpts: <r@a.example,>, forced: reject "no"
Mar  3 22:36:58 mx2 rspamd[28693]: <603955>; task; rspamd_task_write_log: id: <undef>, qid: <undef>, ip: undef, user: bob, from: <>, (default: F (no action): [0/15] [])
Mar  3 22:36:58 mx2 rspamd[28693]: <603954>; task; rspamd_message_parse: loaded message; id: <a@b>; queue-id: <undef>
Mar  3 22:36:58 mx2 rspamd[28693]: <603956>; task; rspamd_task_write_log: id: <a>, qid: <FAKE01>, ip: 6.6.6.6, from: <x>, qid: <69ACD7F2FE>, ip: 192.0.2.1, from: <me@x.example>, (default: F (no action): [0/15] [])
"""


def test_rspamd_names_the_servers_own_id_last() -> None:
    """Whatever the Message-ID before it says."""
    assert told(RSPAMD, "original", "internal_message_id", "link_id", "client_ip", "user_name", "recipient") == [
        ("reject", "69ACD7F2FD", "69ACD7F2FD", "192.0.2.1", None, "r@a.example"),
        ("no action", None, None, None, "bob", None),
        ("no action", "69ACD7F2FE", "69ACD7F2FE", "192.0.2.1", None, None),
    ]
