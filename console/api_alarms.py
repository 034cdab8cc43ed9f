"""What the routes of incidents and telling share: those who keep incidents, and who asks."""

from starlette.exceptions import HTTPException

from console.api_desk import Desk
from console.api_scenes import known_cause
from console.api_shapes_alarms import SceneWanted
from console.ports import Alarms
from thresholds.incident_values import Scene


def alarms_of(desk: Desk) -> Alarms:
    """Return who keeps incidents. Raises: HTTPException where nobody does."""
    if desk.alarms is None:
        raise HTTPException(503, "this service opens no incidents")
    return desk.alarms


def scene_of(wanted: SceneWanted) -> Scene:
    """Return which incidents are meant. Raises: HTTPException for a kind of cause that there is not."""
    try:
        known_cause(wanted.cause)
    except ValueError as error:
        raise HTTPException(400, f"cause: {error}") from None
    return Scene(wanted.domain, wanted.server, wanted.site, wanted.cause)
