"""The logs we can read: one file per format, with its SQL and its table of facts; `tracking.formats.registry.FORMATS` lists them."""
