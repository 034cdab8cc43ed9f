"""The doctor's facts on Exchange's and Oracle's logs, whole files and several: subjects, limits, headers alone, logs that are something else."""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.tracking.doctor.examining import doctored, names
from tracking.collect.values import Refused
from tracking.doctor.across import QUIET, refused, together
from tracking.doctor.values import Block, Finding, Weight
from tracking.formats.exchange_columns import FORMS

if TYPE_CHECKING:
    from pathlib import Path

# the shape of elastic/integrations microsoft_exchange_server (15.02), and of a forum's 2010 log (14.01)
ROW = (
    "2026-11-20T08:00:{number:02d}.339Z,192.0.2.8,mx1.example.net,192.0.2.9,HUB1,08DC1DB12C345BE5;2026-11-20T08:00:00.544Z;0,HUB1\\Default HUB1,"
    "SMTP,RECEIVE,{number},<{number}@example.net>,{network}anna@example.com,,4711,1,,,{subject},bob@example.net,bob@example.net,0cA: {rest}"
)


def head(version: str, columns: int) -> str:
    """The head of a file."""
    return f"#Software: Microsoft Exchange Server\n#Version: {version}\n#Log-type: Message Tracking Log\n#Date: 2026-11-20T08:00:00.000Z\n#Fields: {','.join(FORMS[columns])}\n"


def rows(subject: str, count: int = 12, columns: int = 27) -> str:
    """Arrivals of messages."""
    network = "7d1f2c3e-1111-2222-3333-08d9fb6b4a01," if columns == 27 else ""
    rest = "," * 5
    return "".join(ROW.format(number=number, network=network, subject=subject, rest=rest) + "\n" for number in range(count))


NEW, OLD = head("15.02.1118.007", 27), head("14.01.0438.000", 26)


def test_a_log_without_subjects(tmp_path: Path) -> None:
    (one,) = doctored(tmp_path, {"MSGTRK2026112008-1.LOG": NEW + rows("")})["MSGTRK2026112008-1.LOG"].findings
    assert one == Finding(
        "no-subjects",
        Weight.HINT,
        "not one of 12 messages has a subject: `probe track find --subject` finds nothing of it",
        ("Set-TransportService hub1 -MessageTrackingLogSubjectLoggingEnabled $true",),
        "hub1",
        one.example,
    )
    assert one.example.startswith("2026-11-20T08:00:")


def test_older_versions_have_other_commands(tmp_path: Path) -> None:
    (one,) = doctored(tmp_path, {"MSGTRK20261120-1.LOG": OLD + rows("", columns=26)})["MSGTRK20261120-1.LOG"].findings
    assert one.commands == (
        "Set-TransportServer hub1 -MessageTrackingLogSubjectLoggingEnabled $true   # hub and edge",
        "Set-MailboxServer hub1 -MessageTrackingLogSubjectLoggingEnabled $true   # mailbox role",
    )


@pytest.mark.parametrize("text", [NEW + rows("Hello"), NEW + rows("", 9), NEW + rows("") + rows("Hello", 13).splitlines()[-1] + "\n"])
def test_a_log_with_subjects_or_with_few_messages(tmp_path: Path, text: str) -> None:
    assert doctored(tmp_path, {"MSGTRK2026112008-1.LOG": text})["MSGTRK2026112008-1.LOG"].findings == ()


def test_an_export_has_no_zone(tmp_path: Path) -> None:
    text = '"Timestamp","ClientIp","ServerHostname","Source","EventId","MessageId","Recipients","MessageSubject","Sender"\n'
    text += '"11/20/2026 8:00:01 AM","192.0.2.8","HUB1","SMTP","RECEIVE","<1@example.net>","anna@example.com","Hello","bob@example.net"\n'
    assert "an-export" in names(doctored(tmp_path, {"export.csv": text})["export.csv"])


# Sun's Administration Guide, "MTA message and connection logs": without options, and with LOG_FILENAME and LOG_MESSAGE_ID
ORACLE = "16-Feb-2007 14:54:13.72 tcp_local ims-ms EE 1 adam@sesta.example rfc822;marlowe@siroe.example marlowe@ims-ms-daemon\n"
ORACLE_TOLD = "19-Jan-1998 19:16:57.64 l            tcp_local    E 1 adam@sesta.example rfc822;marlowe@siroe.example marlowe@siroe.example /imta/queue/tcp_local/ZZ01ISKLSKLZLI90N15M.00 <01ISKLSKC2QC90N15M@sesta.example>\n"


def test_what_oracle_writes_by_option(tmp_path: Path) -> None:
    blocks = doctored(tmp_path, {"mail.log": ORACLE * 3, "told.log.1": ORACLE_TOLD * 3})
    commands = {one.name: one.commands[0] for one in blocks["mail.log"].findings if one.weight is Weight.WARNING}
    assert list(commands) == ["no-message-ids", "no-queue-files"]
    assert commands["no-message-ids"].startswith("LOG_MESSAGE_ID=1   # in option.dat; then: imsimta cnbuild && imsimta restart")
    assert names(blocks["told.log.1"]) == []


def test_a_header_alone(tmp_path: Path) -> None:
    block = doctored(tmp_path, {"MSGTRK2026112008-1.LOG": NEW})["MSGTRK2026112008-1.LOG"]
    assert names(block) == ["header-only"]
    assert block.findings[0].commands == ("Set-TransportService NAME -MessageTrackingLogEnabled $true",)


