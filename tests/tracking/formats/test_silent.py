"""Logs that tell of no message, lines of slapd 2.5.13 and NSD as they stood in their files, of slapd 2.4 in its form: all noise."""

from __future__ import annotations

import pytest

from tests.tracking.formats.parsing import parse
from tracking.formats.registry import recognise

SLAPD = """\
6b01d471.03112804 0x7efd0f001200 @(#) $OpenLDAP: slapd 2.5.13+dfsg-5 (Feb  8 2023 01:56:12) $
\tDebian OpenLDAP Maintainers <pkg-openldap-devel@lists.alioth.debian.org>
6b01d471.0d866439 0x7efd0f001200 slapd starting
6b01d472.1a2b3c4d 0x7efd0e0006c0 conn=1000 fd=12 ACCEPT from IP=127.0.0.1:40000 (IP=127.0.0.1:13636)
6b01d472.1a2b3c4e 0x7efd0e0006c0 conn=1000 op=0 BIND dn="cn=probe,dc=lab" method=128
"""
OLDER = """\
5f3a1c02 @(#) $OpenLDAP: slapd  (Aug 10 2019 18:29:48) $
5f3a1c02 slapd starting
5f3a1c03 conn=1000 op=0 BIND dn="" method=128
"""
NSD = """\
[2026-11-21 17:27:05.118] nsd[4233]: notice: nsd starting (NSD 4.6.1)
[2026-11-21 17:27:05.140] nsd[4240]: notice: nsd started (NSD 4.6.1), pid 4233
"""


@pytest.mark.parametrize(("name", "text"), [("slapd", SLAPD), ("slapd", OLDER), ("nsd", NSD)])
def test_it_is_recognised_and_all_noise(name: str, text: str) -> None:
    form = recognise(text.splitlines())
    assert form
    parsed = parse(form.name, text)
    assert (form.name, parsed.events, parsed.unparsed, parsed.noise) == (name, [], [], {name: text.count("\n")})


def test_what_is_not_its_own_is_not_understood() -> None:
    assert parse("slapd", f"{SLAPD}something else\n").unparsed == ["something else"]


@pytest.mark.parametrize("line", ["deadbeef", "20261121 conn", "6b01d471.0d866439", "[2026-11-21] nsd", "cafebabe 12345"])
def test_what_only_looks_alike_is_of_neither(line: str) -> None:
    form = recognise([line])
    assert form is None or form.name not in {"slapd", "nsd"}
