"""The office of round trips: hands messages in, awaits them in the mailboxes, keeps the ledger. Thin: it decides nothing.

What is known of a trip is a `Passage`, replaced and put into the ledger at each change; how it stands is decided by `probe.outcome`. A trip
that waits costs a timer and no task, for thousands may wait for a day. Trips begin at any time. Our own bug in one leaves the others alone.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from probe import outcome
from probe.arrival import Moment, measured
from probe.chores import Chores
from probe.clock import utc_now
from probe.mailroom import Mailroom
from probe.message import build
from probe.outcome import Handed, Standing
from probe.passage import Passage, answered, ended, forsaken, leads_to, planned, resumed, trip_of, with_copy
from probe.reader import NOT_OPENED, Found, Reader
from probe.scribe import Scribe
from probe.values import Outcome
from probe.way import Way, Ways

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from probe.dsn import Bounce
    from probe.scribe import Ledger
    from probe.values import Check, Journey, Trip
    from probe.wire import Wire

log = logging.getLogger("mailsonde.trips")

OPENING_SECONDS = 15.0  # how long a message waits for its mailbox to be opened, so that its arrival is seen as it happens
LONGEST_LOOK_SECONDS = 300.0  # a trip is looked at this often at least: the wall clock, by which it is late, may be set
ADOPTED_AT_ONCE = 100  # trips of former runs, then others may act
PARTING_SECONDS = 2.0  # for submissions under way at the end: who cuts one off does not know what became of it


class Office:
    """The trips under way, and the mailboxes in which they are awaited.

    Args:
        wire: drives the conversations.
        key: signs the messages.
        ledger: where the trips are kept.
        tell: is told each trip when it waits for something else or has ended; its outcome then stands in the ledger, if the disk is well.
        due_seconds: says how long it is until the next trip to a mailbox begins; None = none is planned.
    """

    opening_seconds = OPENING_SECONDS

    def __init__(
        self,
        wire: Wire,
        key: bytes,
        ledger: Ledger,
        tell: Callable[[Trip], None],
        due_seconds: Callable[[Check], float | None] = lambda _: None,
    ) -> None:
        self._wire, self._key, self._ledger, self._tell_it = wire, key, ledger, tell
        self.due_seconds = due_seconds
        self.mailroom = Mailroom(lambda check: Reader(wire, check, key, self))
        self.ways = Ways()
        self.quiet = asyncio.Event()  # no trip is under way
        self.quiet.set()
        self._scribe = Scribe(ledger)
        self._chores = Chores()
        self._closing = False

    @property
    def not_written(self) -> int:
        """Return of how many trips the disk has refused to take the latest word."""
        return self._scribe.owed

    # -- beginning

    async def adopt(self, journeys: Mapping[str, Journey]) -> list[Trip]:
        """Take over what former runs left of these journeys, by their names. Returns the trips that are over, and not told yet."""
        claimed = await self._ledger.claim(journeys.keys(), utc_now())
        over = []
        for number, passage in enumerate(claimed, 1):
            if not self._knows(passage.letter.token) and not self._resume(passage, journeys):
                over.append(forsaken(passage, elsewhere=passage.name in journeys, now=utc_now()))
                self.ways.note_end(passage.letter.token)
            if not number % ADOPTED_AT_ONCE:
                await asyncio.sleep(0)  # after an outage there may be thousands
        await asyncio.gather(*(self._scribe.put(passage) for passage in over))
        return [trip_of(passage) for passage in over]

    def _resume(self, passage: Passage, journeys: Mapping[str, Journey]) -> bool:
        """Follow a trip of a former run. Returns whether that is possible: it has not ended, and its mailbox is still the journey's."""
        journey = journeys.get(passage.name)
        if passage.outcome or journey is None or not leads_to(passage, journey):
            return False
        way = self._enlist(resumed(passage), journey)
        reader = self._open(way, again=True)
        self._wait_to_retry(way)
        # Not before its mailbox was looked into: what the former run wrote down it may not have deleted, and a trip that ends opens none.
        patience = self.opening_seconds if reader.blind in {"", NOT_OPENED} else 0.0
        way.look = asyncio.get_running_loop().call_later(patience, self._look, way)
        return True

    def _knows(self, token: str) -> bool:
        return token in self.ways or self.ways.has_ended(token)

    def follow(self, journeys: Mapping[str, Journey]) -> None:
        """Go on with the trips under way by what their journeys say now: another password, another port; the mailbox must be the same."""
        for way in self.ways.all():
            journey = journeys.get(way.journey.name)
            if journey is not None and journey != way.journey and leads_to(way.passage, journey):
                self.ways.move(way, journey)
                self._open(way, again=True)

    def _open(self, way: Way, *, again: bool) -> Reader:
        """Open the mailboxes of a trip, and have them looked through `again`. Returns the reader of the one in which it ends."""
        for check in way.journey.mailboxes:
            if again:
                self.mailroom.forget(check)
            self.mailroom.open(check)
        return self.mailroom.open(way.journey.fetch)

    def begin(self, journey: Journey) -> str:
        """Begin a trip. Returns its Message-ID. Raises: ValueError when the journey has no mailbox to send from or to read."""
        way = self._enlist(planned(journey, secrets.token_hex(16), utc_now()), journey)
        written = self._scribe.put(way.passage)
        self._do(way, self._depart(way, written, self._open(way, again=False)))
        self._look(way)
        return way.passage.letter.message_id

    def _enlist(self, passage: Passage, journey: Journey) -> Way:
        way = Way(passage, journey)
        self.ways.add(way)
        self.quiet.clear()
        return way

    # -- submission

    async def _depart(self, way: Way, written: asyncio.Future[bool], reader: Reader) -> None:
        """Hand the message in once the ledger knows of it and the mailbox is open, or both were tried."""
        await asyncio.wait([written], timeout=self.opening_seconds)  # a disk that hangs stops no trip
        with suppress(TimeoutError):
            async with asyncio.timeout(self.opening_seconds):
                await reader.opened.wait()
        await self._submit(way)

    async def _submit(self, way: Way) -> None:
        if self._closing or way.ending is not None:
            return
        try:
            message = build(way.passage.letter, self._key).raw
        except ValueError as error:
            self._put(way, replace(way.passage, facts=replace(way.passage.facts, handed=Handed.UNSENT, said=str(error))))
            return
        self._chores.stay()
        way.tried, way.tried_at = monotonic(), utc_now()
        check = replace(way.journey.submit, send="message", recipient=way.passage.letter.recipient)
        result = await self._wire.run(check, message)
        if way.ending is None:
            self._put(way, answered(way.passage, result))
            self._wait_to_retry(way)

    def _wait_to_retry(self, way: Way) -> None:
        """Come again with the same envelope when the server asks for that."""
        if way.passage.facts.handed is Handed.AGAIN and way.ending is None:
            pause = outcome.retry_after_seconds(way.passage.tries)
            way.retry = asyncio.get_running_loop().call_later(pause, lambda: self._do(way, self._submit(way)))

    # -- how it stands

    def _look(self, way: Way) -> None:
        """Look how a trip stands: end it, or tell what it waits for now and look again in time."""
        if way.ending is not None:
            return
        if way.look is not None:
            way.look.cancel()
        try:
            self._judge(way)
        except Exception as bug:  # noqa: BLE001 - whatever it is, it is ours and this trip's alone
            self._blame(way, bug)

    def _judge(self, way: Way) -> None:
        now = utc_now()
        facts = replace(way.passage.facts, blind=self.mailroom.blind(way.journey.fetch))
        standing = outcome.stand(facts, way.passage.limits, now)
        if standing.until is None:
            self._end(way, standing)
            return
        if standing.waiting_for != way.waiting_for:
            way.waiting_for = standing.waiting_for
            self.tell(trip_of(way.passage, way.waiting_for))
        seconds = min(max((standing.until - now).total_seconds(), 0.0), LONGEST_LOOK_SECONDS)
        way.look = asyncio.get_running_loop().call_later(seconds, self._look, way)

    def _end(self, way: Way, standing: Standing) -> None:
        way.stop()
        way.passage = ended(way.passage, standing)
        way.ending = self._scribe.put(way.passage)
        self._do(way, self._close_file(way, way.ending))

    async def _close_file(self, way: Way, written: asyncio.Future[bool]) -> None:
        """Tell the outcome once it stands in the ledger, or cannot."""
        self._chores.stay()
        await asyncio.wait([written], timeout=OPENING_SECONDS)
        self.ways.strike(way)
        if not self.ways:
            self.quiet.set()
        self.tell(trip_of(way.passage))

    def _put(self, way: Way, passage: Passage) -> asyncio.Future[bool]:
        """Keep what is known now. Returns what will say whether it stands on the disk."""
        way.passage = passage
        written = self._scribe.put(passage)
        self._look(way)
        return written

    def tell(self, trip: Trip) -> None:
        """Tell of a trip; a bug of who is told is theirs."""
        try:
            self._tell_it(trip)
        except Exception:
            log.exception("our own error with the trip %s", trip.name)

    # -- what the readers ask and tell

    def youngest_seconds(self, check: Check) -> float | None:
        """Return the age of the youngest trip that is awaited in a mailbox, None when there is none."""
        now = utc_now()
        ages = [(now - way.passage.facts.tried_at).total_seconds() for way in self.ways.at(check)]
        return max(min(ages), 0.0) if ages else None

    def found(self, found: Found) -> bool | asyncio.Future[bool]:
        """Take a copy of a message of ours. Returns whether it may be deleted (it is in the ledger, on the disk), or what will say so."""
        token, sighting = found.mine.letter.token, found.sighting
        way = self.ways.get(token)
        if way is None:
            return self.ways.has_ended(token) and not self._scribe.owes(token)
        if found.by != way.journey.fetch:
            return False  # the sender's own reader looks into the same mailbox: the copy is the other's to time and delete
        place = (sighting.folder, sighting.epoch, sighting.uid)
        if place in way.copies:
            return way.copies[place]
        if any((copy.folder, copy.epoch, copy.uid) == place for copy in way.passage.facts.copies):
            return True  # a former run wrote it down
        if way.ending is not None:
            return way.ending
        way.copies[place] = self._put(way, self._with(way, found))
        return way.copies[place]

    def _with(self, way: Way, found: Found) -> Passage:
        """Return the passage with this copy, the first with its times."""
        noticed_at = way.at(found.noticed, otherwise=found.sighting.noticed_at)
        passage = with_copy(way.passage, replace(found.sighting, noticed_at=noticed_at))
        if way.passage.facts.copies:
            return passage
        return measured(passage, found.copy, Moment(way.tried, found.noticed, found.read), self._wire.sentinel.worst_since)

    def bounced(self, report: Bounce) -> None:
        """Take a report about a message of ours; a final one is not taken back by a warning that comes after it."""
        way = self.ways.get(report.token)
        if way is None or way.ending is not None or (way.passage.facts.bounce and way.passage.facts.bounce.final):
            return
        self._put(way, replace(way.passage, facts=replace(way.passage.facts, bounce=report)))

    def stirred(self, reader: Reader) -> None:
        """Take note that a mailbox can be read now, or no longer."""
        for way in [one for one in self.ways.at(reader.check) if one.journey.fetch == reader.check]:
            self._look(way)

    # -- the end

    async def rest(self) -> None:
        """Begin nothing more, and wait until what was begun (a submission, an outcome's writing) is done."""
        self._closing = True
        await self._chores.rest()

    async def close(self) -> None:
        """Leave: no submission is cut off that ends soon, no deletion is left half done, and what is known stands in the ledger."""
        self._closing = True
        for way in self.ways.all():
            way.stop()
        await self._chores.close(PARTING_SECONDS)
        await self.mailroom.close()
        await self._scribe.settle()
        await self._chores.close(PARTING_SECONDS)  # outcomes that were found at the last moment

    def _do(self, way: Way, work: Coroutine[None, None, None]) -> None:
        self._chores.do(work, lambda bug: self._blame(way, bug))

    def _blame(self, way: Way, bug: Exception) -> None:
        log.error("our own error in the trip %s", way.journey.name, exc_info=bug)
        said = f"our own error, which says nothing of the mail system: {type(bug).__name__}"
        if way.ending is None:
            self._end(way, Standing(Outcome.UNSURE, said=said))
