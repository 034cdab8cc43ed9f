"""What Postfix, Dovecot, Exim and Sendmail leave out until they are told to write it. Facts, no I/O.

Defaults checked by `postconf -d` (3.7) and `doveconf -d` (2.3.19), by Dovecot's source (2.4: lda-settings.c, login-settings.c,
mail-storage-settings.c), by Exim's table of log selectors (globals.c) and by sendmail.mc (LogLevel 9).
"""

from __future__ import annotations

from tracking.doctor.fact import ORDER, Fact, asked
from tracking.doctor.values import Weight
from tracking.formats import postfix_ids

_DOVECOT = "regexp_matches(line, ' dovecot(?:\\[\\d+\\])?: | (?:lmtp|lda)\\(')"
_SAVED = f"{_DOVECOT} and regexp_matches(line, ' (?:lmtp|lda)\\([^)]*\\).*: saved mail to ')"
_RELOAD = "doveadm reload"
_USED = r"regexp_matches(line, ' imap\([^)]*\).* expunged=[1-9]')"
_PLUGIN = r"regexp_matches(line, ' (?:imap|pop3|lmtp|lda)\(.*: [a-z_ ]+(?: [^:]*)?: box=')"
_MAIL_LOG = f"""
select '' as server, could, case when plugged then 0 else could end as lacks, example
from (select count(*) filter (where {_USED}) as could, coalesce(bool_or({_PLUGIN}), false) as plugged,
             min_by(line, {ORDER}) filter (where {_USED}) as example
      from lines where contains(line, 'box=') or contains(line, 'expunged='))"""  # noqa: S608 our own words
_YEAR = r"regexp_matches(line, '^\d{4}-\d\d-\d\d[ T]')"
_AHEAD = f"(epoch(time) - epoch({postfix_ids.arrived_sql('internal_message_id')}))"  # seconds; NULL for a short queue id
_STAMP = {"": ('log_timestamp = "%Y-%m-%dT%H:%M:%S.%{usecs}%z "   # in dovecot.conf; before 2.3 without .%{usecs}', _RELOAD)}
_EXIM_ARRIVED = "software = 'exim' and contains(line, ' <= ') and part = 0 and event = 'receive'"
_EXIM_SENT = r"software = 'exim' and regexp_matches(line, ' [=-]> .* H=\S+ \[')"
_EXIM_FILE = r"regexp_matches(line, '^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d')"
_SELECT = "log_selector = {}   # add it to exim4.conf, or to MAIN_LOG_SELECTOR on Debian; then: systemctl reload exim4"
_SENDMAIL = f"""
select coalesce(server, '') as server, count(*) filter (where event = 'receive') as could,
       case when count(*) filter (where contains(line, ', stat=')) > 0 then 0 else count(*) filter (where event = 'receive') end as lacks,
       min_by(line, {ORDER}) filter (where event = 'receive') as example
from events where software = 'sendmail' group by 1 order by 1"""  # noqa: S608 our own words

