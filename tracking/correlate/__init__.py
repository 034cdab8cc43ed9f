"""Events to hops to flows, as relational SQL on a connection that is handed in. Pure: no clock, no files, no randomness."""
