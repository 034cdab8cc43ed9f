#!/usr/bin/env python3
"""Ask the running service whether it is healthy: exit code 0 and silence, or 1 and one line that says why not.

A container's health check and a supervisor's; it refuses nothing but what is not an answer of 200. The page is the argument, else what
the environment variable HEALTHY names, else the service's own default. Standard library alone.
"""

import os
import sys
import urllib.error
import urllib.request

PAGE = "http://127.0.0.1:9825/-/healthy"
SECONDS = 4.0


def unhealthy(page: str) -> str:
    """Return why the service is not healthy, in one line; "" = it is."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(page, timeout=SECONDS):
            return ""
    except urllib.error.HTTPError as answer:
        words = " ".join(answer.read(400).decode("utf-8", "replace").split())
        return f"{page} answers {answer.code}: {words or 'it does not say why'}"
    except (OSError, ValueError) as error:
        return f"{page} does not answer: {getattr(error, 'reason', error)}"


def main() -> int:
    """Ask, say what is wrong, return the exit code."""
    wrong = unhealthy(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("HEALTHY", PAGE))
    if wrong:
        sys.stderr.write(f"{wrong}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
