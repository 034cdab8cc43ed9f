"""What is only seen of files and of several sources together: what cannot be read, what nobody writes, what is handed to whom. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tracking.doctor.fact import filled
from tracking.doctor.facts_exchange import ENABLED
from tracking.doctor.values import Block, Finding, Weight, worst_first

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tracking.collect.values import Refused

QUIET = timedelta(days=2)
KEPT = timedelta(days=29)  # Exchange keeps 30 days where the folder's size lets it
_LIMITS = (250 << 20, 1000 << 20)  # bytes of a folder, by default, for each kind of file: up to 2010, since 2010
_RIGHT = re.compile(r"\(((?:usermod|setfacl) [^,)]+)")
_SYSLOG_NAME = re.compile(r"(?:^|/)(?:mail\.(?:log|info)|maillog|syslog)[^/]*$")
_EXCHANGE_NAME = re.compile(r"MSGTRK|MessageTracking", re.IGNORECASE)
_HANDED = {
    "dovecot": Finding(
        "dovecot-missing",
        Weight.WARNING,
        "messages are handed to Dovecot, of whose deliveries there is no line in what was given: they end there as `relayed`",
        ("doveconf -h log_path info_log_path syslog_facility   # where it writes; give that file too",),
    ),
    "mailbox-delivery": Finding(
        "mailbox-delivery-missing",
        Weight.WARNING,
        "messages are handed to mailbox delivery, whose log (MSGTRKMD*.LOG) is not in what was given: they end there as `relayed`",
        (r"give the whole folder: %ExchangeInstallPath%TransportRoles\Logs\MessageTracking",),
    ),
}


def refused(one: Refused, user: str) -> Block:
    """Say what keeps a path from being read, and which right or group is missing."""
    right = _RIGHT.search(one.why)
    if right:
        command = f"{right[1]} {_plain(one.path)}" if right[1].startswith("setfacl") else right[1]
        finding = Finding("not-readable", Weight.CRITICAL, one.why, filled((command,), "USER", user))
    elif one.why.startswith(("no such file", "nothing matches")):
        finding = _missing(one)
    else:
        finding = Finding("not-readable", Weight.CRITICAL, one.why)
    return Block(one.path, findings=(finding,))


def _missing(one: Refused) -> Finding:
    """Say why a log may not be there at all, by its name."""
    if _SYSLOG_NAME.search(one.path):
        says = f"{one.why}: a host without rsyslog writes to systemd's journal alone"
        command = "postconf -e maillog_file=/var/log/postfix.log && postfix reload   # Postfix 3.4 and later: without syslog"
        return Finding("no-file", Weight.CRITICAL, says, ("apt install rsyslog   # or:", command))
    if _EXCHANGE_NAME.search(one.path):
        says = f"{one.why}: message tracking is off, or its folder is another"
        path = "Get-TransportService NAME | Format-List MessageTrackingLogEnabled,MessageTrackingLogPath"
        return Finding("no-file", Weight.CRITICAL, says, (path, *ENABLED[""]))
    return Finding("no-file", Weight.CRITICAL, one.why)


def special(opening: bytes, path: str) -> Finding | None:
    """Say of a file that is no tracking log what it is, by its first bytes; None of any other."""
    if opening.startswith(b"LPKSHHRH"):
        says = "is systemd's own binary journal: export it (who is in the group systemd-journal may)"
        return Finding("binary-journal", Weight.CRITICAL, says, (f"journalctl --file {_plain(path)} -o export > mail.export",))
    log = re.search(rb"^(?:\xef\xbb\xbf)?#Log-type: ([ -~]{1,60}?)\r?$", opening, re.MULTILINE | re.IGNORECASE)
    if log and b"message tracking" not in log[1].lower():
        says = f"is Exchange's {log[1].decode('ascii').strip()}, not its message tracking log (MSGTRK*.LOG, beside it in MessageTracking)"
        return Finding("other-exchange-log", Weight.CRITICAL, says, ENABLED[""])
    return None


def _plain(path: str) -> str:
    return path if re.fullmatch(r"[\w./@+-]+", path, re.ASCII) else "FILE"


def together(blocks: Sequence[Block], now: datetime) -> list[Block]:
    """Add to each block what only the others, its files and the clock tell."""
    mailboxes = {software for block in blocks if block.mailboxes for software in block.software}
    whole = {"dovecot": "dovecot" in mailboxes, "mailbox-delivery": "exchange" in mailboxes}
    return [_more(block, [*_handed(block, whole), *_quiet(block, now), *_forgotten(block), *_rows(block)]) for block in blocks]


def _more(block: Block, findings: list[Finding]) -> Block:
    return replace(block, findings=worst_first([*block.findings, *findings])) if findings else block


def _handed(block: Block, whole: dict[str, bool]) -> list[Finding]:
    return [_HANDED[name] for name in block.hands_to if not whole[name]]


def _quiet(block: Block, now: datetime) -> list[Finding]:
    """Say that nothing was written for days; whether it should have been is not known, so it is a hint."""
    if not block.in_use or block.last_at is None or now - block.last_at < QUIET:
        return []
    says = f"no line since {block.last_at:%Y-%m-%d %H:%M} UTC: if the server still runs, it writes elsewhere or no more"
    return [Finding("quiet", Weight.HINT, says, _enabled(block))]


def _rows(block: Block) -> list[Finding]:
    """Say that a tracking log has a header and nothing else."""
    if block.format.startswith("exchange") and not block.events and block.lines and not block.unparsed:
        return [Finding("header-only", Weight.WARNING, "a header and no rows: nothing was tracked", _enabled(block))]
    return []


def _enabled(block: Block) -> tuple[str, ...]:
    if not block.format.startswith("exchange"):
        return ()
    commands = ENABLED["2003" if block.format == "exchange-2003" else ""]
    return filled(commands, "NAME", block.servers[0]) if len(block.servers) == 1 else commands


def _forgotten(block: Block) -> list[Finding]:
    """Say that Exchange threw lines away sooner than after 30 days, because the folder's limit was reached."""
    if block.format != "exchange" or block.first_at is None or block.last_at is None or block.files < 2:
        return []
    limit = next((limit for limit in _LIMITS if 0.95 * limit <= block.bytes <= 1.02 * limit), None)
    if limit is None or block.last_at - block.first_at >= KEPT:
        return []
    days = (block.last_at - block.first_at).days
    says = f"the folder holds {days} days: its limit of {limit >> 20} MB is reached, older lines are deleted before their 30 days are over"
    option = "-MessageTrackingLogMaxDirectorySize 10GB -MessageTrackingLogMaxAge 30.00:00:00"
    commands = (f"Set-TransportService NAME {option}   # 2007 and 2010: Set-TransportServer",)
    named = filled(commands, "NAME", block.servers[0]) if len(block.servers) == 1 else commands
    return [Finding("kept-for-days", Weight.HINT, says, named)]
