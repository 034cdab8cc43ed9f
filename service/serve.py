"""`probe serve` from its configuration to its end: opens store and listeners, runs the parts, ends within five seconds of SIGTERM.

SIGHUP reloads; SIGTERM and SIGINT end. Whatever keeps it from starting is one line, and nothing is left half open.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import click

from config import ConfigErrors
from config.load import load
from console.api import control_app, remote_app
from console.api_desk import Desk
from console.listener import Pages
from console.listening import Listener, NotListening, told
from console.turns import Turns
from service import notify_systemd
from service.daemon import Daemon
from service.identity import NoKey, signing_key
from service.logs import configure, facts
from service.planning import control_socket, secrets_in
from service.upkeep import Upkeep, reload
from store.store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from config.settings import Settings

PARTING_SECONDS = 3.5  # for the parts' own ends: farewells, a submission under way, what the ledger has still to take
LAST_SECONDS = 0.5  # for those that do not

log = logging.getLogger("mailsonde.serve")


async def serve(file: Path) -> int:
    """Run the service until it is told to end. Raises: click.ClickException with what keeps it from starting."""
    settings = _load(file)
    configure(settings.log.format, settings.log.level, secrets_in(settings))
    for warning in settings.warnings:
        log.warning("configuration: %s", warning)
    try:
        async with AsyncExitStack() as stack:
            store = await Store.open(settings.store.path)
            stack.push_async_callback(store.close)
            daemon = Daemon(file, settings, store, signing_key(settings.identity.key))
            stack.push_async_callback(daemon.wire.close)
            await stack.enter_async_context(_listening(daemon))
            await _run(daemon)
    except (StoreError, NotListening, NoKey) as error:
        raise click.ClickException(str(error)) from error
    log.info("ended")
    return 0


def _load(file: Path) -> Settings:
    try:
        return load(file)
    except ConfigErrors as wrong:
        raise click.ClickException(str(wrong)) from wrong


def own_version() -> str:
    """Return the version of the installed distribution."""
    try:
        return version("mailsonde")
    except PackageNotFoundError:
        return "0"


@asynccontextmanager
async def _listening(daemon: Daemon) -> AsyncIterator[None]:
    """Keep the listeners open: metrics, the control socket beside the store, and the control API on TCP where it has a token.

    Raises: NotListening.
    """
    metrics, console, turns = daemon.settings.metrics, daemon.settings.console, Turns()
    pages = Pages(daemon.board, daemon.numbers, daemon, own_version(), turns)
    desk = Desk(
        daemon.board,
        daemon.numbers,
        daemon,
        daemon.store,
        own_version(),
        turns=turns,
        alarms=daemon.alarm_desk,
        tracking=daemon.tracking,
        ack_key=daemon.work.key,
        zone=lambda: daemon.settings.timezone,
    )
    async with AsyncExitStack() as stack:
        listener = await Listener.on_tcp(pages.app(metrics.token), metrics.listen, "metrics.listen")
        stack.push_async_callback(listener.close)
        log.info("metrics are served", extra=facts(url=f"http://{told((metrics.listen.host, listener.port))}/metrics"))
        control = await Listener.on_unix(control_app(desk), control_socket(daemon.settings))
        stack.push_async_callback(control.close)
        if console.token is not None or daemon.settings.notify.console_url:
            remote = await Listener.on_tcp(remote_app(desk, console.token), console.listen, "console.listen")
            stack.push_async_callback(remote.close)
            log.info("the control API is served", extra=facts(url=f"http://{told((console.listen.host, remote.port))}"))
        yield


async def _run(daemon: Daemon) -> None:
    """Run all parts until a signal ends them."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[None]] = set()

    def begin_reload() -> None:
        task = loop.create_task(reload(daemon))
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    loop.add_signal_handler(signal.SIGHUP, begin_reload)
    parts = {"start": daemon.start, "rounds": daemon.rounds.run, "trips": daemon.trips.run, "janitor": daemon.janitor.run}
    parts |= {"prober health": daemon.health.run, "upkeep": Upkeep(daemon).run}
    parts |= {"incidents": daemon.alarms.run, "telling": daemon.telling.run, "tracking": daemon.tracking.run}
    tasks = [loop.create_task(_part(daemon, name, run)) for name, run in parts.items()]
    try:
        await ending.wait()
    finally:
        notify_systemd.tell(notify_systemd.STOPPING)
        log.info("ending")
        await _end({*tasks, *reloads})


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel these; one that waits while it ends, for a disk that hangs, is cancelled once more and then left behind."""
    for seconds in (PARTING_SECONDS, LAST_SECONDS):
        for task in tasks:
            task.cancel()
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=seconds)
    if tasks:
        log.error("not all parts have ended", extra=facts(left=len(tasks)))


async def _part(daemon: Daemon, name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run one part; one that ends by our own bug makes the service unhealthy, so that its supervisor starts it anew."""
    try:
        await run()
    except NoKey as error:
        daemon.problem = str(error)
        log.error("%s", error)  # noqa: TRY400 - the line says all
    except Exception as bug:
        daemon.broken = f"our own error has ended the {name}: {type(bug).__name__}"
        log.exception("our own error has ended the %s", name)
    if name == "start" and not daemon.unhealthy():
        words = f"{len(daemon.work.checks)} checks, {len(daemon.work.journeys)} trips"
        notify_systemd.tell(notify_systemd.READY, notify_systemd.status(words))
        log.info("ready")
