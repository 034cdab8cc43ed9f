"""What is wanted: YAML -> typed settings, every error at once with its file, line and column, and the checks that follow from them.

`from config.load import load` reads a file, `from config.plan import plan` makes its checks and journeys; this package itself hands on
values only.
"""

from config.errors import ConfigErrors, Problem

__all__ = ["ConfigErrors", "Problem"]
