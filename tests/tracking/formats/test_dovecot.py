"""Dovecot's lines as servers wrote them and others published them (names and addresses replaced), and as nobody should write them.

Sources: fail2ban's test log `dovecot`; docker-mailserver issues 1508 and 3747; mailcow issue 2111; crowdsecurity/hub issue 1160; logwatch's
service `dovecot`; and a Dovecot 2.3.19 of the lab's own.
"""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

from typing import Any

from tests.tracking.formats.parsing import parse

Row = tuple[Any, ...]
HEAD = "Nov 12 08:00:00 mail dovecot: "
MAIL = "Nov 12 08:00:00 mail dovecot: lmtp(u@a.example)<809><Z8NYOdkBmmUpAwAAUi6ngw>: "
SESSION = "Z8NYOdkBmmUpAwAAUi6ngw"


def told(text: str, *columns: str, form: str = "syslog") -> list[Row]:
    """Parse lines, of which none may be left over; return the event and these columns of each event."""
    parsed = parse(form, text)
    assert parsed.unparsed == []
    return [(event["event"], *(event.get(column) for column in columns)) for event in parsed.events]


DELIVERIES = """\
Jan  7 01:43:53 mail dovecot: lmtp(hello@example.test)<809><Z8NYOdkBmmUpAwAAUi6ngw>: sieve: msgid=<spam@example.test>: fileinto action: stored mail into mailbox 'Junk'
May 11 11:35:36 mail dovecot: lmtp(quota@other.example)<1522><2E+aO4c4uV7yBQAAUIhAew:T2:R3>: sieve: msgid=<2020.889CA28724D@mail.example>: failed to store into mailbox 'Junk': Quota exceeded (mailbox for user is full)
Dec 19 17:58:04 hostname dovecot: lda(me@mydomain.example): sieve: msgid=<70.B1.4795X.0Foo8585@domain.example>: stored mail into mailbox 'INBOX'
Jul  2 08:12:01 mail dovecot: lda(clerk)<4050777><6SQCDm4XKGpZzz0ASWwcBg>: msgid=<dv-2@example.test>: saved mail to INBOX/Maildir
Jul  2 08:12:01 mail dovecot: lmtp(5120, clerk): 6SQCDm4XKGpZzz0ASWwcBg: msgid=<dv-3@example.test>: saved mail to INBOX
Jul  2 08:12:01 mail dovecot: lmtp(clerk)<1><6SQCDm4XKGpZzz0ASWwcBh>: msgid=unspecified: save failed to INBOX: Timeout while waiting for lock
"""


def test_what_is_delivered_and_what_is_not() -> None:
    """LMTP and LDA, with Sieve and without, 2.2 to 2.4; who is over quota will stay so, who waits for a lock is tried again."""
    assert told(DELIVERIES, "internal_message_id", "message_id", "recipient", "mailbox", "ends") == [
        ("deliver", SESSION, "<spam@example.test>", "hello@example.test", "Junk", True),
        ("fail", "2E+aO4c4uV7yBQAAUIhAew:T2:R3", "<2020.889CA28724D@mail.example>", "quota@other.example", "Junk", False),
        ("deliver", None, "<70.B1.4795X.0Foo8585@domain.example>", "me@mydomain.example", "INBOX", True),
        ("deliver", "6SQCDm4XKGpZzz0ASWwcBg", "<dv-2@example.test>", "clerk", "INBOX/Maildir", True),
        ("deliver", "6SQCDm4XKGpZzz0ASWwcBg", "<dv-3@example.test>", "clerk", "INBOX", True),
        ("defer", "6SQCDm4XKGpZzz0ASWwcBh", None, "clerk", "INBOX", False),
    ]


SIEVE = f"""\
{MAIL}sieve: msgid=<a@x.example>: redirect action: forwarded to <b@y.example>
{MAIL}sieve: msgid=<a@x.example>: forwarded to <c@y.example>
{MAIL}sieve: msgid=<a@x.example>: redirect action: discarded duplicate forward to <b@y.example>
{MAIL}sieve: msgid=<a@x.example>: reject action: rejected message from <s@x.example> (reject)
{MAIL}sieve: msgid=<a@x.example>: discard action: Marked message to be discarded if not explicitly delivered (discard action)
{MAIL}sieve: msgid=<a@x.example>: vacation action: sent vacation response to <s@x.example>
{MAIL}sieve: msgid=<a@x.example>: vacation action: discarded duplicate vacation response to <s@x.example>
{MAIL}sieve: Execution of script failed, but implicit keep was successful
"""


