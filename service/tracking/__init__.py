"""Message tracking while the service runs: a process of its own follows the logs, this room starts it, hears it and hands it work."""
