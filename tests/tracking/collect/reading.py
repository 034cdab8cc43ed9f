"""Read as an importer does: find, recognise, read, and keep what a crash would keep (states as JSON)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracking.collect.chunks import Batch, read
from tracking.collect.find import find
from tracking.collect.known import Known
from tracking.collect.values import Chunk, FileState, Found, Verdict

SMALL = Batch(limit_bytes=1, limit_lines=1, block=64)  # a chunk for each block of 64 bytes


@dataclass
class Importer:
    """Remembers states and lines as a lake does: both or neither."""

    stored: dict[int, str] = field(default_factory=dict)  # file_id: state as JSON
    rows: list[tuple[int, int, bytes]] = field(default_factory=list)  # file_id, line, text
    notes: list[str] = field(default_factory=list)

    def states(self) -> list[FileState]:
        return [FileState.of(json.loads(text)) for text in self.stored.values()]

    def commit(self, chunk: Chunk) -> None:
        lines = chunk.text.split(b"\n")
        assert lines.pop() == b""
        assert len(lines) == chunk.lines
        self.rows += [(chunk.file_id, chunk.first_line + place, line) for place, line in enumerate(lines)]
        self.stored[chunk.file_id] = json.dumps(chunk.state.json())
        self.notes += chunk.notes

    def take(self, file: Found, batch: Batch | None = None, chunks: int | None = None) -> Verdict:
        """Read one file; die after so many chunks."""
        told = Known(self.states()).recognise(file)
        if told.state and told.verdict not in {Verdict.SAME, Verdict.OLDER}:
            for place, chunk in enumerate(read(file, told.state, batch=batch)):
                if place == chunks:
                    break
                self.commit(chunk)
        return told.verdict

    def run(self, *patterns: Path | str, batch: Batch | None = None) -> list[Verdict]:
        return [self.take(file, batch) for file in find([str(each) for each in patterns]).files]

    @property
    def lines(self) -> list[bytes]:
        return [text for _, _, text in self.rows]

    def numbers(self, file_id: int) -> list[int]:
        return [line for name, line, _ in self.rows if name == file_id]


def log(count: int, host: str = "mx1", first: int = 0) -> bytes:
    """Return lines of a mail log, all different."""
    form = b"Nov 20 08:%02d:%02d %s postfix/smtpd[%d]: connect from client%d.example[192.0.2.1]\n"
    return b"".join(form % (n // 60 % 60, n % 60, host.encode(), 4000 + n, n) for n in range(first, first + count))


def split(text: bytes) -> Sequence[bytes]:
    return text.split(b"\n")[:-1]
