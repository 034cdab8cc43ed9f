"""Measurements as tables: four digits, one section for each heading, kept only when that was asked for."""

from pathlib import Path

import pytest

from bench import table


def test_floats_get_four_digits_and_columns_line_up() -> None:
    assert table.render(["what", "ms"], [["a", 1.23456], ["long one", 7]]) == (
        "| what     | ms    |\n|----------|-------|\n| a        | 1.235 |\n| long one | 7     |"
    )


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 3.0), (0.99, 4.0), (1.0, 4.0)])
def test_a_quantile_is_the_nearest_rank(share: float, expected: float) -> None:
    assert table.quantile([4.0, 1.0, 3.0, 2.0], share) == expected


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(table, "RESULTS", tmp_path / "RESULTS.md")
    return tmp_path / "RESULTS.md"


def test_nothing_is_kept_unasked(results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["bench/thing.py"])
    table.show("Thing", "| a |")
    assert "python -m bench.thing\n" in capsys.readouterr().out
    assert not results.exists()


def test_a_section_replaces_its_elder_and_leaves_the_others(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["bench/thing.py", "--keep"])
    for heading, rows in (("Thing", "| old |"), ("Other", "| stays |"), ("Thing", "| new |")):
        table.show(heading, rows, "A remark.")
    kept = results.read_text()
    assert "| old |" not in kept
    assert kept.count("## Thing\n\n    python -m bench.thing\n\n| new |\n\nA remark.\n") == 1
    assert "| stays |" in kept
