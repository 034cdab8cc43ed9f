"""Who acts when: the command line `probe` now; the schedule and the wiring of the service stand here too. Imported by nobody."""