POSTFIX = (
    Fact(
        "short-queue-ids",
        Weight.WARNING,
        asked(
            "software = 'postfix' and begins and internal_message_id is not null",
            f"not regexp_full_match(internal_message_id, '{postfix_ids.LONG}')",
        ),
        "queue ids are short: a busy server uses one again within hours, so that two messages may be taken for one; long ones also say year"
        " and microsecond of each arrival",
        {"": ("postconf -e enable_long_queue_ids=yes && postfix reload",)},
        least=1,
    ),
    Fact(
        "stamps-of-another-zone",
        Weight.WARNING,
        asked(
            f"software = 'postfix' and begins and {_AHEAD} is not null",
            f"abs({_AHEAD}) between 890 and 54000 and abs({_AHEAD} - 900 * round({_AHEAD} / 900)) < 5",
        ),
        "stamps are of another time zone than they are read in: {lacks} of {could} arrivals are whole quarters of an hour off their queue"
        " ids, which are UTC; every delay would be wrong by that",
        {"": ("probe track import --timezone ZONE PATH   # or timezone: in the source; ZONE: timedatectl, there",)},
        share=0.8,
        format="syslog",
    ),
)
DOVECOT = (
    Fact(
        "deliveries-without-message-id",
        Weight.WARNING,
        asked(_SAVED, "not contains(line, 'msgid=')", of="lines", each_server=False),
        "Dovecot's deliveries name no Message-ID: what came into which mailbox cannot be told",
        {
            "2.3": ('deliver_log_format = "msgid=%m: %$"   # in dovecot.conf', _RELOAD),
            "": ('deliver_log_format = "msgid=%{msgid}: %{message}"   # in dovecot.conf; before 2.4: "msgid=%m: %$"', _RELOAD),
        },
    ),
    Fact(
        "deliveries-without-session",
        Weight.WARNING,
        asked("software = 'dovecot' and program = 'lmtp' and event = 'deliver'", "internal_message_id is null"),
        "Dovecot's LMTP deliveries name no session: they are tied to the server in front by Message-ID and time alone",
        {
            "2.3": ('mail_log_prefix = "%s(%u)<%{pid}><%{session}>: "   # in dovecot.conf', _RELOAD),
            "": (
                'mail_log_prefix = "%{service}(%{user})<%{process:pid}><%{session}>: "   # 2.4; before: "%s(%u)<%{pid}><%{session}>: "',
                _RELOAD,
            ),
        },
    ),
    Fact(
        "logins-without-session",
        Weight.HINT,
        asked("software = 'dovecot' and event = 'login'", "internal_message_id is null"),
        "logins name no session: what was done in one cannot be tied to who signed in",
        {
            "2.3": (
                "login_log_format_elements = user=<%u> method=%m rip=%r lip=%l mpid=%e %c session=<%{session}>   # in dovecot.conf",
                _RELOAD,
            ),
            "": ("login_log_format_elements: add session=<%{session}>   # in dovecot.conf", _RELOAD),
        },
    ),
    Fact(
        "mail-log-off",
        Weight.HINT,
        _MAIL_LOG,
        "users expunged mail in {could} sessions and no line says which: the plug-in mail_log is off",
        {
            "2.3": ("mail_plugins = $mail_plugins notify mail_log   # in dovecot.conf", _RELOAD),
            "": (
                "mail_plugins { notify = yes; mail_log = yes }   # 2.4, a line each; before: mail_plugins = $mail_plugins notify mail_log",
                _RELOAD,
            ),
        },
    ),
)
OWN_LOG = (
    Fact(
        "dovecot-stamps-without-year",
        Weight.HINT,
        asked("line <> ''", f"not {_YEAR}", of="lines", each_server=False),
        "stamps of Dovecot's own log say neither year nor zone: tell --year and --timezone, or have them written with both",
        _STAMP,
        format="dovecot",
    ),
    Fact(
        "dovecot-stamps-without-zone",
        Weight.HINT,
        asked(_YEAR, r"not regexp_matches(line, '^\S+[ T][\d:.,]+(?:Z|[+-]\d\d:?\d\d) ')", of="lines", each_server=False),
        "stamps of Dovecot's own log say no zone: tell --timezone, or have them written with it",
        _STAMP,
        format="dovecot",
    ),
)
EXIM = (
    Fact(
        "sends-without-confirmation",
        Weight.WARNING,
        asked(_EXIM_SENT, "not contains(line, ' C=\"')"),
        "Exim does not log what the next server answered: the queue id there is unknown, and the link to it is a guess",
        {"": (_SELECT.format("+smtp_confirmation"),)},
    ),
    Fact(
        "arrivals-without-recipients",
        Weight.HINT,
        asked(_EXIM_ARRIVED, "not contains(line, ' for ')"),
        "Exim does not log for whom a message came: who was asked for before aliases is unknown",
        {"": (_SELECT.format("+received_recipients"),)},
    ),
    Fact(
        "arrivals-without-subject",
        Weight.HINT,
        asked(_EXIM_ARRIVED, "not contains(line, ' T=\"')", counted="internal_message_id"),
        "Exim logs no subjects: `probe track find --subject` finds nothing of it",
        {"": (_SELECT.format("+subject"),)},
        least=5,
    ),
    Fact(
        "exim-stamps-of-seconds",
        Weight.HINT,
        asked(f"software = 'exim' and {_EXIM_FILE}", r"not regexp_matches(line, '^\S+ \d\d:\d\d:\d\d\.\d')", each_server=False),
        "stamps are of whole seconds: hops shorter than that have no length",
        {"": (_SELECT.format("+millisec"),)},
    ),
    Fact(
        "exim-stamps-without-zone",
        Weight.HINT,
        asked(f"software = 'exim' and {_EXIM_FILE}", r"not regexp_matches(line, '^\S+ [\d:.]+ [+-]\d{4} ')", each_server=False),
        "stamps say no zone: tell --timezone, or have them written with it",
        {"": ("log_timezone = true   # in exim4.conf; then: systemctl reload exim4",)},
    ),
)
SENDMAIL = (
    Fact(
        "deliveries-not-logged",
        Weight.WARNING,
        _SENDMAIL,
        "of {could} messages that came not one delivery is logged: sendmail's LogLevel is below 8, it should be 9",
        {"": ("define(`confLOG_LEVEL', `9')dnl   # in sendmail.mc", "make -C /etc/mail && systemctl restart sendmail")},
        least=20,
    ),
)
FACTS = POSTFIX + DOVECOT + OWN_LOG + EXIM + SENDMAIL
