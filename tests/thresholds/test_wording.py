"""Sentences for people: hints where there is something to try, and nothing said twice."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from probe.values import Check, Directory, Endpoint, Fault, FaultKind, Outcome, Security, Trip
from thresholds.wording import tell_fault, tell_outcome

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CHECK = Check("abc.example/imap", "abc.example", "imap", "imap", Endpoint("mail.isp.example", 143))
TRIP = Trip("abc.example", "abc.example", "<1@probe>", AT, Outcome.MISPLACED)
IMAP_993 = replace(CHECK, endpoint=Endpoint("mail.isp.example", 993))
DIRECTORY = replace(CHECK, kind="ldap", directory=Directory("dc=isp", "(cn=x)"))
BOUND = replace(DIRECTORY, directory=Directory("dc=isp", "(cn=x)", bind_dn="cn=probe"))
NO_BASE = Fault(FaultKind.PERMANENT, "search", "noSuchObject (32)")
SILENT = Fault(FaultKind.TIMEOUT, "greeting")
TRY_TLS = "imaps:// (in a configuration: security: tls)"


@pytest.mark.parametrize(
    ("check", "fault", "hint"),
    [
        (IMAP_993, SILENT, f"; port 993 usually wants {TRY_TLS}"),
        (replace(IMAP_993, endpoint=Endpoint("x", 1993)), SILENT, ""),
        (replace(IMAP_993, endpoint=Endpoint("x", 143)), SILENT, ""),
        (replace(IMAP_993, endpoint=Endpoint("x", 993, Security.TLS)), SILENT, ""),
        (IMAP_993, replace(SILENT, step="login"), ""),
        (DIRECTORY, NO_BASE, "; is the base DN dc=isp right, and may an anonymous user see it?"),
        (BOUND, NO_BASE, "; is the base DN dc=isp right, and may cn=probe see it?"),
        (BOUND, replace(NO_BASE, said="busy (51)"), ""),
        (CHECK, Fault(FaultKind.TLS, "tls", "it is old"), "TLS failed: it is old"),
    ],
)
def test_a_sentence_ends_in_a_hint_where_there_is_one(check: Check, fault: Fault, hint: str) -> None:
    told = tell_fault(check, fault)
    assert told.endswith(hint)
    assert (";" in told) is (";" in hint)


def test_a_folder_is_named_once() -> None:
    trip = replace(TRIP, folder="Junk", said="found in Junk")
    assert tell_outcome(trip, Outcome.MISPLACED) == "the test message was filed in Junk"
