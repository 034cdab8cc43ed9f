"""Whether the prober itself is well: its pulse, its witnesses, and when to say that it is sick."""
