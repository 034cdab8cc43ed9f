"""The MQTT broker: Mosquitto on loopback, open to all, remembering nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.ground import HOST, write_whole

if TYPE_CHECKING:
    from lab.ground import Ground

CONFIG = "listener {port} {host}\nallow_anonymous true\npersistence false\nuser mosquitto\nlog_dest stdout\n"


def prepare(ground: Ground) -> None:
    """Write Mosquitto's configuration."""
    (ground.root / "mqtt").mkdir()
    write_whole(ground.root / "mqtt/mosquitto.conf", CONFIG.format(port=ground.backs["mqtt"], host=HOST))


def command(ground: Ground) -> list[str]:
    """Return Mosquitto's command line."""
    return ["/usr/sbin/mosquitto", "-c", str(ground.root / "mqtt/mosquitto.conf")]
