"""Parquet by day and kind behind one manifest: written atomically by one writer, read by anyone at any time."""
