"""Which pairs of rows are called independent: the ones that one would name by hand, found from the rows."""

from __future__ import annotations

import pytest

from lab.faults_rows import FAULTS
from tests.lab.independence import CHECKS, EVERYTHING, WAYS, independent, pairs, reach


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("imap-cut", "pop3-garbage", True),
        ("imap-cut", "imap-expired", False),  # the same check
        ("imap-silent", "junk", False),  # alpha.test's mail is fetched there
        ("imaps-silent", "junk", True),  # and not there
        ("account-locked", "junk", True),  # beta's account, alpha's mail
        ("wrong-password", "over-quota", False),  # the trip to beta.test starts at alpha.test's account
        ("over-quota", "twice", True),  # different trips
        ("lmtp-slow", "clock-off", False),  # all mail goes by LMTP, though that row speaks of the check alone
        ("hub-slow", "smtp-cut", True),
        ("hub-slow", "account-locked", False),  # no run shows alpha.test alone and beta.test
        ("directory-slow", "imaps-slow", False),  # logins ask the directory
        ("directory-expired", "imaps-slow", True),  # but not over TLS
        ("dns-slow", "smtp-stopped", False),  # names are asked for before everything
    ],
)
def test_rows_that_touch_each_other_are_told_from_the_table(one: str, other: str, *, apart: bool) -> None:
    assert independent(FAULTS[one], FAULTS[other]) is apart
    assert independent(FAULTS[other], FAULTS[one]) is apart


def test_what_everybody_asks_reaches_everything_and_is_in_no_pair() -> None:
    asked = {name for name, fault in FAULTS.items() if reach(fault) == EVERYTHING}
    assert {"dns-slow", "directory-busy", "directory-away", "directory-starttls-stripped"} <= asked
    assert not asked & {fault.name for pair in pairs() for fault in pair}


def test_every_other_row_is_in_some_pair() -> None:
    alone = FAULTS.keys() - {fault.name for pair in pairs() for fault in pair}
    assert {name.partition("-")[0] for name in alone} == {"dns", "directory"}


def test_each_trip_goes_by_checks_that_the_lab_has() -> None:
    assert all(way <= CHECKS for way in WAYS.values())
