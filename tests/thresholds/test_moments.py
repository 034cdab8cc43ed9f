"""The edges of the span of time, and what lies beyond them, in zones where the calendar itself has no such time."""

from __future__ import annotations

from datetime import datetime

import pytest

from thresholds.moments import bounded


@pytest.mark.parametrize("within", ["1970-01-01T00:00:00+00:00", "1969-12-31T23:00:00-01:00", "2200-01-01T00:00:00+00:00"])
def test_within(within: str) -> None:
    assert bounded(datetime.fromisoformat(within)).isoformat() == within


@pytest.mark.parametrize(
    "beyond",
    ["1970-01-01T00:59:59+01:00", "2200-01-01T00:00:01+00:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"],
)
def test_beyond(beyond: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        bounded(datetime.fromisoformat(beyond))
    assert str(error.value) == f"{beyond} is out of bounds: times lie between 1970-01-01 and 2200-01-01"
