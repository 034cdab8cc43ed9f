"""Make lines safe for every reader behind: valid UTF-8, ended by LF, no CR and no NUL; not one line more or less.

A line that is not UTF-8 is read as Latin-1 (no byte is lost); a CR inside becomes U+240D, a NUL U+2400; both are counted as repaired. What
is valid but ugly (escapes, bidirectional marks) stays: it is evidence, and escaped where it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 1 << 24  # bytes of a line, its mark included: what the reader behind us takes
_MARK = " [cut: {} of {} bytes]"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Whole lines, safe."""

    text: bytes
    lines: int
    repaired: int = 0
    cut: int = 0


def clean(block: bytes) -> Cleaned:
    """Clean whole lines; the block ends with LF, or is empty."""
    lines = block.count(b"\n")
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if b"\r" not in block and b"\0" not in block and _is_utf8(block):
        return _bounded(Cleaned(block, lines))
    pairs = [_line(raw) for raw in block.split(b"\n")]
    text = "\n".join(line for line, _ in pairs).encode("utf-8")
    return _bounded(Cleaned(text, lines, sum(repaired for _, repaired in pairs)))


def _is_utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _line(raw: bytes) -> tuple[str, bool]:
    """Read one line without its end; say whether it had to be repaired."""
    try:
        text, valid = raw.decode("utf-8"), True
    except UnicodeDecodeError:
        text, valid = raw.decode("latin-1"), False
    safe = text.replace("\r", "\u240d").replace("\0", "\u2400")
    return safe, not valid or safe != text


def _bounded(cleaned: Cleaned) -> Cleaned:
    """Cut lines that grew too long; only a block longer than a line may be can hold one."""
    if len(cleaned.text) <= LONGEST:
        return cleaned
    lines = cleaned.text.split(b"\n")
    cut = [shorten(line, len(line)) if len(line) >= LONGEST else line for line in lines]
    return Cleaned(b"\n".join(cut), cleaned.lines, cleaned.repaired, sum(len(line) >= LONGEST for line in lines))


def shorten(line: bytes, length: int) -> bytes:
    """Keep the beginning of a line and say how long it was (bytes)."""
    kept = line[: LONGEST - 64].decode("utf-8", "ignore").encode("utf-8")
    return kept + _MARK.format(len(kept), length).encode()
