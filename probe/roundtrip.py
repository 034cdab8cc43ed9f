"""Round trips: submits test messages, awaits them in the mailboxes, and keeps the ledger. RFC 5321, 3501, 1939. Thin: it decides nothing.

What is known of a trip is a `Passage`, replaced and written to the ledger at each change; how it stands is decided by `probe.outcome`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from probe import outcome, received
from probe.clock import utc_now
from probe.message import build
from probe.outcome import Handed
from probe.passage import Passage, answered, ended, planned, resumed, timed_by_walls, trip_of, with_copy
from probe.reader import Found, Reader
from probe.values import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from probe.dsn import Bounce
    from probe.ledger import Ledger
    from probe.values import Check, Journey, Trip
    from probe.wire import Wire

log = logging.getLogger("mailsonde.trips")
_STAMPS_OF_A_TRIP = 3  # submission's reply, arrival, read: each may have been held up once by ourselves


async def travel(
    wire: Wire,
    journeys: Iterable[Journey],
    key: bytes,
    ledger: Ledger,
    wait_seconds: float,
    *,
    on_change: Callable[[Trip], None] | None = None,
) -> list[Trip]:
    """Make each journey once, and look for what killed runs have left under way.

    Args:
        wire: drives the conversations.
        journeys: the trips to make; their names are unique.
        key: signs the messages.
        ledger: where the trips are kept; what has not ended when time is up stays there.
        wait_seconds: how long to wait; a trip that has not ended by then is returned with outcome None and what it waits for.
        on_change: is told each trip when it has ended or waits for something else.

    Returns:
        One trip for each journey, in their order, then those of earlier runs.
    """
    office = _Office(wire, key, ledger, on_change)
    until = monotonic() + wait_seconds
    wanted = list(journeys)
    told = [trip_of(passage) for passage in office.adopt(wanted)]
    tasks = office.begin(wanted)
    try:
        async with asyncio.TaskGroup() as group:
            seeing = [group.create_task(office.guard(token, journey, until)) for token, journey in tasks]
    finally:
        await office.close()
    done = [task.result() for task in seeing]
    order = {journey.name: place for place, journey in enumerate(wanted)}
    fresh = sorted((trip for trip, old in done if not old), key=lambda trip: order[trip.name])
    return [*fresh, *(trip for trip, old in done if old), *told]


class _Office:
    """The trips under way in this run, and the readers of their mailboxes."""

    def __init__(self, wire: Wire, key: bytes, ledger: Ledger, on_change: Callable[[Trip], None] | None) -> None:
        self._wire = wire
        self._key = key
        self._ledger = ledger
        self._tell = on_change or (lambda _: None)
        self._passages: dict[str, Passage] = {}  # under way, by token
        self._journeys: dict[str, Journey] = {}
        self._old: set[str] = set()  # tokens of earlier runs
        self._issued: set[str] = set()  # all tokens that this run has known
        self._began: dict[str, float] = {}  # monotonic second at which the latest try of submission began
        self._stirred: dict[str, asyncio.Event] = {}
        self._readers: dict[Check, Reader] = {}
        self._tasks: list[asyncio.Task[None]] = []

    # -- beginning and end

    def adopt(self, journeys: list[Journey]) -> list[Passage]:
        """Take over what killed runs left. Returns those that have ended already, and those that nobody can follow any more."""
        known = {journey.name: journey for journey in journeys}
        now = utc_now()
        over = []
        for passage in self._ledger.claim(known, now):
            journey = known.get(passage.name)
            if passage.outcome is None and journey is not None:
                self._enlist(resumed(passage), journey)
                self._old.add(passage.letter.token)
            else:
                over.append(passage if passage.outcome else self._forsake(passage))
        return over

    def _forsake(self, passage: Passage) -> Passage:
        passage = resumed(passage)
        facts = replace(passage.facts, blind="no trip of this name is configured any more")
        done = ended(passage, outcome.stand(facts, passage.limits, utc_now()))
        self._ledger.write(done)
        return done

    def begin(self, journeys: list[Journey]) -> list[tuple[str, Journey]]:
        """Put new trips into the ledger and open the mailboxes. Returns every trip under way."""
        fresh = [planned(journey, secrets.token_hex(16), utc_now()) for journey in journeys]
        for passage, journey in zip(fresh, journeys, strict=True):
            self._enlist(passage, journey)
        if fresh:
            self._ledger.write(*fresh)
        for journey in self._journeys.values():
            for check in {journey.fetch, journey.bounces} - {None}:
                self._open(check)
        return list(self._journeys.items())

    async def close(self) -> None:
        """Leave the mailboxes, politely, and let go of their readers.

        A task that ended keeps its exception, this its frames, these the reader and its TLS connection, and the reader keeps us: a ring
        of some 100 KiB for each mailbox that would wait for the garbage collector.
        """
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._readers.clear()

    def _enlist(self, passage: Passage, journey: Journey) -> None:
        token = passage.letter.token
        self._passages[token], self._journeys[token] = passage, journey
        self._issued.add(token)
        self._stirred[token] = asyncio.Event()

    def _open(self, check: Check | None) -> None:
        if check is None or check in self._readers:
            return
        reader = Reader(self._wire, check, self._key, self)
        self._readers[check] = reader
        self._tasks.append(asyncio.create_task(reader.run()))

    # -- one trip

    async def see_through(self, token: str, journey: Journey, until: float) -> tuple[Trip, bool]:
        """Submit where that is still to be done, then wait until the trip has ended or time is up."""
        reader = self._readers[journey.fetch]
        with suppress(TimeoutError):
            async with asyncio.timeout(max(until - monotonic(), 0.0)):
                await reader.opened.wait()  # so that the arrival is seen as it happens
        async with asyncio.TaskGroup() as group:
            group.create_task(self._submit(token, journey, until))  # one under way is never cut off: nobody would know what became of it
            trip = await self._await(token, reader, until)
        if token in self._passages:  # the answer came after the time was up
            trip = await self._await(token, reader, until)
        return trip, token in self._old

    async def guard(self, token: str, journey: Journey, until: float) -> tuple[Trip, bool]:
        """See a trip through; our own bug in one leaves the others alone."""
        passage = self._passages[token]
        try:
            return await self.see_through(token, journey, until)
        except Exception as bug:
            log.exception("our own error in the trip %s", journey.name)
            name = type(bug.exceptions[0] if isinstance(bug, ExceptionGroup) else bug).__name__
            said = f"our own error, which says nothing of the mail system: {name}"
            return replace(trip_of(passage), outcome=Outcome.UNSURE, said=said), token in self._old

    async def _submit(self, token: str, journey: Journey, until: float) -> None:
        """Hand the message in, again and again with the same envelope while the server asks for that."""
        passage = self._passages[token]
        try:
            message = build(passage.letter, self._key).raw
        except ValueError as error:
            self._put(replace(passage, facts=replace(passage.facts, handed=Handed.UNSENT, said=str(error))))
            return
        check = replace(journey.submit, send="message", recipient=passage.letter.recipient)
        while token in self._passages and self._passages[token].facts.handed in (Handed.BEGUN, Handed.AGAIN):
            passage = self._passages[token]
            if passage.tries:
                pause = outcome.retry_after_seconds(passage.tries)
                if monotonic() + pause >= until:
                    return  # the next run goes on
                await asyncio.sleep(pause)
            self._began[token] = monotonic()
            result = await self._wire.run(check, message)
            if token in self._passages:
                self._put(answered(self._passages[token], result))

    async def _await(self, token: str, reader: Reader, until: float) -> Trip:
        waiting_for = ""
        while True:
            self._stirred[token].clear()
            passage = self._passages[token]
            now = utc_now()
            standing = outcome.stand(replace(passage.facts, blind=reader.blind), passage.limits, now)
            if standing.until is None:
                return self._end(ended(passage, standing))
            trip = trip_of(passage, standing.waiting_for)
            if standing.waiting_for != waiting_for:
                waiting_for = standing.waiting_for
                self._tell(trip)
            patience = min((standing.until - now).total_seconds(), until - monotonic())
            try:
                async with asyncio.timeout(max(patience, 0.0)):
                    await self._stirred[token].wait()
            except TimeoutError:
                if monotonic() >= until:
                    return trip

    def _end(self, passage: Passage) -> Trip:
        self._ledger.write(passage)
        del self._passages[passage.letter.token]
        trip = trip_of(passage)
        self._tell(trip)
        return trip

    def _put(self, passage: Passage) -> bool:
        """Keep what is known now. Returns whether it stands on the disk."""
        token = passage.letter.token
        self._passages[token] = passage
        self._stirred[token].set()
        return self._ledger.write(passage)

    # -- what the readers tell

    def youngest_seconds(self) -> float | None:
        """Return the age of the youngest trip under way, None when there is none."""
        now = utc_now()
        ages = [(now - passage.facts.tried_at).total_seconds() for passage in self._passages.values()]
        return max(min(ages), 0.0) if ages else None

    def found(self, found: Found) -> bool:
        """Take a copy of a message of ours. Returns whether it may be deleted: it is in the ledger, on the disk."""
        token = found.mine.letter.token
        passage = self._passages.get(token)
        if passage is None:
            return token in self._issued
        if found.by != self._journeys[token].fetch:
            return False  # the sender's own reader looks into the same mailbox: the copy is the other's to time and delete
        places = {(copy.folder, copy.epoch, copy.uid) for copy in passage.facts.copies}
        if (found.sighting.folder, found.sighting.epoch, found.sighting.uid) in places:
            return True
        first = not passage.facts.copies
        return self._put(self._measured(with_copy(passage, found.sighting), found) if first else with_copy(passage, found.sighting))

    def _measured(self, passage: Passage, found: Found) -> Passage:
        """Return the passage with the times of its first copy."""
        token = passage.letter.token
        relays = received.relays(found.copy.raw, passage.facts.tried_at, found.sighting.noticed_at)
        timed = replace(passage, relays=relays, retrieve_seconds=found.read - found.noticed)
        began, polled = self._began.get(token), found.copy.polled_seconds
        if began is None or polled is None:
            stamp = found.sighting.stamped_at or (relays[-1].received_at if relays else None)
            copies = (replace(found.sighting, stamped_at=stamp),)
            return timed_by_walls(replace(timed, facts=replace(timed.facts, copies=copies)))
        doubt = polled + self._wire.sentinel.worst_since(began, _STAMPS_OF_A_TRIP)
        since_began = found.noticed - began
        if passage.submit_seconds is None:  # it is there before the server's answer was: answered() takes its share off
            return replace(timed, transit_seconds=since_began, uncertainty_seconds=doubt)
        return replace(timed, transit_seconds=max(0.0, since_began - passage.submit_seconds), uncertainty_seconds=doubt)

    def bounced(self, report: Bounce) -> None:
        """Take a report about a message of ours; a final one is not taken back by a warning that comes after it."""
        passage = self._passages.get(report.token)
        if passage is None or (passage.facts.bounce and passage.facts.bounce.final):
            return
        self._put(replace(passage, facts=replace(passage.facts, bounce=report)))

    def stirred(self, reader: Reader) -> None:
        """Take note that a mailbox can be read now, or no longer."""
        for token, journey in self._journeys.items():
            if journey.fetch == reader.check:
                self._stirred[token].set()
