"""`--talk`: the conversations as they were, line by line with their times; secrets were removed by the wire before they came here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.words import seconds_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe import Line, Result
    from service.report import Report

OURS, THEIRS = ">", "<"  # as curl and swaks have taught us to read it


def _line(line: Line, step: str) -> str:
    """Return one line; the step's name stands where it changes."""
    name = line.step if line.step != step else ""
    return f"  {seconds_text(line.at_seconds):>8}  {name:<14} {OURS if line.ours else THEIRS} {line.text}"


def conversation(result: Result) -> Iterator[str]:
    """Yield the lines of one conversation, the check's name first and its fault last."""
    endpoint = result.check.endpoint
    yield f"{result.check.name} ({endpoint.host} port {endpoint.port}, {endpoint.security.value})"
    step = ""
    for line in result.transcript:
        yield _line(line, step)
        step = line.step
    if result.fault is not None:
        yield f"  {seconds_text(result.seconds):>8}  {result.fault.step:<14} ! {result.fault.kind}: {result.fault.said}"
    elif not result.transcript:
        yield "            nothing was said"


def show_talk(report: Report) -> str:
    """Return all conversations of a report, an empty line after each."""
    return "".join(f"{line}\n" for one in report.checks for line in (*conversation(one.result), ""))
