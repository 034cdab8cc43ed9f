"""What tracking says when it cannot do what was asked: one line that says what is wrong and what to do."""

from __future__ import annotations


class TrackError(ValueError):
    """Tracking cannot do what was asked of it; str() is one line for a screen."""
