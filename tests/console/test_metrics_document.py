"""docs/metrics.md is made from the table of metrics, which names, types and explains each as Prometheus wants it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from console import document
from console.metrics_table import METRICS, SECTIONS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ENDINGS = {"counter": "_total", "info": "_info"}


def test_the_page_is_what_the_table_says() -> None:
    assert document.PAGE.read_text("utf-8") == document.page(), "run `python -m console.document`"


def test_the_page_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "PAGE", tmp_path / "metrics.md")
    document.main()
    assert (tmp_path / "metrics.md").read_text("utf-8") == document.page()


def test_no_name_stands_twice() -> None:
    assert len(METRICS) == sum(len(section) for section in SECTIONS.values())
    assert len({metric.family for metric in METRICS.values()}) == len(METRICS)  # OpenMetrics knows them without their endings


def test_every_help_is_a_sentence_that_needs_no_escaping() -> None:
    assert [one.name for one in METRICS.values() if not re.fullmatch(r'[A-Z][^"\\\n]*\.', one.help)] == []


def test_names_say_what_they_are() -> None:
    for metric in METRICS.values():
        assert metric.name.startswith(("mailsonde_", "probe_", "process_"))
        assert metric.name.endswith(ENDINGS.get(metric.type, "")), metric.name
        assert metric.type in ENDINGS or not metric.name.endswith(tuple(ENDINGS.values())), metric.name
        assert metric.unit in {"", "seconds", "bytes"}


def test_no_label_can_hold_an_address_or_an_id() -> None:
    labels = {label for metric in METRICS.values() for label in metric.labels}
    assert labels.isdisjoint({"address", "mailbox", "recipient", "sender", "message_id", "said", "le"})
