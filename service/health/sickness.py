"""When the prober was in doubt and why: the present reason and the periods that are over. Pure; times are monotonic seconds."""

from __future__ import annotations

from collections import deque

from service.health.numbers import WELL, Reason

PERIODS = 64  # remembered, for what began before or in them and ends now


class Sickness:
    """Told at each look what the reason is."""

    def __init__(self) -> None:
        self.reason = WELL
        self._since = 0.0
        self._past: deque[tuple[float, float, str]] = deque(maxlen=PERIODS)
        self._past_seconds = 0.0

    def turn(self, reason: Reason, now: float) -> bool:
        """Take the reason of this moment; return whether the prober has fallen ill, recovered, or suffers from something else."""
        before = self.reason
        if reason.code and before.code:
            self.reason = reason if reason.code != before.code else before
            return reason.code != before.code
        if reason.code == before.code:
            return False
        if before.code:
            self._past.append((self._since, now, before.words))
            self._past_seconds += now - self._since
        self.reason, self._since = reason, now
        return True

    def seconds(self, now: float) -> float:
        """Return how long it was in doubt in all."""
        return self._past_seconds + (now - self._since if self.reason.code else 0.0)

    @property
    def last_seconds(self) -> float:
        """Return how long the last period took that is over; 0 = none is."""
        since, until, _ = self._past[-1] if self._past else (0.0, 0.0, "")
        return until - since

    def touched(self, began: float, ended: float) -> str:
        """Return why the prober was in doubt at some time between two moments; "" = it was not."""
        if self.reason.code and self._since <= ended:
            return self.reason.words
        return next((words for since, until, words in reversed(self._past) if since <= ended and until >= began), "")
