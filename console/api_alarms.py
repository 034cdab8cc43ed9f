"""What the routes of incidents and telling share: those who keep incidents, and who asks."""

from starlette.exceptions import HTTPException

from console.api_desk import Desk
from console.api_shapes_alarms import SceneWanted
from console.ports import Alarms
from thresholds.incident_values import Scene


def alarms_of(desk: Desk) -> Alarms:
    """Return who keeps incidents. Raises: HTTPException where nobody does."""
    if desk.alarms is None:
        raise HTTPException(503, "this service opens no incidents")
    return desk.alarms


def scene_of(wanted: SceneWanted) -> Scene:
    """Return which incidents are meant."""
    return Scene(wanted.domain, wanted.server, wanted.site, wanted.cause)
