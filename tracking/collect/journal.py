"""systemd's journal as files: `journalctl -o export` and `-o json`, each entry turned into one RFC 5424 line with its microseconds.

    <22>1 2026-11-20T08:00:01.123456Z mx1 postfix/smtpd 4711 - - connect from client.example[192.0.2.1]

The time is the sender's own (`_SOURCE_REALTIME_TIMESTAMP`), else the journal's. A line break inside a message becomes U+240A. An entry that
cannot be read is handed on as it is: it will be counted as not understood, not dropped. Formats: systemd's JOURNAL_EXPORT_FORMATS, JSON one
entry a line.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Fields = dict[str, bytes]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAIL, _INFO = b"2", b"6"  # RFC 5424 6.2.1: facility and severity of an entry that does not say


def is_export(head: bytes) -> bool:
    """Say whether a file that begins so is an export."""
    return head.startswith((b"__CURSOR=", b"__REALTIME_TIMESTAMP="))


def is_json(head: bytes) -> bool:
    """Say whether a file that begins so is the journal as JSON, an entry a line."""
    return head.startswith(b"{") and b'"__REALTIME_TIMESTAMP"' in head


def entries(data: bytes) -> Iterator[tuple[int, Fields]]:
    """Give each whole entry of an export, with the place behind it; what is not whole yet is left."""
    at, fields = 0, Fields()
    while (end := data.find(b"\n", at)) >= 0:
        if end == at:
            yield end + 1, fields
            at, fields = end + 1, Fields()
            continue
        name, equals, value = data[at:end].partition(b"=")
        if not equals:
            size = int.from_bytes(data[end + 1 : end + 9], "little")
            value, end = data[end + 9 : end + 9 + size], end + 9 + size
            if end >= len(data):
                return
        fields.setdefault(name.decode("ascii", "replace"), value)
        at = end + 1


def line_of(fields: Mapping[str, bytes]) -> bytes:
    """Turn one entry into a line, without its end."""
    priority = _number(fields.get("SYSLOG_FACILITY", _MAIL)) * 8 + _number(fields.get("PRIORITY", _INFO))
    stamp = _stamp(fields.get("_SOURCE_REALTIME_TIMESTAMP") or fields.get("__REALTIME_TIMESTAMP") or b"")
    host, tag = _word(fields.get("_HOSTNAME")), _word(fields.get("SYSLOG_IDENTIFIER") or fields.get("_COMM"))
    pid = _word(fields.get("SYSLOG_PID") or fields.get("_PID"))
    return b"<%d>1 %s %s %s %s - - %s" % (priority, stamp, host, tag, pid, _flat(fields.get("MESSAGE", b"")))


def _flat(message: bytes) -> bytes:
    """Make a message one line; one that is not UTF-8 has to be read before anything is put into it."""
    if b"\n" not in message:
        return message
    try:
        text = message.decode("utf-8")
    except UnicodeDecodeError:
        text = message.decode("latin-1")
    return text.rstrip("\n").replace("\r\n", "\n").replace("\n", "\u240a").encode()


def json_line(raw: bytes) -> bytes:
    """Turn one line of JSON into a line; the line itself when it is no entry."""
    try:
        entry = json.loads(raw)
        return line_of({name: _bytes(value) for name, value in entry.items()}) if raw.strip() else raw
    except (ValueError, TypeError, AttributeError, RecursionError):
        return raw


def _bytes(value: object) -> bytes:
    """Read a value of journalctl's JSON: text, an array of byte values, an array of several values (the first), null (too long)."""
    if isinstance(value, list):
        return bytes(value) if all(isinstance(each, int) for each in value) else _bytes(value[0])
    return b"" if value is None else str(value).encode("utf-8", "surrogatepass")


def _number(digits: bytes) -> int:
    return int(digits) if digits.isdigit() and len(digits) < 4 else 0


def _stamp(microseconds: bytes) -> bytes:
    if not microseconds.isdigit() or len(microseconds) > 17:
        return b"-"
    return (_EPOCH + timedelta(microseconds=int(microseconds))).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()


def _word(value: bytes | None) -> bytes:
    """Make a value one word: RFC 5424 has no blanks there, and `-` for nothing."""
    return b"_".join((value or b"").split()) or b"-"
