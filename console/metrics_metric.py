"""What a metric is. The table of them all is console.metrics_table."""

from __future__ import annotations

from dataclasses import dataclass

OWN = ("site",)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family."""

    name: str  # as its samples carry it, but for a histogram's endings
    type: str  # gauge, counter, histogram, info
    help: str  # one sentence, without quotes, line ends and backslashes
    labels: tuple[str, ...] = OWN
    unit: str = ""  # base unit; a name that ends in it also states it in OpenMetrics
    shown: str = ""  # when there is such a series, where that is not always

    @property
    def family(self) -> str:
        """Return its name in OpenMetrics, where the endings of counters and infos belong to the samples alone."""
        return self.name.removesuffix({"counter": "_total", "info": "_info"}.get(self.type, ""))
