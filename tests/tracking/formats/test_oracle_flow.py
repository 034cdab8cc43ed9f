"""Postfix to the Oracle Messaging Server and on to another Postfix: one flow to each recipient, by the ids that the servers name."""

# ruff: noqa: E501  a log line stands as it was written
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.tracking.made import take
from thresholds.scope import EVERYTHING
from tracking.importing_values import Options
from tracking.lake.reader import asking, open_lake

if TYPE_CHECKING:
    from pathlib import Path

MX1 = """\
Nov 20 08:00:00 mx1 postfix/smtpd[1]: 4F7AA01: client=mail.example.org[192.0.2.7]
Nov 20 08:00:00 mx1 postfix/cleanup[1]: 4F7AA01: message-id=<1@example.org>
Nov 20 08:00:00 mx1 postfix/qmgr[1]: 4F7AA01: from=<ann@example.org>, size=1200, nrcpt=2 (queue active)
Nov 20 08:00:01 mx1 postfix/smtp[1]: 4F7AA01: to=<bob@y.example>, relay=ims.y.example[10.0.0.5]:25, delay=1, delays=0.1/0/0.1/0.8, dsn=2.5.0, status=sent (250 2.5.0 Ok, envelope id 0N6J00M04ZX9Q700@ims.y.example and options dsn.)
Nov 20 08:00:01 mx1 postfix/smtp[1]: 4F7AA01: to=<list@y.example>, relay=ims.y.example[10.0.0.5]:25, delay=1, delays=0.1/0/0.1/0.8, dsn=2.5.0, status=sent (250 2.5.0 Ok, envelope id 0N6J00M04ZX9Q700@ims.y.example and options dsn.)
Nov 20 08:00:01 mx1 postfix/qmgr[1]: 4F7AA01: removed
"""
MX9 = """\
Nov 20 08:00:03 mx9 postfix/smtpd[1]: 4F7BB02: client=ims.y.example[10.0.0.5]
Nov 20 08:00:03 mx9 postfix/cleanup[1]: 4F7BB02: message-id=<1@example.org>
Nov 20 08:00:03 mx9 postfix/qmgr[1]: 4F7BB02: from=<ann@example.org>, size=1500, nrcpt=1 (queue active)
Nov 20 08:00:04 mx9 postfix/virtual[1]: 4F7BB02: to=<eve@z.example>, relay=virtual, delay=1, delays=0.1/0/0.1/0.8, dsn=2.0.0, status=sent (delivered to maildir)
Nov 20 08:00:04 mx9 postfix/qmgr[1]: 4F7BB02: removed
"""
ROWS = [  # seconds, source and destination channel, action, original and current recipient, diagnostic
    ("1.10", "tcp_local", "ims-ms", "EE", "bob@y.example", "bob@ims-ms-daemon", ""),
    ("1.10", "tcp_local", "process", "EE", "list@y.example", "list@y.example", ""),
    ("1.50", "ims-ms", "", "D", "bob@y.example", "bob@ims-ms-daemon", ""),
    ("1.60", "process", "tcp_local", "E", "list@y.example", "eve@z.example", ""),
    ("1.61", "process", "", "D", "list@y.example", "list@y.example", ""),
    ("3.90", "tcp_local", "", "DE", "list@y.example", "eve@z.example", "dns;mx9 (TCP|10.0.0.5|4000|10.0.0.9|25) (mx9 ESMTP Postfix) smtp;250 2.0.0 Ok: queued as 4F7BB02"),
]  # fmt: skip
CLASSIC = "20-Nov-2026 09:00:0{0} {1} {2} {3} 2 ann@example.org rfc822;{4} {5} 0N6J00M04ZX9Q700@ims.y.example <1@example.org> {6}"
XML = '<en ts="2026-11-20T09:00:0{0}" sc="{1}" dc="{2}" ac="{3}" sz="2" so="ann@example.org" od="rfc822;{4}" de="{5}" ei="0N6J00M04ZX9Q700@ims.y.example" mi="&lt;1@example.org&gt;" di="{6}"/>'


def flows(lake: Path) -> list[tuple[Any, ...]]:
    """Recipient, groups, outcome, and each hop's server, software and rule."""
    way = "list_transform(hops, lambda hop: (hop.server, hop.software, hop.rule))"
    question = f"select recipient, via, outcome, {way} from flows order by recipient"  # noqa: S608 our own words
    return asking(lambda: open_lake(lake, EVERYTHING), lambda con: con.execute(question).fetchall())


@pytest.mark.parametrize("form", [CLASSIC, XML], ids=["classic", "xml"])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)], ids=["forth", "back"])
def test_through_oracle_by_envelope_id(tmp_path: Path, form: str, order: tuple[int, ...]) -> None:
    """To a mailbox there, and through a list to the next server."""
    texts = (MX1, "".join(form.format(*row) + "\n" for row in ROWS), MX9)
    for number in order:
        path = tmp_path / f"{number}.log"
        path.write_text(texts[number])
        oracle = number == 1
        options = Options(server="ims.y.example" if oracle else "", timezone="Europe/Berlin" if oracle else "UTC", year=2026)
        report = take(tmp_path / "lake", path, options=options)
        assert [(file.format, file.unparsed) for file in report.files] == [("oracle" if oracle else "syslog", 0)]
    front, middle = ("mx1", "postfix", "queued-as"), ("ims.y.example", "oracle", None)
    assert flows(tmp_path / "lake") == [
        ("bob@y.example", [], "delivered", [front, middle]),
        ("eve@z.example", ["list@y.example"], "delivered", [front, (*middle[:2], "queued-as"), ("mx9", "postfix", None)]),
    ]
