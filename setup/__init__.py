"""How this tree sets itself up: Debian packages, the virtual environment, the demo, the locks. `make` calls it; nothing imports it.

It runs before anything is installed, so `debian`, `venv` and `clean` use the standard library alone.
"""
