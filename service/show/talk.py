"""`--talk`: the conversations as they were, line by line with their times; secrets were removed by the wire before they came here.

Before the first word stands what came before it: the address, the connection, and what TLS agreed on.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from service.words import harmless, seconds_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe import Line, Result
    from service.report import Report

OURS, THEIRS, WIRE = ">", "<", "*"  # as curl and swaks have taught us to read it


class Told(NamedTuple):
    """One line on the screen."""

    at_seconds: float
    step: str
    mark: str
    text: str


def _said(line: Line) -> Told:
    return Told(line.at_seconds, line.step, OURS if line.ours else THEIRS, line.text)


def _wire_words(result: Result) -> dict[str, list[str]]:
    """Return what is known of the steps that are the wire's own, by their names."""
    found, endpoint = result.readings, result.check.endpoint
    address = found.get("server_address")
    words: dict[str, list[str]] = {}
    if address is not None:
        words["resolve"] = [f"{endpoint.host} is {address}"] if address != endpoint.host else []
        words["connect"] = [f"connected to {address} port {endpoint.port}"]
    if "tls_version" in found:
        words["tls"] = [f"{found['tls_version']}, {found['tls_cipher']}"]
    if "certificate_subject" in found:
        words["tls"].append(f"certificate {found['certificate_subject']} for {found['certificate_names'] or 'no name'}")
        words["tls"].append(f"certificate expires {found['certificate_expires_at']} (in {found['certificate_days']:.0f} days)")
    return words


def _wire(result: Result) -> Iterator[Told]:
    """Yield what the wire did before and between the words: steps that ended well, at the time of their end."""
    words = _wire_words(result)
    broken = result.fault.step if result.fault else ""
    ends = accumulate(step.seconds for step in result.steps)
    for step, end in zip(result.steps, ends, strict=True):
        if step.name != broken:
            yield from (Told(end, step.name, WIRE, harmless(text)) for text in words.get(step.name, ()))


def conversation(result: Result) -> Iterator[str]:
    """Yield the lines of one conversation, the check's name first and its fault last."""
    endpoint = result.check.endpoint
    yield f"{result.check.name} ({endpoint.host} port {endpoint.port}, {endpoint.security.value})"
    told = sorted([*_wire(result), *map(_said, result.transcript)], key=lambda one: one.at_seconds)
    if result.fault is not None:
        told.append(Told(result.seconds, f"{result.fault.step} ", "!", f"{result.fault.kind}: {result.fault.said}"))
    step = ""
    for one in told:
        name = one.step if one.step != step else ""  # it stands where it changes, and before a fault
        yield f"  {seconds_text(one.at_seconds):>8}  {name.strip():<14} {one.mark} {one.text}"
        step = one.step
    if result.fault is None and not result.transcript:
        yield "            nothing was said"


def show_talk(report: Report) -> str:
    """Return all conversations of a report, an empty line after each."""
    return "".join(f"{line}\n" for one in report.checks for line in (*conversation(one.result), ""))
