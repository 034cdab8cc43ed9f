"""The questions people ask of the lake: find a message, show its way, list flows."""