def test_what_sieve_does() -> None:
    """A redirection names the old address beside the new one, one that was made before none; a rejection after the message was taken goes back to its sender."""
    assert told(SIEVE, "recipient", "related_recipient", "ends") == [
        ("redirect", "b@y.example", "u@a.example", True),
        ("redirect", "c@y.example", "u@a.example", True),
        ("duplicate", "u@a.example", None, True),
        ("fail", "u@a.example", None, True),
        ("discard", "u@a.example", None, True),
        ("other", "u@a.example", None, False),
        ("other", "u@a.example", None, False),
        ("other", None, None, None),
    ]


LOGINS = """\
Nov 12 08:00:00 mail dovecot: imap-login: Login: user=<me@mydomain.example>, method=PLAIN, rip=192.168.0.1, lip=10.0.0.1, mpid=42, TLS, session=<Ing8jUyj1rpNb0xJ>
Nov 12 08:00:00 mail dovecot[52217]: imap-login: Logged in: user=<me@mydomain.example>, method=PLAIN, rip=2001:db8::5, lip=10.0.0.1, mpid=88721, secured, session=<x7>
Nov 12 08:00:00 mail dovecot: pop3-login: Aborted login (tried to use disabled plaintext auth): rip=190.210.136.21, lip=113.212.99.193
Nov 12 08:00:00 mail dovecot: imap-login: Disconnected (auth failed, 2 attempts): user=<username.bob>, method=PLAIN, rip=49.176.98.87, lip=113.212.99.194, TLS
Nov 12 08:00:00 mail dovecot: pop3-login: Disconnected: Inactivity (no auth attempts): rip=180.200.180.81, lip=113.212.99.194, TLS
Nov 12 08:00:00 mail dovecot: pop3-login: Disconnected: Connection closed: read(size=988) failed: Connection reset by peer (auth failed, 1 attempts in 2 secs): user=<shop@a.example>, method=PLAIN, rip=87.120.113.189, lip=1.2.3.4, session=<ZfpthtYmgKpXeHG9>
Nov 12 08:00:00 mail dovecot: imap-login: Login aborted: Connection closed (auth failed, 1 attempts in 2 secs) (auth_failed): user=<bob>, method=PLAIN, rip=192.0.2.7, lip=1.2.3.4, TLS, session=<q>
Nov 12 08:00:00 mail dovecot: managesieve-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=172.22.1.6, lip=172.22.1.8
Nov 12 08:00:00 mail dovecot: imap-login: Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10): user=<me>, method=PLAIN, rip=192.0.2.9, lip=1.2.3.4
"""


def test_who_logs_in_and_who_does_not() -> None:
    """Failed is who tried a password or a mechanism; who only looked at the door left."""
    assert told(LOGINS, "user_name", "client_ip", "method", "tls", "internal_message_id") == [
        ("login", "me@mydomain.example", "192.168.0.1", "PLAIN", "TLS", "Ing8jUyj1rpNb0xJ"),
        ("login", "me@mydomain.example", "2001:db8::5", "PLAIN", None, "x7"),
        ("login-failed", None, "190.210.136.21", None, None, None),
        ("login-failed", "username.bob", "49.176.98.87", "PLAIN", "TLS", None),
        ("disconnect", None, "180.200.180.81", None, "TLS", None),
        ("login-failed", "shop@a.example", "87.120.113.189", "PLAIN", None, "ZfpthtYmgKpXeHG9"),
        ("login-failed", "bob", "192.0.2.7", "PLAIN", "TLS", "q"),
        ("disconnect", None, "172.22.1.6", None, None, None),
        ("other", "me", "192.0.2.9", "PLAIN", None, None),
    ]


