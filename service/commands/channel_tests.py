"""Tests of channels for `probe notify test`: one after the other, each with the far side's proof or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.control_client import ControlError
from service.show.hanging import print_hanging
from service.words import harmless, seconds_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from service.control_client import Control

Shape = dict[str, Any]
DOES_NOT_GO, IS_NOT = 409, 404  # answers about one channel; any other is about the service


def tried(control: Control, channels: Sequence[str]) -> list[Shape]:
    """Return what came of a test over each of these channels, by default of all. Raises: ControlError."""
    names = channels or [one["name"] for one in control.items("/notify/channels")]
    if not names:
        raise ControlError("there are no channels: notify.channels of the configuration names them")
    return [_tried(control, name) for name in names]


def _tried(control: Control, name: str) -> Shape:
    try:
        return {**control.post("/notify/test", channel=name), "error": ""}
    except ControlError as error:
        if error.status not in {DOES_NOT_GO, IS_NOT}:
            raise
        return {"channel": name, "proof": "", "seconds": None, "error": str(error)}


def print_proofs(found: Sequence[Shape], console: Console) -> None:
    """Print a line for each test."""
    for one in found:
        name = harmless(one["channel"])
        if one["error"]:
            print_hanging(f"{name}: did not arrive: {harmless(one['error'])}", console, "bold red")
        else:
            print_hanging(f"{name}: arrived in {seconds_text(one['seconds'])}: {harmless(one['proof'])}", console, "green")
