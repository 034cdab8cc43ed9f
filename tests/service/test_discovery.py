"""Domains out of a directory: read from pages made here, refused in one line, and found in the lab's real slapd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from config.load import load
from config.plan import Discovered
from probe.values import Endpoint
from probe.wire import Wire
from service.discovery import Found, NotDiscovered, discover

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Lab
