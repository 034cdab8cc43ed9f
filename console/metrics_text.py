"""How metrics are written: text format 0.0.4 and OpenMetrics 1.0, which differ in heads and in the end. Labels are escaped. Pure."""

from __future__ import annotations

from math import inf, isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from console.histogram import Histogram
    from console.metrics_metric import Metric

ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
CLASSIC_TYPES = {"info": "gauge"}  # text format 0.0.4 knows no info


def escaped(value: str) -> str:
    """Return a label's value as it stands between its quotes. Lone surrogates, which UTF-8 cannot hold, become question marks."""
    return value.translate(ESCAPES).encode("utf-8", "replace").decode()


def pairs(labels: Mapping[str, str]) -> str:
    """Return `a="b",c="d"`."""
    return ",".join([f'{name}="{escaped(value)}"' for name, value in labels.items()])


def number(value: float) -> str:
    """Return a value: whole numbers without a point, NaN and infinities by their names."""
    if isnan(value):
        return "NaN"
    if value in {inf, -inf}:
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def head(metric: Metric, *, open_metrics: bool) -> str:
    """Return the lines that introduce a family."""
    if not open_metrics:
        return f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {CLASSIC_TYPES.get(metric.type, metric.type)}\n"
    family = metric.family
    unit = f"# UNIT {family} {metric.unit}\n" if metric.unit and family.endswith(f"_{metric.unit}") else ""
    return f"# HELP {family} {metric.help}\n# TYPE {family} {metric.type}\n{unit}"


def line(metric: Metric, labels: str, value: float) -> str:
    """Return one sample; `labels` as `pairs` gives them."""
    return f"{metric.name}{{{labels}}} {number(value)}\n" if labels else f"{metric.name} {number(value)}\n"


def histogram_lines(metric: Metric, labels: str, histogram: Histogram) -> Iterator[str]:
    """Yield the samples of one histogram: its buckets, its count and its sum."""
    name, comma = metric.name, "," if labels else ""
    yield "".join([f'{name}_bucket{{{labels}{comma}le="{bound}"}} {count}\n' for bound, count in histogram.buckets()])
    inside = f"{{{labels}}}" if labels else ""
    yield f"{name}_count{inside} {sum(histogram.counts)}\n{name}_sum{inside} {histogram.sum_seconds!r}\n"
