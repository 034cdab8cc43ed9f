"""`probe drill`: tries the alarms before they are needed, on a lab of its own or, simulated, with one's own configuration."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from service.drill.drill import Act

EXAMPLES = """\b
Examples:
  probe drill                                  a lab is broken, and each alarm followed to its end
  probe drill --fault imap-slow --fault dns-stopped
  probe drill --simulate --server imap         your own channels, told that imap fails; no mail server is touched
  probe drill --simulate --server imap --yes   without asking first

\b
A drill on the lab needs what `make demo` installs, and some three minutes.
--simulate tries your own chain alone, from an incident to its proof: not whether a failure would be noticed.
Exit code: 0 all arrived, 2 something did not, 3 it could not be tried.
"""


@click.command("drill", epilog=EXAMPLES)
@click.option("--fault", "faults", multiple=True, metavar="NAME", help="What is broken, as `python -m lab faults` lists it (may repeat).")
@click.option("--simulate", is_flag=True, help="With your own configuration and its channels; no server is broken or probed.")
@click.option(
    "--config", type=click.Path(path_type=Path), default="mailsonde.yml", envvar="MAILSONDE_CONFIG", help="--simulate: the configuration."
)
@click.option("--server", default="", metavar="NAME", help="--simulate: what is said to fail.")
@click.option("--yes", is_flag=True, help="--simulate: do not ask before people are told.")
@click.pass_context
def command(context: click.Context, /, faults: tuple[str, ...], simulate: bool, config: Path, server: str, yes: bool) -> int:
    """Try the alarms: break a lab, or say that something fails, and follow the notices to the far end of each channel."""
    if simulate:
        if not server or faults:
            raise click.UsageError("--simulate wants a --server, and no --fault: nothing is broken", context)
        from service.drill.simulate import simulated  # noqa: PLC0415 - `--help` needs none of it

        return simulated(config, server, ask=not yes)
    if server or yes:
        raise click.UsageError("--server and --yes belong to --simulate", context)
    from service.drill.drill import FAULTS  # noqa: PLC0415 - as above

    return _shown(asyncio.run(_on_the_lab(faults or FAULTS)))


async def _on_the_lab(faults: tuple[str, ...]) -> list[Act]:
    from service.drill.drill import Drill  # noqa: PLC0415 - as above
    from service.drill.ends import Ends  # noqa: PLC0415 - as above
    from service.drill.lab import DrillLab, DrillService  # noqa: PLC0415 - as above

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ms-drill-")))
        os.chmod(folder, 0o755)  # noqa: S103, PTH101 - servers that run as other users pass through it; one call at the start
        lab = DrillLab(folder / "lab")
        click.echo("A lab goes up ...", err=True)
        await lab.run("up")
        stack.push_async_callback(lab.run, "down")
        ends, ready = Ends(folder, lab.ports["mqtt"], lab.letterbox()), asyncio.Event()
        waiting = asyncio.get_running_loop().create_task(ends.run(ready.set))
        stack.push_async_callback(_ended, waiting)
        await ready.wait()
        service = DrillService(lab.configure(ends), folder / "service.log")
        stack.push_async_callback(service.end)
        await service.start()
        return await Drill(lab, service, ends, click.echo).play(faults)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _shown(acts: list[Act]) -> int:
    """Print what arrived where and when; return the exit code."""
    from service.drill.show import print_acts  # noqa: PLC0415 - as above

    print_acts(acts)
    return 2 if any(act.missing for act in acts) else 0
