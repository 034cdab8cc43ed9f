"""The channel `screen`: the console's wall, which keeps the last notices in memory. It is always there and always proven."""

from collections import deque
from dataclasses import dataclass

from notifier.values import Notice


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """The console's wall."""

    keep: int = 200  # how many notices it shows, the latest ones

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise ValueError("keeps no notice at all; let `keep` be 1 or more")


class Screen:
    """The last notices, the newest first."""

    def __init__(self, name: str, settings: ScreenSettings) -> None:
        self.name = name
        self._notices: deque[Notice] = deque(maxlen=settings.keep)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Return what it shows, the newest first."""
        return tuple(self._notices)

    async def send(self, notice: Notice) -> str:
        """Show a notice; one that is told again takes its old place."""
        if all(one.key != notice.key for one in self._notices):
            self._notices.appendleft(notice)
        return "shown on the console's wall"

    async def close(self) -> None:
        """Nothing is open."""
