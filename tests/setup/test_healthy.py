"""packaging/healthy.py, the health check of containers, against real answers."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "packaging" / "healthy.py"


class Answer(http.server.BaseHTTPRequestHandler):
    """Healthy at /well, sick elsewhere."""

    def do_GET(self) -> None:
        body = b"" if self.path == "/well" else b"the store\nis gone"
        self.send_response(200 if self.path == "/well" else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def asked(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, output and complaint."""
    line = [sys.executable, str(SCRIPT), *arguments]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=os.environ | environment)
    return done.returncode, done.stdout, done.stderr


def test_well_is_silent(service: str) -> None:
    assert asked(f"{service}/well") == (0, "", "")
    assert asked(HEALTHY=f"{service}/well", http_proxy="http://127.0.0.1:9") == (0, "", "")


def test_sick_says_why_in_one_line(service: str) -> None:
    assert asked(f"{service}/sick") == (1, "", f"{service}/sick answers 503: the store is gone\n")


def test_nobody_there() -> None:
    page = "http://127.0.0.1:9/-/healthy"
    assert asked(page) == (1, "", f"{page} does not answer: [Errno 111] Connection refused\n")


def test_an_address_that_is_none() -> None:
    assert asked("nonsense") == (1, "", "nonsense does not answer: unknown url type: 'nonsense'\n")
