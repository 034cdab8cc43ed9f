"""What Exchange and Oracle's Messaging Server leave out until they are told to write it. Facts, no I/O.

Microsoft, "Configure message tracking": `Set-TransportService` since 2013, `Set-TransportServer` and `Set-MailboxServer` in 2007 and 2010,
System Manager in 2003. Sun Java System Messaging Server 6.3 Administration Guide, "Managing MTA message and connection logs": option.dat.
"""

from __future__ import annotations

from tracking.doctor.fact import Fact, asked
from tracking.doctor.values import Weight

GENERATIONS = (  # generation -> which lines prove it, for commands that differ
    ("2010", "regexp_matches(line, '^\ufeff?#Version: (?:8|14)\\.')"),
    ("2013", "regexp_matches(line, '^\ufeff?#Version: 15\\.')"),
    ("2003", "regexp_matches(line, '^# (?:Message Tracking Log File|Exchange System Attendant Version 6)')"),
    ("2.4", r"regexp_matches(line, '-login(?:\[\d+\])?: (?:Info: )?(?:Logged in|Login aborted): ')"),
    ("2.3", r"regexp_matches(line, '-login(?:\[\d+\])?: (?:Info: )?(?:Login|Aborted login|Disconnected)[: ]')"),
)


def tracking(option: str) -> dict[str, tuple[str, ...]]:
    """Return the commands that switch on one of Exchange's options of tracking, for each of its versions."""
    return {
        "2003": ("System Manager: Servers, NAME, Properties, General: `Enable message tracking` and `Enable subject logging and display`",),
        "2010": (
            f"Set-TransportServer NAME {option} $true   # hub and edge",
            f"Set-MailboxServer NAME {option} $true   # mailbox role",
        ),
        "": (f"Set-TransportService NAME {option} $true",),
    }


ENABLED = tracking("-MessageTrackingLogEnabled")
_TOLD = "('RECEIVE', 'DELIVER', 'SEND', 'SENDEXTERNAL', '1019', '1028', '1031')"
_SAID = f"software = 'exchange' and original in {_TOLD} and message_id is not null"
EXCHANGE = (
    Fact(
        "no-subjects",
        Weight.HINT,
        asked(_SAID, "subject is null", counted="message_id"),
        "not one of {could} messages has a subject: `probe track find --subject` finds nothing of it",
        tracking("-MessageTrackingLogSubjectLoggingEnabled"),
        least=10,
    ),
    Fact(
        "an-export",
        Weight.HINT,
        asked("state = 'event'", "true", of="lines", each_server=False),
        "an export has the local time of the shell that made it, in whole seconds: tell --timezone, or read the logs themselves (UTC,"
        " milliseconds)",
        {"": (r"Get-TransportService NAME | Format-List MessageTrackingLogPath   # where they are",)},
        least=1,
        format="exchange-export",
    ),
)
_OPTION = "{}=1   # in option.dat; then: imsimta cnbuild && imsimta restart (unified configuration: msconfig set mta.{} 1)"


def _option(name: str) -> dict[str, tuple[str, ...]]:
    return {"": (_OPTION.format(name.upper(), name.lower()),)}


ORACLE = (
    Fact(
        "no-message-ids",
        Weight.WARNING,
        asked("software = 'oracle' and original[1] in ('E', 'D')", "message_id is null"),
        "the log has no Message-IDs: messages can hardly be tied to what other servers say of them",
        _option("log_message_id"),
    ),
    Fact(
        "no-queue-files",
        Weight.WARNING,
        asked("software = 'oracle' and original[1] in ('E', 'D')", "internal_message_id is null"),
        "the log names neither queue files nor envelope ids: what came in and what went out are tied by likeness alone",
        _option("log_filename"),
    ),
)
FACTS = EXCHANGE + ORACLE