SESSIONS = """\
Nov 12 08:00:00 mail dovecot: lmtp(113): Connect from 172.22.1.6
Nov 12 08:00:00 mail dovecot: lmtp(113): Disconnect from 172.22.1.6: Client has quit the connection (state=MAIL FROM)
Nov 12 08:00:00 mail dovecot: imap(me@a.example)<373>: Logged out in=146 out=2974 deleted=0 expunged=0 trashed=0 hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0
Nov 12 08:00:00 mail dovecot: pop3(me@a.example)<8><qwiLdMtgUpd/AAAB>: Disconnected: Logged out top=0/0, retr=1/307, del=1/1, size=291
Nov 12 08:00:00 mail dovecot: imap(me@a.example)<8><qwiLdMtgUpd/AAAB>: copy from INBOX: box=Trash, uid=908, msgid=<123.foo@bar>, size=17
Nov 12 08:00:00 mail dovecot: imap(me@a.example), session=<Pq7>: Disconnected: Logged out in=146 out=2974
Nov 12 08:00:00 mail dovecot: POP3(old@a.example): Disconnected for inactivity top=0/0, retr=0/0, del=0/1, size=17
Nov 12 08:00:00 mail dovecot: imap-login: proxy(me@a.example): started proxying to 10.0.0.1:143: user=<me@a.example>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2
Nov 12 08:00:00 mail dovecot: imap-login: proxy(me@a.example): disconnecting 192.0.2.1 (Disconnected by client)
Nov 12 08:00:00 mail dovecot: auth: pam(account@a.example,200.76.17.206): pam_authenticate() failed: User not known
Nov 12 08:00:00 mail dovecot: lmtp(u@a.example)<8><qwiLdMtgUpd/AAAB>: Error: sieve: binary save: failed to create temporary file
Nov 12 08:00:00 mail dovecot: master: Dovecot v2.4.1 (7d8c0e5759) starting up for imap, lmtp
Nov 12 08:00:00 mail dovecot: lmtp(u)<1004><kM7nKc69FGXsAwAAUi6ngw>: Debug: sieve: msgid=<a@b>: Start storing into mailbox INBOX
"""


def test_how_sessions_end_and_what_is_noise() -> None:
    """Debugging and what the daemons say of themselves is counted, nothing more."""
    parsed = parse("syslog", SESSIONS)
    assert [(event["event"], event.get("user_name"), event.get("client_ip")) for event in parsed.events] == [
        ("connect", None, "172.22.1.6"),
        ("disconnect", None, "172.22.1.6"),
        ("disconnect", "me@a.example", None),
        ("disconnect", "me@a.example", None),
        ("other", "me@a.example", None),
        ("disconnect", "me@a.example", None),
        ("disconnect", "old@a.example", None),
        ("login", "me@a.example", "192.0.2.1"),
        ("disconnect", None, None),
        ("other", "account@a.example", "200.76.17.206"),
        ("error", "u@a.example", None),
    ]
    assert (parsed.noise, parsed.unparsed) == ({"dovecot/daemon": 1, "dovecot/debug": 1}, [])


def test_a_deliver_log_format_of_ones_own() -> None:
    """Fields are found by their names: iRedMail's format, and one with the Message-ID last."""
    first = "sieve: from=a@x.example, envelope_sender=s@x.example, subject=Hi: there, msgid=<7@x.example>, size=17, delivery_time=4ms, "
    assert told(
        f"{MAIL}{first}stored mail into mailbox 'INBOX'\n{MAIL}from=a, msgid=<8@x.example>: saved mail to Work\n", "message_id", "mailbox"
    ) == [("deliver", "<7@x.example>", "INBOX"), ("deliver", "<8@x.example>", "Work")]


def test_what_a_sender_writes_decides_nothing() -> None:
    """A Message-ID with Dovecot's words, a sender's address with them, a user's name with a field: Dovecot's own words count."""
    forged = f"""\
{MAIL}sieve: msgid=<a@x>: stored mail into mailbox 'INBOX'>: marked message to be discarded if not explicitly delivered (discard action)
{MAIL}sieve: msgid=<a@x>: reject action: rejected message from <"x: saved mail to INBOX"@evil.example> (reject)
{MAIL}sieve: msgid=<a@x>: reject action: rejected message from <"x: stored mail into mailbox 'I'"@evil.example> (reject)
{HEAD}imap-login: Login: user=<x>, rip=6.6.6.6>, method=PLAIN, rip=192.0.2.1, lip=10.0.0.1, mpid=42, session=<Ing8jUyj1rpNb0xJ>
"""
    assert told(forged, "recipient", "client_ip") == [
        ("discard", "u@a.example", None),
        ("fail", "u@a.example", None),
        ("fail", "u@a.example", None),
        ("login", None, "192.0.2.1"),
    ]


def test_what_is_no_line_of_dovecots_is_kept_aside() -> None:
    """A user's name that breaks the prefix, an unknown service, nothing at all: each line is an event, noise or left over."""
    odd = ["imap(a: b)<1>: Logged out", "lmtp(u)<1><s>: msgid", "whatever: it says", "", "<>: x", "lmtp(: y"]
    parsed = parse("syslog", "\n".join(HEAD + text for text in odd))
    assert len(parsed.events) + sum(parsed.noise.values()) + len(parsed.unparsed) == len(odd)
    assert parsed.events == []
