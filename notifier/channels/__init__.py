"""The channels, each one file of one shape: settings, and `send(notice)` that returns the far side's own proof or raises NotDelivered."""
