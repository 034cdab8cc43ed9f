"""The subcommands of `probe`, one file each, and what they ask of the service or do without it."""
