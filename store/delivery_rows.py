"""Deliveries as the store writes and reads them. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from notifier.values import Delivery, DeliveryState
from store.incident_rows import whole
from store.rows import compact, microseconds, time_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

OPEN = frozenset({DeliveryState.DUE, DeliveryState.TAKEN_OVER})  # states in which it is tried on
COLUMNS = (
    "d.id, d.change_id, d.incident, d.number, d.channel, d.chain, d.origin, d.key, d.state, d.tries, d.due_us, d.deadline_us, d.tried_us, "
    "d.said"
)
DELIVERIES = f"SELECT {COLUMNS} FROM deliveries AS d"  # noqa: S608 - a constant; what `delivery_of` reads: put WHERE and ORDER BY behind it


def delivery_values(delivery: Delivery) -> dict[str, Any]:
    """Return the columns of a delivery's row, but for its id."""
    return {
        "change": delivery.change_id,
        "incident": delivery.incident,
        "number": delivery.number,
        "channel": delivery.channel,
        "chain": compact(delivery.chain),
        "origin": delivery.origin,
        "key": delivery.key,
        "state": str(delivery.state),
        "settled": int(delivery.state not in OPEN),
        "awaited": int(_awaited(delivery)),
        "tries": delivery.tries,
        "due": _micro(delivery.due_at) or 0,
        "deadline": _micro(delivery.deadline_at),
        "tried": _micro(delivery.tried_at),
        "said": whole(delivery.said),
    }


def _awaited(delivery: Delivery) -> bool:
    """Say whether another channel takes over at its deadline."""
    return delivery.state is DeliveryState.DUE and delivery.deadline_at is not None and delivery.channel not in delivery.chain[-1:]


def delivery_of(row: Sequence[Any]) -> Delivery:
    """Return the delivery of one row of a query that begins with DELIVERIES."""
    known, change, incident, number, channel, chain, origin, key, state, tries, due, deadline, tried, said = row
    return Delivery(
        id=known,
        change_id=change,
        incident=incident,
        number=number,
        channel=channel,
        chain=tuple(json.loads(chain)),
        origin=origin,
        key=key,
        state=DeliveryState(state),
        tries=tries,
        due_at=time_of(due) if due else None,
        deadline_at=_time(deadline),
        said=said,
        tried_at=_time(tried),
    )


def _micro(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)


def _time(us: int | None) -> datetime | None:
    return None if us is None else time_of(us)
