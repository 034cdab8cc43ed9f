"""What is remembered: results, trips and their ledger, verdicts, rollups, in one SQLite file with one connection and one writer.

`from store.store import Store` opens it; this package itself hands on values only.
"""

from store.values import Run, TripRun

__all__ = ["Run", "TripRun"]
