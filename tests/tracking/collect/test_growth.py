"""Any growth, any rotation, any kill: each line exactly once, in its order."""

import gzip
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracking.collect.reading import Importer, split
from tracking.collect.chunks import Batch
from tracking.collect.find import find
from tracking.collect.follow import Follower
from tracking.collect.forms import PLAIN, form_of
from tracking.collect.unpack import packing

LINE = st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"").replace(b"\r", b"").replace(b"\0", b""))
PIECES = st.lists(st.tuples(st.binary(max_size=60), st.integers(0, 3), st.integers(1, 40)), max_size=30)


def safe(raw: bytes) -> bytes:
    """Read a line as the collector should: UTF-8, else Latin-1."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\r", "\u240d").replace("\0", "\u2400").encode()


@settings(deadline=None, max_examples=150)
@given(PIECES)
def test_any_growth_with_kills_gives_each_line_once(pieces: list[tuple[bytes, int, int]]) -> None:
    """Each piece: bytes that are appended, chunks that are committed before the kill, size of a block."""
    content, importer = b"", Importer()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mail.log"
        for data, chunks, block in [*pieces, (b"\n", 10**9, 64)]:
            content += data
            with path.open("ab") as writer:
                writer.write(data)
            [file] = find([str(path)]).files
            importer.take(file, Batch(limit_bytes=1, block=block), chunks)
    expected = [safe(line.removesuffix(b"\r")) for line in split(content)]
    if expected:
        expected[0] = expected[0].removeprefix(b"\xef\xbb\xbf")
    text = not packing(content) and form_of(content) is PLAIN
    assert not text or importer.lines == expected
    assert len({name for name, _, _ in importer.rows}) <= 1


@dataclass
class Server:
    """A host whose log grows and is rotated as logrotate does it."""

    folder: Path
    written: list[bytes] = field(default_factory=list)
    half: bytes = b""

    @property
    def path(self) -> Path:
        return self.folder / "mail.log"

    def write(self, count: int) -> None:
        """Append so many lines, and half of one more."""
        lines = [b"Nov 20 08:00:00 mx1 postfix/smtp[%d]: line %d" % (number, number) for number in self._next(count)]
        data = b"".join(line + b"\n" for line in lines)
        with self.path.open("ab") as writer:
            writer.write(data)
        self.written += lines

    def _next(self, count: int) -> range:
        return range(len(self.written), len(self.written) + count)

    def shift(self) -> None:
        """Number the old ones on, and pack all but the first."""
        for number in range(8, 0, -1):
            old = self.folder / f"mail.log.{number}.gz"
            if old.exists():
                old.rename(self.folder / f"mail.log.{number + 1}.gz")
        first = self.folder / "mail.log.1"
        if first.exists():
            with first.open("rb") as source, gzip.open(self.folder / "mail.log.2.gz", "wb") as target:
                shutil.copyfileobj(source, target)
            shutil.copystat(first, self.folder / "mail.log.2.gz")
            first.unlink()

    def rename(self) -> None:
        self.shift()
        if self.path.exists():
            self.path.rename(self.folder / "mail.log.1")

    def copytruncate(self) -> None:
        self.shift()
        if self.path.exists():
            shutil.copy(self.path, self.folder / "mail.log.1")
            self.path.write_bytes(b"")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 60)),
        st.tuples(st.sampled_from(["rename", "copytruncate", "restart"]), st.just(0)),
        st.tuples(st.just("look"), st.integers(0, 3)),
    ),
    max_size=25,
)


def play(steps: list[tuple[str, int]], pattern: str) -> tuple[list[bytes], list[bytes]]:
    """Let a host live and a follower follow; return what was written and what was read."""
    with tempfile.TemporaryDirectory() as name:
        server, importer = Server(Path(name)), Importer()
        follower = Follower([f"{name}/{pattern}"])
        for what, number in [*steps, ("restart", 0), ("look", 10**9)]:
            if what == "write":
                server.write(number)
            elif what == "restart":
                follower = Follower([f"{name}/{pattern}"])
            elif what == "look":
                for file in follower.changed(importer.states()):
                    importer.take(file, Batch(limit_bytes=1, block=700), number or 10**9)
                    if number and number < 10**9:  # killed in the middle: a new process looks next
                        follower = Follower([f"{name}/{pattern}"])
                        break
            else:
                getattr(server, what)()
    return server.written, importer.lines


@settings(deadline=None, max_examples=120)
@given(STEPS)
def test_following_a_series_through_rotations_and_kills(steps: list[tuple[str, int]]) -> None:
    written, got = play(steps, "mail.log*")
    assert sorted(got) == sorted(written)


@settings(deadline=None, max_examples=120)
@given(STEPS)
def test_following_the_plain_name_alone_misses_nothing_once_it_was_seen(steps: list[tuple[str, int]]) -> None:
    written, got = play([("write", 1), ("look", 0), *steps], "mail.log")
    assert sorted(got) == sorted(written)
