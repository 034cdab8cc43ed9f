"""What syslog itself does to the lines of mail servers: stamps that say too little, lines that it threw away. Facts, no I/O."""

from __future__ import annotations

from tracking.doctor.fact import Fact, asked
from tracking.doctor.values import Weight

SYSLOG = "syslog"
_OF_SYSLOG = "regexp_matches(line, '^(?:<\\d+>)?(?:1 )?(?:[A-Z][a-z]{2} [ \\d]\\d |\\d{4}-\\d\\d-\\d\\dT)')"
_ISO = "regexp_matches(line, '^(?:<\\d+>)?(?:1 )?\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d')"
_ZONED = "regexp_matches(line, '^\\S*(?:1 )?\\d{4}-\\d\\d-\\d\\dT[\\d:.,]+(?:Z|[+-]\\d\\d:?\\d\\d)(?: |$)')"
_PRECISE = "regexp_matches(line, '^\\S*(?:1 )?\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[.,]\\d')"
_RSYSLOG = ("sed -i 's/RSYSLOG_TraditionalFileFormat/RSYSLOG_FileFormat/' /etc/rsyslog.conf && systemctl restart rsyslog",)
# Behind stamp and host: what the daemon itself says, not what it quotes.
_HEAD = r"^(?:<\d+>)?(?:1 )?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\S+) \S+ "
_MAIL = "(?:postfix|dovecot|exim|sendmail|sm-mta|amavis|rspamd|opendkim)"
_JOURNAL = rf"{_HEAD}(?:systemd-journald?|journal)(?:\[\d+\])?(?::| \S+ \S+ -) Suppressed \d+ messages from \S*{_MAIL}"
# imjournal reads for all; imuxsock, where it names the program
_OF_MAIL = (
    rf"{_HEAD}rsyslogd\S*(?::| \S+ \S+ -) (?:imjournal: |im(?:journal|uxsock).*{_MAIL}.*: )"
    "(?:begin to drop messages|[0-9]+ messages lost) due to rate-limiting"
)
# A delivery says how long ago its message came. Where that is within what was looked at, the queue manager must have told of it.
LOST = r"""
with managed as (
    select distinct w, regexp_extract(line, '/n?qmgr(?:\[\d+\]:| \S+ \S+ -) ([0-9A-Za-z]+): from=<', 1) as id
    from lines where contains(line, 'qmgr') and contains(line, ': from=<')),
since as (select w, server, min(time) as since from events group by all),
left_at as (
    select e.w, e.server, e.internal_message_id as id, e.line, e.n
    from events e join since s on s.w = e.w and s.server is not distinct from e.server
    where e.software = 'postfix' and e.delay_seconds is not null and e.event in ('send', 'deliver', 'defer', 'fail')
        and e.time - to_microseconds((1e6 * (e.delay_seconds * 1.1 + 5))::bigint) > s.since)
select coalesce(server, '') as server, count(*) as could, count(*) filter (where m.id is null) as lacks,
       min_by(line, l.w * 10000000000 + n) filter (where m.id is null) as example
from left_at l left join managed m on m.w = l.w and m.id = l.id group by 1 order by 1"""

FACTS = (
    Fact(
        "stamps-without-year",
        Weight.HINT,
        asked(_OF_SYSLOG, f"not {_ISO}", of="lines", each_server=False),
        "stamps say neither year nor zone nor fractions of a second: order and delays are known to the second, and the hour that the end of"
        " summer time repeats may be an hour off (tell --timezone; Postfix's own maillog_file has no other stamps: long queue ids help)",
        {"": _RSYSLOG},
        least=1,
        format=SYSLOG,
    ),
    Fact(
        "stamps-without-zone",
        Weight.HINT,
        asked(_ISO, f"not {_ZONED}", of="lines", each_server=False),
        "stamps say no zone: tell --timezone, or have them written with it",
        {"": _RSYSLOG},
        least=1,
        format=SYSLOG,
    ),
    Fact(
        "stamps-of-seconds",
        Weight.HINT,
        asked(_ISO, f"not {_PRECISE}", of="lines", each_server=False),
        "stamps are of whole seconds: hops shorter than that have no length",
        {"": ("journalctl -o short-iso-precise   # instead of short-iso; or of files:", *_RSYSLOG)},
        least=1,
        format=SYSLOG,
    ),
    Fact(
        "suppressed-by-journald",
        Weight.WARNING,
        asked(f"regexp_matches(line, '{_JOURNAL}')", "true", of="lines", each_server=False),
        "journald threw lines of the mail system away ({lacks} times in what was looked at): those messages cannot be followed",
        {
            "": (
                "mkdir -p /etc/systemd/journald.conf.d",
                r"printf '[Journal]\nRateLimitIntervalSec=0\n' > /etc/systemd/journald.conf.d/mail.conf",
                "systemctl restart systemd-journald",
            )
        },
        least=1,
        format=SYSLOG,
    ),
    Fact(
        "dropped-by-rsyslog",
        Weight.WARNING,
        asked(f"regexp_matches(line, '{_OF_MAIL}')", "true", of="lines", each_server=False),
        "rsyslog threw lines away ({lacks} times in what was looked at): those messages cannot be followed",
        {
            "": (
                'module(load="imjournal" Ratelimit.Interval="0")   # in /etc/rsyslog.conf, or where it has imuxsock instead:',
                'module(load="imuxsock" SysSock.RateLimit.Interval="0")',
                "systemctl restart rsyslog",
            )
        },
        least=1,
        format=SYSLOG,
    ),
    Fact(
        "lines-missing",
        Weight.WARNING,
        LOST,
        "lines are missing: of {could} deliveries whose messages came while this was written, {lacks} have no line of the queue manager"
        " (rate limits of journald or rsyslog, or a log that was filtered)",
        {"": ("postconf -e maillog_file=/var/log/postfix.log && postfix reload   # Postfix 3.4 and later: without syslog",)},
        share=0.01,
        format=SYSLOG,
    ),
)
