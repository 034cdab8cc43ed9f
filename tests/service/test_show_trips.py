"""What the table says of trips alone: why one is suspect."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from service.report import Report
from service.show.table import make_console, print_table
from tests.service.made import AT, a_trip


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "suspect"), (0.5, "suspect: its times are sure only to +-500 ms, which could change the level")]
)
def test_a_trip_that_is_suspect_says_why(seconds: float, text: str) -> None:
    one = a_trip(uncertainty_seconds=seconds)
    out = io.StringIO()
    print_table(Report("", AT, (), (replace(one, verdict=replace(one.verdict, suspect=True)),)), make_console(width=150, file=out))
    assert text in [line.strip() for line in out.getvalue().splitlines()]
