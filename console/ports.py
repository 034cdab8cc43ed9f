"""What the console asks of the service: declared here, on the left, and handed in by `service`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from store.values import Run


class Service(Protocol):
    """The running service, as the console may use it."""

    def unhealthy(self) -> str:
        """Return why the process should be restarted, in one line; "" = it is healthy."""

    def unready(self) -> str:
        """Return why it does not probe yet, in one line; "" = it is ready."""

    async def reload(self) -> str:
        """Read the configuration again. Returns "" when it was taken, else what is wrong with it, one problem in a line."""

    async def probe_now(self, check: str) -> Run | None:
        """Run one configured check at once, within its server's budget, and return what came of it; None = there is none of this name."""
