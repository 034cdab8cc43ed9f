"""From results to incidents to those who are told: the watch's cells, its deeds, what goes into the outbox."""
