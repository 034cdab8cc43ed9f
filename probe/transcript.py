"""A conversation's redacted lines, made only when somebody reads them: most conversations go well and are never read. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, overload

from probe.dialogue import printable
from probe.secrecy import scrub
from probe.values import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES_LIMIT = 400
LINE_BYTES = 500
REPLY_BYTES = 8 * LINE_BYTES  # of one reply that are kept


Said = tuple[bool, str, bytes | str | Callable[[], str], float]  # ours?, step, what (or what tells it), monotonic second


class Transcript(Sequence[Line]):
    """Who said what, in order; secrets show as ***.

    Args:
        said: each utterance.
        began: the monotonic second at which the conversation began.
        secrets: texts that must not show.
    """

    __slots__ = ("_began", "_lines", "_said", "_secrets")

    def __init__(self, said: list[Said], began: float, secrets: tuple[str, ...]) -> None:
        self._said = said
        self._began = began
        self._secrets = secrets
        self._lines: tuple[Line, ...] | None = None

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Line, ...]: ...
    def __getitem__(self, index: int | slice) -> Line | tuple[Line, ...]:
        return self._made()[index]

    def __len__(self) -> int:
        return len(self._made())

    def __repr__(self) -> str:
        return repr(self._made())

    def _made(self) -> tuple[Line, ...]:
        if self._lines is None:
            self._lines = tuple(islice(self._each(), LINES_LIMIT))
            self._said = []
        return self._lines

    def _each(self) -> Iterator[Line]:
        for ours, step, said, at in self._said:
            for line in _text(said).splitlines() or [""]:
                yield Line(ours, step, printable(scrub(line, self._secrets)[:LINE_BYTES]), at - self._began)


def _text(said: bytes | str | Callable[[], str]) -> str:
    if isinstance(said, bytes):
        return said.decode("utf-8", "backslashreplace")
    return said if isinstance(said, str) else said()
