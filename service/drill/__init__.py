"""The alarms tried on purpose: on a lab that is broken, or with the user's own channels."""