def test_another_log_of_exchange(tmp_path: Path) -> None:
    text = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n#Fields: date-time,connector-id\r\n"
    (one,) = doctored(tmp_path, {"RECV2026112008-1.LOG": text})["RECV2026112008-1.LOG"].findings
    assert one.says == "is Exchange's SMTP Receive Protocol Log, not its message tracking log (MSGTRK*.LOG, beside it in MessageTracking)"


def test_mailbox_delivery_is_handed_to_and_not_given(tmp_path: Path) -> None:
    send = (
        ",,HUB1,,hub1.example.com,;250 2.0.0 OK;[Hostname=HUB1.example.com];ClientSubmitTime:,Intra-Organization SMTP Send Connector,SMTP,SEND,"
        "7,<7@example.net>,7d1f2c3e-1111-2222-3333-08d9fb6b4a01,anna@example.com,250 2.1.5 Recipient OK,4711,1,,,Hello,bob@example.net,bob@example.net,,,,,,\n"
    )
    hub = NEW + rows("Hello") + "".join(f"2026-11-20T08:01:0{number}.000Z{send}" for number in range(3))
    deliver = f"2026-11-20T08:02:00.000Z,,HUB1,,HUB1,,,STOREDRIVER,DELIVER,7,<7@example.net>,7d1f2c3e-1111-2222-3333-08d9fb6b4a01,anna@example.com,,4711,1,,,Hello,bob@example.net,bob@example.net,{',' * 5}\n"
    assert names(doctored(tmp_path, {"MSGTRK2026112008-1.LOG": hub})["MSGTRK2026112008-1.LOG"]) == ["mailbox-delivery-missing"]
    both = doctored(tmp_path, {"MSGTRKMD2026112008-1.LOG": NEW + deliver})
    assert names(both["MSGTRK2026112008-1.LOG"]) == []


SINCE = datetime(2026, 11, 1, tzinfo=UTC)
FULL = Block(
    "MSGTRK", 90, 990 << 20, "exchange", servers=("hub1",), first_at=SINCE, last_at=SINCE + timedelta(days=9, hours=5), lines=9, events=9
)


@pytest.mark.parametrize(
    ("block", "found"),
    [
        (FULL, ["kept-for-days"]),
        (replace(FULL, bytes=600 << 20), []),
        (replace(FULL, last_at=SINCE + timedelta(days=30)), []),
        (replace(FULL, files=1), []),
        (replace(FULL, format="syslog"), []),
    ],
)
def test_a_folder_at_its_limit(block: Block, found: list[str]) -> None:
    (told,) = together([block], SINCE + timedelta(days=9, hours=6))
    assert names(told) == found
    for one in told.findings:
        assert one.says == "the folder holds 9 days: its limit of 1000 MB is reached, older lines are deleted before their 30 days are over"
        assert one.commands[0].startswith(
            "Set-TransportService hub1 -MessageTrackingLogMaxDirectorySize 10GB -MessageTrackingLogMaxAge 30.00:00:00"
        )


def test_a_log_that_nobody_writes_any_more() -> None:
    block = Block("MSGTRK", 2, 9, "exchange", servers=("hub1",), first_at=SINCE, last_at=SINCE, lines=9, events=9)
    (told,) = together([block], SINCE + QUIET)
    assert told.findings[0].says == "no line since 2026-11-01 00:00 UTC: if the server still runs, it writes elsewhere or no more"
    assert told.findings[0].commands == ("Set-TransportService hub1 -MessageTrackingLogEnabled $true",)
    assert together([replace(block, in_use=False)], SINCE + QUIET)[0].findings == ()
    assert together([block], SINCE + QUIET - timedelta(seconds=1))[0].findings == ()


def test_a_log_gives_no_commands(tmp_path: Path) -> None:
    text = NEW + rows("").replace(",HUB1,08DC", ",HUB1; rm -rf ~,08DC")
    (one,) = doctored(tmp_path, {"MSGTRK2026112008-1.LOG": text})["MSGTRK2026112008-1.LOG"].findings
    assert one.commands == ("Set-TransportService NAME -MessageTrackingLogSubjectLoggingEnabled $true",)


def test_which_right_is_missing() -> None:
    why = "may not be read: owned by root:adm, mode 640: join group adm (usermod -aG adm USER, then sign in anew)"
    block = refused(Refused("/var/log/mail.log", why), "probe")
    assert block.findings == (Finding("not-readable", Weight.CRITICAL, why, ("usermod -aG adm probe",)),)
    why = "may not be read: owned by root:root, mode 600: run as root, or let its owner grant the right (setfacl -m u:USER:r)"
    assert refused(Refused("/var/log/maillog", why), "probe").findings[0].commands == ("setfacl -m u:probe:r /var/log/maillog",)


def test_a_host_without_mail_log() -> None:
    (one,) = refused(Refused("/var/log/mail.log", "no such file or folder"), "probe").findings
    assert one.says == "no such file or folder: a host without rsyslog writes to systemd's journal alone"
    assert one.commands[1].startswith("postconf -e maillog_file=/var/log/postfix.log && postfix reload")
    (one,) = refused(Refused("logs/MSGTRK*.LOG", "nothing matches"), "probe").findings
    assert one.says == "nothing matches: message tracking is off, or its folder is another"
    assert one.commands[1] == "Set-TransportService NAME -MessageTrackingLogEnabled $true"
    assert refused(Refused("/srv/other.txt", "no such file or folder"), "probe").findings[0].commands == ()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_journal_itself(tmp_path: Path) -> None:
    (tmp_path / "system.journal").write_bytes(b"LPKSHHRH" + bytes(200))
    (one,) = doctored(tmp_path, {})["system.journal"].findings
    assert one.name == "binary-journal"
    assert one.commands == (f"journalctl --file {tmp_path}/system.journal -o export > mail.export",)
