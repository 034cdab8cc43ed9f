"""Many durations in few bytes: counts in buckets whose bounds grow by 4 %, so that every answer is within 2 % of the truth. Pure.

A histogram forgets the order in which it was filled: merging minutes into hours into days gives the same whatever came first. Between
SMALLEST_SECONDS and LARGEST_SECONDS a value read back is off by less than 2 %; what lies outside counts as the nearest of the two.
(The idea of such buckets: Masson, Rim, Lee: DDSketch, VLDB 2019. Ours has fixed bounds and no limit on the number of buckets.)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate, chain
from math import ceil, floor, log
from operator import sub
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SMALLEST_SECONDS, LARGEST_SECONDS = 10e-6, 86_400.0
GROWTH = 1.04  # upper bound of a bucket over its lower one: the error is at most (GROWTH - 1) / (GROWTH + 1) = 1.96 %
_PER_BUCKET = log(GROWTH)
_MIDDLE = 2.0 / (GROWTH + 1.0)  # of a bucket's upper bound: as far from either bound, relative to that bound
LAST_BUCKET = floor(log(LARGEST_SECONDS / SMALLEST_SECONDS) / _PER_BUCKET) + 1


def bucket_of(seconds: float) -> int:
    """Return the bucket of a duration, 0 to LAST_BUCKET. Any float has one: not-a-number and less than nothing have the first."""
    if not seconds > SMALLEST_SECONDS:
        return 0
    if seconds >= LARGEST_SECONDS:
        return LAST_BUCKET
    return floor(log(seconds / SMALLEST_SECONDS) / _PER_BUCKET) + 1


def value_of(bucket: int) -> float:
    """Return the seconds that a bucket stands for."""
    if bucket <= 0:
        return SMALLEST_SECONDS
    return min(SMALLEST_SECONDS * GROWTH**bucket * _MIDDLE, LARGEST_SECONDS)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values fell into each bucket. Equal when the counts are equal."""

    counts: Mapping[int, int] = field(default_factory=dict)  # bucket -> how many, never 0

    @classmethod
    def of(cls, buckets: Iterable[int]) -> Histogram:
        """Count buckets, one for each value."""
        return cls(Counter(buckets))

    @classmethod
    def merged(cls, parts: Iterable[Histogram]) -> Histogram:
        """Return all parts as one, in whatever order."""
        total: dict[int, int] = {}
        for part in parts:
            for bucket, count in part.counts.items():
                total[bucket] = total.get(bucket, 0) + count
        return cls(total)

    @property
    def count(self) -> int:
        """Return how many values there are."""
        return sum(self.counts.values())

    def quantile(self, share: float) -> float | None:
        """Return the seconds that at least this share (0 to 1) of all values does not exceed (nearest rank); None = there is no value."""
        left = max(1, ceil(share * self.count))
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                return value_of(bucket)
        return None

    def share_above(self, limit_seconds: float) -> float | None:
        """Return the share (0 to 1) of values above a limit; those within 2 % of it may count on either side. None = there is no value."""
        total = self.count
        above = sum(count for bucket, count in self.counts.items() if value_of(bucket) > limit_seconds)
        return above / total if total else None

    def to_bytes(self) -> bytes:
        """Return the first bucket in two bytes, then its count and, of each further one, the distance and the count as LEB128 numbers."""
        if not self.counts:
            return b""
        buckets = sorted(self.counts)
        distances = map(sub, buckets, [buckets[0], *buckets])
        numbers = [number for bucket, distance in zip(buckets, distances, strict=True) for number in (distance, self.counts[bucket])][1:]
        packed = bytes(numbers) if max(numbers) < 128 else b"".join(map(_number, numbers))  # mostly each is one byte: written at once
        return buckets[0].to_bytes(2, "big") + packed

    @classmethod
    def from_bytes(cls, packed: bytes) -> Histogram:
        """Read what `to_bytes` wrote. Raises ValueError, in one line, when these bytes are no histogram."""
        if not packed:
            return cls()
        rest = packed[2:]
        numbers: Sequence[int] = rest if rest.isascii() else list(_numbers(rest))  # mostly each is one byte: read at once
        if len(numbers) % 2 == 0:
            raise ValueError("a histogram ends in the middle: the store is damaged, restore a backup")
        buckets = accumulate(chain((int.from_bytes(packed[:2], "big"),), numbers[1::2]))
        return cls(dict(zip(buckets, numbers[::2], strict=True)))


def _number(value: int) -> bytes:
    """Return a whole number as LEB128: seven bits a byte, lowest first, the high bit says that more follow."""
    packed = bytearray()
    while value > 127:
        packed.append(value & 127 | 128)
        value >>= 7
    packed.append(value)
    return bytes(packed)


def _numbers(packed: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in packed:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0
    if shift:
        raise ValueError("a histogram ends within a number: the store is damaged, restore a backup")
