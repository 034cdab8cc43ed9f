"""Reading log files as they are and as they grow: found, unpacked, made safe, remembered. Light: no DuckDB, standard library only."""
