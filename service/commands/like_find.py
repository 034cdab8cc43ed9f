"""Finds the stored run that `probe run --like` names: asks the service, or opens the store itself where none runs.

RUN is the id of a run, or CHECK:last_good or CHECK:first_bad, whose conversations are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import click

from service.commands.reach import places_of
from service.control_client import ControlError, NotRunning, at_socket, socket_of
from store import reads
from store.errors import StoreError
from store.store import Store
from thresholds.scope import EVERYTHING

if TYPE_CHECKING:
    from pathlib import Path

    from service.control_client import Control

WHICH = {"last_good": "good run", "first_bad": "bad run"}
MOST_ID = 2**63 - 1
MOST_DIGITS = 19
FORMS = "the id of a stored run, CHECK:last_good or CHECK:first_bad"


class Source(Protocol):
    """Where stored runs are."""

    async def run(self, run_id: int) -> dict[str, Any] | None:
        """Return a run as the control API shows it; None = there is none."""

    async def conversation(self, check: str, which: str) -> dict[str, Any] | None:
        """Return a kept conversation as the control API shows it; None = there is none."""


async def find(file: str, like: str) -> dict[str, Any]:
    """Return the run that is meant (RunShape; its steps are null where it has gone). Raises: click.ClickException."""
    wanted = parse(like)
    store = places_of(file).store
    try:
        return await _found(ByService(at_socket(socket_of(store))), wanted)
    except NotRunning:
        return await _in_store(store, wanted)
    except ControlError as error:
        raise click.ClickException(str(error)) from error


def parse(like: str) -> int | tuple[str, str]:
    """Return the id, or the check and which of its conversations. Raises: click.UsageError."""
    if like.isascii() and like.isdecimal() and len(like) <= MOST_DIGITS and 0 < int(like) <= MOST_ID:
        return int(like)
    check, _, which = like.rpartition(":")
    if not check or which not in WHICH:
        raise click.UsageError(f"--like {like!r} is not {FORMS}")
    return check, which


async def _in_store(path: Path, wanted: int | tuple[str, str]) -> dict[str, Any]:
    if not path.is_file():  # noqa: ASYNC240 - once, before anything runs
        raise click.ClickException(f"there is no store {path}, so no run to repeat: `probe serve` makes it, and fills it")
    try:
        store = await Store.open(path)
        try:
            return await _found(ByStore(store), wanted)
        finally:
            await store.close()
    except StoreError as error:
        raise click.ClickException(str(error)) from error


async def _found(source: Source, wanted: int | tuple[str, str]) -> dict[str, Any]:
    if isinstance(wanted, int):
        run = await source.run(wanted)
        if run is None:
            raise click.ClickException(f"there is no run {wanted}: it may have gone by its age; CHECK:last_good and CHECK:first_bad stay")
        return run
    check, which = wanted
    said = await source.conversation(check, which)
    if said is None:
        raise click.ClickException(f"no {WHICH[which]} of {check} is kept: it had none yet, or there is no check of that name")
    run = await source.run(said["run"]) or {**said, "steps": None, "fault": None, "reasons": [], "uncertainty_seconds": 0.0}
    return {**run, "lines": said["lines"]}


class ByService:
    """Asks the running service."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def run(self, run_id: int) -> dict[str, Any] | None:
        """Return a run. Raises: ControlError."""
        return self._get(f"/runs/{run_id}")

    async def conversation(self, check: str, which: str) -> dict[str, Any] | None:
        """Return a conversation. Raises: ControlError."""
        return self._get("/conversation", check=check, which=which)

    def _get(self, path: str, **query: object) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._control.get(path, **query)
        except ControlError as error:
            if error.status == 404:
                return None
            raise
        return found


class ByStore:
    """Asks a store that we have opened."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self, run_id: int) -> dict[str, Any] | None:
        """Return a run. Raises: StoreError."""
        from console.api_shaping import remembered_with  # noqa: PLC0415 - only where no service shapes it

        found = await reads.run(self._store, EVERYTHING, run_id)
        if found is None:
            return None
        return remembered_with(found, await reads.conversation_of(self._store, EVERYTHING, run_id)).model_dump(mode="json")

    async def conversation(self, check: str, which: str) -> dict[str, Any] | None:
        """Return a conversation. Raises: StoreError."""
        from console.api_shaping import conversation_shape  # noqa: PLC0415 - as above

        found = await reads.conversation(self._store, EVERYTHING, check, which)
        return None if found is None else conversation_shape(found).model_dump(mode="json")
