"""What the servers' own logs tell: collected, parsed, correlated into one flow per message and recipient, kept in a lake.

`collect` reads files and remembers how far (light: no DuckDB), `formats` turns lines into events, `correlate` turns events into hops and
flows, `lake` keeps them as Parquet, `look` answers questions. This package hands on values only: what does I/O is imported from its module.
"""

from tracking.values import CANONICAL, Flow, Hop, Line, Link, Outcome

__all__ = ["CANONICAL", "Flow", "Hop", "Line", "Link", "Outcome"]
