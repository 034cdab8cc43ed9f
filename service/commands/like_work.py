"""`probe run --like RUN` from the stored run to both on the screen: finds it, repeats its check from the configuration of now, compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.wire import Wire
from service.commands.gather import one_check
from service.commands.like import Side
from service.commands.like_find import find
from service.commands.options import CONFIG_FILE
from service.report import EXIT_CODES
from service.rounds.crew import Crew
from service.rounds.run import Runner, run_once
from service.rounds.warm import warm
from service.show.api_values import fault_of, lines_of, moment, steps_of
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.commands.options import Wanted
    from service.report import JudgedCheck
    from service.rounds.work import Work


async def like(wanted: Wanted, run: str) -> int:
    """Compare, show, and return the exit code of the run that was made now. Raises: click.ClickException."""
    file = wanted.config_file or CONFIG_FILE
    then = await find(file, run)
    now = await _repeated(await one_check(file, then["check"]))
    _show(then, now, wanted.form)
    return EXIT_CODES[now.verdict.level]


async def _repeated(work: Work) -> JudgedCheck:
    """Run the one check."""
    warm(work)
    wire = Wire(work.resolver)
    try:
        crew = Crew(work, wire, lambda _: None)
        report = await run_once(work, Runner(crew.probe, crew.travel))
    finally:
        await wire.close()
    return report.checks[0]


def side_then(run: Mapping[str, Any]) -> Side:
    """Return the stored run, as the control API shows it."""
    return Side(
        moment(run["started_at"]),
        Level[run["level"]],
        steps_of(run) if run["steps"] is not None else (),
        fault_of(run),
        tuple(run["reasons"]),
        run["uncertainty_seconds"],
        lines_of(run["lines"]) if run["lines"] is not None else None,
    )


def side_now(judged: JudgedCheck) -> Side:
    """Return the run that was made now."""
    result, verdict = judged.result, judged.verdict
    measured = (result.started_at, verdict.level, result.steps, result.fault, verdict.reasons, result.uncertainty_seconds)
    return Side(*measured, tuple(result.transcript))


def _show(then: Mapping[str, Any], now: JudgedCheck, form: str) -> None:
    if form == "json":
        from service.commands.like_json import print_json  # noqa: PLC0415 - one form of two

        print_json(then, now, (side_then(then), side_now(now)))
        return
    from service.commands.like_show import print_both  # noqa: PLC0415 - as above
    from service.show.table import make_console  # noqa: PLC0415 - as above

    print_both(f"{then['check']}, run {then['run']}", (side_then(then), side_now(now)), make_console())
